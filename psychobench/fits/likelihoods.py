"""Log-likelihoods of blocks of answers, with the derivatives that fitting needs.

Binomial coefficients, which do not depend on parameters, are left out: splitting or pooling blocks
then leaves the binomial log-likelihood as it is, and the beta-binomial one approaches it as the
overdispersion goes to 0. Derived in docs/dev/fitting.md, section 2, whose equations are cited.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betaln, digamma, polygamma, xlogy

from psychobench.fits.functions import Floats

SMALLEST = 1e-100  # keeps the logarithm of a probability, and its derivative, finite
LEAST_WEIGHED = 1e-10  # keeps the information of a probability near 0 finite
MIN_RHO, MAX_RHO = 1e-6, 1 - 1e-6  # squared overdispersion; binomial in effect at MIN_RHO


class Slopes(NamedTuple):
    """A log-likelihood's value and derivatives.

    `value` (n,); `score` and `weight` (n, b) or (b, n): first derivative with respect to psi, and
    expected negative second one; `rho_score`, `rho_weight` (n,): the same for the squared
    overdispersion, None where the likelihood has none; `observed`: negative second derivative
    with respect to psi, None where it is not computed.
    """

    value: Floats
    score: Floats
    weight: Floats
    rho_score: Floats | None = None
    rho_weight: Floats | None = None
    observed: Floats | None = None


def binomial(p: Floats, q: Floats, trials: Floats, hits: Floats, *, axis: int = -1) -> Floats:
    """Evaluate the binomial log-likelihood ``sum k log p + (n - k) log q`` (eq. 5).

    Parameters
    ----------
    p, q : ndarray, shape (..., b)
        psi and its complement, each accurate near 0.
    trials, hits : ndarray, shape (..., b)
        ``n`` and ``k``.
    axis : int
        Axis of the blocks.

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    >>> import numpy as np
    >>> half = np.array([0.5, 0.5])
    >>> float(binomial(half, half, np.array([1.0, 2.0]), np.array([1.0, 0.0])) / np.log(0.5))
    3.0
    """
    terms = hits * np.log(np.maximum(p, SMALLEST))
    terms += (trials - hits) * np.log(np.maximum(q, SMALLEST))
    return np.asarray(terms.sum(axis=axis))


def binomial_slopes(
    p: Floats, q: Floats, trials: Floats, hits: Floats, *, axis: int = -1
) -> Slopes:
    """Differentiate the binomial log-likelihood (eq. 7); parameters as in `binomial`."""
    p, q, misses = np.maximum(p, SMALLEST), np.maximum(q, SMALLEST), trials - hits
    value = (hits * np.log(p) + misses * np.log(q)).sum(axis=axis)
    safe_p, safe_q = np.maximum(p, LEAST_WEIGHED), np.maximum(q, LEAST_WEIGHED)
    observed = hits / safe_p**2 + misses / safe_q**2
    return Slopes(value, hits / p - misses / q, trials / (safe_p * safe_q), observed=observed)


def beta_binomial(
    p: Floats, q: Floats, trials: Floats, hits: Floats, rho: Floats, *, axis: int = -1
) -> Floats:
    """Evaluate the beta-binomial log-likelihood (eq. 6); parameters as in `beta_binomial_slopes`.

    Examples
    --------
    >>> import numpy as np
    >>> even, one = np.array([[0.5]]), np.array([[1.0]])
    >>> float(np.exp(beta_binomial(even, even, one, one, np.array([0.3])))[0].round(6))
    0.5
    """
    p, q = np.clip(p, 1e-12, 1.0), np.clip(q, 1e-12, 1.0)
    v = np.expand_dims(1 / rho - 1, axis)
    a, b = p * v, q * v
    return np.asarray((betaln(hits + a, trials - hits + b) - betaln(a, b)).sum(axis=axis))


def beta_binomial_slopes(
    p: Floats, q: Floats, trials: Floats, hits: Floats, rho: Floats, *, axis: int = -1
) -> Slopes:
    """Differentiate the beta-binomial log-likelihood (eqs 6 and 8).

    A block's own probability is a draw from Beta(psi v, (1 - psi) v) with ``v = 1 / rho - 1``,
    ``rho`` being the square of the overdispersion [1]_ (equation 6).

    Parameters
    ----------
    p, q, trials, hits : ndarray, shape (n, b)
        As in `binomial`; shape (b, n) with an `axis` of 0.
    rho : ndarray, shape (n,)
        Squared overdispersion, in [`MIN_RHO`, `MAX_RHO`].
    axis : int
        Axis of the blocks.

    References
    ----------
    .. [1] Schuett et al. (2016), doi:10.1016/j.visres.2016.02.002.
    """
    p, q = np.clip(p, 1e-12, 1.0), np.clip(q, 1e-12, 1.0)  # digamma has a pole at 0
    v = np.expand_dims(1 / rho - 1, axis)
    a, b, misses = p * v, q * v, trials - hits
    value = beta_binomial(p, q, trials, hits, rho, axis=axis)
    up, down = digamma(hits + a) - digamma(a), digamma(misses + b) - digamma(b)
    both = digamma(trials + v) - digamma(v)
    bend_up = polygamma(1, hits + a) - polygamma(1, a)
    bend_down = polygamma(1, misses + b) - polygamma(1, b)
    bend_both = polygamma(1, trials + v) - polygamma(1, v)
    first = (p * up + q * down - both).sum(axis=axis)
    second = (p**2 * bend_up + q**2 * bend_down - bend_both).sum(axis=axis)
    dv, ddv = -1 / rho**2, 2 / rho**3  # of v with respect to rho
    return Slopes(
        value,
        v * (up - down),
        trials / (p * q) / (1 + (trials - 1) * np.expand_dims(rho, axis)),
        first * dv,
        # the observed information of rho, in absolute value: the expected one is a sum over all
        # possible counts, and damping makes up for a wrong size
        np.abs(second * dv**2 + first * ddv),
    )


def deviance_residuals(p: Floats, trials: Floats, hits: Floats) -> Floats:
    """Compute each block's signed root of its share of the binomial deviance.

    The deviance is the sum of their squares: twice the difference in log-likelihood between the
    saturated model, whose probabilities are the observed proportions, and the curve.

    Parameters
    ----------
    p, trials, hits : ndarray, shape (..., b)
        psi, ``n`` and ``k``; padding has no trials.

    Returns
    -------
    ndarray, shape (..., b)
        Above 0 where there are more target answers than psi predicts; 0 in padding.

    References
    ----------
    .. [1] Wichmann, F. A. & Hill, N. J. (2001). The psychometric function: I. Perception &
       Psychophysics, 63, 1293-1313: the terms of equation 12.

    Examples
    --------
    >>> import numpy as np
    >>> found = deviance_residuals(np.array([0.5, 0.5]), np.array([4.0, 4.0]), np.array([2.0, 4.0]))
    >>> found.round(3).tolist()
    [0.0, 2.355]
    """
    share, rest = hits / np.maximum(trials, 1), (trials - hits) / np.maximum(trials, 1)
    saturated = xlogy(hits, share) + xlogy(trials - hits, rest)
    own = xlogy(hits, np.maximum(p, SMALLEST)) + xlogy(trials - hits, np.maximum(1 - p, SMALLEST))
    return np.asarray(np.sign(hits - trials * p) * np.sqrt(2 * np.maximum(saturated - own, 0.0)))
