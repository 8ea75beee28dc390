"""The tool that finds landmarks: a program of its own, in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import ResourceError, StimulusError
from psychobench.messages import how_to_install
from psychobench.stimuli.landmarks.template_files import read_template

TOOL = "psychobench-landmarks"
VARIABLE = "PSYCHOBENCH_LANDMARKS"
Points = NDArray[np.float64]


def find_tool() -> str:
    """Return the tool's path: what ``$PSYCHOBENCH_LANDMARKS`` says, or what lies on ``$PATH``.

    Raises
    ------
    ResourceError
        If there is none; the message says how to get it.
    """
    named = os.environ.get(VARIABLE, "")
    found = shutil.which(named or TOOL)
    if found is None:
        where = f"${VARIABLE} names {named}, which is no program" if named else "none is on $PATH"
        raise ResourceError(
            f"landmarks are found by the program {TOOL}: {where}; {how_to_install(TOOL)}"
        )
    return found


def run_tool(images: Sequence[NDArray[np.uint8]]) -> list[tuple[int, Points | None]]:
    """Let the tool find the landmarks of images.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB, upright.

    Returns
    -------
    list of tuple of int and (ndarray of float64, shape (n_points, 2), or None)
        For each image the number of faces, and the landmarks of the largest.

    Raises
    ------
    ResourceError
        If there is no tool, or it fails.
    """
    from PIL import Image

    tool = find_tool()
    with tempfile.TemporaryDirectory(prefix="psychobench-") as name:
        home = Path(name)
        paths = [home / f"{number}.png" for number in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            Image.fromarray(image).save(path, compress_level=1)
        counts = _count_faces(tool, paths, home)
        try:
            return [
                (count, read_template(path.with_suffix(".tem")).points if count else None)
                for path, count in zip(paths, counts, strict=True)
            ]
        except StimulusError as error:
            raise ResourceError(_failure(tool, str(error))) from None


def _count_faces(tool: str, paths: Sequence[Path], home: Path) -> list[int]:
    """Run the tool, which writes templates, and read the lines ``FACES<TAB>IMAGE`` it prints."""
    try:
        ran = subprocess.run(
            [tool, *map(str, paths), "-o", str(home)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ResourceError(_failure(tool, str(error))) from None
    if ran.returncode:
        said = ran.stderr.strip().splitlines() or ["it says nothing"]
        raise ResourceError(_failure(tool, f"status {ran.returncode}: {said[-1]}"))
    counts = [line.split("\t")[0] for line in ran.stdout.splitlines() if "\t" in line]
    if len(counts) != len(paths) or not all(count.isdigit() for count in counts):
        what = f"it printed {len(counts)} lines FACES<TAB>IMAGE for {len(paths)} images"
        raise ResourceError(_failure(tool, what))
    return [int(count) for count in counts]


def _failure(tool: str, what: str) -> str:
    return f"the program that finds landmarks must end well: {tool}: {what}; install it again"
