"""A delimited text file to a table of cells as they stand in it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import TableError
from psychobench.tables.cells import (
    clean_cells,
    distinct,
    has_decimal_points,
    note_decimal_commas,
)
from psychobench.tables.decoding import read_text
from psychobench.tables.delimited import filled_rows, no_rows, split_table
from psychobench.tables.row_lengths import list_rows

TEXTS = ("observer", "condition", "stimulus", "session")


def read_cells(
    path: Path, names: Collection[str] = (), texts: Collection[str] = TEXTS
) -> pd.DataFrame:
    """Read a CSV or TSV file without interpreting any cell but plain numbers.

    The delimiter (comma, tab or semicolon) is found from the header, whatever the file is called.
    Where it is not the comma, numbers may have decimal commas. A byte-order mark, an empty last
    column, empty rows and repetitions of the header are ignored.

    Parameters
    ----------
    path : pathlib.Path
        A text file in UTF-8 or UTF-16 with a header row.
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
        If the file is missing, no text, empty, without rows, or its rows do not fit its header.
    """
    text, notes = read_text(path)
    raw, delimiter, headers, repaired = split_table(text, path, set(names), texts=texts)
    notes += repaired
    if headers:
        count = "1 row repeats" if len(headers) == 1 else f"{len(headers)} rows repeat"
        notes.append(f"{path}: {count} the header ({list_rows(headers)}); left out")
    cells, commas = _cleaned(raw.drop(index=headers), decimal_comma=delimiter != ",", path=path)
    cells = cells[filled_rows(cells)]
    if cells.empty:
        raise TableError(no_rows(path, list(map(str, cells))))
    cells.attrs["notes"] = notes + commas
    return cells


def _cleaned(
    raw: pd.DataFrame, *, decimal_comma: bool, path: Path
) -> tuple[pd.DataFrame, list[str]]:
    """Strip the cells of text and write points for decimal commas, which is noted."""
    columns = {
        str(name): raw[name]
        if pd.api.types.is_numeric_dtype(raw[name])
        else clean_cells(raw[name], decimal_comma=decimal_comma)
        for name in raw
    }
    pointed = [name for name, column in columns.items() if column.attrs.get("pointed")]
    dotted = [
        name for name in columns if pointed and name not in pointed and _dotted(columns[name])
    ]
    return pd.DataFrame(columns), note_decimal_commas(path, pointed, dotted)


def _dotted(column: pd.Series[Any]) -> bool:
    """Whether a column holds numbers, some with a decimal point."""
    if pd.api.types.is_numeric_dtype(column):
        return bool(np.any(column.dropna() % 1))
    return has_decimal_points(distinct(column)[1])
