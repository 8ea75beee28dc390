"""Maximum likelihood for a whole table at once.

Each fit starts from the best points of a grid, several of them apart from each other, and climbs
from all; every step is one array operation over all fits and starts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import SIGMOIDS, Floats
from psychobench.fits.likelihoods import MAX_RHO, MIN_RHO
from psychobench.fits.ml.multistart import best
from psychobench.fits.ml.scoring import (
    GUESS,
    LAPSE,
    LOG_W,
    PRIOR,
    RHO,
    TOLERANCE,
    M,
    Peak,
    Problem,
    climb,
    evaluate,
    within,
)
from psychobench.fits.ml.starts import FINE, Grid, grid_starts
from psychobench.fits.options import MAX_ASYMPTOTE, FitOptions
from psychobench.parallel import in_order, spans

MIN_WIDTH = 0.1  # of the smallest gap between two levels
MAX_WIDTH = 100.0  # of the range of the levels: a curve as flat as a constant
MAX_BEYOND = 100.0  # ranges by which the threshold may leave the levels
STARTS = 25
TOGETHER = 500  # observers that one core fits side by side
CRITERION = 1.92  # log-likelihood: half the .95 quantile of chi-squared with one degree of freedom
PLATEAU = 1e-4  # log-likelihood by which a step may miss the best and still count as it


def fit(blocks: Blocks, options: FitOptions) -> Curves:
    """Fit every observer's curve, rising or falling.

    Falling where the falling curve is more than `CRITERION` log-likelihood better, or, for
    probabilities, where its cross-entropy is lower.

    Maximum likelihood is penalised: guess and lapse have the Beta(1, 10) prior [1]_, without which
    sparse data would be explained by lapses. The objective that curves carry leaves it out.
    Probabilities are fitted by mean cross-entropy with all levels weighted alike and no prior,
    since they hold no number of trials for a prior to weigh against.

    Parameters
    ----------
    blocks : Blocks
        The data.
    options : FitOptions
        What is asked for.

    References
    ----------
    .. [1] Schuett et al. (2016), section 2.2, doi:10.1016/j.visres.2016.02.002.
    """
    parts = in_order(lambda rows: _fit(blocks.take(rows), options), spans(len(blocks), TOGETHER))
    return Curves.concatenate(list(parts))


def _fit(blocks: Blocks, options: FitOptions) -> Curves:
    n = len(blocks)
    problem = pose(blocks.take(np.tile(np.arange(n), 2)), options, np.arange(2 * n) >= n)
    curves = to_curves(problem, solve(problem), np.arange(2 * n) >= n)
    rising, falling = curves.take(np.arange(n)), curves.take(np.arange(n, 2 * n))
    needed = 0.0 if blocks.probabilities else CRITERION
    return falling.where(falling.objective > rising.objective + needed, rising)


def to_curves(problem: Problem, peak: Peak, falling: NDArray[np.bool_]) -> Curves:
    """Take peaks back to level units; guess and lapse to their own sides."""
    theta = peak.theta
    rho = np.where(theta[:, RHO] > MIN_RHO, theta[:, RHO], 0.0)
    return Curves(
        problem.sigmoid,
        threshold=problem.blocks.centre + problem.blocks.scale * theta[:, M],
        width=problem.blocks.scale * np.exp(theta[:, LOG_W]),
        guess=np.where(falling, theta[:, LAPSE], theta[:, GUESS]),
        lapse=np.where(falling, theta[:, GUESS], theta[:, LAPSE]),
        overdispersion=np.sqrt(rho) if problem.overdispersed else np.full(len(theta), np.nan),
        falling=falling,
        objective=peak.loglik,
    )


def to_theta(problem: Problem, curves: Curves) -> Floats:
    """Undo `to_curves`: parameters on the scale of the fit, shape (n, 5)."""
    blocks, falling = problem.blocks, curves.falling
    theta = np.empty((len(curves), 5))
    theta[:, M] = (curves.threshold - blocks.centre) / blocks.scale
    theta[:, LOG_W] = np.log(curves.width / blocks.scale)
    theta[:, GUESS] = np.where(falling, curves.lapse, curves.guess)
    theta[:, LAPSE] = np.where(falling, curves.guess, curves.lapse)
    theta[:, RHO] = np.nan_to_num(curves.overdispersion) ** 2
    return within(problem, theta)


def at_floor(curves: Curves, blocks: Blocks) -> NDArray[np.bool_]:
    """Tell which curves are as steep as their levels allow: steps, shape (n,)."""
    return np.asarray(curves.width <= MIN_WIDTH * blocks.gap * blocks.scale * (1 + 1e-6))


def fit_constant(blocks: Blocks, options: FitOptions) -> Floats:
    """Maximise the log-likelihood of a curve that is flat: shape (n,).

    Its height is a guess rate under a curve that lies out of sight.
    """
    problem = pose(blocks, options)
    low, high = problem.low.copy(), problem.high.copy()
    low[:, [M, LOG_W, LAPSE]] = high[:, [M, LOG_W, LAPSE]] = 1e6, 0.0, 0.0
    low[:, GUESS], high[:, GUESS] = 0.0, MAX_ASYMPTOTE
    problem = replace(problem, low=low, high=high, tied=False, prior=0.0)
    start = low.copy()
    start[:, GUESS] = blocks.hits.sum(axis=1) / blocks.trials.sum(axis=1)
    return climb(problem, start).loglik


def pose(blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_] | None = None) -> Problem:
    """State the fits that options ask for.

    The threshold stays within `MAX_BEYOND` ranges of the levels and the width between `MIN_WIDTH`
    of the smallest gap and `MAX_WIDTH` ranges, unless `bounds` says otherwise; a width never goes
    below its floor.

    Parameters
    ----------
    blocks : Blocks
        The data.
    options : FitOptions
        What is asked for.
    falling : ndarray of bool, shape (n,), optional
        Where to fit ``1 - F`` in place of ``F``: the responses there trade places, and so do guess
        and lapse.
    """
    turned = np.zeros(len(blocks), dtype=bool) if falling is None else falling
    overdispersed = options.likelihood == "beta-binomial" and not blocks.probabilities
    low, high = _shape_bounds(blocks, options)
    rates = options.asymptote_bounds
    for column, name, other in ((GUESS, "guess", "lapse"), (LAPSE, "lapse", "guess")):
        ends = np.where(turned[:, None], rates[other], rates[name])
        low[:, column], high[:, column] = ends.T
    low[:, RHO], high[:, RHO] = MIN_RHO, MAX_RHO if overdispersed else MIN_RHO
    return Problem(
        blocks.swapped(turned),
        SIGMOIDS[options.sigmoid],
        low,
        high,
        tied=options.asymptotes == "equal",
        overdispersed=overdispersed,
        prior=0.0 if blocks.probabilities else PRIOR,
    )


def excluded(blocks: Blocks, options: FitOptions) -> NDArray[np.bool_]:
    """Tell whose levels are so far apart that no width within the bounds is above its floor."""
    low, high = _shape_bounds(blocks, options)
    return np.asarray(low[:, LOG_W] > high[:, LOG_W])


def _shape_bounds(blocks: Blocks, options: FitOptions) -> tuple[Floats, Floats]:
    low, high = np.empty((len(blocks), 5)), np.empty((len(blocks), 5))
    low[:, M], high[:, M] = -MAX_BEYOND, MAX_BEYOND
    low[:, LOG_W], high[:, LOG_W] = np.log(MIN_WIDTH * blocks.gap), np.log(MAX_WIDTH)
    if "threshold" in options.bounds:
        ends = np.array(options.bounds["threshold"])
        low[:, M], high[:, M] = ((ends - blocks.centre[:, None]) / blocks.scale[:, None]).T
    if "width" in options.bounds:
        least, most = options.bounds["width"]
        floor = np.exp(low[:, LOG_W])
        low[:, LOG_W] = np.log(np.maximum(floor, least / blocks.scale))
        high[:, LOG_W] = np.log(most / blocks.scale)
    return low, high


def solve(
    problem: Problem,
    *,
    starts: int = STARTS,
    grid: Grid = FINE,
    near: Floats | None = None,
    tolerance: float = TOLERANCE,
) -> Peak:
    """Maximise from the best grid points; a plateau that reaches a step is taken as the step.

    Where the likelihood no longer changes as the curve steepens, a width between its floor and the
    smallest gap is an accident of where the climb ended: the floor is taken instead.

    Parameters
    ----------
    problem : Problem
        With n rows.
    starts : int
        Climbs per row.
    grid : Grid
        Where climbs may start.
    near : ndarray, shape (n, 5), optional
        One more start per row.
    tolerance : float
        Expected gain, in log-likelihood, at which climbs end.

    Returns
    -------
    Peak
        Of n rows.
    """
    peak = _plain(problem, best(problem, grid_starts(problem, starts, grid, near), tolerance))
    return _steepen(problem, peak, starts, grid, tolerance)


def _plain(problem: Problem, peak: Peak) -> Peak:
    """Take no overdispersion where none is as likely: blocks of one answer cannot tell."""
    if not problem.overdispersed:
        return peak
    theta = peak.theta.copy()
    theta[:, RHO] = MIN_RHO
    plain = evaluate(problem, theta)
    return _prefer(plain.value >= peak.value - PLATEAU, plain, peak)


def _prefer(chosen: NDArray[np.bool_], one: Peak, other: Peak) -> Peak:
    return Peak(
        np.where(chosen[:, None], one.theta, other.theta),
        np.where(chosen, one.value, other.value),
        np.where(chosen, one.loglik, other.loglik),
    )


def _steepen(problem: Problem, peak: Peak, starts: int, grid: Grid, tolerance: float) -> Peak:
    """Put peaks that lie on a plateau towards steeper curves at the floor of the width."""
    gap, floor = np.log(problem.blocks.gap), problem.low[:, LOG_W]
    rows = np.flatnonzero((peak.theta[:, LOG_W] < gap) & (floor < gap))
    if not len(rows):
        return peak
    steps = problem.take(rows)
    held = steps.high.copy()
    held[:, LOG_W] = steps.low[:, LOG_W]
    steps = replace(steps, high=held)
    found = best(steps, grid_starts(steps, starts, grid), tolerance)
    edge = _centred(steps, _plain(steps, found))
    slack = PLATEAU * np.minimum(1.0, steps.blocks.trials.sum(axis=1))
    flat = edge.value >= peak.value[rows] - slack
    parts = [part.copy() for part in peak]
    for whole, part in zip(parts, edge, strict=True):
        whole[rows[flat]] = part[flat]
    return Peak(*parts)


def _centred(steps: Problem, edge: Peak) -> Peak:
    """Move each step to the middle between its levels, where that is as likely."""
    z, scale = steps.blocks.z, np.exp(edge.theta[:, LOG_W])
    share = (0.5 - edge.theta[:, GUESS]) / (1 - edge.theta[:, GUESS] - edge.theta[:, LAPSE])
    crossing = steps.sigmoid.position(share, edge.theta[:, M], scale)
    crossing = np.where(np.isfinite(crossing), crossing, edge.theta[:, M])
    below = np.where(z <= crossing[:, None], z, -np.inf).max(axis=1)
    above = np.where(z > crossing[:, None], z, np.inf).min(axis=1)
    middle = np.where(np.isfinite(below + above), (below + above) / 2, crossing)
    theta = edge.theta.copy()
    theta[:, M] = np.clip(theta[:, M] + middle - crossing, steps.low[:, M], steps.high[:, M])
    moved = evaluate(steps, theta)
    slack = PLATEAU * np.minimum(1.0, steps.blocks.trials.sum(axis=1))
    return _prefer(moved.value >= edge.value - slack, moved, edge)
