"""A delimited text file to a table of cells as they stand in it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import TableError
from psychobench.responses.cells import cleaned, distinct
from psychobench.responses.columns import CANONICAL, nearest, shown

_DELIMITERS = (",", "\t", ";")
_HEADER = 1_000_000  # characters among which a header must end
_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "gzip-compressed",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_RESAVE = "open it in the program that made it and save it as 'CSV UTF-8'"


def read_cells(path: Path, names: Collection[str] = ()) -> pd.DataFrame:
    """Read a CSV or TSV file without interpreting any cell.

    The delimiter (comma, tab or semicolon) is found from the header, whatever the file is called.
    Where it is the semicolon, numbers may have decimal commas. A byte-order mark, an empty last
    column and empty rows are ignored.

    Parameters
    ----------
    path : pathlib.Path
        A UTF-8 text file with a header row.
    names : collection of str
        Further column names that the file should have; they help to find the delimiter.

    Returns
    -------
    DataFrame
        Categorical columns of stripped str. The index holds row numbers as a spreadsheet shows
        them: the header is row 1.

    Raises
    ------
    TableError
        If the file is missing, not UTF-8 text, empty, without rows, or its rows do not fit its
        header.
    """
    text = _decode(path)
    body = text.lstrip("\n")
    if not body.strip():
        raise TableError(f"a table must have a header row and rows: {path} is empty")
    lead = len(text) - len(body)
    delimiter = _delimiter(body, {*names, *CANONICAL})
    header = [name.strip() for name in _header(body, delimiter)]
    raw = _parse(body, delimiter, len(header), path, lead)
    cells = raw.apply(cleaned, decimal_comma=delimiter == ";")
    cells.index = pd.RangeIndex(lead + 2, lead + 2 + len(cells))
    named = _named(cells, header, path)
    filled = named[_filled(named)]
    if filled.empty:
        raise TableError(
            f"a table must have at least one row below its header: {path} has none; "
            f"its columns are {shown(named.columns)}"
        )
    return filled


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise TableError(f"a table must be a CSV or TSV file: {path} is a folder") from None
    except FileNotFoundError:
        raise TableError(f"a table must exist: {path} is missing{_sibling(path)}") from None
    except OSError as error:
        raise TableError(f"a table must be readable: {path} is not ({error.strerror})") from None
    kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None and b"\0" in data:
        kind = "a binary file, or UTF-16 text"
    if kind is not None:
        raise TableError(f"a table must be CSV or TSV text in UTF-8: {path} is {kind}; {_RESAVE}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"a table must be UTF-8 text: {path} has byte 0x{data[error.start]:02x} in row {row}, "
            f"which is not; {_RESAVE}"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _sibling(path: Path) -> str:
    folder = path.parent
    names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    return nearest(path.name, names)


def _delimiter(body: str, names: Collection[str]) -> str:
    """Choose the delimiter that finds most known names in the header, then most fields."""

    def score(delimiter: str) -> tuple[int, int]:
        fields = [field.strip() for field in _header(body, delimiter)]
        return sum(field in names for field in fields), len(fields)

    return max(_DELIMITERS, key=score)


def _header(body: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(body[:_HEADER]), delimiter=delimiter))
    except csv.Error:  # a quote opened there and never closed
        return []


def _parse(body: str, delimiter: str, width: int, path: Path, lead: int) -> pd.DataFrame:
    """Split into cells, with one column more than the header for what should not be there."""
    try:
        cells = pd.read_csv(
            io.StringIO(body),
            sep=delimiter,
            header=None,
            names=range(width + 1),
            index_col=False,
            dtype=object,
            na_filter=False,
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.ParserError as error:
        raise TableError(_ragged(str(error), width, path, lead)) from None
    return cells.iloc[1:]


def _ragged(reason: str, width: int, path: Path, lead: int) -> str:
    if found := re.search(r"in line (\d+), saw (\d+)", reason):
        row, saw = int(found[1]) + lead, found[2]
        return (
            f"a row must have as many cells as the header: row {row} of {path} has {saw}, "
            f"the header has {width}; put cells that hold the delimiter into double quotes"
        )
    return (
        f"a table must be well-formed: {path} is not ({reason.removeprefix('Error tokenizing ')}); "
        "look for a double quote that is never closed"
    )


def _named(cells: pd.DataFrame, header: list[str], path: Path) -> pd.DataFrame:
    """Name the columns; nameless ones go when they are empty, else are called after their place."""
    extra = len(header)
    if (over := _filled(cells[[extra]])).any():
        row = cells.index[int(over.argmax())]
        raise TableError(
            f"a row must have as many cells as the header: row {row} of {path} has {extra + 1}, "
            f"the header has {extra}; name every column, and put cells that hold the delimiter "
            "into double quotes"
        )
    kept = [i for i, name in enumerate(header) if name or _filled(cells[[i]]).any()]
    named = cells[kept]
    named.columns = pd.Index([header[i] or f"column_{i + 1}" for i in kept], dtype=object)
    if not named.columns.is_unique:
        twice = named.columns[named.columns.duplicated()][0]
        raise TableError(
            f"column names must be unique: {path} has '{twice}' more than once; rename one of them"
        )
    return named


def _filled(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Find the rows in which any cell holds something."""
    filled = np.zeros(len(cells), dtype=np.bool_)
    for name in cells:
        codes, texts = distinct(cells[name])
        filled |= np.array([text != "" for text in texts], dtype=np.bool_)[codes]
    return filled
