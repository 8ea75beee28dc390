"""The rows of an export that is a delimited text."""

from __future__ import annotations

import pandas as pd

from psychobench.imports.file_format import ExportFile
from psychobench.tables.delimited import filled_rows, split_table


def read_rows(
    file: ExportFile, *, quoting: str = "doubled"
) -> tuple[pd.DataFrame, dict[int, str], list[str]]:
    r"""Split a delimited text into rows.

    Parameters
    ----------
    file : ExportFile
        The file.
    quoting : {"doubled", "bare"}
        How a quote inside a quoted cell is written: ``""`` or, as PsychoPy does, ``"``.

    Returns
    -------
    cells : DataFrame
        Cells of str as they stand, without empty lines; the header is row 1 of the index.
    left : dict of int to str
        Rows that hold nothing but delimiters, or the header again.
    notes : list of str
        What was repaired.

    Raises
    ------
    TableError
        If the rows do not fit the header.
    """
    cells, _, headers, notes = split_table(
        file.text, file.path, delimiter=file.delimiter, quoting=quoting
    )
    left = dict.fromkeys(map(int, cells.index[~filled_rows(cells)]), "empty row")
    left |= dict.fromkeys(headers, "the header again")
    return cells, left, [*file.notes, *notes]
