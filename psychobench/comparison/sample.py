"""Summary of a cohort for the tests: mean, standard deviation and number of people."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from psychobench.arguments import check_confidence
from psychobench.errors import ComparisonError


@dataclass(frozen=True)
class Sample:
    """Mean, standard deviation and size of a sample, such as the PSEs of a cohort.

    Attributes
    ----------
    mean : float
        In the unit of the values; for a PSE, the unit of the levels.
    sd : float
        Standard deviation over people (n - 1), above 0.
    n : int
        Number of people, at least two.

    Raises
    ------
    ComparisonError
        If there are fewer than two values or they do not vary.

    Examples
    --------
    >>> Sample(mean=0.532, sd=0.127, n=50).sem.__round__(3)
    0.018
    """

    mean: float
    sd: float
    n: int

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ComparisonError(
                f"a test needs at least two people with a value: there are {self.n}"
            )
        if not (math.isfinite(self.mean) and math.isfinite(self.sd)):
            raise ComparisonError(
                f"a sample must be finite: its mean is {self.mean:g} and its SD {self.sd:g}"
            )
        if self.sd <= 1e-12 * max(1.0, abs(self.mean)):
            raise ComparisonError(
                f"a test needs values that vary: all {self.n} people have the value {self.mean:.4g}"
            )

    @classmethod
    def of(cls, values: ArrayLike) -> Sample:
        """Summarise values, one per person.

        Examples
        --------
        >>> Sample.of([1, 2, 3])
        Sample(mean=2.0, sd=1.0, n=3)
        """
        values = np.asarray(values, dtype=np.float64)
        if len(values) < 2:
            raise ComparisonError(
                f"a test needs at least two people with a value: there are {len(values)}"
            )
        return cls(float(values.mean()), float(values.std(ddof=1)), len(values))

    @property
    def sem(self) -> float:
        """Standard error of the mean."""
        return self.sd / math.sqrt(self.n)

    @property
    def df(self) -> int:
        """Degrees of freedom of the standard deviation."""
        return self.n - 1


def difference_from(value: float, sample: Sample | ArrayLike) -> tuple[float, Sample]:
    """Return (value - mean), and the sample, summarised if single values were given.

    Raises
    ------
    ComparisonError
        If the value is not finite, or there are fewer than two people or they do not vary.
    """
    if not math.isfinite(value):
        raise ComparisonError(f"a test needs a finite value to compare with: it is {value:g}")
    sample = sample if isinstance(sample, Sample) else Sample.of(sample)
    return value - sample.mean, sample


def effect_interval(t: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the interval of a standardised difference by inverting the noncentral t.

    Parameters
    ----------
    t : float
        Difference / (SD / sqrt(n)).
    n : int
        Sample size.
    confidence : float
        Coverage.

    Returns
    -------
    tuple of float
        Ends of the interval of (difference / SD): the noncentralities under which t lies at the
        upper and the lower tail, over sqrt(n).

    Raises
    ------
    OptionError
        If `confidence` is not between 0 and 1.

    References
    ----------
    Steiger, J. H. & Fouladi, R. T. (1997). Noncentrality interval estimation and the evaluation of
    statistical models. In Harlow, Mulaik & Steiger (eds), What if there were no significance tests?

    Examples
    --------
    >>> low, high = effect_interval(2.0, 50)
    >>> round(low, 3), round(high, 3)
    (-0.001, 0.564)
    """
    check_confidence(confidence)
    tail = (1 - confidence) / 2
    # scipy's noncentral t is accurate for positive t only; the other side is its mirror image
    low, high = (_noncentrality(abs(t), n - 1, q) / math.sqrt(n) for q in (1 - tail, tail))
    return (low, high) if t >= 0 else (-high, -low)


def _noncentrality(t: float, df: int, quantile: float) -> float:
    """Find the noncentrality under which t, at least 0, is the given quantile."""
    if t > 1e4:  # the normal part is negligible, and scipy's function fails
        return t * math.sqrt(stats.chi2.isf(quantile, df) / df)
    # T <= 0 alone has the probability Phi(-delta), so no smaller delta can be it
    lowest = -float(stats.norm.ppf(quantile)) - 1e-6
    highest = t + 10 * math.sqrt(1 + t**2 / (2 * df))
    return float(
        optimize.brentq(lambda delta: stats.nct.cdf(t, df, delta) - quantile, lowest, highest)
    )
