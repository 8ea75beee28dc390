"""The column contract: tables of trials or counts, read, checked and named alike.

A table holds *trials* (`observer`, `level`, and `response` or `p_target`) or *counts* (`observer`,
`level`, `n_trials`, `n_target`); people and networks alike. See the page on the table format.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import Pairs
from psychobench.errors import TableError
from psychobench.messages import nearest, number_of, shown
from psychobench.tables.cells import as_number, as_text, distinct, infer_numbers, texts_of
from psychobench.tables.reading import TEXTS, read_cells
from psychobench.trials.cell_rules import check_counts, check_trials
from psychobench.trials.columns import CANONICAL, likely_mapping, parse_columns, parse_where, rename
from psychobench.trials.counts import count_responses

__all__ = [
    "TableLike",
    "count_responses",
    "parse_columns",
    "parse_where",
    "read_trials",
    "validate_trials",
]

NOTES = logging.getLogger(__name__)

TableLike = pd.DataFrame | str | PathLike[str]


def read_trials(
    table: TableLike,
    *,
    columns: Pairs = None,
    where: Pairs = None,
) -> pd.DataFrame:
    r"""Read and check a table of trials or counts.

    Every function with a parameter `table` reads it like this.

    Parameters
    ----------
    table : DataFrame, str or path
        A table, or a CSV or TSV file: UTF-8 or UTF-16 text with a header row, delimited by commas,
        tabs or semicolons. Where it is not the comma, numbers may have decimal commas.
    columns : mapping or str, optional
        What the table's columns are called, by canonical name: ``{"observer": "subject"}`` or
        ``"observer=subject"``. A mapping wins over a column that already has the canonical name,
        which is kept as ``<name>_file``.
    where : mapping, str or list of str, optional
        Keep only the rows in which each of these columns equals its value, ``{"part": 1}`` or
        ``["part=1"]``: as text, or as numbers where no cell equals it as text and both are numbers.
        Rows left out are not checked.

    Returns
    -------
    DataFrame
        As from `validate_trials`. Further columns follow in their order; those of a file are
        numbers where all their filled cells are numbers, otherwise str.

    Raises
    ------
    OptionError
        If `columns` has an unknown canonical name or gives a column two meanings, or `where` cannot
        be read.
    TableError
        If the file cannot be read, the table lacks a column, or has cells that break a rule: all of
        them, one line each, the first twenty and the number of the others.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "pilot.csv")
    ...     _ = file.write_text("subject,level,chose\n01,0.2,0\n01,0.8,1\n01,0.8,\n")
    ...     table = read_trials(file, columns="observer=subject,response=chose")
    >>> table
      observer condition  level  response
    0       01       all    0.2       0.0
    1       01       all    0.8       1.0
    2       01       all    0.8       NaN
    >>> table.attrs["unanswered"]
    1
    """
    names, wanted = parse_columns(columns), parse_where(where)
    if isinstance(table, pd.DataFrame):
        source = str(table.attrs.get("source", "table"))
        _check_names(table, source)
        kept = select_rows(rename(table, names, source), wanted, names, source)
        return validate_trials(kept, source=source)
    return _read_file(_path_of(table), names, wanted)


def _path_of(table: object) -> Path:
    if isinstance(table, (str, PathLike)) and not isinstance(table, bytes):
        return Path(table).expanduser()
    hint = " of these rows" if isinstance(table, (list, tuple)) else ""
    raise TableError(
        f"a table must be a DataFrame, or the path of a CSV or TSV file: got "
        f"{'None' if table is None else f'a {type(table).__name__}'}; make a pandas.DataFrame{hint}"
    )


def _read_file(path: Path, columns: Mapping[str, str], where: Mapping[str, str]) -> pd.DataFrame:
    texts = [columns.get(name, name) for name in (*TEXTS, *where)]
    cells = read_cells(path, {*CANONICAL, *columns.values()}, texts)
    named = rename(cells, columns, str(path))
    table = validate_trials(select_rows(named, where, columns, str(path)), source=str(path))
    for name in table:
        if isinstance(table[name].dtype, pd.CategoricalDtype):
            table[name] = infer_numbers(table[name])
    return table


def note_reading(table: pd.DataFrame) -> None:
    """Log what was read from a file, and what was odd about it.

    Functions do so once their work is done, so that a fault stands alone.
    """
    for note in table.attrs.get("notes", ()):
        NOTES.info(note)
    observers, conditions = table["observer"].nunique(), table["condition"].nunique()
    NOTES.info(
        "Read %s: %s, %s, %s, %d without an answer.",
        table.attrs["source"],
        number_of(len(table), "row"),
        number_of(observers, "observer"),
        number_of(conditions, "condition"),
        table.attrs["unanswered"],
    )


def validate_trials(table: pd.DataFrame, *, source: str = "table") -> pd.DataFrame:
    """Check a table of trials or counts and convert its columns to their types.

    Parameters
    ----------
    table : DataFrame
        With canonical column names. A response may be 0, 1, true, false or empty; `p_target` a
        number from 0 to 1; counts whole numbers.
    source : str, default "table"
        What the table is called in messages; rows are called by their index labels.

    Returns
    -------
    DataFrame
        A new table with a fresh index: `observer` (str), `condition` (str, ``all`` where there was
        none), `level` (float64), then `response` (float64, NaN for no answer) and/or `p_target`
        (float64), or `n_trials` and `n_target` (int64); then `stimulus` and `session` (str), if
        any, and the further columns as they were. ``attrs["unanswered"]`` counts the trials
        without an answer; ``attrs["notes"]`` lists what a user should be told; ``attrs["source"]``
        is `source`.

    Raises
    ------
    TableError
        If the table is empty, lacks a column or breaks a rule.

    Examples
    --------
    >>> from psychobench.errors import TableError
    >>> try:
    ...     validate_trials(pd.DataFrame({"observer": ["p1"], "level": [0.5], "response": [2]}))
    ... except TableError as error:
    ...     print(error.faults[0].partition(";")[0])
    response must be 0, 1 or empty: row 0 of table (observer 'p1', level 0.5) has response=2
    """
    if not isinstance(table, pd.DataFrame):
        raise TableError(
            f"a table must be a DataFrame: got a {type(table).__name__}; make a pandas.DataFrame, "
            "or read a file with `psychobench.read_trials()`"
        )
    counted = _form_of(table, source) == "counts"
    if table.empty:
        raise TableError(f"a table must have at least one row: {source} has none; add trials")
    if "condition" in table and (texts_of(table["condition"]) == "").all():  # "none" is a mask
        table = table.drop(columns="condition")
    checked = check_counts(table, source) if counted else check_trials(table, source)
    extras = [name for name in table if name not in checked]
    result = pd.concat([checked, table[extras]], axis=1).reset_index(drop=True)
    order = [name for name in CANONICAL if name in result]
    result = result[order + [name for name in result if name not in CANONICAL]]
    unanswered = 0 if counted else _unanswered(checked)
    result.attrs = dict(table.attrs) | {"source": source, "unanswered": unanswered}
    return result


def _check_names(table: pd.DataFrame, source: str) -> None:
    """Check that every column has one name of its own."""
    if isinstance(table.columns, pd.MultiIndex):
        raise TableError(
            f"a column must have one name: the columns of {source} have {table.columns.nlevels} "
            "levels of names; keep one with table.columns.get_level_values"
        )
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise TableError(
            f"column names must be unique: {source} has '{twice}' more than once; rename one"
        )


def _form_of(table: pd.DataFrame, source: str) -> str:
    """Find out from its columns whether a table holds trials or counts."""
    _check_names(table, source)
    answers = [name for name in ("response", "p_target") if name in table]
    counts = [name for name in ("n_trials", "n_target") if name in table]
    if answers and len(counts) == 2:
        raise TableError(
            f"a table must hold either trials or counts: {source} has {answers[0]} as well as "
            "n_trials and n_target; remove or rename one of them"
        )
    by_count = bool(counts) and not answers
    needed = ["observer", "level", *(("n_trials", "n_target") if by_count else ())]
    missing = [name for name in needed if name not in table]
    if not answers and not by_count:
        missing.append("response")
    if missing:
        raise TableError(_missing(missing, table, source))
    return "counts" if by_count else "trials"


def _missing(missing: list[str], table: pd.DataFrame, source: str) -> str:
    words = {"response": "response (or p_target, or n_trials with n_target)"}
    spare = [str(name) for name in table if name not in CANONICAL]
    return (
        f"a table needs {' and '.join(words.get(name, name) for name in missing)}: {source} has "
        f"no such column; found: {shown(table.columns)}; say which columns they are, like "
        f'`columns="{likely_mapping(missing, spare)}"`'
    )


def _unanswered(checked: pd.DataFrame) -> int:
    answers = checked[[name for name in ("response", "p_target") if name in checked]]
    return int(answers.isna().all(axis=1).sum())


def select_rows(
    table: pd.DataFrame, where: Mapping[str, str], columns: Mapping[str, str], source: str
) -> pd.DataFrame:
    """Keep the rows that `where` asks for; a column may have its name here or in the file.

    Raises
    ------
    TableError
        If a column is missing, or no row is left.
    """
    canonical = {foreign: name for name, foreign in columns.items()}
    for name, value in where.items():
        column = name if name in table else canonical.get(name, name)
        if column not in table:
            raise TableError(
                f"`where` must name a column: {source} has no '{name}'"
                f"{nearest(name, table.columns)}; found: {shown(table.columns)}"
            )
        kept = table[_equal(table[column], value)]
        if kept.empty:
            found = table[column]
            if isinstance(found.dtype, pd.CategoricalDtype):
                found = found.cat.remove_unused_categories()
            _, values = distinct(found)
            raise TableError(
                f"`where` must leave at least one row: {name}={value} leaves none of the "
                f"{len(table)} rows of {source}; '{name}' holds {shown(values)}"
            )
        table = kept
    return table


def _equal(column: pd.Series, value: str) -> NDArray[np.bool_]:
    codes, cells = distinct(column)
    value = as_text(value)
    same = np.array([as_text(cell) == value for cell in cells], dtype=bool)
    if not same[codes].any():
        number = as_number(value)
        same = np.array([as_number(cell) == number for cell in cells], dtype=bool)
    return same[codes]
