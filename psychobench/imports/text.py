"""Bytes to text, text to rows; whatever was repaired on the way is told."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.imports.reader import Head
from psychobench.tables.reading import MOST_COLUMNS, SEPARATOR_LINE
from psychobench.tables.splitting import broken_line, broken_quotes, cut_off, too_long, too_short

_LONGEST = 100_000_000  # characters in a cell: recordings and drawings are kept as text
_FIRST = 1_000_000  # characters among which the first line ends
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def decode(path: Path, data: bytes, encoding: str | None = None) -> tuple[str, list[str]]:
    r"""Decode a text file: UTF-8, UTF-16 with or without its mark, or what `encoding` says.

    Returns
    -------
    text : str
        With line ends as ``\\n``.
    notes : list of str
        What was repaired.

    Raises
    ------
    OptionError
        If `encoding` is none.
    TableError
        If the bytes are no such text.
    """
    notes = []
    used = encoding or _encoding(data)
    try:
        text = data.decode(used).lstrip("\ufeff")
    except LookupError:
        raise OptionError(
            f"--encoding must be one that Python knows: '{encoding}' is none; try utf-8 or cp1252"
        ) from None
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"a file must be {used.upper()} text: {path} has byte 0x{data[error.start]:02x} in row "
            f"{row}, which is not; save it as UTF-8, or say how it is written, like "
            "--encoding cp1252"
        ) from None
    if "\0" in text:
        raise TableError(
            f"a file must hold text: {path} has a NUL character in row "
            f"{text.count(chr(10), 0, text.index(chr(0))) + 1}; it is damaged or a binary file; "
            "save it again in the program that made it"
        )
    if used.startswith("utf-16"):
        notes.append(f"{path}: read as UTF-16 text")
    pairs = text.count("\r\n")
    ends = (pairs, text.count("\r") - pairs, text.count("\n") - pairs)
    if sum(map(bool, ends)) > 1:
        notes.append(f"{path}: line ends of several kinds are read as one")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _encoding(data: bytes) -> str:
    if mark := next((mark for mark in _UTF16 if data.startswith(mark)), None):
        return _UTF16[mark]
    start = data[:2000]
    if len(start) > 3 and start[1::2].count(0) > 0.9 * len(start[1::2]) and len(data) % 2 == 0:
        return "utf-16-le"
    return "utf-8"


def first_line(text: str) -> tuple[str, str]:
    """Find the delimiter of a table, and its first line that holds anything."""
    line = text[:_FIRST].lstrip("\n").partition("\n")[0]
    return max(",\t;", key=line.count), line


def split_fields(line: str, delimiter: str) -> tuple[str, ...]:
    """Split a first line into cells; no cells where its quotes are broken."""
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return ()


def table(
    head: Head, *, quoting: str = "doubled"
) -> tuple[pd.DataFrame, dict[int, str], list[str]]:
    r"""Split a delimited text into rows.

    Parameters
    ----------
    head : Head
        The file.
    quoting : {"doubled", "backslash", "bare"}
        How a quote inside a quoted cell is written: ``""``, ``\"`` or, as PsychoPy does, ``"``.

    Returns
    -------
    rows : DataFrame
        Cells of str as they stand; the header is row 1 of the index.
    left : dict of int to str
        Rows that hold nothing, or the header again.
    notes : list of str
        What was repaired.

    Raises
    ------
    TableError
        If the rows do not fit the header.
    """
    path, notes, text = head.path, list(head.notes), head.text
    _check_width(len(head.fields), path)
    if hint := SEPARATOR_LINE.match(text):
        notes.append(f"{path}: its first line, '{hint[0].strip()}', is for spreadsheets; left out")
    start, lead = (hint.end(), 1) if hint else (0, 0)
    numbered = [
        (number, cells)
        for number, cells in enumerate(_records(text[start:], lead, head, quoting), lead + 1)
        if cells
    ]
    if not numbered:
        raise TableError(f"a file must have a header row and rows: {path} is empty")
    (_, names), *records = numbered
    header = [name.strip() for name in names]
    _check_header(header, path)
    if not records:
        raise TableError(f"a file must have rows below its header: {path} has none")
    notes += _check_lengths(records, header, head)
    columns = [
        i
        for i, name in enumerate(header)
        if name or any(cells[i].strip() for _, cells in records if i < len(cells))
    ]
    rows = pd.DataFrame(
        [[*cells[: len(header)], *[""] * (len(header) - len(cells))] for _, cells in records],
        index=[number for number, _ in records],
        dtype=object,
    )[columns]
    rows.columns = pd.Index([header[i] or f"column_{i + 1}" for i in columns], dtype=object)
    left = {n: "empty row" for n, cells in records if not any(map(str.strip, cells))}
    left |= {n: "the header again" for n, cells in records if [c.strip() for c in cells] == header}
    if not text.endswith("\n"):
        notes.append(f"{path}: no line end after the last row, which may have been cut short")
    return rows, left, notes


def _records(text: str, lead: int, head: Head, quoting: str) -> list[list[str]]:
    limit = csv.field_size_limit(_LONGEST)
    escape = "\\" if quoting == "backslash" else None
    try:
        reader = csv.reader(
            io.StringIO(text), delimiter=head.delimiter, escapechar=escape, strict=True
        )
        records = list(reader)
        if quoting != "bare" or len({len(cells) for cells in records if cells}) <= 1:
            return records
    except csv.Error as error:
        if quoting != "bare":
            line = lead + broken_line(text, delimiter=head.delimiter, escapechar=escape)
            raise TableError(broken_quotes(line, head.path, error)) from None
    finally:
        csv.field_size_limit(limit)
    return _bare_records(text, head.delimiter)


def _bare_records(text: str, delimiter: str) -> list[list[str]]:
    """Split where a quoted cell ends at the first quote before a delimiter or a line end."""
    mark = re.escape(delimiter)
    cell = re.compile(f'"(?P<quoted>[^\\n]*?)"(?={mark}|\\n|\\Z)|(?P<plain>[^{mark}\\n]*)')
    records: list[list[str]] = []
    for line in text.split("\n"):
        cells, place = [], 0
        while place <= len(line) and line:
            found = cell.match(line, place)
            if found is None:  # never: an empty cell matches
                break
            cells.append(found["quoted"] if found["quoted"] is not None else found["plain"])
            place = found.end() + 1
        records.append(cells)
    return records


def _check_width(width: int, path: Path) -> None:
    if width > MOST_COLUMNS:
        raise TableError(
            f"a file must have at most {MOST_COLUMNS} columns: {path} has {width} or more; "
            "check that each trial is a row, and export only the columns that you need"
        )


def _check_header(header: list[str], path: Path) -> None:
    _check_width(len(header), path)
    seen: set[str] = set()
    for name in filter(None, header):
        if name in seen:
            raise TableError(
                f"column names must be unique: {path} has '{name}' more than once; "
                "rename one of them"
            )
        seen.add(name)


def _check_lengths(
    records: Sequence[tuple[int, list[str]]], header: list[str], head: Head
) -> list[str]:
    """Refuse rows that are too long, and a last row that was cut; tell of others too short."""
    path = head.path
    named = max((i + 1 for i, name in enumerate(header) if name), default=0)
    all_long = all(len(cells) > len(header) for _, cells in records)
    for number, cells in records:
        beyond = cells[len(header) :]
        if any(map(str.strip, beyond)) or (beyond and not all_long):
            raise TableError(too_long(number, path, len(cells), len(header)))
    short = [number for number, cells in records if len(cells) < named]
    if short and short[-1] == records[-1][0] and not head.text.endswith("\n"):
        raise TableError(cut_off(short[-1], path, len(records[-1][1]), named))
    return [too_short(short, path)] if short else []
