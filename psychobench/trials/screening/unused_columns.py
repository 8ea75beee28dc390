"""Columns that nobody named: listed, and whether answers depend on them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from scipy.stats import chi2

from psychobench.messages import argument, shown
from psychobench.trials.columns import CANONICAL
from psychobench.trials.factor_columns import find_factor_columns

FAR = 1e-4  # answers differ far more than chance
_ORIGIN = ("simulated", "kind")  # what psychobench itself notes about people


def note_unused_columns(table: pd.DataFrame, used: Iterable[str] = ()) -> list[str]:
    """Note each column that varies within or between people, and the parameter that uses it.

    Where answers to one level, of one person in one condition, differ between the column's values
    so much that chance would do so less than once in 10,000 times, the note says so.

    Parameters
    ----------
    table : DataFrame
        Validated trials or counts.
    used : iterable of str
        Further columns that are used.
    """
    taken = {*CANONICAL, *_ORIGIN, *used}
    codes = [pd.factorize(table[name])[0] for name in table if name in taken]
    people = pd.factorize(table["observer"])[0]
    free = table[[name for name in table if name not in taken]]
    notes = []
    for name, values, within in find_factor_columns(free, people, codes):
        option = argument("within" if within else "between", name)
        note = (
            f"column '{name}' ({shown(values[:4])}{' ...' if len(values) > 4 else ''}) varies "
            f"{'within' if within else 'between'} people and is not used: all its values are "
            f"pooled; {option} uses it"
        )
        if within and "response" in table and _chance(table, name) < FAR:
            note += (
                ". Answers at one level differ between its values far more than chance explains: "
                "pooled, they say little"
            )
        notes.append(note)
    return notes


def _chance(table: pd.DataFrame, name: str) -> float:
    """Return the probability that chance makes answers differ so much between a column's values.

    Pearson's chi-square of homogeneity, summed over observer x condition x level.
    """
    answered = table.dropna(subset=["response", name])
    strata = [each for each in ("observer", "condition", "level") if each in answered]
    cells = answered.groupby([*strata, name], sort=False, observed=True)["response"]
    counts = cells.agg(n="size", hits="sum").reset_index()
    sums = counts.groupby(strata, sort=False)[["n", "hits"]].transform("sum")
    share = sums["hits"] / sums["n"]
    spread = counts["n"] * share * (1 - share)
    some = spread > 0
    statistic = ((counts["hits"] - counts["n"] * share)[some] ** 2 / spread[some]).sum()
    df = int(some.sum()) - len(counts.loc[some, strata].drop_duplicates())
    return float(chi2.sf(statistic, df)) if df > 0 else 1.0
