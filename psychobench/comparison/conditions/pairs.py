"""Two cells of a design compared: paired or Welch t, with effect sizes and their intervals."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from psychobench.comparison.sample import effect_interval

Floats = NDArray[np.float64]
NO_SPREAD = 1e-12  # relative to the values; a smaller standard deviation is rounding error
NAN = float("nan")


@dataclass(frozen=True)
class PairTest:
    """A t-test between two cells of a design; nan where there is none.

    Attributes
    ----------
    factor : str
        The column in which the cells differ.
    where : str
        What else describes both cells, like ``group=old``; empty in a design of one factor.
    first, second : str
        The cells' levels of the factor.
    kind : {"paired", "welch"}
        Same people in both cells, or different ones.
    n_first, n_second : int
        People; those with a value in both cells where paired.
    mean_first, mean_second, sd_first, sd_second : float
        In the unit of the measure.
    difference, low, high : float
        Mean of the second minus mean of the first, and its interval.
    t, df, p : float
        Two-sided; t is positive where the second is higher.
    p_bonferroni, p_holm : float
        Corrected for the family.
    d_av, d_av_low, d_av_high : float
        Difference over the root of the cells' mean variance, and its interval [1]_.
    d_z, d_z_low, d_z_high : float
        Difference over the standard deviation of the differences, and its interval; paired only.
    reason : str or None
        Why there is no test.

    References
    ----------
    .. [1] Bonett, D. G. (2008). Confidence intervals for standardized linear contrasts of means.
       Psychological Methods, 13, 99-109.
    """

    factor: str
    where: str
    first: str
    second: str
    kind: Literal["paired", "welch"]
    n_first: int
    n_second: int
    mean_first: float = NAN
    sd_first: float = NAN
    mean_second: float = NAN
    sd_second: float = NAN
    difference: float = NAN
    low: float = NAN
    high: float = NAN
    t: float = NAN
    df: float = NAN
    p: float = NAN
    p_bonferroni: float = NAN
    p_holm: float = NAN
    d_av: float = NAN
    d_av_low: float = NAN
    d_av_high: float = NAN
    d_z: float = NAN
    d_z_low: float = NAN
    d_z_high: float = NAN
    reason: str | None = None


class Labels(NamedTuple):
    """What is compared: factor, what else describes both cells, and the factor's two levels."""

    factor: str
    where: str
    first: str
    second: str


def paired_test(labels: Labels, first: Floats, second: Floats, confidence: float) -> PairTest:
    """Compare the same people in two cells: values (n,) in the same order, nan where missing."""
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    n, differences = len(first), second - first
    pair = _described(PairTest(*labels, "paired", n, n), first, second)
    if n < 2:
        reason = f"a paired test needs two people with both values: there {_were(n)}"
        return replace(pair, reason=reason)
    if _constant(differences, first, second):
        return replace(pair, reason="a paired test needs differences that vary: all are equal")
    found = stats.ttest_rel(second, first)
    t = float(found.statistic)
    low, high = effect_interval(t, n, confidence)
    average = _average_effect(first, second, float(differences.var(ddof=1)), confidence)
    pair = replace(pair, d_z=t / math.sqrt(n), d_z_low=low, d_z_high=high, **average)
    return _with_test(pair, found, confidence)


def welch_test(labels: Labels, first: Floats, second: Floats, confidence: float) -> PairTest:
    """Compare different people, whose variances may differ: values, nan where missing."""
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    n, m = len(first), len(second)
    pair = _described(PairTest(*labels, "welch", n, m), first, second)
    if min(n, m) < 2:
        reason = f"a test between groups needs two people in each: there were {n} and {m}"
        return replace(pair, reason=reason)
    if _constant(first, first, second) and _constant(second, first, second):
        reason = "a test needs values that vary: within each group all are equal"
        return replace(pair, reason=reason)
    with warnings.catch_warnings():  # one of the two may be all but constant
        warnings.simplefilter("ignore", RuntimeWarning)
        found = stats.ttest_ind(second, first, equal_var=False)
    pair = replace(pair, **_average_effect(first, second, None, confidence))
    return _with_test(pair, found, confidence)


def _with_test(pair: PairTest, found: Any, confidence: float) -> PairTest:
    ends = found.confidence_interval(confidence)
    t, df, p = float(found.statistic), float(found.df), float(found.pvalue)
    return replace(pair, t=t, df=df, p=p, low=float(ends.low), high=float(ends.high))


def _were(n: int) -> str:
    return "was 1" if n == 1 else "were none"


def _described(pair: PairTest, first: Floats, second: Floats) -> PairTest:
    means = [float(each.mean()) if len(each) else NAN for each in (first, second)]
    sds = [float(each.std(ddof=1)) if len(each) > 1 else NAN for each in (first, second)]
    return replace(
        pair,
        mean_first=means[0],
        mean_second=means[1],
        sd_first=sds[0],
        sd_second=sds[1],
        difference=means[1] - means[0],
    )


def _constant(values: Floats, first: Floats, second: Floats) -> bool:
    largest = float(np.abs(np.concatenate([first, second])).max())
    return float(values.std(ddof=1)) <= NO_SPREAD * max(largest, 1e-300)


def _average_effect(
    first: Floats, second: Floats, variance: float | None, confidence: float
) -> dict[str, Any]:
    """Divide a difference by the root of the mean variance; `variance`: of paired differences.

    The error follows Bonett (2008): that of the difference and that of the standardiser; paired
    values share people, so that their variances go up and down together.
    """
    a, b = float(first.var(ddof=1)), float(second.var(ddof=1))
    mean, n, m = (a + b) / 2, len(first) - 1, len(second) - 1
    d = float(second.mean() - first.mean()) / math.sqrt(mean)
    if variance is None:
        of_difference = a / n + b / m
        of_variance = a**2 / n + b**2 / m
    else:
        shared = (a + b - variance) / 2  # covariance
        of_difference = variance / n
        of_variance = (a**2 + b**2 + 2 * shared**2) / n
    error = math.sqrt(d**2 * of_variance / (8 * mean**2) + of_difference / mean)
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    return {"d_av": d, "d_av_low": d - reach, "d_av_high": d + reach}
