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
from psychobench.messages import nearest, shown
from psychobench.tables.cells import cleaned, distinct
from psychobench.tables.splitting import check_lengths, parse_cells, too_long

_DELIMITERS = (",", "\t", ";")
SEPARATOR_LINE = re.compile(r'"?sep=([^\n"])"?[ ,;\t]*\n', re.IGNORECASE)
MOST_COLUMNS = 10_000
TEXTS = ("observer", "condition", "stimulus", "session")
_HEADER = 1_000_000  # characters among which a header must end
_RESAVE = "open it in the program that made it and save it as 'CSV UTF-8'"
_IMPORT = f"{_RESAVE}, or read it with psychobench import"
_MAGIC = {
    b"PK\x03\x04": ("an Excel workbook or zip archive", _IMPORT),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", _RESAVE),
    b"\x1f\x8b": ("gzip-compressed", "unpack it first"),
    b"\xff\xfe": ("UTF-16 text", _IMPORT),
    b"\xfe\xff": ("UTF-16 text", _IMPORT),
}


def read_cells(
    path: Path, names: Collection[str] = (), texts: Collection[str] = TEXTS
) -> pd.DataFrame:
    """Read a CSV or TSV file without interpreting any cell but plain numbers.

    The delimiter (comma, tab or semicolon) is found from the header, whatever the file is called.
    Where it is not the comma, numbers may have decimal commas. A byte-order mark, an empty last
    column and empty rows are ignored.

    Parameters
    ----------
    path : pathlib.Path
        A UTF-8 text file with a header row.
    names : collection of str
        Further column names that the file should have; they help to find the delimiter.
    texts : collection of str
        Columns whose cells must stay as they are written, whatever they look like.

    Returns
    -------
    DataFrame
        Categorical columns of stripped str; a column of many different plain numbers, such as
        reaction times, is float64 or int64. The index holds row numbers as a spreadsheet shows
        them: the header is row 1. ``attrs["notes"]`` lists what was repaired.

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
    notes: list[str] = []
    if hint := SEPARATOR_LINE.match(body):
        body = body[hint.end() :]
        notes.append(f"{path}: its first line, '{hint[0].strip()}', is for spreadsheets; left out")
    lead = text.count("\n", 0, len(text) - len(body))
    known = set(names)
    delimiter = hint[1] if hint and hint[1] in _DELIMITERS else _delimiter(body, known)
    header, rows = _split_header(body, delimiter)
    _check_header(header, rows, path)
    notes += check_lengths(rows, delimiter, header, path, lead + 2)
    kept_as_text = [i for i, name in enumerate(header) if name in texts]
    raw = parse_cells(rows, delimiter, len(header), path, lead, kept_as_text)
    cells = _cleaned(raw, header, delimiter, path, notes)
    cells.index = pd.RangeIndex(lead + 2, lead + 2 + len(cells))
    named = _named(cells, header, path)
    filled = named[_filled(named)]
    if filled.empty:
        raise TableError(
            f"a table must have at least one row below its header: {path} has none; "
            f"its columns are {shown(named.columns)}"
        )
    filled.attrs["notes"] = notes
    return filled


def _cleaned(
    raw: pd.DataFrame, header: list[str], delimiter: str, path: Path, notes: list[str]
) -> pd.DataFrame:
    """Clean the columns of text; say which had decimal commas."""
    columns = {
        i: raw[i]
        if pd.api.types.is_numeric_dtype(raw[i])
        else cleaned(raw[i], decimal_comma=delimiter != ",")
        for i in range(raw.shape[1])
    }
    pointed = [header[i] for i, column in columns.items() if column.attrs.get("pointed")]
    if pointed:
        notes.append(f"{path}: decimal commas are read as points in {shown(pointed)}")
    return pd.DataFrame(columns)


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise TableError(f"a table must be a CSV or TSV file: {path} is a folder") from None
    except FileNotFoundError:
        raise TableError(f"a table must exist: {path} is missing{_sibling(path)}") from None
    except OSError as error:
        raise TableError(f"a table must be readable: {path} is not ({error.strerror})") from None
    found = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if found is None and b"\0" in data:
        found = ("a binary file, or UTF-16 text", _RESAVE)
    if found is not None:
        kind, remedy = found
        raise TableError(f"a table must be CSV or TSV text in UTF-8: {path} is {kind}; {remedy}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"a table must be UTF-8 text: {path} has byte 0x{data[error.start]:02x} in row {row}, "
            f"which is not; {_RESAVE}"
        ) from None
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


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
    return _split_header(body[:_HEADER], delimiter)[0]


def _split_header(body: str, delimiter: str) -> tuple[list[str], str]:
    """Give the names in the first record, and the text below it."""
    reader = csv.reader(io.StringIO(body[:_HEADER]), delimiter=delimiter)
    try:
        header = [name.strip() for name in next(reader)]
    except csv.Error:  # a quote opened there and never closed
        return [], ""
    end = -1
    for _ in range(reader.line_num):
        end = body.find("\n", end + 1)
        if end < 0:
            return header, ""
    return header, body[end + 1 :]


def _check_header(header: list[str], rows: str, path: Path) -> None:
    if not header or (not rows and any("\n" in name for name in header)):
        raise TableError(
            f"a table must be well-formed: the header of {path} is not; "
            "look for a double quote that is missing or too many"
        )
    if len(header) == 1:
        raise TableError(
            f"a table must have several columns: commas, tabs or semicolons do not part the first "
            f"line of {path}; delete lines above its header, or save it as 'CSV UTF-8'"
        )
    if len(header) > MOST_COLUMNS:
        raise TableError(
            f"a table must have at most {MOST_COLUMNS} columns: {path} has {len(header)} or more; "
            "check that each trial is a row, and export only the columns that you need"
        )


def _named(cells: pd.DataFrame, header: list[str], path: Path) -> pd.DataFrame:
    """Name the columns; nameless ones go when they are empty, else are called after their place."""
    extra = len(header)
    if (over := _filled(cells[[extra]])).any():
        row = cells.index[int(over.argmax())]
        raise TableError(too_long(row, path, extra + 1, extra))
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
        if pd.api.types.is_numeric_dtype(cells[name]):
            filled |= cells[name].notna().to_numpy(np.bool_)
            continue
        codes, texts = distinct(cells[name])
        filled |= np.array([text != "" for text in texts], dtype=np.bool_)[codes]
    return filled
