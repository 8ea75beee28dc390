"""Psychometric functions in the threshold and width parameterisation.

``psi(x) = guess + (1 - guess - lapse) F(x)`` with ``F`` one of the sigmoids in `SIGMOIDS`,
``F(threshold) = .5`` and ``width = F^-1(.95) - F^-1(.05)`` [1]_ (equations 1 and 2; also of
docs/dev/fitting.md).

References
----------
.. [1] Schuett, H. H., Harmeling, S., Macke, J. H. & Wichmann, F. A. (2016). Painfree and accurate
   Bayesian estimation of psychometric functions for (potentially) overdispersed data. Vision
   Research, 122, 105-123.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, ndtri

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Sigmoid:
    """A cumulative distribution function with what fitting needs beside it.

    Parameters
    ----------
    name : str
        Its name in options and tables.
    cdf, sf, pdf, ppf : callable
        The standard distribution, its complement (accurate where the cdf is near 1), density and
        quantiles.
    bend : callable
        Derivative of the logarithm of the density.
    log_levels : bool
        Whether its argument is the natural logarithm of the level.
    both : callable, optional
        The cdf and its complement at once, where that saves work.
    quantile : float
        The value of F at the threshold; another one than .5 makes it another level of the curve.
    """

    name: str
    cdf: Curve
    sf: Curve
    pdf: Curve
    ppf: Curve
    bend: Curve
    log_levels: bool = False
    both: Callable[[Floats], tuple[Floats, Floats]] | None = None
    quantile: float = 0.5

    def sides(self, u: Floats) -> tuple[Floats, Floats]:
        """Evaluate the cdf and its complement."""
        return (self.cdf(u), self.sf(u)) if self.both is None else self.both(u)

    @cached_property
    def median(self) -> float:
        """Return the standard quantile of the threshold, at .5 unless `quantile` differs."""
        return float(self.ppf(np.array(self.quantile)))

    @cached_property
    def spread(self) -> float:
        """Return the distance between the standard quantiles at .05 and .95, that of the width."""
        return float(np.subtract(self.ppf(np.array(0.95)), self.ppf(np.array(0.05))))

    def standardise(self, x: ArrayLike, threshold: ArrayLike, width: ArrayLike) -> Floats:
        """Standardise positions (level units, or log units where `log_levels`): u of eq. 2.

        A width of 0 is a step: positions other than the threshold are infinitely far from it.
        """
        offset = np.subtract(x, threshold, dtype=np.float64)
        if np.all(width):
            return np.asarray(self.median + self.spread * np.divide(offset, width))
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.where(offset == 0, 0.0, np.divide(offset, width))
        return np.asarray(self.median + self.spread * distance)

    def position(self, p: ArrayLike, threshold: ArrayLike, width: ArrayLike) -> Floats:
        """Compute the position at which ``F`` is `p`; nan outside 0 < p < 1.

        Examples
        --------
        >>> float(SIGMOIDS["norm"].position(0.5, threshold=0.3, width=0.2))
        0.3
        """
        p = np.asarray(p, dtype=np.float64)
        inside = (p > 0) & (p < 1)
        standard = np.where(inside, self.ppf(np.where(inside, p, 0.5)), np.nan)
        return np.asarray(np.multiply((standard - self.median) / self.spread, width) + threshold)

    def to_position(self, levels: ArrayLike) -> Floats:
        """Convert levels to the units of threshold and width."""
        levels = np.asarray(levels, dtype=np.float64)
        return np.log(levels) if self.log_levels else levels

    def to_level(self, positions: ArrayLike) -> Floats:
        """Convert positions back to levels."""
        positions = np.asarray(positions, dtype=np.float64)
        if not self.log_levels:
            return positions
        with np.errstate(over="ignore"):  # a crossing far beyond the levels may lie at infinity
            return np.asarray(np.exp(positions))


def psi(
    sigmoid: Sigmoid,
    levels: ArrayLike,
    threshold: ArrayLike,
    width: ArrayLike,
    guess: ArrayLike = 0.0,
    lapse: ArrayLike = 0.0,
    *,
    falling: ArrayLike = False,
) -> Floats:
    """Evaluate a psychometric function.

    Parameters
    ----------
    sigmoid : Sigmoid
        One of `SIGMOIDS`.
    levels : array_like
        Stimulus levels; above 0 for `weibull` and `lognorm`.
    threshold, width : array_like
        In level units, or in natural log units for `weibull` and `lognorm`. A width of 0 is a step.
    guess, lapse : array_like
        Lower asymptote and distance of the upper asymptote from 1.
    falling : array_like of bool
        Whether ``1 - F`` replaces ``F``: a curve that falls with the level.

    Returns
    -------
    ndarray of float64
        Probability of the target response, the arguments broadcast together.

    Examples
    --------
    >>> psi(SIGMOIDS["norm"], [0.25, 0.5, 0.75], threshold=0.5, width=0.5).round(3).tolist()
    [0.05, 0.5, 0.95]
    """
    u = sigmoid.standardise(sigmoid.to_position(levels), threshold, width)
    share = np.where(falling, sigmoid.sf(u), sigmoid.cdf(u))
    return np.asarray(guess + (1 - np.add(guess, lapse)) * share)


def _exp(u: Floats) -> Floats:
    """Compute the exponential without overflow: beyond 700 every cdf has reached 0 or 1."""
    return np.exp(np.minimum(u, 700.0))


def _cauchy_tail(u: Floats) -> Floats:
    """Compute the Cauchy survival function; the angle keeps small tails accurate."""
    return np.asarray(np.arctan2(1.0, u) / np.pi)


def _gumbel(name: str, *, log_levels: bool = False) -> Sigmoid:
    return Sigmoid(
        name,
        cdf=lambda u: -np.expm1(-_exp(u)),
        sf=lambda u: np.exp(-_exp(u)),
        pdf=lambda u: np.exp(np.minimum(u, 700.0) - _exp(u)),
        ppf=lambda p: np.log(-np.log1p(-p)),
        bend=lambda u: 1 - np.exp(np.minimum(u, 30.0)),  # the density is 0 beyond
        log_levels=log_levels,
    )


def _norm_sides(u: Floats) -> tuple[Floats, Floats]:
    # one evaluation of the smaller side; 1 minus it is exact to rounding
    tail, above = ndtr(-np.abs(u)), u > 0
    rest = 1 - tail
    return np.where(above, rest, tail), np.where(above, tail, rest)


def _norm(name: str, *, log_levels: bool = False) -> Sigmoid:
    return Sigmoid(
        name,
        cdf=ndtr,
        sf=lambda u: ndtr(-u),
        pdf=lambda u: np.exp(-0.5 * np.square(u)) / np.sqrt(2 * np.pi),
        ppf=ndtri,
        bend=np.negative,
        log_levels=log_levels,
        both=_norm_sides,
    )


SIGMOIDS = {
    sigmoid.name: sigmoid
    for sigmoid in (
        _norm("norm"),
        Sigmoid(
            "logistic",
            cdf=expit,
            sf=lambda u: expit(-u),
            pdf=lambda u: expit(u) * expit(-u),
            ppf=logit,
            bend=lambda u: -np.tanh(u / 2),
        ),
        _gumbel("gumbel"),
        Sigmoid(
            "rgumbel",
            cdf=lambda u: np.exp(-_exp(-u)),
            sf=lambda u: -np.expm1(-_exp(-u)),
            pdf=lambda u: np.exp(np.minimum(-u, 700.0) - _exp(-u)),
            ppf=lambda p: -np.log(-np.log(p)),
            bend=lambda u: np.exp(np.minimum(-u, 30.0)) - 1,
        ),
        Sigmoid(
            "tdist",
            cdf=lambda u: _cauchy_tail(-u),
            sf=_cauchy_tail,
            pdf=lambda u: 1 / (np.pi * (1 + np.square(u))),
            ppf=lambda p: np.tan(np.pi * (p - 0.5)),
            bend=lambda u: -2 * u / (1 + np.square(u)),
        ),
        _gumbel("weibull", log_levels=True),
        _norm("lognorm", log_levels=True),
    )
}
