"""The column contract: tables of trials or counts, read, checked and named alike.

A table holds *trials* (`observer`, `level`, and `response` or `p_target`) or *counts* (`observer`,
`level`, `n_trials`, `n_target`); people and networks alike. See the page on the table format.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import TableError
from psychobench.messages import nearest, shown
from psychobench.tables.cells import as_number, as_text, distinct, natural, texts_of
from psychobench.tables.reading import TEXTS, read_cells
from psychobench.trials.cell_rules import check_counts, check_trials
from psychobench.trials.columns import CANONICAL, likely_mapping, parse_columns, parse_where, rename
from psychobench.trials.counts import count_responses

__all__ = ["count_responses", "parse_columns", "parse_where", "read_trials", "validate_trials"]


def read_trials(
    path: str | PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    r"""Read and check a CSV or TSV file of trials or counts.

    Parameters
    ----------
    path : str or path
        UTF-8 text with a header row; delimited by commas, tabs or semicolons. Where it is not the
        comma, numbers may have decimal commas.
    columns : mapping of str to str, optional
        What the file's columns are called, by canonical name: ``{"observer": "subject"}``. A
        mapping wins over a column that already has the canonical name, which is kept as
        ``<name>_file``.
    where : mapping of str to str, optional
        Keep only the rows in which each of these columns equals its value: as text, or as numbers
        where no cell equals it as text and both are numbers. Rows left out are not checked.

    Returns
    -------
    DataFrame
        As from `validate_trials`. Further columns follow in the file's order: numbers where all
        their filled cells are numbers, otherwise str.

    Raises
    ------
    OptionError
        If `columns` has an unknown canonical name or gives a column two meanings.
    TableError
        If the file cannot be read, lacks a column, or has cells that break a rule: all of them,
        one line each, the first twenty and the number of the others.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "pilot.csv")
    ...     _ = file.write_text("subject,level,chose\n01,0.2,0\n01,0.8,1\n01,0.8,\n")
    ...     table = read_trials(file, columns={"observer": "subject", "response": "chose"})
    >>> table
      observer condition  level  response
    0       01       all    0.2       0.0
    1       01       all    0.8       1.0
    2       01       all    0.8       NaN
    >>> table.attrs["unanswered"]
    1
    """
    path = Path(path)
    columns = dict(columns or {})
    texts = [columns.get(name, name) for name in (*TEXTS, *(where or {}))]
    cells = read_cells(path, {*CANONICAL, *columns.values()}, texts)
    named = rename(cells, columns, str(path))
    kept = _filter(named, where or {}, columns, str(path))
    table = validate_trials(kept, source=str(path))
    for name in table:
        if isinstance(table[name].dtype, pd.CategoricalDtype):
            table[name] = natural(table[name])
    return table


def validate_trials(table: pd.DataFrame, *, source: str = "table") -> pd.DataFrame:
    """Check a table of trials or counts and give its columns their types.

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
    counted = _form_of(table, source) == "counts"
    if table.empty:
        raise TableError(f"a table must have at least one row: {source} has none")
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


def _form_of(table: pd.DataFrame, source: str) -> str:
    """Tell trials from counts by their columns; a table must be one of the two."""
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise TableError(f"column names must be unique: {source} has '{twice}' more than once")
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


def _filter(
    table: pd.DataFrame, where: Mapping[str, str], columns: Mapping[str, str], source: str
) -> pd.DataFrame:
    """Keep the rows that `where` asks for; a column may go by its name in the file."""
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
            _, values = distinct(table[column].cat.remove_unused_categories())
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
