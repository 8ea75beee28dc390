"""Levels: where along a continuum each stimulus lies, and the file that lists them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.messages import nearest

ALL_LEVELS = tuple(round(0.05 * step, 2) for step in range(21))
"""The published continuum: 0 (source) to 1 (target) in steps of .05 [1]_.

.. [1] Ying, Li & Chen, arXiv 2310.13674, section 2.2.1.
"""
HUMAN_LEVELS = (0.0, 0.20, 0.30, 0.50, 0.70, 0.80, 1.00)
"""The seven levels that people judged in the same study."""

SAME_LEVEL = 1e-6  # of the range of the levels: nearer ones are one level
LEVELS_FILE = "levels.csv"
COLUMNS = ("stimulus", "level")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_EXAMPLE = "one row per image under the heading stimulus,level, for example face01.png,0.25"


def read_levels_file(folder: Path, faults: list[str]) -> pd.DataFrame:
    """Read a folder's ``levels.csv`` and find the image that each row names.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``levels.csv`` (UTF-8; comma, semicolon or tab) and the images.
    faults : list of str
        Grows by one line per faulty row; the row itself is left out of the result.

    Returns
    -------
    pandas.DataFrame
        Columns ``stimulus`` (str, as written), ``level`` (float; levels nearer than a millionth of
        their range are one) and ``file`` (name in `folder`), in the order of the file.

    Raises
    ------
    StimulusError
        If there is no ``levels.csv``, it is no text, or it lacks a column.
    """
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    rows = []
    for line, stimulus, text in _read_cells(folder):
        place = f"row {line} of {folder / LEVELS_FILE}"
        found = (_parse_level(text, stimulus, place), _find_file(stimulus, files, place))
        wrong = [fault for _, fault in found if fault is not None]
        faults.extend(wrong)
        if not wrong:
            rows.append((line, stimulus, found[0][0], found[1][0]))
    table = pd.DataFrame(rows, columns=["line", "stimulus", "level", "file"])
    table["level"] = merge_levels(table["level"].to_numpy(dtype=float))
    repeated = table["file"].duplicated() | table["stimulus"].duplicated()
    for row in table[repeated].itertuples():
        faults.append(
            f"each image must have one row: row {row.line} of {folder / LEVELS_FILE} names "
            f"{row.file} again; delete one of them"
        )
    if not faults and table["level"].nunique() < 2:
        faults.append(
            f"a continuum needs at least two different levels: {folder / LEVELS_FILE} has "
            f"{', '.join(map(repr, table['level'].unique())) or 'no rows'}; "
            f"write {_EXAMPLE}"
        )
    return table.loc[~repeated, ["stimulus", "level", "file"]].reset_index(drop=True)


def merge_levels(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make levels equal that differ by less than a millionth of their range.

    Such levels come from arithmetic in binary fractions: .1 + .2 is not quite .3.

    Parameters
    ----------
    levels : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
        Each group has the one of its levels that is shortest when written.

    Examples
    --------
    >>> merge_levels(np.array([0.0, 0.1 + 0.2, 0.3, 1.0])).tolist()
    [0.0, 0.3, 0.3, 1.0]
    """
    if len(levels) < 2:
        return levels
    order = np.argsort(levels, kind="stable")
    apart = np.diff(levels[order]) > SAME_LEVEL * np.ptp(levels)
    groups = np.concatenate([[0], np.cumsum(apart)])
    merged = levels.copy()
    for group in np.flatnonzero(np.bincount(groups) > 1):
        rows = order[groups == group]
        merged[rows] = min(levels[rows].tolist(), key=lambda level: (len(repr(level)), level))
    return merged


def _read_cells(folder: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line number (the heading is line 1), stimulus and level of every row, as text."""
    path = folder / LEVELS_FILE
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        images = sum(file.suffix.lower() in SUFFIXES for file in folder.iterdir())
        raise StimulusError(
            f"a stimuli folder must hold {LEVELS_FILE}: {folder} has none ({images} images); "
            f"write one with {_EXAMPLE}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StimulusError(
            f"{LEVELS_FILE} must be a text file in UTF-8: {path} is not ({error}); "
            "save it as CSV UTF-8"
        ) from None
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip() for name in next(reader, [])]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise StimulusError(
            f"{LEVELS_FILE} must have the columns stimulus,level: {path} lacks "
            f"{' and '.join(missing)}; its columns are {', '.join(map(repr, names)) or 'none'}; "
            "rename or add them"
        )
    for cells in reader:
        if any(cell.strip() for cell in cells):
            values = dict(zip(names, cells, strict=False))
            level = values.get("level", "").strip()
            if any(cell.strip() for cell in cells[len(names) :]):
                level = delimiter.join(cells[names.index("level") :])
            elif delimiter != ",":
                level = level.replace(",", ".")  # a decimal comma
            yield reader.line_num, values.get("stimulus", "").strip(), level


def _parse_level(text: str, stimulus: str, place: str) -> tuple[float, str | None]:
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    if math.isfinite(level):
        return level, None
    return level, (
        f"level must be a finite number: {place} (stimulus {stimulus!r}) has {text!r}; "
        "write a number"
    )


def _find_file(stimulus: str, files: Sequence[str], place: str) -> tuple[str, str | None]:
    """Find the file that `stimulus` names, with or without its extension, or what is wrong."""
    if not stimulus:
        return "", f"stimulus must be the name of an image: {place} has an empty cell; fill it"
    if "/" in stimulus or PureWindowsPath(stimulus).name != stimulus:
        return "", (
            f"stimulus must be the name of an image in the same folder, without a path: {place} "
            f"has {stimulus!r}; move the image beside {LEVELS_FILE}"
        )
    if stimulus in files:
        return stimulus, None
    found = [name for name in files if Path(name).stem == stimulus and _is_image(name)]
    if len(found) == 1:
        return found[0], None
    if found:
        return "", (
            f"stimulus must name one image: {place} has {stimulus!r}, which could be "
            f"{' or '.join(found)}; write the extension"
        )
    images = [name for name in files if _is_image(name)]
    hint = nearest(stimulus, [*images, *(Path(name).stem for name in images)])
    return "", (
        f"every stimulus must have its image in the folder: {place} names {stimulus!r}, which is "
        f"not there{hint}; add the image, or correct or delete the row"
    )


def _is_image(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES
