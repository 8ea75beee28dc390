"""The one table that all records of fixations become."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from psychobench.errors import TableError
from psychobench.gaze.samples import merge_samples, refuse_samples
from psychobench.messages import argument
from psychobench.tables.cells import as_text, blanks_of, numbers_of, texts_of
from psychobench.tables.reading import read_cells

NEEDED = ("image", "subject", "x_px", "y_px", "duration_ms")
COLUMNS = (*NEEDED, "onset_ms", "period_start_ms", "period_end_ms")
INDEX = "fixation"  # the column that numbers fixations, where rows are samples
_INDEX_NAMES = ("fixation", "FixationIndex", "fixation_index", "fix_index", "CURRENT_FIX_INDEX")
_NUMBERS = COLUMNS[2:]
_SHOWN = 5


def read_tidy(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read a CSV or TSV with one row per fixation.

    Parameters
    ----------
    path : pathlib.Path
        With the columns ``image, subject, x_px, y_px, duration_ms`` and perhaps ``onset_ms``, and
        ``fixation``, which numbers fixations where rows are samples.
    columns : Mapping of str to str
        What the file calls a column, by our name.

    Returns
    -------
    pandas.DataFrame
        With `COLUMNS`; those that the file does not have hold no values. ``attrs["notes"]`` says
        what was merged.

    Raises
    ------
    TableError
        If a column is missing, a cell is not a number where one is needed, or rows are samples and
        no column numbers fixations.
    """
    foreign = _foreign_names(columns)
    texts = (foreign["image"], foreign["subject"])
    return _tidy(read_cells(path, tuple(foreign.values()), texts=texts), foreign, str(path))


def tidy_frame(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Check a table of fixations that is in memory; see `read_tidy`.

    Raises
    ------
    TableError
        If a column is missing, or a cell is not a number where one is needed.
    """
    return _tidy(table.reset_index(drop=True), _foreign_names(columns), "the table of fixations")


def _foreign_names(columns: Mapping[str, str]) -> dict[str, str]:
    known = (*COLUMNS, INDEX)
    if unknown := [name for name in columns if name not in known]:
        raise TableError(
            f"`columns` must rename columns of fixations ({', '.join(known)}): there is no "
            f"'{unknown[0]}'"
        )
    return {name: columns.get(name, name) for name in COLUMNS} | (
        {INDEX: columns[INDEX]} if INDEX in columns else {}
    )


def _tidy(cells: pd.DataFrame, foreign: Mapping[str, str], source: str) -> pd.DataFrame:
    if missing := [name for name in NEEDED if foreign[name] not in cells]:
        raise TableError(
            f"a table of fixations must have the columns {', '.join(NEEDED)}: {source} has no "
            f"{', '.join(foreign[name] for name in missing)}; name yours, like "
            f"{argument('columns', f'{missing[0]}=YOURS')}"
        )
    present = [name for name in COLUMNS if foreign[name] in cells]
    table = pd.DataFrame({name: cells[foreign[name]] for name in present})
    for name in ("image", "subject"):
        table[name] = table[name].astype(str)
    for name in set(present) & set(_NUMBERS):
        table[name] = read_numbers(table[name], name, source)
    index_name, note = _index_name(cells, foreign, source), ""
    if index_name is not None:
        table[INDEX] = texts_of(cells[index_name]).where(~blanks_of(cells[index_name]))
        table, note = merge_samples(table, index_name, source)
    read = as_fixations(table, source)
    refuse_samples(read, source, merged=bool(note))
    read.attrs["notes"] = [note] if note else []
    return read


def _index_name(cells: pd.DataFrame, foreign: Mapping[str, str], source: str) -> str | None:
    """Find the column that numbers fixations: the one that is named, or one of a usual name."""
    if INDEX not in foreign:
        return next((name for name in _INDEX_NAMES if name in cells), None)
    if foreign[INDEX] not in cells:
        raise TableError(
            f"the column that numbers fixations must be there: {source} has no '{foreign[INDEX]}'; "
            f"correct {argument('columns', 'fixation=YOURS')}"
        )
    return foreign[INDEX]


def as_fixations(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Add the columns that are missing, and check every duration.

    Fixations may lack a position, since trackers lose eyes; they are counted later.

    Raises
    ------
    TableError
        If there is no fixation, a position is infinite, or a duration is not positive.
    """
    if table.empty:
        raise TableError(f"a record of gaze must hold fixations: {source} has none")
    table = table.reindex(columns=COLUMNS)
    faults = [
        f"{name} must be {rule}: row {row} of {source} (subject {table.at[row, 'subject']!r}) has "
        f"{table.at[row, name]!s}; correct it or leave that row out"
        for name, rule, bad in (
            ("x_px", "a number", np.isinf(table["x_px"])),
            ("y_px", "a number", np.isinf(table["y_px"])),
            ("duration_ms", "a number above 0", ~(table["duration_ms"] > 0)),
        )
        for row in table.index[bad][:_SHOWN]
    ]
    if faults:
        raise TableError(*faults)
    return table


def read_numbers(cells: pd.Series, name: str, source: str) -> pd.Series:
    """Read the cells of one column as numbers, blanks as missing.

    Raises
    ------
    TableError
        If a cell is neither.
    """
    numbers = numbers_of(cells)
    strange = np.isnan(numbers) & ~blanks_of(cells)
    if strange.any():
        row = cells.index[strange][0]
        raise TableError(
            f"{name} must be a number: row {row} of {source} has '{as_text(cells[row])}'; correct "
            "it"
        )
    return pd.Series(numbers, index=cells.index)
