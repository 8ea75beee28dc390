"""The priors of a psychometric function's parameters, and draws from them.

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
from psychobench.fits.densities import Density, Either, Parametric, Plateau
from psychobench.fits.functions import Floats
from psychobench.fits.options import MAX_ASYMPTOTE, FitOptions
from psychobench.fits.prior_options import NONE, PARAMETERS, PUBLISHED, Shape, read_shape

# columns of theta, in units of z
THRESHOLD, WIDTH, GUESS, LAPSE, ETA = range(5)
BEYOND = 0.5  # ranges by which the threshold may leave the levels
MAX_WIDTH = 3.0  # ranges
MIN_WIDTH = 0.1  # of the smallest gap between two levels
MIN_ETA, MAX_ETA = 0.0, 1.0 - 1e-6


@dataclass(frozen=True)
class Prior:
    """The prior of every observer's parameters, on the scale on which levels span -.5 to .5.

    The columns of theta are threshold, width, guess, lapse and overdispersion (eta).

    Parameters
    ----------
    threshold, width, guess, lapse, overdispersion : Density
        Of each parameter.
    low, high : ndarray, shape (n, 5)
        Bounds; equal ones hold a parameter.
    tied : bool
        Whether lapse equals guess.
    """

    threshold: Density
    width: Density
    guess: Density
    lapse: Density
    overdispersion: Density
    low: Floats
    high: Floats
    tied: bool = False

    def __len__(self) -> int:
        return len(self.low)

    def take(self, rows: NDArray[np.integer] | slice) -> Prior:
        """Select rows."""
        densities = {name: getattr(self, name).take(rows) for name in PARAMETERS}
        return replace(self, **densities, low=self.low[rows], high=self.high[rows])

    def density(self, column: int) -> Density:
        """Return the density of one column of theta."""
        found: Density = getattr(self, PARAMETERS[column])
        return found

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
        value = self.density(column).quantile(p)
        return np.clip(value, self.low[:, [column]], self.high[:, [column]])

    def log_density(self, theta: Floats) -> Floats:
        """Evaluate the logarithm of the density, up to a constant: shape (n, points)."""
        total = np.zeros((len(theta), theta.shape[2]))
        for column in self.free:
            total += self.density(column).log_density(theta[:, column])
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
        columns = range(len(PARAMETERS))
        return np.hstack([self.density(column).cdf(theta[:, [column]]) for column in columns])


def make_prior(
    blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_] | None = None
) -> Prior:
    """Formulate the prior of each observer's fit.

    Parameters
    ----------
    blocks : Blocks
        The priors of threshold and width follow their levels unless they have shapes.
    options : FitOptions
        Task, asymptotes, likelihood, bounds and priors.
    falling : ndarray of bool, shape (n,), optional
        Where guess and lapse are swapped, as in `psychobench.fits.ml.problem.make_problem`.
    """
    n = len(blocks)
    swapped = np.zeros(n, dtype=bool) if falling is None else falling
    threshold, width = _threshold(blocks, options), _width(blocks, options)
    guess, lapse, eta = (_rate(options.priors.get(name, NONE)) for name in PARAMETERS[GUESS:])
    if guess != lapse and swapped.any():
        guess, lapse = Either(guess, lapse, swapped), Either(lapse, guess, swapped)
    low, high = np.empty((n, 5)), np.empty((n, 5))
    bound_rates(low, high, options, swapped)
    overdispersed = options.likelihood == "beta-binomial"
    low[:, ETA], high[:, ETA] = MIN_ETA, MAX_ETA if overdispersed else MIN_ETA
    low[:, [THRESHOLD, WIDTH]], high[:, [THRESHOLD, WIDTH]] = -np.inf, np.inf
    middle = {"threshold": blocks.centre, "width": np.zeros(n)}
    for column, name in ((THRESHOLD, "threshold"), (WIDTH, "width")):
        if name in options.bounds:
            ends = ((end - middle[name]) / blocks.scale for end in options.bounds[name])
            low[:, column], high[:, column] = ends
    for column, density in enumerate((threshold, width, guess, lapse, eta)):
        held = low[:, column] == high[:, column]
        least, most = density.support()
        low[:, column] = np.where(held, low[:, column], np.maximum(least, low[:, column]))
        high[:, column] = np.where(held, high[:, column], np.minimum(most, high[:, column]))
    tied = options.asymptotes == "equal"
    return Prior(threshold, width, guess, lapse, eta, low, high, tied=tied)


def _threshold(blocks: Blocks, options: FitOptions) -> Density:
    """Formulate the threshold's prior: psignifit's, or the same without falling edges."""
    text, half = options.priors.get("threshold", NONE), np.full(len(blocks), 0.5)
    shape = read_shape(text)
    if shape is not None:
        return Parametric(shape, (blocks.centre, blocks.scale))
    edge = half + BEYOND
    return Plateau(-edge, -edge, edge, edge) if text == NONE else Plateau(-edge, -half, half, edge)


def _width(blocks: Blocks, options: FitOptions) -> Density:
    """Formulate the width's prior: psignifit's, the same from 0 on, or flat."""
    text, one = options.priors.get("width", NONE), np.ones(len(blocks))
    shape = read_shape(text)
    if shape is not None:
        return Parametric(shape, (np.zeros(len(blocks)), blocks.scale))
    gap, most = np.minimum(blocks.gap, 1.0), MAX_WIDTH * one
    if text == PUBLISHED:
        narrow = np.where(gap > 0.5, one, gap)  # with two levels the prior has no rising edge
        return Plateau(narrow, np.minimum(2 * narrow, one), one, most)
    least = MIN_WIDTH * gap
    return Plateau(least, least, most if text == NONE else one, most)


def _rate(text: str) -> Density:
    return Parametric(read_shape(text) or Shape("uniform", (0.0, 1.0)))


def bound_rates(low: Floats, high: Floats, options: FitOptions, swapped: NDArray[np.bool_]) -> None:
    """Fill in the bounds of guess and lapse, each also 1 minus the least value of the other.

    Parameters
    ----------
    low, high : ndarray, shape (n, 5)
        Bounds on theta; columns `GUESS` and `LAPSE` are written.
    options : FitOptions
        What is asked for.
    swapped : ndarray of bool, shape (n,)
        Where guess and lapse are exchanged.
    """
    rates, equal = options.asymptote_bounds, options.asymptotes == "equal"
    for column, name, other in ((GUESS, "guess", "lapse"), (LAPSE, "lapse", "guess")):
        own = np.where(swapped[:, None], rates[other], rates[name])
        others_least = np.where(swapped, rates[name][0], rates[other][0])
        room = MAX_ASYMPTOTE / 2 if equal else MAX_ASYMPTOTE - others_least
        low[:, column] = own[:, 0]
        high[:, column] = np.maximum(own[:, 0], np.minimum(own[:, 1], room))
