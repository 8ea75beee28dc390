"""A whole analysis of people's trials: looked over, fitted, described, tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from psychobench.analysis.result import MEASURES, Analysis, measures_of
from psychobench.comparison.cohort_measures import DEFAULT_STATUSES, counted
from psychobench.comparison.conditions.condition_tests import ConditionTests, compare_conditions
from psychobench.errors import ComparisonError, OptionError, TableError
from psychobench.fits.pse import Fits, fit
from psychobench.messages import nearest, shown
from psychobench.trials.screening import Exclusion, Screening, check_trials, exclude

NOBODY = pd.DataFrame(columns=["observer", "rule", "value", "n_trials"])


def analyse(
    table: pd.DataFrame,
    *,
    within: str | None = None,
    between: str | None = None,
    rules: Sequence[Exclusion] = (),
    engine: str = "bayes",
    tested: Sequence[str] = DEFAULT_STATUSES,
    gof: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
    **options: Any,
) -> Analysis:
    """Look trials over, fit every participant, describe and test PSE and JND.

    Parameters
    ----------
    table : DataFrame
        Trials or counts, as `psychobench.read_trials` gives them.
    within : str, optional
        The column whose conditions each participant went through; by default ``condition`` where
        it has several.
    between : str, optional
        The column that tells groups of participants apart.
    rules : sequence of Exclusion
        Who is left out; by default nobody.
    engine : {"bayes", "ml", "psignifit"}
        As for `psychobench.fit`, which takes the further `options`, too.
    tested : sequence of str
        The PSE statuses that count.
    gof : int
        Simulated data sets per fit that the checks of its goodness rest on; 0 checks nothing.
    confidence : float
        Coverage of all intervals.
    seed : int
        Of every random draw.

    Returns
    -------
    Analysis

    Raises
    ------
    OptionError, TableError, FitError, ComparisonError
        If an option, the table or the design it holds is at fault.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> level = np.tile(np.linspace(0, 1, 7), 20)
    >>> trials = pd.concat([
    ...     pd.DataFrame({"observer": f"p{person}", "condition": condition, "level": level,
    ...                   "response": (level + rng.normal(0, 0.2, 140) > middle) * 1.0})
    ...     for person in range(8) for condition, middle in (("whole", 0.4), ("eyes", 0.6))
    ... ])
    >>> found = analyse(trials, engine="ml")
    >>> found.descriptives[["measure", "condition", "n"]].values.tolist()[:2]
    [['pse', 'whole', 8], ['pse', 'eyes', 8]]
    >>> bool(found.tests["pse"].pairs[0].p < 0.01)
    True
    """
    within = _within(table, within, between)
    screening, notes = _screened(table)
    kept, left_out = _kept(table, screening, rules)
    factors = [name for name in (within, between) if name is not None]
    fits = fit(
        kept, by=factors, engine=engine, gof=gof, confidence=confidence, seed=seed, **options
    )
    tests, untested = _tests(fits, kept, within, between, tested, confidence)
    described = _described(fits, factors or ["condition"], tested, confidence)
    return Analysis(
        table=kept,
        screening=screening,
        rules=tuple(rules),
        left_out=left_out,
        fits=fits,
        descriptives=described,
        tests=tests,
        within=within,
        between=between,
        confidence=confidence,
        tested=tuple(tested),
        notes=(*notes, *untested),
    )


def _within(table: pd.DataFrame, within: str | None, between: str | None) -> str | None:
    """Check the factors' columns; find the one within participants where none is named."""
    for option, name in (("within", within), ("between", between)):
        if name is not None and name not in table:
            raise TableError(
                f"--{option} must name a column of the table: there is no '{name}'"
                f"{nearest(name, table.columns)}; found: {shown(table.columns)}"
            )
    if within is not None and within == between:
        raise OptionError(f"--within and --between must name two columns: both are '{within}'")
    several = "condition" in table and table["condition"].nunique() > 1
    chosen = "condition" if within is None and several and between != "condition" else within
    faults = [*_unlike_groups(table, between), *_unlike_cells(table, chosen)]
    if faults:
        raise TableError(*faults)
    return chosen


def _unlike_groups(table: pd.DataFrame, between: str | None) -> Iterator[str]:
    """Find somebody who is in several groups, or in none; the others will be alike."""
    if between is None:
        return
    for observer, groups in table.groupby("observer", sort=False)[between]:
        if groups.isna().any():
            yield f"--between must name a group for everybody: '{observer}' has rows without one"
            return
        if groups.nunique() > 1:
            yield (
                f"--between must name one group per participant: '{observer}' has {between} "
                f"{shown(groups.unique())}; a column that differs within people is for --within"
            )
            return


def _unlike_cells(table: pd.DataFrame, within: str | None) -> Iterator[str]:
    """Find what splits somebody's trials beside the factor within participants."""
    if within is None or within == "condition":
        return
    if table[within].isna().any():
        who = table["observer"][table[within].isna()].iloc[0]
        yield f"--within must name a condition for every trial: '{who}' has rows without {within}"
    if "condition" not in table:
        return
    for (observer, name), conditions in table.groupby(["observer", within], sort=False)[
        "condition"
    ]:
        if conditions.nunique() > 1:
            yield (
                f"--within must tell a participant's conditions apart: '{observer}' has condition "
                f"{shown(conditions.unique())} in {within} '{name}'; keep one with "
                f"--where condition={conditions.iloc[0]}"
            )
            return


def _screened(table: pd.DataFrame) -> tuple[Screening | None, tuple[str, ...]]:
    if "response" in table:
        return check_trials(table), ()
    return None, (
        "the table holds no single trials: there was nothing to look over before fitting",
    )


def _kept(
    table: pd.DataFrame, screening: Screening | None, rules: Sequence[Exclusion]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if not rules:
        return table, NOBODY
    if screening is None:
        raise TableError(
            f"an exclusion rule needs one row per trial: {table.attrs.get('source', 'the table')} "
            f"holds none, so '{rules[0]}' cannot be judged; leave --exclude out"
        )
    return exclude(table, screening, rules)


def _tests(
    fits: Fits,
    table: pd.DataFrame,
    within: str | None,
    between: str | None,
    tested: Sequence[str],
    confidence: float,
) -> tuple[dict[str, ConditionTests], list[str]]:
    """Test each measure; where that cannot be done, say why."""
    inner, outer = (
        (name,) if name and table[name].nunique() > 1 else () for name in (within, between)
    )
    if not inner and not outer:
        return {}, ["there is one condition and one group: nothing to compare"]
    tests, notes = {}, []
    for measure in measures_of(fits):
        try:
            tests[measure] = compare_conditions(
                fits, measure, within=inner, between=outer, tested=tested, confidence=confidence
            )
        except ComparisonError as error:
            what = measure.upper() if measure in MEASURES else measure
            notes += [f"{what} not tested: {fault}" for fault in error.faults]
    return tests, notes


def _described(
    fits: Fits, factors: list[str], tested: Sequence[str], confidence: float
) -> pd.DataFrame:
    """Describe each measure in each cell of the design."""
    rows = [
        {"measure": measure, **dict(zip(factors, names, strict=True)), **numbers}
        for measure in measures_of(fits)
        for names, numbers in _cells(fits.table, factors, measure, tested, confidence)
    ]
    return pd.DataFrame(rows)


def _cells(
    table: pd.DataFrame,
    factors: list[str],
    measure: str,
    tested: Sequence[str],
    confidence: float,
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    counts = counted(table, measure, tested)
    for names, rows in table.assign(value=table[measure].where(counts)).groupby(
        factors, sort=False
    ):
        values = rows["value"].dropna().to_numpy(dtype=np.float64)
        n = len(values)
        sd = float(values.std(ddof=1)) if n > 1 else np.nan
        sem = sd / np.sqrt(n) if n > 1 else np.nan
        mean = float(values.mean()) if n else np.nan
        reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * sem if n > 1 else np.nan
        yield (
            names,
            {
                "n": n,
                "mean": mean,
                "sd": sd,
                "sem": sem,
                "low": mean - reach,
                "high": mean + reach,
                "without": len(rows) - n,
            },
        )
