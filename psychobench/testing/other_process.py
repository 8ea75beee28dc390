"""The observer made once more in another process, and asked there."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.observers.protocol import Observer
from psychobench.testing.observer_under_test import CheckFailed, CheckSkipped

# the pickle is our own, written a moment before: it names the factory
_ASK = """
import pickle, sys
from pathlib import Path
folder = Path(sys.argv[1])
sys.path[:] = (folder / "path").read_text("utf-8").splitlines()
try:
    factory = pickle.loads((folder / "factory").read_bytes())
except (ImportError, AttributeError):
    sys.exit(3)
import numpy as np
answers = factory().respond(np.load(folder / "images.npy"))
np.save(folder / "answers.npy", np.asarray(answers, dtype=np.float64))
"""
_NOT_FOUND = 3


def answer_elsewhere(
    factory: Callable[[], Observer], images: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Return the answers of an observer that is made in a new process.

    Raises
    ------
    CheckSkipped
        If the factory has no importable name, so that another process cannot find it.
    CheckFailed
        If the observer does not answer there.
    """
    try:
        named = pickle.dumps(factory)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise CheckSkipped("the factory has no name that another process can import") from error
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "factory").write_bytes(named)
        (folder / "path").write_text("\n".join(sys.path), encoding="utf-8")
        np.save(folder / "images.npy", images)
        ran = subprocess.run(
            [sys.executable, "-c", _ASK, name],
            env={**os.environ, "PYTHONHASHSEED": "271828"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if ran.returncode == _NOT_FOUND:
            raise CheckSkipped("another process cannot import the factory")
        if ran.returncode:
            last = (ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1]
            raise CheckFailed(f"in another process the observer gave no answers: {last}")
        return np.asarray(np.load(folder / "answers.npy"))
