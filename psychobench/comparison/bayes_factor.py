"""The JZS Bayes factor: evidence for a difference relative to no difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import integrate

from psychobench.errors import OptionError
from psychobench.fits.functions import Floats

R = 0.707


@dataclass(frozen=True)
class BayesFactor:
    """A Bayes factor for a difference from zero.

    Attributes
    ----------
    bf10 : float
        Evidence for a difference relative to no difference; infinite if it exceeds a float.
    log_bf10 : float
        Its natural logarithm.
    r : float
        Scale of the Cauchy prior on the effect size.
    """

    bf10: float
    log_bf10: float
    r: float


def jzs_bayes_factor(t: float, n: int, r: float = R) -> BayesFactor:
    """Compute the JZS Bayes factor of a one-sample t.

    The effect size has a Cauchy prior of scale `r` under a difference; the variance has Jeffreys'
    prior under both.

    Parameters
    ----------
    t : float
        One-sample t.
    n : int
        Sample size, at least two.
    r : float
        Scale of the Cauchy prior.

    Raises
    ------
    OptionError
        If t is not finite, `n` below 2 or `r` not positive.

    Notes
    -----
    With g = 1 / z^2, the inverse-gamma prior of g in equation 1 of [1]_ is the normal's in z, and
    the integrand is bounded; it is integrated relative to its largest value: no t overflows.

    References
    ----------
    .. [1] Rouder, J. N., Speckman, P. L., Sun, D., Morey, R. D. & Iverson, G. (2009). Bayesian t
       tests for accepting and rejecting the null hypothesis. Psychonomic Bulletin & Review, 16,
       225-237, equation 1, where r is 1.

    Examples
    --------
    >>> round(jzs_bayes_factor(0.0, 50).bf10, 3)
    0.154
    """
    if not (math.isfinite(t) and n >= 2 and math.isfinite(r) and r > 0):
        raise OptionError(
            "a Bayes factor needs a finite t, n of at least 2 and r above 0: "
            f"they are {t:g}, {n} and {r:g}"
        )
    # our own: neither scipy nor statsmodels has a JZS Bayes factor
    # log of the precision, so that peaks at small z for large t are as wide as any
    grid = np.linspace(-60, 5, 2601)
    heights = _log_integrand(grid, t, n, r)
    top = float(heights.max())
    inside = grid[heights > top - 50]
    area, _ = integrate.quad(
        lambda u: float(np.exp(_log_integrand(np.float64(u), t, n, r) - top)),
        inside[0],
        inside[-1],
        points=[float(grid[heights.argmax()])],
        epsabs=0,
        epsrel=1e-9,
        limit=200,
    )
    log_bf10 = top + math.log(area)
    return BayesFactor(math.exp(log_bf10) if log_bf10 < 709 else math.inf, log_bf10, r)


def _log_integrand(u: Floats | np.float64, t: float, n: int, r: float) -> Floats:
    """Log of the marginal likelihood's ratio times the prior at z = exp(u), times dz / du."""
    df = n - 1
    square = np.exp(2 * u)
    spread = 1 + n * r**2 / square
    likelihood = -0.5 * np.log(spread) - 0.5 * (df + 1) * (
        np.log1p(t**2 / (df * spread)) - np.log1p(t**2 / df)
    )
    prior = 0.5 * math.log(2 / math.pi) - square / 2
    return np.asarray(likelihood + prior + u, dtype=np.float64)
