"""The number of cells in each row of a delimited text, and the checks of it."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import TableError
from psychobench.tables.headers import MOST_COLUMNS, long_cells


def count_cells(rows: str, path: Path, first: int, *, delimiter: str) -> NDArray[np.int64]:
    r"""Count the cells of every row; an empty line has none.

    Parameters
    ----------
    rows : str
        The text below the header.
    path : pathlib.Path
        The file, for messages.
    first : int
        The number of the first row.
    delimiter : str
        What separates the cells.

    Raises
    ------
    TableError
        If a row has a double quote where none may be.
    """
    if '"' in rows:
        try:
            with long_cells():
                reader = csv.reader(io.StringIO(rows), strict=True, delimiter=delimiter)
                return np.array([len(row) for row in reader], dtype=np.int64)
        except csv.Error as error:
            row = first - 1 + _broken_line(rows, delimiter)
            raise TableError(
                f"a table must be well-formed: {path} is not at row {row} ({error}); look there "
                "for a double quote that is missing or too many"
            ) from None
    closed = rows if rows.endswith("\n") or not rows else rows + "\n"
    data = np.frombuffer(closed.encode(), dtype=np.uint8)
    marks = np.flatnonzero((data == ord(delimiter)) | (data == ord("\n")))
    last = np.flatnonzero(data[marks] == ord("\n"))  # the mark that ends each row
    empty = np.diff(marks[last], prepend=-1) == 1
    return np.where(empty, 0, np.diff(last, prepend=-1))


def _broken_line(rows: str, delimiter: str) -> int:
    """Find the line in which the row begins that cannot be split."""
    reader = csv.reader(io.StringIO(rows), strict=True, delimiter=delimiter)
    line = 1
    with contextlib.suppress(csv.Error), long_cells():
        for _ in reader:
            line = reader.line_num + 1
    return line


def check_lengths(
    lengths: NDArray[np.int64], names: Sequence[str], path: Path, first: int, *, closed: bool
) -> list[str]:
    """Check that the rows have as many cells as the header.

    Cells that all rows have beyond the header may be there: they must be empty, see
    `check_beyond`. Rows may be shorter, which is noted.

    Parameters
    ----------
    lengths : ndarray of int, shape (n_rows,)
        As from `count_cells`.
    names : sequence of str
        The header.
    path : pathlib.Path
        The file, for messages.
    first : int
        The number of the first row.
    closed : bool
        Whether the last row has a line end.

    Returns
    -------
    list of str
        A note that names the rows that are too short, if there are any.

    Raises
    ------
    TableError
        If some rows are too long, or the last one is too short and has no line end: the file was
        cut there.
    """
    longer = np.flatnonzero(lengths > len(names))
    some = 0 < len(longer) < np.count_nonzero(lengths)
    if some or lengths.max(initial=0) > len(names) + MOST_COLUMNS:
        raise TableError(_too_long(first + longer[0], path, lengths[longer[0]], len(names)))
    width = max((i + 1 for i, name in enumerate(names) if name), default=0)
    short = np.flatnonzero((lengths > 0) & (lengths < width))
    if not len(short):
        return []
    if short[-1] == len(lengths) - 1 and not closed:
        raise TableError(
            f"a file must be whole: {path} ends in the middle of row {first + short[-1]}, after "
            f"{lengths[-1]} of {width} cells; save it again, or delete that row"
        )
    verb = "row has" if len(short) == 1 else "rows have"
    return [
        f"{path}: {len(short)} {verb} fewer cells than the header ({list_rows(first + short)}); "
        "the cells that are not there are read as empty"
    ]


def check_beyond(
    filled: NDArray[np.bool_], lengths: NDArray[np.int64], width: int, path: Path, first: int
) -> None:
    """Check that no row is `filled` beyond the header, which has `width` cells."""
    if filled.any():
        row = int(filled.argmax())
        raise TableError(_too_long(first + row, path, lengths[row], width))


def list_rows(rows: Sequence[int] | NDArray[np.int64]) -> str:
    """List the numbers of rows for a message, the first five of them.

    Examples
    --------
    >>> list_rows([3]), list_rows([3, 5, 7, 9, 11, 13])
    ('row 3', 'row 3, 5, 7, 9, 11, ...')
    """
    return "row " + ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")


def _too_long(row: int, path: Path, n_cells: int, width: int) -> str:
    return (
        f"a row must have as many cells as the header: row {row} of {path} has {n_cells}, the "
        f"header has {width}; put cells that hold the delimiter into double quotes, or name every "
        "column"
    )
