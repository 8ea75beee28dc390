"""The files of a set as text: the names of its images, their levels, their landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def stimulus_name(level: float) -> str:
    """Return the name of the image at a level, in hundredths.

    Examples
    --------
    >>> stimulus_name(0.05)
    'face-005'
    """
    return f"face-{round(level * 100):03d}"


def level_lines(names: Sequence[str], levels: Sequence[float]) -> Iterable[str]:
    """Yield the lines of ``levels.csv``: hundredths with two decimals, other levels in full."""
    yield "stimulus,level"
    for name, level in zip(names, levels, strict=True):
        yield f"{name},{level:.2f}" if round(level, 2) == level else f"{name},{level!r}"


def landmark_lines(landmarks: Mapping[str, Mapping[str, NDArray[np.float64]]]) -> Iterable[str]:
    """Yield the lines of ``landmarks.csv``, by stimulus and feature."""
    yield "stimulus,feature,point,x,y"
    for stimulus, features in landmarks.items():
        for feature, points in features.items():
            for number, (x, y) in enumerate(points):
                yield f"{stimulus},{feature},{number},{x:.3f},{y:.3f}"


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file into a staged folder."""
    write_file(path, ("\n".join(lines) + "\n").encode())


def write_file(path: Path, data: bytes) -> None:
    """Write a file into a staged folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
