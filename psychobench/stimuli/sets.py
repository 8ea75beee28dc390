"""Stimulus sets: a folder of images with their levels and masks, checked as a whole."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import EVERY, Levels, parse_levels
from psychobench.errors import StimulusError
from psychobench.outputs import write_output
from psychobench.resources import sha256
from psychobench.stimuli.levels import HUMAN_LEVELS, SAME_LEVEL, read_levels_file
from psychobench.stimuli.manifest import Manifest, find_damage, read_manifest
from psychobench.stimuli.masks import MASK_FOLDERS, UNMASKED, Mask, read_masks
from psychobench.stimuli.set_folders import decode_images, find_folder
from psychobench.tables.notebook import ShownAsTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_FAULTS = 20


@dataclass(frozen=True, eq=False)
class StimulusSet(ShownAsTable):
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

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table, one row per image."""
        return self.table.copy()

    def summary(self) -> dict[str, Any]:
        """Return what the set is and holds, as types that JSON knows."""
        levels = sorted(self.table["level"].unique().tolist())
        return {
            "name": self.name,
            "title": self.title,
            "rendered": self.rendered,
            "bundled": self.bundled,
            "folder": str(self.folder),
            "n_images": len(self.table),
            "n_levels": len(levels),
            "levels": levels,
            "width": self.pixels.shape[2],
            "height": self.pixels.shape[1],
            "masks": list(self.covers),
            "sha256": self.sha256,
        }

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw a contact sheet: every image under every mask, from the lowest level up.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default, as large as the sheet.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from psychobench.draw.sheet import draw_sheet

        order = self.table["level"].argsort(kind="stable").to_numpy()
        return draw_sheet(
            {mask: self.images(mask)[order] for mask in (UNMASKED, *self.covers)},
            [f"{level:g}" for level in self.table["level"].iloc[order]],
            title=f"{self.name}: {self.title}",
            ax=ax,
        )

    def save_sheet(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the contact sheet as a PNG file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; ``FILE.provenance.json`` is written beside it.
        overwrite : bool
            Whether to replace a file that psychobench did not write there, or that was edited.

        Raises
        ------
        ResourceError
            If the place cannot be written, or the file must not be replaced.
        """
        buffer = io.BytesIO()
        self.plot().savefig(buffer, format="png")
        write_output(
            Path(path),
            buffer.getvalue(),
            kind="contact sheet",
            overwrite=overwrite,
            inputs=[self.folder],
        )

    def images(self, mask: str = UNMASKED) -> NDArray[np.uint8]:
        """Return the images under one mask, with what it shows in their place.

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

    def select(self, levels: Levels) -> StimulusSet:
        """Keep the images at some levels.

        Parameters
        ----------
        levels : {"all", "human"}, str, number or sequence of numbers
            All, the seven that people judged, or these in any order, compared to within a
            millionth of the range of the levels;
            as text with commas between them.

        Returns
        -------
        StimulusSet
            In the order of this set.

        Raises
        ------
        OptionError
            If `levels` are neither of the words nor numbers.
        StimulusError
            If no image has one of the levels; one line for each.
        """
        chosen = parse_levels(levels)
        if isinstance(chosen, str):
            if chosen == EVERY:
                return self
            chosen = HUMAN_LEVELS
        have = self.table["level"].to_numpy()
        near = np.abs(have[:, None] - np.asarray(chosen)) <= max(1e-9, SAME_LEVEL * np.ptp(have))
        absent = [level for level, hit in zip(chosen, near.any(axis=0), strict=True) if not hit]
        if absent:
            there = ", ".join(f"{level:g}" for level in np.unique(have))
            raise StimulusError(
                *(
                    f"no stimulus has level {level:g}: the levels of {self.name} are "
                    f"{there}; choose from these"
                    for level in absent
                )
            )
        rows = np.flatnonzero(near.any(axis=1))
        table = self.table.iloc[rows].reset_index(drop=True)
        covers = {name: mask.select(rows) for name, mask in self.covers.items()}
        return replace(self, table=table, pixels=self.pixels[rows], covers=covers)


def load_stimuli(stimuli: str | Path = "rendered-average") -> StimulusSet:
    """Load a stimulus set and check all of it.

    Parameters
    ----------
    stimuli : str or pathlib.Path, optional
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
    folder, is_bundled = find_folder(stimuli)
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


def made_set(
    folder: Path,
    names: Sequence[str],
    levels: Sequence[float],
    pixels: NDArray[np.uint8],
    masks: Mapping[str, Mask],
    manifest: Manifest,
    *,
    suffix: str = ".png",
) -> StimulusSet:
    """Return the set that was just written into a folder, without reading it again."""
    files = [name + suffix for name in names]
    return StimulusSet(
        name=folder.resolve().name,
        folder=folder,
        table=pd.DataFrame({"stimulus": list(names), "level": list(levels), "file": files}),
        covers=dict(masks),
        title=manifest.title,
        rendered=manifest.rendered,
        bundled=False,
        hashes={
            path: hashed
            for path, hashed in manifest.files.items()
            if path in files or path.startswith(MASK_FOLDERS)
        },
        pixels=pixels,
    )


def _remedy(manifest: Manifest, is_bundled: bool) -> str:
    if is_bundled:
        return "the bundled set is damaged: reinstall psychobench"
    return f"render {manifest.name} again, or delete manifest.json if you changed it on purpose"
