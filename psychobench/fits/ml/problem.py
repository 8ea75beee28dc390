"""What maximum likelihood maximises: data, curve, bounds and prior of many fits.

Parameters and equations are those of docs/dev/fitting.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, Floats, Sigmoid
from psychobench.fits.likelihoods import MAX_RHO, MIN_RHO
from psychobench.fits.ml.prior_terms import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    RHO,
    THRESHOLD,
    PriorTerm,
    make_prior_terms,
    within_supports,
)
from psychobench.fits.options import MAX_ASYMPTOTE, FitOptions
from psychobench.fits.priors import MIN_WIDTH, bound_rates

__all__ = [
    "GUESS", "LAPSE", "LOG_WIDTH", "MIN_WIDTH", "RHO", "THRESHOLD",
    "Optimum", "Problem", "RateTerm", "clip_columns", "clip_to_bounds", "make_problem",
    "without_possible_width",
]  # fmt: skip

MAX_WIDTH = 100.0  # of the range of the levels: a curve as flat as a constant
MAX_BEYOND = 100.0  # ranges by which the threshold may leave the levels


@dataclass(frozen=True)
class RateTerm:
    """A term of the log-likelihood that depends on one rate alone, a piecewise cubic function.

    It carries what an observer's other conditions say of a lapse rate that all conditions share
    (eq. 22 of docs/dev/fitting.md).

    Parameters
    ----------
    nodes : ndarray, shape (k,)
        Where the pieces meet; the rate stays between the first and the last.
    coefficients : ndarray, shape (n, 4, k - 1)
        Of each piece, from the cube down, of the distance from its left node.
    column : ndarray of int, shape (n,)
        `GUESS` or `LAPSE`.
    """

    nodes: Floats
    coefficients: Floats
    column: NDArray[np.intp]

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> RateTerm:
        """Select rows."""
        return RateTerm(self.nodes, self.coefficients[rows], self.column[rows])

    def value(self, theta: Floats) -> Floats:
        """Evaluate the term at parameters of shape (5, n)."""
        return self(theta)[0]

    def __call__(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Evaluate the term and its first two derivatives at parameters of shape (5, n)."""
        row = np.arange(len(self.column))
        rate = theta[self.column, row]
        piece = np.searchsorted(self.nodes[1:-1], rate, side="right")
        x, (a, b, c, d) = rate - self.nodes[piece], self.coefficients[row, :, piece].T
        return ((a * x + b) * x + c) * x + d, (3 * a * x + 2 * b) * x + c, 6 * a * x + 2 * b


@dataclass(frozen=True)
class Problem:
    """The optimisation problems of n fits: data, curve, bounds and prior.

    Parameters
    ----------
    blocks : Blocks
        The data.
    sigmoid : Sigmoid
        The curve.
    low, high : ndarray, shape (n, 5)
        Bounds on theta; equal ones hold a parameter.
    tied : bool
        Whether lapse equals guess, so that its prior counts once.
    overdispersed : bool
        Whether the likelihood is beta-binomial.
    prior : tuple of PriorTerm
        Logarithms of the priors.
    at_pse : bool
        Whether the first column of theta holds the PSE instead of the threshold; guess and lapse
        must then stay below .5.
    proportion : float
        The value of psi that, with `at_pse`, the first column has the level of.
    expected_only : bool
        Whether steps use the expected information alone. Far from an optimum such steps reach
        farther, near it they converge more slowly.
    rate_term : RateTerm, optional
        A further term of the log-likelihood.
    """

    blocks: Blocks
    sigmoid: Sigmoid
    low: Floats
    high: Floats
    tied: bool = False
    overdispersed: bool = False
    prior: tuple[PriorTerm, ...] = ()
    at_pse: bool = False
    proportion: float = 0.5
    expected_only: bool = False
    rate_term: RateTerm | None = None

    def take(self, rows: NDArray[np.integer]) -> Problem:
        """Select rows."""
        return replace(
            self,
            blocks=self.blocks.take(rows),
            low=self.low[rows],
            high=self.high[rows],
            prior=tuple(term.take(rows) for term in self.prior),
            rate_term=None if self.rate_term is None else self.rate_term.take(rows),
        )


class Optimum(NamedTuple):
    """Where maximisation ended: `theta` (n, 5), `value` (n,) with the prior, `loglik` without."""

    theta: Floats
    value: Floats
    loglik: Floats


def make_problem(
    blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_] | None = None
) -> Problem:
    """Formulate the fits that options ask for.

    The threshold stays within `MAX_BEYOND` ranges of the levels and the width between `MIN_WIDTH`
    of the smallest gap and `MAX_WIDTH` ranges, unless `bounds` says otherwise; a width is never
    below its floor.

    Parameters
    ----------
    blocks : Blocks
        The data.
    options : FitOptions
        What is asked for.
    falling : ndarray of bool, shape (n,), optional
        Where to fit ``1 - F`` in place of ``F``: the responses there are swapped, and so are guess
        and lapse.

    Returns
    -------
    Problem
    """
    swapped = np.zeros(len(blocks), dtype=bool) if falling is None else falling
    overdispersed = options.likelihood == "beta-binomial" and not blocks.probabilities
    low, high = _threshold_width_bounds(blocks, options)
    bound_rates(low, high, options, swapped)
    low[:, RHO], high[:, RHO] = MIN_RHO, MAX_RHO if overdispersed else MIN_RHO
    terms = () if blocks.probabilities else make_prior_terms(blocks, options, swapped)
    low, high = within_supports(terms, low, high)
    return Problem(
        blocks.swapped(swapped),
        SIGMOIDS[options.sigmoid],
        low,
        high,
        tied=options.asymptotes == "equal",
        overdispersed=overdispersed,
        prior=terms,
    )


def without_possible_width(blocks: Blocks, options: FitOptions) -> NDArray[np.bool_]:
    """Find fits whose levels are so far apart that no width within the bounds is above its floor.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    low, high = _threshold_width_bounds(blocks, options)
    return np.asarray(low[:, LOG_WIDTH] > high[:, LOG_WIDTH])


def _threshold_width_bounds(blocks: Blocks, options: FitOptions) -> tuple[Floats, Floats]:
    """Compute bounds on theta, (n, 5) each, of which the first two columns are filled in."""
    low, high = np.empty((len(blocks), 5)), np.empty((len(blocks), 5))
    low[:, THRESHOLD], high[:, THRESHOLD] = -MAX_BEYOND, MAX_BEYOND
    low[:, LOG_WIDTH], high[:, LOG_WIDTH] = np.log(MIN_WIDTH * blocks.gap), np.log(MAX_WIDTH)
    if "threshold" in options.bounds:
        ends = np.array(options.bounds["threshold"])
        standardised = (ends - blocks.centre[:, None]) / blocks.scale[:, None]
        low[:, THRESHOLD], high[:, THRESHOLD] = standardised.T
    if "width" in options.bounds:
        least, most = options.bounds["width"]
        floor = np.exp(low[:, LOG_WIDTH])
        low[:, LOG_WIDTH] = np.log(np.maximum(floor, least / blocks.scale))
        high[:, LOG_WIDTH] = np.log(most / blocks.scale)
    return low, high


def clip_to_bounds(problem: Problem, theta: Floats) -> Floats:
    """Bring parameters (n, 5) within their bounds, and guess + lapse below 1."""
    return clip_columns(problem.low.T, problem.high.T, theta.T, tied=problem.tied).T


def clip_columns(low: Floats, high: Floats, theta: Floats, *, tied: bool) -> Floats:
    """Do the same for arrays with fits along the last axis, (5, n) each."""
    theta = np.clip(theta, low, high)
    if tied:
        theta[LAPSE] = theta[GUESS]
    over = theta[GUESS] + theta[LAPSE] > MAX_ASYMPTOTE
    if over.any():  # what both rates have above their lower bounds shrinks by one factor
        floor = low[GUESS : LAPSE + 1, over]
        room = theta[GUESS : LAPSE + 1, over] - floor
        above = room.sum(axis=0)  # none where a rate is held at its highest value, but for rounding
        share = (MAX_ASYMPTOTE - floor.sum(axis=0)) / np.where(above > 0, above, 1.0)
        theta[GUESS : LAPSE + 1, over] = floor + room * share
    return np.asarray(theta)
