"""Any table with a header row: CSV, TSV or semicolons."""

from __future__ import annotations

import pandas as pd

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import ExportFile, ExportRows, FileFormat
from psychobench.trials.columns import TRIAL_COLUMNS


def recognise(file: ExportFile) -> str | None:
    """Take any text with more than one column."""
    as_json = file.text.lstrip().startswith(("[", "{"))
    return "it is a table with a header row" if len(file.header) > 1 and not as_json else None


def read(file: ExportFile) -> ExportRows:
    """Read the rows; columns with names other than ours are found by `columns`."""
    cells, left, notes = read_rows(file)
    return ExportRows(
        cells,
        own_columns(cells),
        left,
        has_keys=False,
        delimiter=file.delimiter,
        notes=tuple(notes),
    )


def own_columns(cells: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Find our columns by our own names and by those of our conditions files."""
    known: dict[str, tuple[str, ...]] = {n: (n,) for n in TRIAL_COLUMNS if n != "p_target"}
    known |= {
        "level": ("level", "stimulus_level"),
        "stimulus": ("stimulus", "stimulus_id"),
        "trial": ("trial", "trial_number"),
    }
    return {ours: names for ours, names in known.items() if set(names) & set(map(str, cells))}


FORMAT = FileFormat("table", "a table", recognise, read)
