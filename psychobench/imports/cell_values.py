"""The cells of our columns, picked out of a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from psychobench.imports.column_mapping import find_columns
from psychobench.imports.file_format import ExportRows, InputNeededError
from psychobench.imports.options import ImportOptions
from psychobench.imports.patterns import extract_level, likely_pattern, match_file_name
from psychobench.messages import argument, shown
from psychobench.tables.cells import (
    has_decimal_points,
    is_number,
    note_decimal_commas,
    replace_decimal_commas,
)
from psychobench.trials.columns import CANONICAL, TRIAL_COLUMNS

_NUMBERS = ("level", "rt")


def extract_cells(
    export: ExportRows, options: ImportOptions, path: Path
) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """Pick our columns out of a file, with cells that are still text.

    Parameters
    ----------
    export : ExportRows
        The file's rows.
    options : ImportOptions
        The user's.
    path : pathlib.Path
        The file, for messages and for what its name says.

    Returns
    -------
    cells : DataFrame
        Our columns and those of `ImportOptions.also`; indexed as the file's rows.
    origin : dict of str to str
        The file's column behind each of ours.
    notes : list of str
        What was changed.
    """
    origin = find_columns(export, options, path)
    cells = pd.DataFrame(index=export.cells.index)
    for ours in [name for name in TRIAL_COLUMNS if name in origin]:
        cells[ours] = export.cells[origin[ours]].str.strip()
    for column, pattern in options.level_from.items():
        origin["level"] = f"{column} by '{pattern}'"
        cells["level"] = extract_level(cells["level"], pattern)
    if options.observer_from is not None:
        for name, value in match_file_name(options.observer_from, path).items():
            cells[name], origin[name] = value, "the file's name"
    further, notes = _further_columns(export, options, origin, path)
    cells = cells.assign(**further)
    if export.delimiter not in (",", ""):
        notes = _read_decimal_commas(cells, [*_NUMBERS, *further], origin, path) + notes
    return cells, origin, notes


def _further_columns(
    export: ExportRows, options: ImportOptions, origin: dict[str, str], path: Path
) -> tuple[dict[str, pd.Series[str]], list[str]]:
    """Pick the further columns that the user wants; none replaces one of ours."""
    further, notes = {}, []
    for name in options.also:
        if origin.get(name) != name:
            kept = f"{name}_file" if name in CANONICAL else name
            further[kept] = export.cells[name].str.strip()
            notes += [f"{path}: its own column '{name}' is kept as '{kept}'"] * (kept != name)
    return further, notes


def _read_decimal_commas(
    cells: pd.DataFrame, names: list[str], origin: dict[str, str], path: Path
) -> list[str]:
    """Replace decimal commas in columns that may be numbers; note in which."""
    pointed, dotted = [], []
    for name in [name for name in names if name in cells]:
        texts = list(cells[name])
        with_commas = replace_decimal_commas(texts)
        if with_commas is not texts:
            cells[name] = with_commas
            pointed.append(origin.get(name, name))
        elif has_decimal_points(texts):
            dotted.append(origin.get(name, name))
    return note_decimal_commas(path, pointed, dotted)


def check_level(level: pd.Series[str], column: pd.Series[str], path: Path) -> None:
    """Check that a column of levels holds numbers at all, before its cells are looked at.

    Parameters
    ----------
    level : Series of str
        What is to be the level.
    column : Series of str
        The column of the file that it comes from.
    path : pathlib.Path
        The file, for messages.

    Raises
    ------
    InputNeededError
        If none of them is one; with the column they come from and a pattern that might find them.
    """
    texts = list(dict.fromkeys(level))
    if len(texts) > 1 and not any(map(is_number, texts)):
        whole = list(dict.fromkeys(column.str.strip()))
        pattern = likely_pattern(whole)
        raise InputNeededError(
            "level_from",
            f"levels must be numbers: {column.name} of {path} holds {shown(whole[:5])}; name "
            "another column, or say where in these texts the level stands, like "
            f"{argument('level_from', f'{column.name}={pattern}')}",
            choices=(str(column.name), pattern),
        )
