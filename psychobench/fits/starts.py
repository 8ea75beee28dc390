"""Starting points from a grid that fits with the same levels and bounds share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.ascent import GUESS, LAPSE, LOG_W, RHO, M, Problem
from psychobench.fits.functions import Floats, Sigmoid

WIDTHS = 12
BANDS = 3  # of widths; starts come from different ones
WIDEST = 20.0  # ranges of the levels; flatter curves are reached by climbing
RATES = (0.005, 0.1, 0.3, 0.6)
BEYOND = (0.1, 0.3, 0.6, 1.0)  # widths by which thresholds lie outside the levels
START_RHO = 0.01
FLOOR = 1e-12


def grid_starts(problem: Problem, starts: int) -> Floats:
    """Find each row's best grid points, each from another band of widths or other asymptotes.

    The log-likelihoods of all rows of a group at all points of its grid are two matrix products.

    Parameters
    ----------
    problem : Problem
        With n rows.
    starts : int
        Points per row.

    Returns
    -------
    ndarray, shape (n, starts, 5)
    """
    blocks = problem.blocks
    keys = np.hstack([blocks.z, problem.low, problem.high]).round(9)
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    found = np.empty((len(blocks), starts, 5))
    for number, example in enumerate(first):
        rows = np.flatnonzero(group == number)
        grid = _grid(problem.take(np.array([example])))
        found[rows] = _best_points(problem, rows, grid, starts)
    return found


def _grid(example: Problem) -> Floats:
    """Lay out a grid within one row's bounds: shape (strata, points, 5)."""
    low, high = example.low[0], example.high[0]
    levels = np.unique(example.blocks.z[0])
    widths = np.geomspace(
        np.exp(low[LOG_W]), max(np.exp(low[LOG_W]), min(np.exp(high[LOG_W]), WIDEST)), WIDTHS
    )
    inner = np.concatenate([levels, (levels[1:] + levels[:-1]) / 2])
    outer = 0.5 + widths[:, None] * BEYOND
    thresholds = np.hstack([np.tile(inner, (WIDTHS, 1)), outer, -outer])
    rates = _rates(low, high, tied=example.tied)
    grid = np.empty((len(rates), *thresholds.shape, 5))
    grid[..., M] = thresholds
    grid[..., LOG_W] = np.log(widths)[:, None]
    grid[..., GUESS : LAPSE + 1] = rates[:, None, None, :]
    grid[..., RHO] = START_RHO
    return np.clip(grid.reshape(len(rates) * BANDS, -1, 5), low, high)


def _rates(low: Floats, high: Floats, *, tied: bool) -> Floats:
    guess = np.unique(np.clip(RATES, low[GUESS], high[GUESS]))
    lapse = np.unique(np.clip(RATES, low[LAPSE], high[LAPSE]))
    pairs = [(g, x) for g in guess for x in lapse if g + x < 1 and (g == x or not tied)]
    return np.array(pairs or [(low[GUESS], low[LAPSE])])


def _best_points(problem: Problem, rows: NDArray[np.intp], grid: Floats, starts: int) -> Floats:
    """Take the best point of each row's best strata: shape (rows, starts, 5)."""
    value = _values(problem, rows, grid)
    peaks = value.max(axis=2)
    strata = np.argsort(-peaks, axis=1, kind="stable")[:, :starts]
    strata = strata[:, np.arange(starts) % strata.shape[1]]
    points = value.argmax(axis=2)
    return np.asarray(grid[strata, np.take_along_axis(points, strata, axis=1)])


def _values(problem: Problem, rows: NDArray[np.intp], grid: Floats) -> Floats:
    """Evaluate the penalised binomial log-likelihood: shape (rows, strata, points)."""
    sigmoid: Sigmoid = problem.sigmoid
    blocks = problem.blocks
    flat = grid.reshape(-1, 5)
    u = sigmoid.standardise(blocks.z[rows[0]], flat[:, [M]], np.exp(flat[:, [LOG_W]]))
    guess, lapse = flat[:, [GUESS]], flat[:, [LAPSE]]
    room = 1 - guess - lapse
    hit = np.log(np.maximum(guess + room * sigmoid.cdf(u), FLOOR))
    miss = np.log(np.maximum(lapse + room * sigmoid.sf(u), FLOOR))
    value = blocks.hits[rows] @ hit.T + (blocks.trials[rows] - blocks.hits[rows]) @ miss.T
    prior = np.log1p(-flat[:, GUESS])
    value += problem.prior * (prior if problem.tied else prior + np.log1p(-flat[:, LAPSE]))
    return np.asarray(value.reshape(len(rows), *grid.shape[:2]))
