"""Folders of stimulus sets: which are bundled, where a set lies, its images decoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.images import read_image
from psychobench.messages import nearest
from psychobench.resources import bundled
from psychobench.stimuli.levels import LEVELS_FILE


def list_stimuli() -> list[str]:
    """List the bundled stimulus sets.

    Examples
    --------
    >>> list_stimuli()
    ['rendered-average']
    """
    return sorted(path.parent.name for path in bundled("stimuli").glob(f"*/{LEVELS_FILE}"))


def find_folder(stimuli: str | Path) -> tuple[Path, bool]:
    """Find the folder of a set, and whether it is bundled."""
    names = list_stimuli()
    if not isinstance(stimuli, (str, Path)):
        raise StimulusError(
            f"`stimuli` must be a bundled set or a folder: got a {type(stimuli).__name__}; the "
            f"bundled sets are {', '.join(names)}"
        )
    name = str(stimuli)
    if name in names:
        return bundled("stimuli") / name, True
    if Path(name).is_dir():
        return Path(name), False
    raise StimulusError(
        f"`stimuli` must be a bundled set or a folder: {name!r} is neither"
        f"{nearest(name, names)}; the bundled sets are {', '.join(names)}"
    )


def decode_images(
    folder: Path, files: Sequence[str], faults: list[str]
) -> tuple[dict[str, NDArray[np.uint8]], NDArray[np.uint8]]:
    """Decode the images that can be decoded.

    Returns
    -------
    images : dict of str to ndarray of uint8, shape (height, width, 3)
        By file.
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The same in one array; where their sizes differ, none.
    """
    images = {}
    for file in files:
        try:
            images[file] = read_image(folder / file)
        except StimulusError as error:
            faults.extend(error.faults)
    sizes = {file: _size(image) for file, image in images.items()}
    counts = Counter(sizes.values()).most_common()
    if len(counts) == 1:
        return images, np.stack(list(images.values()))
    if counts:
        usual = counts[0][0]
        odd, size = next((file, size) for file, size in sizes.items() if size != usual)
        faults.append(
            f"all images must have one size: in {folder}, {odd} has {size} pixels and "
            f"{counts[0][1]} of {len(sizes)} images have {usual}; crop or scale them alike"
        )
    return images, np.empty((0, 0, 0, 3), dtype=np.uint8)


def _size(image: NDArray[np.generic]) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"
