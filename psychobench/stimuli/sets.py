"""Stimulus sets: a folder of images with their levels and masks, checked as a whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.images import read_image
from psychobench.resources import bundled, sha256
from psychobench.stimuli.levels import LEVELS_FILE, read_levels_file
from psychobench.stimuli.manifest import Manifest, find_damage, read_manifest
from psychobench.stimuli.masks import MID_GREY, UNMASKED, Mask, read_masks

__all__ = ["MID_GREY", "UNMASKED", "StimulusSet", "list_stimuli", "load_stimuli"]

_MOST_FAULTS = 20


@dataclass(frozen=True, eq=False)
class StimulusSet:
    """Images along a continuum, with the masks that can hide parts of them.

    Attributes
    ----------
    name : str
        The bundled set's name or the folder's.
    folder : pathlib.Path
        Where the files are.
    table : pandas.DataFrame
        One row per image: ``stimulus`` (str), ``level`` (float, in the unit of the design) and
        ``file`` (its name in `folder`).
    covers : mapping of str to Mask
        What each mask hides and what it shows there; may be empty.
    title : str
        What the set shows, in human words.
    rendered : bool
        Whether the images were drawn by a program; say so wherever they are shown.
    bundled : bool
        Whether the set came with psychobench.
    hashes : mapping of str to str
        SHA-256 of each image, mask and fill by its path in `folder`.
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The decoded images in table order; `images` gives them masked.

    Examples
    --------
    >>> stimuli = load_stimuli()
    >>> stimuli.title
    'rendered average face, sad to happy'
    >>> stimuli.select([0.0, 0.5, 1.0]).images("mouth").shape
    (3, 256, 256, 3)
    """

    name: str
    folder: Path
    table: pd.DataFrame
    covers: Mapping[str, Mask]
    title: str
    rendered: bool
    bundled: bool
    hashes: Mapping[str, str] = field(repr=False)
    pixels: NDArray[np.uint8] = field(repr=False)

    @cached_property
    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """The pixels that each mask hides more than half, shape (height, width), by its name."""
        return {name: mask.region for name, mask in self.covers.items()}

    @property
    def sha256(self) -> str:
        """One hash of the images with their levels and of the masks."""
        rows = zip(self.table["file"], self.table["level"], strict=True)
        lines = [f"{self.hashes[file]} {level!r}" for file, level in rows]
        shown = {path: path.removesuffix(".png") for path in self.hashes if "/" in path}
        plain = sorted((name.removeprefix("masks/"), path) for path, name in shown.items())
        lines += [f"{self.hashes[path]} {name}" for name, path in plain]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def images(self, mask: str = UNMASKED) -> NDArray[np.uint8]:
        """Give the images under one mask, with what it shows in their place.

        Parameters
        ----------
        mask : str, optional
            A name in `masks`, or ``none``.

        Returns
        -------
        ndarray of uint8, shape (n, height, width, 3)
            A copy, in the order of `table`.

        Raises
        ------
        StimulusError
            If there is no such mask.
        """
        if mask == UNMASKED:
            return self.pixels.copy()
        if mask not in self.covers:
            known = ", ".join([UNMASKED, *self.covers])
            raise StimulusError(
                f"a mask must be one that the stimuli have: {self.name} has no {mask!r}; "
                f"choose from {known}"
            )
        return self.covers[mask].apply(self.pixels)

    def select(self, levels: Sequence[float]) -> StimulusSet:
        """Keep the images at some levels.

        Parameters
        ----------
        levels : sequence of float
            In any order; compared to within 1e-9.

        Returns
        -------
        StimulusSet
            In the order of this set.

        Raises
        ------
        StimulusError
            If no image has one of the levels; one line for each.
        """
        have = self.table["level"].to_numpy()
        near = np.abs(have[:, None] - np.asarray(levels, dtype=np.float64)) <= 1e-9
        absent = [level for level, hit in zip(levels, near.any(axis=0), strict=True) if not hit]
        if absent or len(levels) == 0:
            there = f"the levels of {self.name} are {', '.join(f'{x:g}' for x in np.unique(have))}"
            wrong = [f"no stimulus has level {level:g}: {there}" for level in absent]
            raise StimulusError(*wrong or [f"at least one level must be chosen: {there}"])
        rows = np.flatnonzero(near.any(axis=1))
        table = self.table.iloc[rows].reset_index(drop=True)
        covers = {name: mask.select(rows) for name, mask in self.covers.items()}
        return replace(self, table=table, pixels=self.pixels[rows], covers=covers)


def list_stimuli() -> list[str]:
    """Name the bundled stimulus sets.

    Examples
    --------
    >>> list_stimuli()
    ['rendered-average']
    """
    return sorted(path.parent.name for path in bundled("stimuli").glob(f"*/{LEVELS_FILE}"))


def load_stimuli(name_or_folder: str | Path = "rendered-average") -> StimulusSet:
    """Load a stimulus set and check all of it.

    Parameters
    ----------
    name_or_folder : str or pathlib.Path, optional
        A bundled set's name, or a folder that holds images of one size, ``levels.csv`` with the
        columns ``stimulus`` (file name, with or without extension) and ``level``, and, if wanted,
        masks as ``masks/NAME.png`` (white hides, grey hides in part) with what is seen there
        instead as ``fills/NAME.png`` (mid-grey without). A bundled name comes first; write
        ``./NAME`` for a folder of that name.

    Returns
    -------
    StimulusSet

    Raises
    ------
    StimulusError
        If anything is wrong with it: one line per fault, the first 20 of them.
    """
    folder, is_bundled = find_folder(str(name_or_folder))
    faults: list[str] = []
    table = read_levels_file(folder, faults)
    _, pixels = decode_images(folder, list(table["file"]), faults)
    covers, mask_paths = read_masks(folder, list(table["file"]), pixels, faults)
    manifest = read_manifest(folder)
    files = [*table["file"], *mask_paths]
    if manifest is not None:
        remedy = _remedy(manifest, is_bundled)
        faults[:0] = find_damage(manifest, folder, files, remedy=remedy)
    if faults:
        more = len(faults) - _MOST_FAULTS
        raise StimulusError(*faults[:_MOST_FAULTS], *([f"and {more} more"] if more > 0 else []))
    name = folder.resolve().name
    return StimulusSet(
        name=name,
        folder=folder,
        table=table,
        covers=covers,
        title=manifest.title if manifest else f"images in {name}",
        rendered=manifest is not None and manifest.rendered,
        bundled=is_bundled,
        hashes={
            file: manifest.files[file] if manifest else sha256(folder / file) for file in files
        },
        pixels=pixels,
    )


def find_folder(name: str) -> tuple[Path, bool]:
    """Give the folder of a set, and whether it is bundled."""
    names = list_stimuli()
    if name in names:
        return bundled("stimuli") / name, True
    if Path(name).is_dir():
        return Path(name), False
    raise StimulusError(
        f"stimuli must be a bundled set or a folder: {name!r} is neither; "
        f"the bundled sets are {', '.join(names)}"
    )


def _remedy(manifest: Manifest, is_bundled: bool) -> str:
    if is_bundled:
        return "the bundled set is damaged: reinstall psychobench"
    return f"render {manifest.name} again, or delete manifest.json if you changed it on purpose"


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
