"""The cells of our columns, picked out of a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from psychobench.imports.column_mapping import find_columns
from psychobench.imports.comparing import blank_unanswered, compare_answers
from psychobench.imports.file_format import ExportRows, InputNeededError
from psychobench.imports.level_expressions import LevelExpression
from psychobench.imports.options import ImportOptions
from psychobench.imports.patterns import extract_fields, likely_pattern, match_file_name
from psychobench.messages import argument, shown
from psychobench.tables.cells import (
    has_decimal_points,
    is_number,
    note_decimal_commas,
    replace_decimal_commas,
)
from psychobench.trials.accuracy import is_accuracy_name
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
    if options.level is not None:
        cells["level"] = _compute_level(options.level, export, path)
    for ours in [name for name in TRIAL_COLUMNS if name in origin and name not in cells]:
        cells[ours] = export.cells[origin[ours]].str.strip()
    notes = _read_answers(cells, export, options, origin, path)
    own, read = _read_fields(export, options, origin)
    cells = cells.assign(**own)
    if options.observer_from is not None:
        for name, value in match_file_name(options.observer_from, path).items():
            cells[name], origin[name] = value, "the file's name"
    further, kept = _further_columns(export, options, origin, path)
    further = {**read, **further}
    cells = cells.assign(**further)
    if export.delimiter not in (",", ""):
        notes += _read_decimal_commas(cells, [*_NUMBERS, *further], origin, path)
    return cells, origin, notes + kept


def _compute_level(expression: str, export: ExportRows, path: Path) -> pd.Series[str]:
    return LevelExpression(expression, map(str, export.cells)).compute(export.cells, path)


def _read_answers(
    cells: pd.DataFrame,
    export: ExportRows,
    options: ImportOptions,
    origin: dict[str, str],
    path: Path,
) -> list[str]:
    """Compare answers with what they answer, or blank the accuracy of those that are none."""
    if options.compared:
        answers, targets = (export.cells[name].str.strip() for name in options.compared)
        cells["response"] = compare_answers(answers, targets, options, path)
        origin["response"] = f"{answers.name} where it is {targets.name}"
        return []
    if is_accuracy_name(origin["response"]):
        named = cells["response"].rename(origin["response"])
        cells["response"], notes = blank_unanswered(named, export, path)
        return notes
    return []


def _read_fields(
    export: ExportRows, options: ImportOptions, origin: dict[str, str]
) -> tuple[dict[str, pd.Series[str]], dict[str, pd.Series[str]]]:
    """Read our columns, and further ones, out of texts."""
    own: dict[str, pd.Series[str]] = {}
    further: dict[str, pd.Series[str]] = {}
    sources = [
        ("level_from", options.level_from, ("level",)),
        ("fields_from", options.fields_from, ()),
    ]
    for option, patterns, needed in sources:
        for column, pattern in patterns.items():
            texts = export.cells[column].str.strip()
            for name, values in extract_fields(texts, pattern, option, needed).items():
                if name in TRIAL_COLUMNS:
                    own[name], origin[name] = values, f"{column} by '{pattern}'"
                else:
                    further[f"{name}_file" if name in CANONICAL else name] = values
    return own, further


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
