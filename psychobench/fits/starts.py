"""Starting points from a grid that fits with the same levels and bounds share."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.ascent import GUESS, LAPSE, LOG_W, M, Problem
from psychobench.fits.functions import Floats

WIDTHS = 18
BANDS = 3  # of widths
WIDEST = 20.0  # ranges of the levels; flatter curves are reached by climbing
SMALL, LARGE = (0.002, 0.02, 0.06), (0.15, 0.35, 0.65)  # guess and lapse rates
NEAR = 0.3  # widths by which thresholds lie beside a level
BEYOND = (0.1, 0.3, 0.6, 1.0)  # widths by which thresholds lie outside the levels
START_RHO = 0.01
FLOOR = 1e-12


def grid_starts(problem: Problem, starts: int) -> Floats:
    """Find each row's best grid points, each from another part of the grid, and a flat curve.

    The parts are bands of widths by small or large guess by small or large lapse. Rows with the
    same levels and bounds share a grid, and the log-likelihoods of all of them at all its points
    are two matrix products.

    Parameters
    ----------
    problem : Problem
        With n rows.
    starts : int
        Points per row; no more than the parts of the grid.

    Returns
    -------
    ndarray, shape (n, starts + 1, 5)
    """
    blocks = problem.blocks
    keys = np.hstack([blocks.z, problem.low, problem.high]).round(9)
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    chosen = []
    for number, example in enumerate(first):
        rows = np.flatnonzero(group == number)
        points = _rank(problem, rows, _shapes(problem, example), _rates(problem, example))
        chosen.append(points[:, np.arange(starts) % points.shape[1]])
    found = np.empty((len(blocks), starts + 1, 5))
    found[np.argsort(group, kind="stable"), :starts] = np.concatenate(chosen)
    found[:, starts] = _flat(problem)
    return np.asarray(np.clip(found, problem.low[:, None], problem.high[:, None]))


def _shapes(problem: Problem, row: int) -> Floats:
    """Lay out thresholds and log widths within one row's bounds: shape (bands, points, 2)."""
    low, high = problem.low[row], problem.high[row]
    levels = np.unique(problem.blocks.z[row])
    narrow = np.exp(low[LOG_W])
    widths = np.geomspace(narrow, max(narrow, min(np.exp(high[LOG_W]), WIDEST)), WIDTHS)
    inner = np.tile(np.concatenate([levels, (levels[1:] + levels[:-1]) / 2]), (WIDTHS, 1))
    outer, near = 0.5 + widths[:, None] * BEYOND, widths[:, None] * NEAR
    thresholds = np.hstack([inner, levels - near, levels + near, outer, -outer])
    shapes = np.stack(np.broadcast_arrays(thresholds, np.log(widths)[:, None]), axis=-1)
    return np.asarray(np.clip(shapes.reshape(BANDS, -1, 2), low[:2], high[:2]))


def _rates(problem: Problem, row: int) -> list[Floats]:
    """Pair guess and lapse rates within one row's bounds: arrays of shape (pairs, 2)."""
    low, high = problem.low[row], problem.high[row]
    parts: list[Floats] = []
    for guesses, lapses in itertools.product((SMALL, LARGE), repeat=2):
        guess = np.unique(np.clip(guesses, low[GUESS], high[GUESS]))
        lapse = np.unique(np.clip(lapses, low[LAPSE], high[LAPSE]))
        pairs = [(g, x) for g in guess for x in lapse if g + x < 1 and (g == x or not problem.tied)]
        if pairs and not any(np.array_equal(pairs, part) for part in parts):
            parts.append(np.array(pairs))
    return parts or [np.array([low[GUESS : LAPSE + 1]])]


def _flat(problem: Problem) -> Floats:
    """Lay a curve as wide as may be through each row's mean: shape (n, 5)."""
    blocks, sigmoid = problem.blocks, problem.sigmoid
    mean = np.clip(blocks.hits.sum(axis=1) / blocks.trials.sum(axis=1), 1e-3, 1 - 1e-3)
    flat = problem.low.copy()
    flat[:, LOG_W] = problem.high[:, LOG_W]
    flat[:, M] = -sigmoid.position(mean, 0.0, np.exp(flat[:, LOG_W]))
    return flat


def _rank(problem: Problem, rows: NDArray[np.intp], shapes: Floats, rates: list[Floats]) -> Floats:
    """Order each part's best point, best first: shape (rows, parts, 5)."""
    sigmoid, blocks = problem.sigmoid, problem.blocks
    hits, misses = blocks.hits[rows], blocks.trials[rows] - blocks.hits[rows]
    points, values = [], []
    for shape in shapes:
        u = sigmoid.standardise(blocks.z[rows[0]], shape[:, [0]], np.exp(shape[:, [1]]))
        rise, rest = sigmoid.cdf(u), sigmoid.sf(u)
        for pairs in rates:
            value = _values(problem, (rise, rest), pairs, hits, misses)
            best = value.argmax(axis=1)
            pair, place = np.divmod(best, len(shape))
            rho = np.full((len(rows), 1), START_RHO)
            points.append(np.hstack([shape[place], pairs[pair], rho]))
            values.append(value[np.arange(len(rows)), best])
    order = np.argsort(-np.stack(values, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(np.stack(points, axis=1), order[:, :, None], axis=1))


def _values(
    problem: Problem, shares: tuple[Floats, Floats], pairs: Floats, hits: Floats, misses: Floats
) -> Floats:
    """Evaluate penalised log-likelihoods: shape (rows, pairs x points)."""
    guess, lapse = pairs[:, 0, None, None], pairs[:, 1, None, None]
    room = 1 - guess - lapse
    hit = np.log(np.maximum(guess + room * shares[0], FLOOR)).reshape(-1, hits.shape[1])
    miss = np.log(np.maximum(lapse + room * shares[1], FLOOR)).reshape(-1, hits.shape[1])
    prior = np.log1p(-pairs[:, :1] if problem.tied else -pairs).sum(axis=1)
    penalty = problem.prior * np.repeat(prior, len(shares[0]))
    return np.asarray(hits @ hit.T + misses @ miss.T + penalty)
