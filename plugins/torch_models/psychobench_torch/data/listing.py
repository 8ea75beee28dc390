"""What a reader of a data set returns: one row per image, with notes and faults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from psychobench.plugins import ResourceError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
BOX = ["left", "top", "width", "height"]
_SHOWN = 5  # faults that an error names one by one


@dataclass(frozen=True, eq=False)
class Listing:
    """The images of a data set, not yet opened.

    Parameters
    ----------
    layout : str
        How the set lies on disk.
    source : str
        What it is, in words, in the plural: ``AffectNet photographs``.
    root : pathlib.Path
        The folder or table that was named.
    table : DataFrame
        One row per image: `path` (str, absolute) and either `label` (str) or `valence` (float);
        `split` is ``train``, ``validation`` or empty; where known also `group` (str, who it is)
        and `left, top, width, height` (px, the face's box).
    notes : tuple of str
        What was left out or decided.
    broken : tuple of str
        Rows that cannot be used, each with its place and what is wrong.
    size : tuple of int, optional
        How many images for training and validation are drawn where the user does not say.
    """

    layout: str
    source: str
    root: Path
    table: pd.DataFrame
    notes: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    size: tuple[int, int] | None = None


def images_below(folder: Path) -> list[str]:
    """List the image files of a folder and its subfolders by name, sorted; hidden ones excepted."""
    found = []
    for place, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            str(Path(place, name))
            for name in files
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
        ]
    return sorted(found)


def subfolders(folder: Path) -> dict[str, Path]:
    """Return the folders directly inside a folder by name, sorted; none if it is no folder."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    return {name: folder / name for name in names}


def describe_folder(folder: Path) -> str:
    """Describe the contents of a folder, for errors: the first names and how many there are."""
    names = sorted(
        entry.name + "/" * entry.is_dir()
        for entry in folder.iterdir()
        if not entry.name.startswith(".")
    )
    return shorten(names, "nothing")


def images(n: int) -> str:
    """Count images in words.

    Examples
    --------
    >>> images(1), images(2000)
    ('1 image', '2,000 images')
    """
    return "1 image" if n == 1 else f"{n:,} images"


def shorten(names: Sequence[str], none: str = "none") -> str:
    """List the first few of many names, and how many more there are.

    Examples
    --------
    >>> shorten(["a", "b", "c", "d", "e", "f", "g"])
    'a, b, c, d, e and 2 more'
    """
    if not names:
        return none
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def check_whole(broken: Iterable[str], n: int, root: Path, *, skip: bool) -> tuple[str, ...]:
    """Raise where images cannot be used, or say in a note that they are left out.

    Parameters
    ----------
    broken : iterable of str
        One for each image: its place, and what is wrong.
    n : int
        Images in all, for the message.
    skip : bool
        Leave them out.

    Returns
    -------
    tuple of str
        A note; empty where all are whole.

    Raises
    ------
    ResourceError
        If there are any and `skip` is false; it names the first few.
    """
    faults = list(broken)
    if not faults:
        return ()
    first = "; ".join(faults[:_SHOWN]) + ("; ..." if len(faults) > _SHOWN else "")
    if not skip:
        raise ResourceError(
            f"every image must be there and whole: {len(faults):,} of {n:,} in {root} cannot be "
            f"used ({first}); mend them, or leave them out with `skip_broken`"
        )
    return (f"left out as broken: {len(faults):,} of {images(n)} ({first})",)
