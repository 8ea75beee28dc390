"""The first record of a delimited text: its delimiter and the names of the columns."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from psychobench.errors import TableError

DELIMITERS = (",", "\t", ";")
MOST_COLUMNS = 10_000
_SEPARATOR_LINE = re.compile(r'"?sep=([^\n"])"?[ ,;\t]*\n', re.IGNORECASE)
_WINDOW = 1_000_000  # characters among which a header must end
_LONGEST = 100_000_000  # characters in a cell: recordings and drawings are kept as text


@dataclass(frozen=True)
class Header:
    """Where the header of a delimited text stands, and what it says.

    Attributes
    ----------
    names : tuple of str
        Its cells, stripped; empty where its quotes are broken.
    delimiter : str
        What separates its cells.
    row : int
        Its number as a spreadsheet shows it, 1 where nothing stands above it.
    end : int
        Where the text below it begins.
    separator_line : str
        The line above it by which a program names the delimiter, such as ``sep=;``, if any.
    """

    names: tuple[str, ...]
    delimiter: str
    row: int
    end: int
    separator_line: str = ""


def find_header(
    text: str, known: Collection[str] = (), *, delimiter: str | None = None, strict: bool = False
) -> Header:
    """Find the first record of a text, and the delimiter that separates it best.

    Parameters
    ----------
    text : str
        All of it.
    known : collection of str
        Names that the columns may have: the delimiter that finds most of them is chosen,
        then the one that finds most cells.
    delimiter : str, optional
        The delimiter, where it is known.
    strict : bool, default False
        Whether text after a closing quote is a fault.
    """
    body = text.lstrip("\n")
    hint = _SEPARATOR_LINE.match(body)
    if hint:
        body = body[hint.end() :]
    start = len(text) - len(body)
    window = body[:_WINDOW]
    if delimiter is None and hint and hint[1] in DELIMITERS:
        delimiter = hint[1]
    if delimiter is None:
        found = {each: _first_record(window, each)[0] for each in DELIMITERS}
        delimiter = max(found, key=lambda each: (len({*found[each]} & {*known}), len(found[each])))
    names, length = _first_record(window, delimiter, strict=strict)
    row = text.count("\n", 0, start) + 1
    return Header(tuple(names), delimiter, row, start + length, hint[0].strip() if hint else "")


def _first_record(
    window: str, delimiter: str, *, strict: bool = False
) -> tuple[Sequence[str], int]:
    """Split the first record, and count the characters that it takes with its line end."""
    reader = csv.reader(io.StringIO(window), delimiter=delimiter, strict=strict)
    try:
        with long_cells():
            names = [name.strip() for name in next(reader, [])]
    except csv.Error:
        return (), len(window)
    end = -1
    for _ in range(reader.line_num):
        end = window.find("\n", end + 1)
        if end < 0:
            return names, len(window)
    return names, end + 1


@contextlib.contextmanager
def long_cells() -> Iterator[None]:
    """Let the csv module read cells of any length within a block."""
    limit = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def check_header(header: Header, path: Path, *, below: bool) -> None:
    """Check that a header can be one; `below` says whether anything stands below it.

    Raises
    ------
    TableError
        If its quotes are broken, or it has one column, or too many.
    """
    names = header.names
    if not names or (not below and any("\n" in name for name in names)):
        raise TableError(
            f"a table must be well-formed: the header of {path} is not; "
            "look for a double quote that is missing or too many"
        )
    if len(names) == 1:
        raise TableError(
            f"a table must have several columns: commas, tabs or semicolons do not separate the "
            f"first line of {path}; delete lines above its header, or save it as 'CSV UTF-8'"
        )
    if len(names) > MOST_COLUMNS:
        raise TableError(
            f"a table must have at most {MOST_COLUMNS} columns: {path} has {len(names)} or more; "
            "check that each trial is a row, and export only the columns that you need"
        )
