"""One-sample t-test of a cohort: whether an observer differs from the average person."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike
from scipy import stats

from psychobench.comparison.sample import Sample, difference_from, effect_interval


@dataclass(frozen=True)
class OneSampleT:
    """One-sample t-test of a cohort against one observer's value.

    Attributes
    ----------
    t : float
        (observer - cohort mean) / SEM: positive if the observer's value is higher.
    df : int
        People - 1.
    p : float
        Two-sided.
    d : float
        Effect size: the same difference in standard deviations of the cohort.
    d_low, d_high : float
        Its confidence interval, from the noncentral t distribution.
    """

    t: float
    df: int
    p: float
    d: float
    d_low: float
    d_high: float


def one_sample_t(
    value: float, sample: Sample | ArrayLike, *, confidence: float = 0.95
) -> OneSampleT:
    """Test whether the average person differs from one observer.

    With many people the average is estimated so precisely that this test rejects most *individuals*
    of the same population. Whether an observer could be one of them is tested by `single_case_t`.

    Parameters
    ----------
    value : float
        The observer's PSE in level units, or another measure.
    sample : Sample or array_like of float, shape (n,)
        The cohort's.
    confidence : float
        Coverage of the interval of the effect size.

    Raises
    ------
    ComparisonError
        If the value is not finite, or there are fewer than two people or they do not vary.

    References
    ----------
    Ying, Li & Chen (2023), arXiv:2310.13674, tables 1 to 3.
    Steiger & Fouladi (1997), for the interval; see `effect_interval`.

    Examples
    --------
    >>> test = one_sample_t(0.7, [0.4, 0.5, 0.6])
    >>> round(test.t, 3), test.df, round(test.d, 3)
    (3.464, 2, 2.0)
    """
    difference, sample = difference_from(value, sample)
    t = difference / sample.sem
    low, high = effect_interval(t, sample.n, confidence)
    return OneSampleT(
        t=t,
        df=sample.df,
        p=float(2 * stats.t.sf(abs(t), sample.df)),
        d=difference / sample.sd,
        d_low=low,
        d_high=high,
    )
