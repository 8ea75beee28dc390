"""Text below a header to rows of cells: how many each row has, and which columns are numbers."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import TableError

_SAMPLED = 1_000_000  # characters, and
_SAMPLE = 1000  # rows by which a column of many numbers is known
_MANY = 256
_NOTHING = ["", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "None"]
_PLAIN = re.compile(r"-?(0|[1-9]\d*)?(\.\d+|(?<=\d))([eE][+-]?\d+)?")


def check_lengths(
    rows: str, delimiter: str, header: Sequence[str], path: Path, first: int
) -> list[str]:
    """Look for rows with fewer cells than the header; `first` is the number of the first row.

    Returns
    -------
    list of str
        A note that names them, if there are any.

    Raises
    ------
    TableError
        If it is the last one, and it has no line end: the file was cut there.
    """
    width = max((i + 1 for i, name in enumerate(header) if name), default=0)
    lengths = _lengths(rows, delimiter, path, first)
    longer = np.flatnonzero(lengths > len(header))
    # an empty last cell in all rows is no fault
    if 0 < len(longer) < np.count_nonzero(lengths) or lengths.max(initial=0) > len(header) + 1:
        raise TableError(too_long(first + longer[0], path, lengths[longer[0]], len(header)))
    short = np.flatnonzero((lengths > 0) & (lengths < width))
    if not len(short):
        return []
    if short[-1] == len(lengths) - 1 and not rows.endswith("\n"):
        raise TableError(cut_off(first + short[-1], path, lengths[-1], width))
    return [too_short([int(first + row) for row in short], path)]


def cut_off(row: int, path: Path, saw: int, width: int) -> str:
    """Say that a file ends in the middle of a row."""
    return (
        f"a file must be whole: {path} ends in the middle of row {row}, after {saw} of {width} "
        "cells; save it again, or delete that row"
    )


def too_short(numbers: Sequence[int], path: Path) -> str:
    """Tell of rows with fewer cells than the header."""
    places = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
    rows = "row has" if len(numbers) == 1 else "rows have"
    return (
        f"{path}: {len(numbers)} {rows} fewer cells than the header (row {places}); "
        "the cells that are not there are read as empty"
    )


def _lengths(rows: str, delimiter: str, path: Path, first: int) -> NDArray[np.int64]:
    """Count the cells of every row; an empty row has none."""
    if '"' in rows:
        try:
            reader = csv.reader(io.StringIO(rows), delimiter=delimiter, strict=True)
            return np.array([len(row) for row in reader], dtype=np.int64)
        except csv.Error as error:
            line = first - 1 + broken_line(rows, delimiter=delimiter)
            raise TableError(broken_quotes(line, path, error)) from None
    closed = rows if rows.endswith("\n") else rows + "\n"
    data = np.frombuffer(closed.encode(), dtype=np.uint8)
    marks = np.flatnonzero((data == ord(delimiter)) | (data == ord("\n")))
    last = np.flatnonzero(data[marks] == ord("\n"))  # the mark that ends each row
    empty = np.diff(marks[last], prepend=-1) == 1
    return np.where(empty, 0, np.diff(last, prepend=-1))


def broken_line(text: str, **dialect: Any) -> int:
    """Find the line in which the row begins that cannot be split."""
    reader = csv.reader(io.StringIO(text), strict=True, **dialect)
    line = 1
    with contextlib.suppress(csv.Error):
        for _ in reader:
            line = reader.line_num + 1
    return line


def broken_quotes(line: int, path: Path, error: Exception) -> str:
    """Say that a row has a double quote where none may be."""
    return (
        f"a file must be well-formed: {path} is not at row {line} ({error}); look there for a "
        "double quote that is missing or too many"
    )


def parse_cells(
    rows: str, delimiter: str, width: int, path: Path, lead: int, texts: Collection[int]
) -> pd.DataFrame:
    """Split into cells, with one column more than the header for what should not be there."""
    numbers = [i for i in _many_numbers(rows, delimiter, width) if i not in texts]
    cells = _split(rows, delimiter, width, path, lead, numbers)
    doubtful = [i for i in numbers if not _is_plain(cells[i])]
    if doubtful:  # a cell further down is no plain number
        kept = [i for i in numbers if i not in doubtful]
        cells = _split(rows, delimiter, width, path, lead, kept)
    return cells


def _split(
    rows: str, delimiter: str, width: int, path: Path, lead: int, numbers: Collection[int]
) -> pd.DataFrame:
    options: dict[str, Any] = {"na_filter": False}
    if numbers:
        options = {"keep_default_na": False, "na_values": dict.fromkeys(numbers, _NOTHING)}
    try:
        cells: pd.DataFrame = pd.read_csv(
            io.StringIO(rows),
            sep=delimiter,
            header=None,
            names=range(width + 1),
            index_col=False,
            dtype={i: object for i in range(width + 1) if i not in numbers},
            skip_blank_lines=False,
            low_memory=False,
            **options,
        )
        return cells
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=range(width + 1), dtype=object)
    except pd.errors.ParserError as error:
        raise TableError(_ragged(error, width, path, lead + 1)) from None


def _many_numbers(rows: str, delimiter: str, width: int) -> list[int]:
    """Find the columns that begin with many different plain numbers.

    They are read as numbers at once, which takes a fifth of the time of looking at each cell.
    """
    sample = itertools.islice(
        csv.reader(io.StringIO(rows[:_SAMPLED]), delimiter=delimiter), _SAMPLE
    )
    try:
        columns = list(itertools.zip_longest(*sample, fillvalue=""))[:width]
    except csv.Error:
        return []
    found = []
    for i, cells in enumerate(columns):
        filled = {cell for cell in cells if cell not in _NOTHING}
        plain = len(filled) > _MANY and all(_PLAIN.fullmatch(cell) for cell in filled)
        found += [i] if plain else []
    return found


def _is_plain(column: pd.Series[Any]) -> bool:
    if column.dtype == np.int64:
        return True
    return column.dtype == np.float64 and not np.isinf(column.to_numpy()).any()


def too_long(row: int, path: Path, saw: object, width: int) -> str:
    """Say that a row has more cells than the header."""
    return (
        f"a row must have as many cells as the header: row {row} of {path} has {saw}, the header "
        f"has {width}; put cells that hold the delimiter into double quotes, or name every column"
    )


def _ragged(error: Exception, width: int, path: Path, lead: int) -> str:
    if found := re.search(r"in line (\d+), saw (\d+)", str(error)):
        return too_long(int(found[1]) + lead, path, found[2], width)
    return broken_quotes(lead + 1, path, error)
