"""Starting points from a grid that fits with the same levels and bounds share."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.ascent import GUESS, LAPSE, LOG_W, M, Problem
from psychobench.fits.functions import Floats


class Grid(NamedTuple):
    """How fine a grid is: number of widths, and small and large rates of guess and lapse."""

    widths: int
    small: tuple[float, ...]
    large: tuple[float, ...]


FINE = Grid(18, (0.002, 0.02, 0.06), (0.15, 0.35, 0.65))
COARSE = Grid(9, (0.005, 0.05), (0.2,))  # for refits of simulated answers, which are many
BANDS = 3  # of widths
WIDEST = 20.0  # ranges of the levels; flatter curves are reached by climbing
MANY = 11  # levels by which thresholds are looked for
NEAR = 0.3  # widths by which thresholds lie beside a level
BEYOND = (0.1, 0.3, 0.6, 1.0)  # widths by which thresholds lie outside the levels
START_RHO = 0.01
FLOOR = 1e-12
CHUNK = 4_000  # rows that are compared with the grid together: bounds the memory


def grid_starts(problem: Problem, starts: int, grid: Grid = FINE) -> Floats:
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
    grid : Grid
        How fine.

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
        shapes, rates = _shapes(problem, example, grid), _rates(problem, example, grid)
        for some in np.array_split(rows, -(-len(rows) // CHUNK)):
            points = _rank(problem, some, shapes, rates)
            chosen.append(points[:, np.arange(starts) % points.shape[1]])
    found = np.empty((len(blocks), starts + 1, 5))
    found[np.argsort(group, kind="stable"), :starts] = np.concatenate(chosen)
    found[:, starts] = _flat(problem)
    return np.asarray(np.clip(found, problem.low[:, None], problem.high[:, None]))


def _shapes(problem: Problem, row: int, grid: Grid) -> Floats:
    """Lay out thresholds and log widths within one row's bounds: shape (bands, points, 2)."""
    low, high = problem.low[row], problem.high[row]
    levels = np.unique(problem.blocks.z[row])
    narrow = np.exp(low[LOG_W])
    widths = np.geomspace(narrow, max(narrow, min(np.exp(high[LOG_W]), WIDEST)), grid.widths)
    if len(levels) > MANY:
        levels = levels[np.linspace(0, len(levels) - 1, MANY).round().astype(int)]
    inner = np.tile(np.concatenate([levels, (levels[1:] + levels[:-1]) / 2]), (grid.widths, 1))
    outer, near = 0.5 + widths[:, None] * BEYOND, widths[:, None] * NEAR
    thresholds = np.hstack([inner, levels - near, levels + near, outer, -outer])
    shapes = np.stack(np.broadcast_arrays(thresholds, np.log(widths)[:, None]), axis=-1)
    return np.asarray(np.clip(shapes.reshape(BANDS, -1, 2), low[:2], high[:2]))


def _rates(problem: Problem, row: int, grid: Grid) -> list[Floats]:
    """Pair guess and lapse rates within one row's bounds: arrays of shape (pairs, 2)."""
    low, high = problem.low[row], problem.high[row]
    parts: list[Floats] = []
    for guesses, lapses in itertools.product((grid.small, grid.large), repeat=2):
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
    hits, ones = blocks.hits[rows], np.ones((len(rows), 1))
    data = np.hstack([hits, blocks.trials[rows] - hits, ones])
    points, values = [], []
    for shape in shapes:
        u = sigmoid.standardise(blocks.z[rows[0]], shape[:, [0]], np.exp(shape[:, [1]]))
        rise, rest = sigmoid.cdf(u), sigmoid.sf(u)
        for pairs in rates:
            value = data @ _terms(problem, rise, rest, pairs)
            best = value.argmax(axis=1)
            pair, place = np.divmod(best, len(shape))
            points.append(np.hstack([shape[place], pairs[pair], START_RHO * ones]))
            values.append(value[np.arange(len(rows)), best])
    order = np.argsort(-np.stack(values, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(np.stack(points, axis=1), order[:, :, None], axis=1))


def _terms(problem: Problem, rise: Floats, rest: Floats, pairs: Floats) -> Floats:
    """Stack logarithms of psi, of its complement and of the prior: (2 b + 1, pairs x points)."""
    guess, lapse = pairs[:, 0, None, None], pairs[:, 1, None, None]
    room = 1 - guess - lapse
    hit = np.log(np.maximum(guess + room * rise, FLOOR)).reshape(-1, rise.shape[1])
    miss = np.log(np.maximum(lapse + room * rest, FLOOR)).reshape(-1, rise.shape[1])
    prior = np.log1p(-pairs[:, :1] if problem.tied else -pairs).sum(axis=1)
    penalty = problem.prior * np.repeat(prior, len(rise))
    return np.vstack([hit.T, miss.T, penalty])
