"""The tests: one-sample t of a cohort against one observer, and the correction for several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from psychobench.errors import ComparisonError


@dataclass(frozen=True)
class OneSampleT:
    """One-sample t of a cohort's PSEs against one observer's PSE.

    Attributes
    ----------
    t : float
        (observer - cohort mean) / SEM: positive where the observer's PSE is the higher one.
    df : int
        Participants - 1.
    p : float
        Two-sided.
    d : float
        The same difference in standard deviations of the cohort.
    """

    t: float
    df: int
    p: float
    d: float


def one_sample_t(pse: float, pses: NDArray[np.float64]) -> OneSampleT:
    """Ask whether a cohort's mean PSE differs from one observer's PSE.

    Parameters
    ----------
    pse : float
        The observer's PSE, in level units.
    pses : ndarray of float64, shape (n,)
        The cohort's, n > 1 and not all alike.

    Raises
    ------
    ComparisonError
        If there are fewer than two PSEs or they do not vary.

    References
    ----------
    Ying, Li & Chen (2023), arXiv:2310.13674, tables 1 to 3.

    Examples
    --------
    >>> test = one_sample_t(0.7, np.array([0.4, 0.5, 0.6]))
    >>> round(test.t, 3), test.df, round(test.d, 3)
    (3.464, 2, 2.0)
    """
    if len(pses) < 2:
        raise ComparisonError(f"a t-test needs two participants with a PSE: there are {len(pses)}")
    sd = float(np.std(pses, ddof=1))
    if sd <= 1e-12 * max(1.0, float(np.abs(pses).max())):
        raise ComparisonError(
            f"a t-test needs PSEs that vary: all {len(pses)} participants have {pses[0]:.4g}"
        )
    # scipy's sign is (cohort - observer); the paper's is the reverse
    result = stats.ttest_1samp(pses, pse)
    d = (pse - float(np.mean(pses))) / sd
    return OneSampleT(t=-float(result.statistic), df=len(pses) - 1, p=float(result.pvalue), d=d)


def bonferroni(p: NDArray[np.float64], family_size: int) -> NDArray[np.float64]:
    """Correct p-values for `family_size` tests: multiply, and stop at 1.

    Examples
    --------
    >>> bonferroni(np.array([0.01, 0.4]), 4)
    array([0.04, 1.  ])
    """
    return np.minimum(1.0, p * family_size)
