"""The published priors of a psychometric function's parameters, and draws from them.

Every parameter has a coordinate in which its prior is the standard normal distribution: the
parameter is the quantile of its prior, cut off at the bounds, at the normal distribution function
of the coordinate (eq. 25 of docs/dev/fitting.md).

References
----------
.. [1] Schuett, H. H., Harmeling, S., Macke, J. H. & Wichmann, F. A. (2016). Painfree and accurate
   Bayesian estimation of psychometric functions for (potentially) overdispersed data. Vision
   Research, 122, 105-123, section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import Floats
from psychobench.fits.options import MAX_ASYMPTOTE, FitOptions

PARAMETERS = ("threshold", "width", "guess", "lapse", "overdispersion")
# columns of theta, in units of z
THRESHOLD, WIDTH, GUESS, LAPSE, ETA = range(5)
RATE = 10.0  # of the Beta(1, 10) priors
BEYOND = 0.5  # ranges by which the threshold may leave the levels
MAX_WIDTH = 3.0  # ranges
MIN_ETA, MAX_ETA = 0.0, 1.0 - 1e-6
_UNIT = np.linspace(0.0, 1.0, 8193)
_COSINE_MASS = _UNIT + np.sin(np.pi * _UNIT) / np.pi  # mass under a falling cosine edge, 1 in all


@dataclass(frozen=True)
class Plateau:
    """A density with a flat top and edges that rise and fall along a raised cosine.

    Parameters
    ----------
    foot, low, high, end : ndarray, shape (n,)
        The density rises from `foot` to `low` and falls from `high` to `end`.
    """

    foot: Floats
    low: Floats
    high: Floats
    end: Floats

    def take(self, rows: NDArray[np.integer] | slice) -> Plateau:
        """Select rows."""
        return Plateau(self.foot[rows], self.low[rows], self.high[rows], self.end[rows])

    def cdf(self, x: Floats) -> Floats:
        """Evaluate the distribution function at `x`, shape (n, m)."""
        foot, low, high, end = self._columns()
        rise, flat, fall = (low - foot) / 2, high - low, (end - high) / 2
        down = np.clip((low - x) / np.where(low > foot, low - foot, 1.0), 0.0, 1.0)
        up = np.clip((x - high) / (end - high), 0.0, 1.0)
        mass = (
            rise * (1 - _cosine_mass(down)) + np.clip(x - low, 0.0, flat) + fall * _cosine_mass(up)
        )
        return np.asarray(mass / (rise + flat + fall))

    def quantile(self, p: Floats) -> Floats:
        """Invert `cdf`: shape (n, m)."""
        foot, low, high, end = self._columns()
        rise, flat, fall = (low - foot) / 2, high - low, (end - high) / 2
        mass = p * (rise + flat + fall) - rise  # beyond the foot of the flat top
        x = low + np.clip(mass, 0.0, flat)
        down, up = mass < 0, mass > flat
        rising, falling = np.broadcast_arrays(rise, fall, p)[:2]
        x[down] -= 2 * rising[down] * np.interp(-mass[down] / rising[down], _COSINE_MASS, _UNIT)
        mass -= flat
        x[up] += 2 * falling[up] * np.interp(mass[up] / falling[up], _COSINE_MASS, _UNIT)
        return np.asarray(x)

    def log_density(self, x: Floats) -> Floats:
        """Evaluate the logarithm of the density relative to its maximum, shape (n, m)."""
        foot, low, high, end = self._columns()
        down = (low - x) / np.where(low > foot, low - foot, 1.0)
        up = (x - high) / (end - high)
        beyond = np.clip(np.maximum(np.where(low > foot, down, 0.0), up), 0.0, 1.0)
        with np.errstate(divide="ignore"):
            return np.asarray(2 * np.log(np.cos(beyond * (np.pi / 2))))

    def _columns(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.foot[:, None], self.low[:, None], self.high[:, None], self.end[:, None]


def _cosine_mass(t: Floats) -> Floats:
    return t + np.sin(np.pi * t) / np.pi


@dataclass(frozen=True)
class Prior:
    """The prior of every observer's parameters, on the scale on which levels span -.5 to .5.

    The columns of theta are threshold, width, guess, lapse and overdispersion (eta).

    Parameters
    ----------
    threshold, width : Plateau
        Flat over the range of the levels, falling to 0 half a range beyond; and flat from twice
        the smallest gap between levels to their range, 0 below the gap and from 3 ranges.
    low, high : ndarray, shape (n, 5)
        Bounds; equal ones hold a parameter.
    tied : bool
        Whether lapse equals guess.
    """

    threshold: Plateau
    width: Plateau
    low: Floats
    high: Floats
    tied: bool = False

    def __len__(self) -> int:
        return len(self.low)

    def take(self, rows: NDArray[np.integer] | slice) -> Prior:
        """Select rows."""
        return replace(
            self,
            threshold=self.threshold.take(rows),
            width=self.width.take(rows),
            low=self.low[rows],
            high=self.high[rows],
        )

    @cached_property
    def free(self) -> NDArray[np.intp]:
        """Return the columns of theta that are not held in every row."""
        held = (self.low == self.high).all(axis=0)
        if self.tied:
            held[LAPSE] = True
        return np.flatnonzero(~held)

    @cached_property
    def mass(self) -> tuple[Floats, Floats]:
        """Compute distribution functions of the unbounded priors at the bounds, (n, 5) each."""
        return self._cdf(self.low), self._cdf(self.high)

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Return whether the bounds exclude all of a row's prior, shape (n,)."""
        below, above = self.mass
        return np.asarray(((above <= below) & (self.low != self.high)).any(axis=1))

    def to_theta(self, x: Floats, *, but: int | None = None) -> Floats:
        """Convert coordinates to parameters, (n, 5, points) each; `but` is a column to skip."""
        theta = np.empty_like(x)
        theta[:] = self.low[:, :, None]
        for column in self.free:
            if column != but:
                theta[:, column] = self.from_coordinate(column, x[:, column])
        if self.tied:
            theta[:, LAPSE] = theta[:, GUESS]
        return theta

    def from_coordinate(self, column: int, x: Floats) -> Floats:
        """Convert the coordinate of one parameter to its values, (n, points) each."""
        below, above = (ends[:, [column]] for ends in self.mass)
        p = ndtr(x)
        p *= above - below
        p += below
        if column == THRESHOLD:
            value = self.threshold.quantile(p)
        elif column == WIDTH:
            value = self.width.quantile(p)
        else:
            # Beta(1, 10) has its quantiles in closed form
            value = 1 - np.exp(np.log(np.maximum(1 - p, 1e-15)) / RATE)
        return np.clip(value, self.low[:, [column]], self.high[:, [column]])

    def log_density(self, theta: Floats) -> Floats:
        """Evaluate the logarithm of the density, up to a constant: shape (n, points)."""
        total = np.zeros((len(theta), theta.shape[2]))
        for column in self.free:
            value = theta[:, column]
            if column == THRESHOLD:
                total += self.threshold.log_density(value)
            elif column == WIDTH:
                total += self.width.log_density(value)
            else:
                total += (RATE - 1) * np.log1p(-value)
        return total

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw parameters from each row's prior: shape (n, 5, count).

        Draws with guess + lapse of 1 or more, which leave no curve, are repeated.
        """
        x = rng.standard_normal((len(self), 5, count))
        theta = self.to_theta(x)
        while (crowded := theta[:, GUESS] + theta[:, LAPSE] >= 1).any():
            x = np.where(crowded[:, None], rng.standard_normal(x.shape), x)
            theta = self.to_theta(x)
        return theta

    def _cdf(self, theta: Floats) -> Floats:
        """Evaluate the unbounded priors' distribution functions at theta, (n, 5) each."""
        p = np.empty_like(theta)
        p[:, GUESS:] = -np.expm1(RATE * np.log1p(-theta[:, GUESS:]))
        p[:, [THRESHOLD]] = self.threshold.cdf(theta[:, [THRESHOLD]])
        p[:, [WIDTH]] = self.width.cdf(theta[:, [WIDTH]])
        return p


def make_prior(
    blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_] | None = None
) -> Prior:
    """Formulate the prior of each observer's fit.

    Parameters
    ----------
    blocks : Blocks
        The priors of threshold and width follow their levels.
    options : FitOptions
        Task, asymptotes, likelihood and bounds.
    falling : ndarray of bool, shape (n,), optional
        Where guess and lapse are swapped, as in `psychobench.fits.ml.problem.make_problem`.
    """
    n = len(blocks)
    swapped = np.zeros(n, dtype=bool) if falling is None else falling
    half, gap, one = np.full(n, 0.5), np.minimum(blocks.gap, 1.0), np.ones(n)
    narrow = np.where(gap > 0.5, one, gap)  # with two levels the prior has no rising edge
    threshold = Plateau(-half - BEYOND, -half, half, half + BEYOND)
    width = Plateau(narrow, np.minimum(2 * narrow, one), one, MAX_WIDTH * one)
    low, high = np.empty((n, 5)), np.empty((n, 5))
    low[:, THRESHOLD], high[:, THRESHOLD] = threshold.foot, threshold.end
    low[:, WIDTH], high[:, WIDTH] = width.foot, width.end
    middle = {"threshold": blocks.centre, "width": np.zeros(n)}
    for column, name in ((THRESHOLD, "threshold"), (WIDTH, "width")):
        if name in options.bounds:
            least, most = ((end - middle[name]) / blocks.scale for end in options.bounds[name])
            held = least == most
            low[:, column] = np.where(held, least, np.maximum(least, low[:, column]))
            high[:, column] = np.where(held, most, np.minimum(most, high[:, column]))
    _bound_rates(low, high, options, swapped)
    overdispersed = options.likelihood == "beta-binomial"
    low[:, ETA], high[:, ETA] = MIN_ETA, MAX_ETA if overdispersed else MIN_ETA
    return Prior(threshold, width, low, high, tied=options.asymptotes == "equal")


def _bound_rates(
    low: Floats, high: Floats, options: FitOptions, swapped: NDArray[np.bool_]
) -> None:
    """Bound guess and lapse, each also by 1 minus the least value of the other."""
    rates, equal = options.asymptote_bounds, options.asymptotes == "equal"
    for column, name, other in ((GUESS, "guess", "lapse"), (LAPSE, "lapse", "guess")):
        own = np.where(swapped[:, None], rates[other], rates[name])
        others_least = np.where(swapped, rates[name][0], rates[other][0])
        room = MAX_ASYMPTOTE / 2 if equal else MAX_ASYMPTOTE - others_least
        low[:, column] = own[:, 0]
        high[:, column] = np.maximum(own[:, 0], np.minimum(own[:, 1], room))
