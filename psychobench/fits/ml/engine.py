"""Maximum likelihood for a whole table at once.

Each fit starts from the best points of a grid, several of them apart from each other, and is
maximised from all; every step is one array operation over all fits and starts. Derived in
docs/dev/fitting.md.

statsmodels and scipy fit one curve at a time, and statsmodels' generalised linear models have no
asymptotes; the tests hold this engine to both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.direction import find_direction
from psychobench.fits.functions import Floats
from psychobench.fits.likelihoods import MIN_RHO
from psychobench.fits.ml.multistart import multistart
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    RHO,
    THRESHOLD,
    Optimum,
    Problem,
    clip_to_bounds,
    make_problem,
)
from psychobench.fits.ml.scoring import TOLERANCE
from psychobench.fits.ml.starts import FINE, Grid, grid_starts
from psychobench.fits.ml.step_limit import to_step_limit, without_overdispersion
from psychobench.fits.options import FitOptions
from psychobench.parallel import in_order, spans

STARTS = 25
TOGETHER = 500  # observers that one core fits side by side
CRITERION = 1.92  # log-likelihood: half the .95 quantile of chi-squared with one degree of freedom


def fit(blocks: Blocks, options: FitOptions) -> Curves:
    """Fit every observer's curve, rising or falling.

    The curve falls where the answers do (`psychobench.fits.direction`), or, for probabilities,
    where the falling curve has the lower cross-entropy.

    Priors, if there are any, penalise the likelihood; the objective that curves carry excludes
    them. Probabilities are fitted by mean cross-entropy with all levels weighted alike.

    Parameters
    ----------
    blocks : Blocks
        The data.
    options : FitOptions
        What is asked for.

    Returns
    -------
    Curves
    """
    parts = in_order(
        lambda rows: _fit(blocks.take(rows), options),
        spans(len(blocks), TOGETHER),
        doing="fitting curves",
    )
    return Curves.concatenate(list(parts))


def _fit(blocks: Blocks, options: FitOptions) -> Curves:
    falling = find_direction(blocks).falling
    if not blocks.probabilities:
        return fit_towards(blocks, options, falling)
    one, other = (fit_towards(blocks, options, side) for side in (falling, ~falling))
    return other.where(other.objective > one.objective, one)


def fit_towards(blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_]) -> Curves:
    """Fit every observer's curve in a given direction; `falling` has shape (n,)."""
    problem = make_problem(blocks, options, falling)
    return to_curves(problem, solve(problem), falling)


def to_curves(problem: Problem, optimum: Optimum, falling: NDArray[np.bool_]) -> Curves:
    """Convert optima to curves in level units, guess and lapse swapped back where falling."""
    theta = optimum.theta
    rho = np.where(theta[:, RHO] > MIN_RHO, theta[:, RHO], 0.0)
    return Curves(
        problem.sigmoid,
        threshold=problem.blocks.centre + problem.blocks.scale * theta[:, THRESHOLD],
        width=problem.blocks.scale * np.exp(theta[:, LOG_WIDTH]),
        guess=np.where(falling, theta[:, LAPSE], theta[:, GUESS]),
        lapse=np.where(falling, theta[:, GUESS], theta[:, LAPSE]),
        overdispersion=np.sqrt(rho) if problem.overdispersed else np.full(len(theta), np.nan),
        falling=falling,
        objective=optimum.loglik,
    )


def to_theta(problem: Problem, curves: Curves) -> Floats:
    """Convert curves to parameters on the scale of the fit, (n, 5): the inverse of `to_curves`."""
    blocks, falling = problem.blocks, curves.falling
    theta = np.empty((len(curves), 5))
    theta[:, THRESHOLD] = (curves.threshold - blocks.centre) / blocks.scale
    width = np.where(curves.steps, 1.0, curves.width / blocks.scale)
    theta[:, LOG_WIDTH] = np.where(curves.steps, -np.inf, np.log(width))  # a step: the floor
    theta[:, GUESS] = np.where(falling, curves.lapse, curves.guess)
    theta[:, LAPSE] = np.where(falling, curves.guess, curves.lapse)
    theta[:, RHO] = np.nan_to_num(curves.overdispersion) ** 2
    return clip_to_bounds(problem, theta)


def solve(
    problem: Problem,
    *,
    starts: int = STARTS,
    grid: Grid = FINE,
    near: Floats | None = None,
    tolerance: float = TOLERANCE,
) -> Optimum:
    """Maximise from the best grid points, and resolve what the likelihood leaves open.

    Blocks of single answers cannot tell overdispersion from none, nor two levels with all answers
    alike on either side one steep curve from another: see `psychobench.fits.ml.step_limit`.

    Parameters
    ----------
    problem : Problem
        With n rows.
    starts : int
        Largest number of starts per row.
    grid : Grid
        From which starts are taken.
    near : ndarray, shape (n, 5), optional
        One more start per row.
    tolerance : float
        Expected gain, in log-likelihood, at which a fit has converged.

    Returns
    -------
    Optimum
        Of n rows.
    """

    def best(some: Problem, near: Floats | None = None) -> Optimum:
        return multistart(some, grid_starts(some, starts, grid, near), tolerance)

    return to_step_limit(problem, without_overdispersion(problem, best(problem, near)), best)
