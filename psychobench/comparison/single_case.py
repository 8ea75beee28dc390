"""Crawford & Howell's single-case t-test: whether an observer could be one of these people."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike
from scipy import stats

from psychobench.comparison.sample import Sample, difference_from, effect_interval


@dataclass(frozen=True)
class SingleCaseT:
    """One observer compared with the distribution of a cohort.

    Attributes
    ----------
    t : float
        (observer - cohort mean) / (SD sqrt((n + 1) / n)).
    df : int
        People - 1.
    p : float
        Two-sided: how often a person from the same population is at least as extreme.
    z_cc : float
        Effect size: (observer - cohort mean) / SD.
    z_cc_low, z_cc_high : float
        Its confidence interval, from the noncentral t distribution.
    percentile : float
        Estimated percentage of the population whose value is below the observer's, 0 to 100.
    percentile_low, percentile_high : float
        Its confidence interval.
    """

    t: float
    df: int
    p: float
    z_cc: float
    z_cc_low: float
    z_cc_high: float
    percentile: float
    percentile_low: float
    percentile_high: float


def single_case_t(
    value: float, sample: Sample | ArrayLike, *, confidence: float = 0.95
) -> SingleCaseT:
    """Test whether an observer is a plausible member of the population that people come from.

    The test allows for the mean and SD of the cohort being estimates: with few people the same
    distance is less remarkable than with many. Values are assumed to be normal over people.

    Parameters
    ----------
    value : float
        The observer's PSE in level units, or another measure.
    sample : Sample or array_like of float, shape (n,)
        The cohort's.
    confidence : float
        Coverage of the intervals of the effect size and of the percentile.

    Raises
    ------
    ComparisonError
        If the value is not finite, or there are fewer than two people or they do not vary.

    References
    ----------
    .. [1] Crawford, J. R. & Howell, D. C. (1998). Comparing an individual's test score against
       norms derived from small samples. The Clinical Neuropsychologist, 12, 482-486, equation 1.
    .. [2] Crawford, J. R. & Garthwaite, P. H. (2002). Investigation of the single case in
       neuropsychology: confidence limits on the abnormality of test scores and test score
       differences. Neuropsychologia, 40, 1196-1208; the percentile's interval.
    .. [3] Crawford, J. R., Garthwaite, P. H. & Porter, S. (2010). Point and interval estimates of
       effect sizes for the case-controls design in neuropsychology. Cognitive Neuropsychology, 27,
       245-260; z_cc and its interval.

    Examples
    --------
    >>> case = single_case_t(0.701, Sample(mean=0.532, sd=0.127, n=50))
    >>> round(case.t, 3), case.df, round(case.p, 3), round(case.percentile, 1)
    (1.318, 49, 0.194, 90.3)
    """
    difference, sample = difference_from(value, sample)
    z = difference / sample.sd
    t = z / math.sqrt((sample.n + 1) / sample.n)
    low, high = effect_interval(z * math.sqrt(sample.n), sample.n, confidence)
    return SingleCaseT(
        t=t,
        df=sample.df,
        p=float(2 * stats.t.sf(abs(t), sample.df)),
        z_cc=z,
        z_cc_low=low,
        z_cc_high=high,
        percentile=float(100 * stats.t.cdf(t, sample.df)),
        percentile_low=float(100 * stats.norm.cdf(low)),
        percentile_high=float(100 * stats.norm.cdf(high)),
    )
