"""The folder of a training: whose it is, whether it is finished."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psychobench.plugins import (
    OptionError,
    PsychobenchError,
    ResourceError,
    check_output_folder,
    sha256,
    write_whole,
)
from psychobench_torch.storage.checkpoints import first_difference
from psychobench_torch.storage.store import json_bytes, plain

PLAN = "training.json"
WEIGHTS = "weights.safetensors"
LOG = "log.csv"
CARD = "weights.json"


def open_folder(out: Path, determinants: dict[str, Any]) -> dict[str, Any] | None:
    """Check whether `out` can take this training, or already holds it.

    Returns
    -------
    dict or None
        The model card where the training is finished.

    Raises
    ------
    OptionError
        If another training is in the folder.
    ResourceError
        If it cannot be written, or what is in it is damaged.
    """
    check_output_folder(out)
    if not (out / PLAN).is_file():
        if (out / WEIGHTS).exists():
            raise OptionError(
                f"`out` must be a folder of this training alone: {out} has weights of another; "
                "choose another `out`"
            )
        return None
    try:
        then = json.loads((out / PLAN).read_text("utf-8"))
        card = json.loads((out / CARD).read_text("utf-8")) if (out / CARD).is_file() else None
        whole = card is not None and sha256(out / WEIGHTS) == card["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResourceError(
            f"the folder of a training must be intact: {out} is damaged ({error}); "
            "remove it, or choose another `out`"
        ) from None
    if difference := first_difference(then, plain(determinants)):
        raise OptionError(
            f"`out` must be a folder of this training alone: that in {out} had {difference}; "
            "give the same options as then, or choose another `out`"
        )
    if card is not None and not whole:
        raise ResourceError(
            f"trained weights must be as they were written: {out / WEIGHTS} was changed; "
            f"remove {out}"
        )
    return card


@contextlib.contextmanager
def claim_folder(out: Path, determinants: dict[str, Any]) -> Iterator[None]:
    """Mark the folder as that of this training, as long as it holds something to continue from.

    A training that ends with an error before its first checkpoint leaves no folder behind.
    """
    write_whole(out / PLAN, json_bytes(determinants))
    try:
        yield
    except PsychobenchError:
        if [path.name for path in out.iterdir()] == [PLAN]:
            (out / PLAN).unlink()
            out.rmdir()
        raise
