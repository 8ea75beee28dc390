"""Published tables recomputed from their own printed figures.

A printed figure stands for every number that rounds to it: .532 for .5315 to .5325, both included,
since ties may be rounded either way. A figure agrees with the figures that it was computed from if
some numbers that round to those give a number that rounds to it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import linprog

from psychobench.arguments import check_choice
from psychobench.comparison.corrections import bonferroni
from psychobench.comparison.equivalence import smallest_margin
from psychobench.comparison.sample import Sample
from psychobench.comparison.single_case import single_case_t
from psychobench.resources import bundled
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import json_rows

ALPHA = 0.05
SLACK = 1e-9  # relative error of floating point at the ends of an interval
COLUMNS = (
    "table", "pretraining", "mask", "observer", "pse", "t_printed", "t_recomputed", "p_printed",
    "p_recomputed", "family_size", "agrees", "t_agrees", "p_agrees", "df", "t_low", "t_high",
    "p_low", "p_high", "single_case_t", "single_case_p", "single_case_p_bonferroni", "percentile",
    "smallest_margin",
)  # fmt: skip


class Interval(NamedTuple):
    """All numbers from `low` to `high`, both ends included."""

    low: float
    high: float

    def meet(self, other: Interval) -> Interval | None:
        """Return the intersection with another interval, None if it is empty."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        near = low - high <= SLACK * max(abs(low), abs(high))
        return Interval(min(low, high), max(low, high)) if near else None


class Range(NamedTuple):
    """Means and standard errors of the cohorts that give every printed t."""

    mean: Interval
    sem: Interval


@dataclass(frozen=True)
class PrintedCohort:
    """A cohort as a paper prints it, as texts that keep the number of digits.

    Attributes
    ----------
    mean, sem : str
        Mean PSE and its standard error.
    n : int
        Number of people.
    """

    mean: str
    sem: str
    n: int

    @property
    def df(self) -> int:
        """Degrees of freedom of the one-sample t-test."""
        return self.n - 1

    @property
    def sample(self) -> Sample:
        """Mean, SD (SEM times the square root of n) and size, from the printed figures."""
        return Sample(float(self.mean), float(self.sem) * float(np.sqrt(self.n)), self.n)


@dataclass(frozen=True)
class Published(ShownAsTable):
    """A paper's tables, recomputed from its own figures.

    Attributes
    ----------
    name : str
        Short name of the paper.
    source : str
        Reference of the paper.
    cohort : PrintedCohort
        The people in the tests, as printed.
    printed : pandas.DataFrame
        The cells as printed, as texts.
    table : pandas.DataFrame
        One row per printed cell, with `COLUMNS`. ``t_low`` to ``p_high`` are the ranges that
        rounding leaves open; all p-values except ``single_case_p`` are Bonferroni-corrected.
    """

    name: str
    source: str
    cohort: PrintedCohort
    printed: pd.DataFrame
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def to_json_rows(self) -> list[dict[str, Any]]:
        """Return the rows as native types, None where there is no value."""
        return json_rows(self.table)

    def consistent_cohorts(self) -> Range | None:
        """Find the means and SEMs, among those that round to the printed ones, that give every t.

        Returns
        -------
        Range or None
            None if no single cohort gives every printed t.
        """
        rows = self.printed.dropna(subset=["pse"])
        a, b = [], []
        for pse, t in zip(rows["pse"], rows["t"], strict=True):
            where, score = rounded(pse), rounded(t)
            # pse = mean + t * sem is linear in mean and sem at either end of t
            a += [[1.0, score.low], [-1.0, -score.high]]
            b += [where.high, -where.low]
        bounds = [rounded(self.cohort.mean), rounded(self.cohort.sem)]
        ends = []
        for goal in ([1, 0], [-1, 0], [0, 1], [0, -1]):
            found = linprog(goal, A_ub=a, b_ub=b, bounds=bounds)
            if found.fun is None:
                return None
            ends.append(float(found.fun))
        return Range(Interval(ends[0], -ends[1]), Interval(ends[2], -ends[3]))


def list_published() -> list[str]:
    """Return the names of the papers whose tables are bundled.

    Examples
    --------
    >>> list_published()
    ['ying2023']
    """
    files = bundled("human_data").glob("published_*.csv")
    return sorted(path.stem.removeprefix("published_") for path in files)


def published(name: str = "ying2023") -> Published:
    """Recompute every t and p of a paper's tables from the PSEs and the cohort that it prints.

    Each t is ``(pse - mean) / SEM``. Each p is two-sided and Bonferroni-corrected for the cells of
    its table that have a PSE. ``t_agrees`` is whether PSE and cohort can give the printed t,
    ``p_agrees`` whether the printed t and the size of the family can give the printed p, and
    ``agrees`` whether a single t can follow from the PSE, round to the printed t and have the
    printed p. Each printed figure may be any number that rounds to it, and nothing else is allowed
    for. ``<.001`` is any p up to .001.

    The table also has the single-case t, with SD = SEM sqrt(n) and the same correction, and the
    smallest margin within which the average person would be equivalent to the observer, at .05
    divided by the size of the family.

    Parameters
    ----------
    name : str
        One of `list_published`.

    Returns
    -------
    Published

    Raises
    ------
    OptionError
        If there is no such paper.

    References
    ----------
    .. [1] Ying, Li & Chen (2023), arXiv:2310.13674, tables 1 to 3.
    .. [2] Crawford, J. R. & Howell, D. C. (1998). Comparing an individual's test score against
       norms derived from small samples. The Clinical Neuropsychologist, 12, 482-486.

    Examples
    --------
    >>> rows = published("ying2023").table
    >>> rows.loc[rows["agrees"] == False, ["table", "observer", "t_printed", "p_printed"]]
      table observer  t_printed p_printed
    2     1    vgg13     -2.116     <.001
    """
    check_choice(name, "name", list_published())
    file = bundled("human_data") / f"published_{name}.csv"
    printed = pd.read_csv(file, dtype=str)
    record = json.loads(Path(f"{file}.json").read_text("utf-8"))
    cohort = PrintedCohort(**record["cohort"])
    return Published(name, record["source"], cohort, printed, _table(printed, cohort))


def rounded(figure: str) -> Interval:
    """Return all numbers that round to a printed figure.

    Examples
    --------
    >>> rounded("0.532")
    Interval(low=0.5315, high=0.5325)
    """
    value = Decimal(figure)
    half = Decimal((0, (5,), int(value.as_tuple().exponent) - 1))
    return Interval(float(value - half), float(value + half))


def possible_t(pse: str, cohort: PrintedCohort) -> Interval:
    """Return every t that a printed PSE and a printed cohort can give.

    Examples
    --------
    >>> possible_t("0.532", PrintedCohort("0.532", "0.018", 50)).high.__round__(3)
    0.057
    """
    where, mean, sem = rounded(pse), rounded(cohort.mean), rounded(cohort.sem)
    ends = [where.low - mean.high, where.high - mean.low]
    scores = [difference / error for difference in ends for error in sem]
    return Interval(min(scores), max(scores))


def sizes_of_t(p: str, df: int, family_size: int) -> Interval:
    """Return the absolute values of t whose corrected p rounds to the printed one.

    Examples
    --------
    >>> sizes_of_t("<.001", df=49, family_size=9).low.__round__(2)
    4.2
    """
    ends = Interval(0.0, float(p[1:])) if p.startswith("<") else rounded(p)
    low, high = (max(end, 0.0) / family_size if end < 1 else 1.0 for end in ends)
    return Interval(float(stats.t.isf(high / 2, df)), float(stats.t.isf(low / 2, df)))


def _table(printed: pd.DataFrame, cohort: PrintedCohort) -> pd.DataFrame:
    sizes = printed.groupby("table")["pse"].transform("count")
    rows = [
        {
            **cell[["table", "pretraining", "mask", "observer"]].to_dict(),
            "p_printed": None,
            "agrees": None,
            "t_agrees": None,
            "p_agrees": None,
            **({} if pd.isna(cell["pse"]) else _recomputed(cell, cohort, size)),
            "family_size": size,
        }
        for (_, cell), size in zip(printed.iterrows(), sizes, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(table=table["table"].astype(int), df=table["df"].astype("Int64"))


def _recomputed(cell: pd.Series[str], cohort: PrintedCohort, size: int) -> dict[str, Any]:
    """Recompute one cell and run the further tests."""
    pse, sample, df = float(cell["pse"]), cohort.sample, cohort.df
    t = (pse - float(cohort.mean)) / float(cohort.sem)
    case = single_case_t(pse, sample)
    return {
        "pse": pse,
        "t_printed": float(cell["t"]),
        "t_recomputed": t,
        "p_printed": cell["p"],
        "p_recomputed": _corrected(t, df, size),
        **_verdict(cell, cohort, size),
        "df": df,
        "single_case_t": case.t,
        "single_case_p": case.p,
        "single_case_p_bonferroni": float(bonferroni([case.p], size)[0]),
        "percentile": case.percentile,
        "smallest_margin": smallest_margin(pse, sample, ALPHA / size),
    }


def _verdict(cell: pd.Series[str], cohort: PrintedCohort, size: int) -> dict[str, Any]:
    """Determine which printed figures follow from their inputs, and the possible t and p."""
    computed, printed = possible_t(cell["pse"], cohort), rounded(cell["t"])
    both = computed.meet(printed)
    far = sizes_of_t(cell["p"], cohort.df, size)
    either_side = (far, Interval(-far.high, -far.low))

    def gives_p(scores: Interval) -> bool:
        return any(scores.meet(side) is not None for side in either_side)

    ends = [_corrected(t, cohort.df, size) for t in printed]
    nearest = 0.0 if printed.low <= 0 <= printed.high else min(map(abs, printed))
    return {
        "agrees": both is not None and gives_p(both),
        "t_agrees": both is not None,
        "p_agrees": gives_p(printed),
        "t_low": computed.low,
        "t_high": computed.high,
        "p_low": min(ends),
        "p_high": _corrected(nearest, cohort.df, size),
    }


def _corrected(t: float, df: int, size: int) -> float:
    return float(bonferroni([2 * stats.t.sf(abs(t), df)], size)[0])
