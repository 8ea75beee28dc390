"""Trials counted: how often each observer chose the target category at each level."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import OptionError, TableError
from psychobench.messages import nearest, shown

SAME_LEVEL = 1e-9  # levels nearer than this share of the tested range are one level
_MEASURES = ("level", "response", "p_target", "n_trials", "n_target")


def count_responses(table: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count the target responses of each observer, condition and level.

    Parameters
    ----------
    table : DataFrame
        Trials or counts, as `psychobench.trials.table.validate_trials` returns them.
    by : sequence of str, optional
        Further columns that keep curves apart.

    Returns
    -------
    DataFrame
        `observer`, `condition`, the columns of `by`, `level`, `session` where the table has it,
        `n_trials` and `n_target`, unanswered trials left out; of probabilities the same with
        `p_target`, their mean, and without `session`. Curves in order of first appearance, levels
        ascending. Levels that differ only by rounding error count as one.

    Raises
    ------
    OptionError
        If `by` names the level or the answer.
    TableError
        If the table is empty, lacks a column of `by`, or mixes responses and probabilities.

    Examples
    --------
    >>> trials = pd.DataFrame({"observer": "p1", "condition": "all", "level": [1.0, 0.0, 1.0],
    ...                        "response": [1.0, 0.0, 0.0]})
    >>> count_responses(trials)
      observer condition  level  n_trials  n_target
    0       p1       all    0.0         1         0
    1       p1       all    1.0         2         1
    """
    if table.empty:
        raise TableError("a table must have at least one row to be counted: it has none")
    table = table.reset_index(drop=True)
    curve = list(dict.fromkeys(["observer", "condition", *by]))
    _check_by(curve, table)
    binary = _is_binary(table)
    block = ["session"] if binary and "session" in table and "session" not in curve else []
    answers = _answers(table, binary)
    keys = table.loc[answers.index, curve + block].assign(level=_merged(table["level"]))
    keys["_curve"] = keys.groupby(curve, sort=False, dropna=False).ngroup()
    for name in block:
        keys["_block"] = pd.factorize(keys[name])[0]
    order = ["_curve", "level", *(["_block"] if block else [])]
    groups = pd.concat([keys, answers], axis=1).groupby(order, sort=True)
    columns: dict[Hashable, str] = dict.fromkeys([*curve, *block], "first")
    columns |= dict.fromkeys(answers, "sum" if binary else "mean")
    counted = groups.agg(columns).reset_index()
    return counted[[*curve, "level", *block, *answers]]


def _check_by(curve: Sequence[str], table: pd.DataFrame) -> None:
    for name in curve:
        if name in _MEASURES:
            raise OptionError(
                f"a curve cannot be split by what it is made of: '{name}' is the curve's own; "
                "choose another column for `by`"
            )
        if name not in table:
            raise TableError(
                f"`by` must name a column of the table: there is no '{name}'"
                f"{nearest(name, table.columns)}; found: {shown(table.columns)}"
            )


def _is_binary(table: pd.DataFrame) -> bool:
    probable = "p_target" in table and bool(table["p_target"].notna().any())
    counted = "n_trials" in table or ("response" in table and bool(table["response"].notna().any()))
    if probable and counted:
        raise TableError(
            "responses and probabilities must be counted apart: the table has rows with a response "
            "and rows with a p_target; keep one kind with `where`, or use two tables"
        )
    return not probable


def _answers(table: pd.DataFrame, binary: bool) -> pd.DataFrame:
    """Pick what is added up, from the rows that have an answer."""
    if not binary:
        return table.loc[table["p_target"].notna(), ["p_target"]]
    if "n_trials" in table:
        return table.loc[table["n_trials"] > 0, ["n_trials", "n_target"]]
    responses = table["response"].dropna().astype(np.int64)
    return pd.DataFrame({"n_trials": 1, "n_target": responses}, index=responses.index)


def _merged(levels: pd.Series) -> pd.Series:
    """Replace each run of levels that differ by rounding error alone by its lowest."""
    values, codes = np.unique(levels.to_numpy(np.float64), return_inverse=True)
    apart = np.diff(values, prepend=-np.inf) > SAME_LEVEL * (values[-1] - values[0])
    merged: NDArray[np.float64] = values[apart][np.cumsum(apart) - 1]
    return pd.Series(merged[codes], index=levels.index)
