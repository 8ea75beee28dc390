"""Delimited text to rows of cells as they stand in it; whatever is repaired is noted.

pandas splits the rows. Our own code finds the header and the delimiter and counts the cells of each
row beforehand, because pandas fills short rows up, guesses an index where rows are long and reads
on through a broken quote, all without a word. PsychoPy's unescaped quotes (``"he said "hi""``) are
split here, too, because no option of pandas or of `csv` describes them.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import TableError
from psychobench.messages import shown
from psychobench.tables.cells import distinct
from psychobench.tables.headers import Header, check_header, find_header, long_cells
from psychobench.tables.row_lengths import check_beyond, check_lengths, count_cells

_SAMPLED = 1_000_000  # characters, and
_SAMPLE = 1000  # rows by which a column of many numbers is known
_MANY = 256
_NOTHING = ["", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "None"]
_PLAIN = re.compile(r"-?(0|[1-9]\d*)?(\.\d+|(?<=\d))([eE][+-]?\d+)?")


class DelimitedTable(NamedTuple):
    """The rows of a delimited text.

    Attributes
    ----------
    cells : DataFrame
        By the names of the columns; the index holds the rows' numbers as a spreadsheet shows them.
        Of str, but for columns that may be numbers and are.
    delimiter : str
        What separated them.
    headers : list of int
        The numbers of rows that repeat the header, as where two files were joined.
    notes : list of str
        What was repaired.
    """

    cells: pd.DataFrame
    delimiter: str
    headers: list[int]
    notes: list[str]


def split_table(
    text: str,
    path: Path,
    known: Collection[str] = (),
    *,
    delimiter: str | None = None,
    quoting: str = "doubled",
    texts: Collection[str] | None = None,
) -> DelimitedTable:
    r"""Split a text with a header row into named columns.

    Empty lines are no rows. A nameless column is dropped if it is empty, otherwise it is called
    by its position.

    Parameters
    ----------
    text : str
        With line ends as ``\\n``.
    path : pathlib.Path
        The file, for messages.
    known : collection of str
        Names that the columns may have; they help to find the delimiter.
    delimiter : str, optional
        Found from the header if left out.
    quoting : {"doubled", "bare"}
        How a quote inside a quoted cell is written: ``""`` or, as PsychoPy does, ``"``.
    texts : collection of str, optional
        The columns whose cells must stay text, whatever they look like; all when left out.

    Raises
    ------
    TableError
        If there is no header or no row below it, or the rows do not fit the header.
    """
    header = find_header(text, known, delimiter=delimiter, strict=quoting == "doubled")
    rows, first, names = text[header.end :], header.row + 1, header.names
    check_header(header, path, below=bool(rows))
    if not rows.strip("\n"):
        raise TableError(no_rows(path, names))
    notes = []
    if header.separator_line:
        notes.append(
            f"{path}: its first line, '{header.separator_line}', is for spreadsheets; left out"
        )
    cells, lengths, repairs = _split_rows(rows, header, path, quoting, texts)
    check_beyond(filled_rows(cells.iloc[:, len(names) :]), lengths, len(names), path, first)
    headers = []
    if any(names) and all(name in rows for name in names):  # seldom: a quick look beforehand
        headers = [first + int(i) for i in _repeated_headers(cells, names)]
    cells.index = pd.RangeIndex(first, first + len(cells))
    if not lengths.all():
        cells = cells[lengths > 0]
    return DelimitedTable(_named(cells, names, path), header.delimiter, headers, notes + repairs)


def _split_rows(
    rows: str, header: Header, path: Path, quoting: str, texts: Collection[str] | None
) -> tuple[pd.DataFrame, NDArray[np.int64], list[str]]:
    """Count the cells of each row and check the counts, then split rows into that many columns."""
    first, closed = header.row + 1, rows.endswith("\n")
    records = _bare_records(rows, header) if quoting == "bare" and '"' in rows else None
    if records is None:
        lengths = count_cells(rows, path, first, delimiter=header.delimiter)
    else:
        lengths = np.array([len(cells) for cells in records], dtype=np.int64)
    notes = check_lengths(lengths, header.names, path, first, closed=closed)
    if not closed:
        notes.append(f"{path}: no line end after the last row, which may have been cut short")
    width = max(len(header.names), int(lengths.max()))
    if records is None:
        numbers = [] if texts is None else _many_numbers(rows, header, texts)
        return _parse(rows, header.delimiter, width, numbers), lengths, notes
    padded = [[*cells, *[""] * (width - len(cells))] for cells in records]
    return pd.DataFrame(padded, dtype=object), lengths, notes


def no_rows(path: Path, names: Collection[str]) -> str:
    """Write the error for a table that has a header and nothing else."""
    return (
        f"a table must have at least one row below its header: {path} has none; its columns are "
        f"{shown(names)}"
    )


def filled_rows(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Find the rows in which any cell holds something other than blanks."""
    found = np.zeros(len(cells), dtype=np.bool_)
    for name in cells:
        if pd.api.types.is_numeric_dtype(cells[name]):
            found |= cells[name].notna().to_numpy(np.bool_)
            continue
        codes, texts = distinct(cells[name])
        found |= np.array([text.strip() != "" for text in texts], dtype=np.bool_)[codes]
    return found


def _repeated_headers(cells: pd.DataFrame, names: Sequence[str]) -> NDArray[np.intp]:
    """Find the positions of rows that repeat the header."""
    rows = np.arange(len(cells))
    for column, name in enumerate(names):
        if pd.api.types.is_numeric_dtype(cells[column]):
            return rows[:0]
        codes, texts = distinct(cells[column].iloc[rows])
        rows = rows[np.array([text.strip() == name for text in texts], dtype=np.bool_)[codes]]
    return rows


def _named(cells: pd.DataFrame, header: Sequence[str], path: Path) -> pd.DataFrame:
    kept = [i for i, name in enumerate(header) if name or filled_rows(cells[[i]]).any()]
    named = cells[kept]
    named.columns = pd.Index([header[i] or f"column_{i + 1}" for i in kept], dtype=object)
    if not named.columns.is_unique:
        twice = named.columns[named.columns.duplicated()][0]
        raise TableError(
            f"column names must be unique: {path} has '{twice}' more than once; rename one of them"
        )
    return named


def _parse(rows: str, delimiter: str, width: int, numbers: Collection[int]) -> pd.DataFrame:
    """Split into `width` columns; those of `numbers` are numbers if all their cells are plain."""
    options: dict[str, Any] = {"na_filter": False}
    if numbers:
        options = {"keep_default_na": False, "na_values": dict.fromkeys(numbers, _NOTHING)}
    cells: pd.DataFrame = pd.read_csv(
        io.StringIO(rows),
        sep=delimiter,
        header=None,
        names=range(width),
        index_col=False,
        dtype={i: object for i in range(width) if i not in numbers},
        skip_blank_lines=False,
        low_memory=False,
        **options,
    )
    if doubtful := {i for i in numbers if not _is_plain(cells[i])}:
        return _parse(rows, delimiter, width, [i for i in numbers if i not in doubtful])
    return cells


def _many_numbers(rows: str, header: Header, texts: Collection[str]) -> list[int]:
    """Find the columns that begin with many different plain numbers.

    They are read as numbers at once, which takes a fifth of the time of looking at each cell.
    """
    reader = csv.reader(io.StringIO(rows[:_SAMPLED]), delimiter=header.delimiter)
    try:
        with long_cells():
            columns = list(itertools.zip_longest(*itertools.islice(reader, _SAMPLE), fillvalue=""))
    except csv.Error:
        return []
    found = []
    for i, (name, cells) in enumerate(zip(header.names, columns, strict=False)):
        numbers = {cell for cell in cells if cell not in _NOTHING}
        plain = len(numbers) > _MANY and all(_PLAIN.fullmatch(cell) for cell in numbers)
        found += [i] if plain and name not in texts else []
    return found


def _is_plain(column: pd.Series[Any]) -> bool:
    if column.dtype == np.int64:
        return True
    return column.dtype == np.float64 and not np.isinf(column.to_numpy()).any()


def _bare_records(rows: str, header: Header) -> list[list[str]] | None:
    """Split rows whose quotes are not escaped; None where they are well-formed.

    A quoted cell ends at the first quote before a delimiter or a line end.
    """
    try:
        with long_cells():
            records = list(csv.reader(io.StringIO(rows), delimiter=header.delimiter, strict=True))
        if {len(cells) for cells in records if cells} <= {len(header.names)}:
            return None
    except csv.Error:
        pass  # a quote inside a cell
    mark = re.escape(header.delimiter)
    cell = re.compile(f'(?:"(?P<quoted>[^\\n]*?)"|(?P<plain>[^{mark}\\n]*))(?:{mark}|\\Z)')
    return [
        [
            found["plain"] or found["quoted"] or ""
            for found in cell.finditer(line + header.delimiter)
        ][:-1]
        if line
        else []
        for line in rows.removesuffix("\n").split("\n")
    ]
