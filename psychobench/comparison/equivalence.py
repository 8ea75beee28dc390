"""Two one-sided tests: whether the average person is equivalent to the observer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike
from scipy import stats

from psychobench.comparison.sample import Sample, difference_from
from psychobench.errors import OptionError


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of a cohort's mean against one observer's value.

    Attributes
    ----------
    margin : float
        The equivalence margin, in the unit of the values.
    p_above : float
        p-value of the test that (observer - cohort mean) lies above -margin.
    p_below : float
        p-value of the test that it lies below +margin.
    p : float
        The larger of the two: small if the difference lies within the margin on both sides.
    df : int
        People - 1.
    """

    margin: float
    p_above: float
    p_below: float
    p: float
    df: int


def equivalence(value: float, sample: Sample | ArrayLike, margin: float) -> Equivalence:
    """Test whether an observer and the average person differ by less than a margin.

    Parameters
    ----------
    value : float
        The observer's PSE in level units, or another measure.
    sample : Sample or array_like of float, shape (n,)
        The cohort's.
    margin : float
        The largest difference that is considered negligible, in the unit of the values. There is
        no default: which difference matters must be decided before the data are seen.

    Raises
    ------
    ComparisonError
        If the value is not finite, or there are fewer than two people or they do not vary.
    OptionError
        If the margin is not a positive number.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
    approach for assessing the equivalence of average bioavailability. Journal of Pharmacokinetics
    and Biopharmaceutics, 15, 657-680.
    Lakens, D. (2017). Equivalence tests. Social Psychological and Personality Science, 8, 355-362,
    equations 1 and 2.

    Examples
    --------
    >>> round(equivalence(0.54, Sample(mean=0.532, sd=0.127, n=50), margin=0.05).p, 3)
    0.012
    """
    check_margin(margin)
    difference, sample = difference_from(value, sample)
    above = float(stats.t.sf((difference + margin) / sample.sem, sample.df))
    below = float(stats.t.cdf((difference - margin) / sample.sem, sample.df))
    return Equivalence(margin, above, below, max(above, below), sample.df)


def smallest_margin(value: float, sample: Sample | ArrayLike, alpha: float = 0.05) -> float:
    """Compute the smallest margin within which `equivalence` finds equivalence.

    Parameters
    ----------
    value : float
        The observer's.
    sample : Sample or array_like of float, shape (n,)
        The cohort's.
    alpha : float
        Level of each one-sided test; divide it by the size of the family to correct for it.

    Raises
    ------
    ComparisonError
        If the value is not finite, or there are fewer than two people or they do not vary.
    OptionError
        If `alpha` is not between 0 and .5.

    Notes
    -----
    It is the end farther from 0 of the (1 - 2 alpha) confidence interval of the difference. A
    margin that is chosen after looking at it tests nothing.

    Examples
    --------
    >>> round(smallest_margin(0.54, Sample(mean=0.532, sd=0.127, n=50)), 4)
    0.0381
    """
    if not 0 < alpha < 0.5:
        raise OptionError(f"`alpha` must be between 0 and .5: it is {alpha:g}")
    difference, sample = difference_from(value, sample)
    return float(abs(difference) + stats.t.isf(alpha, sample.df) * sample.sem)


def check_margin(margin: float) -> None:
    """Check that a margin is a positive number."""
    if not (math.isfinite(margin) and margin > 0):
        raise OptionError(
            f"`margin` must be a number above 0, in the unit of the levels: it is {margin:g}"
        )
