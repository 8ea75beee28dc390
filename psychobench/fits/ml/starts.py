"""Starting points from a grid that fits with the same levels and bounds share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.scoring import GUESS, LAPSE, LOG_W, RHO, M, Problem, evaluate, within


class Grid(NamedTuple):
    """How fine a grid is: number of widths, and small and large rates of guess and lapse.

    A start may miss a row's best by a log-likelihood of `slack`, and more per trial.
    """

    widths: int
    small: tuple[float, ...]
    large: tuple[float, ...]
    slack: float


FINE = Grid(18, (0.002, 0.02, 0.06), (0.15, 0.25, 0.35, 0.65), np.inf)
COARSE = Grid(12, (0.002, 0.02, 0.06), (0.15, 0.3), 3.0)  # for refits of simulated answers
BANDS = 9  # of widths, the first one of steps
WIDEST = 20.0  # ranges of the levels; flatter curves are reached by climbing
MANY = 11  # levels by which thresholds are looked for
STEEP = 0.15  # ranges of the levels; narrower than this, and half a gap, all curves are steps
EVEN = np.linspace(-0.5, 0.5, 13)[1:-1]  # thresholds far from any level, where gaps are wide
NEAR, NEARBY = (0.25, 0.6), (0.4,)  # widths by which thresholds of steps, others lie beside a level
BEYOND = (0.1, 0.3, 0.6, 1.0)  # widths by which thresholds lie outside the levels
START_RHO = 0.01
FLOOR = 1e-12
CELLS = 400_000  # values of the likelihood that are held at once: bounds the memory
ALONE = 250_000  # multiplications up to which a product runs on one core, in one order of sums
SLACK_PER_TRIAL = 0.02  # the grid is the coarser, the more the data say


class Starts(NamedTuple):
    """Where to climb from: row of the problem, ascending (m,), and parameters (m, 5)."""

    rows: NDArray[np.intp]
    theta: Floats


def grid_starts(
    problem: Problem, most: int, grid: Grid = FINE, near: Floats | None = None
) -> Starts:
    """Find each row's best grid points, each from another part of the grid, and a flat curve.

    The parts are bands of widths by small or large guess by small or large lapse. What lies so far
    under the row's best that climbing will hardly make up for it is no start. Rows with the same
    levels and bounds share a grid, and the log-likelihoods of all of them at all its points are a
    few matrix products.

    Parameters
    ----------
    problem : Problem
        With n rows.
    most : int
        Points per row.
    grid : Grid
        How fine.
    near : ndarray, shape (n, 5), optional
        Another start, such as the parameters that data were simulated from.

    Returns
    -------
    Starts
        At least one per row.
    """
    n, own = len(problem.blocks), [_flat(problem)] if near is None else [_flat(problem), near]
    parts = 4 * BANDS + len(own)
    value, theta = np.full((n, parts), -np.inf), np.empty((n, parts, 5))
    for rows in _alike(problem):
        _rank(problem, rows, grid, value, theta)
    for column, start in enumerate(own, 4 * BANDS):
        theta[:, column] = within(problem, start)
        value[:, column] = evaluate(replace(problem, overdispersed=False), theta[:, column]).value
    order = np.argsort(-value, axis=1, kind="stable")[:, :most]
    value = np.take_along_axis(value, order, axis=1)
    loss = grid.slack + SLACK_PER_TRIAL * problem.blocks.trials.sum(axis=1)
    if problem.overdispersed:  # the grid is of the binomial likelihood
        loss = np.full(n, np.inf)
    rows, place = np.nonzero((value >= (value[:, 0] - loss)[:, None]) & np.isfinite(value))
    return Starts(rows, theta[rows, order[rows, place]])


def _alike(problem: Problem) -> Iterator[NDArray[np.intp]]:
    """Split rows into arrays (designs, rows of each): one grid per design, as many rows in each."""
    keys = np.hstack([problem.blocks.z, problem.low, problem.high]).round(9)
    mixed = (keys * np.sqrt(np.arange(2, 2 + keys.shape[1]))).sum(axis=1)
    _, first, group, size = np.unique(
        mixed, return_index=True, return_inverse=True, return_counts=True
    )
    order, begin = np.argsort(group, kind="stable"), np.cumsum(size) - size
    rates = [bound[first, GUESS : LAPSE + 1] for bound in (problem.low, problem.high)]
    _, kind = np.unique(np.column_stack([size, *rates]), axis=0, return_inverse=True)
    for number in range(kind.max() + 1):
        designs = np.flatnonzero(kind == number)
        count = size[designs[0]]
        together = max(1, CELLS // (1000 * min(count, 400)))
        for some in np.split(designs, range(together, len(designs), together)):
            yield order[begin[some][:, None] + np.arange(count)]


def _rank(
    problem: Problem, rows: NDArray[np.intp], grid: Grid, value: Floats, theta: Floats
) -> None:
    """Find the best point of each part, for rows (d, r), and write it to `value` and `theta`."""
    z, hits = problem.blocks.z[rows[:, 0]], problem.blocks.hits[rows]
    misses, ones = problem.blocks.trials[rows] - hits, np.ones((*rows.shape, 1))
    data = np.concatenate([hits, misses, ones], axis=2).astype(np.float32)
    rates = _rates(problem, rows[0, 0], grid)
    for band, shapes in enumerate(_shapes(problem, rows[:, 0], grid)):
        u = problem.sigmoid.standardise(z[:, :, None], shapes[:, :1], np.exp(shapes[:, 1:]))
        rise, rest = (side.astype(np.float32) for side in problem.sigmoid.sides(u))
        for number, pairs in enumerate(rates):
            column = 4 * band + number
            best, value[rows, column] = _maximum(data, _terms(problem, rise, rest, pairs))
            pair, place = np.divmod(best, shapes.shape[2])
            theta[rows, column, :GUESS] = shapes[np.arange(len(rows))[:, None], :, place]
            theta[rows, column, GUESS : LAPSE + 1] = pairs[pair]
            theta[rows, column, RHO] = START_RHO


def _shapes(problem: Problem, rows: NDArray[np.intp], grid: Grid) -> Iterator[Floats]:
    """Lay out each band's thresholds and log widths, within each row's bounds: (d, 2, points).

    The first band is of steps; other curves are about as wide as the smallest gap or wider.
    """
    low, high = problem.low[rows], problem.high[rows]
    levels = np.sort(problem.blocks.z[rows], axis=1)
    if levels.shape[1] > MANY:
        levels = levels[:, np.linspace(0, levels.shape[1] - 1, MANY).round().astype(int)]
    narrow, held = low[:, LOG_W], (low[:, LOG_W] == high[:, LOG_W]).all()
    steep = np.log(np.minimum(problem.blocks.gap[rows] / 2, STEEP))
    wide = np.maximum(narrow, np.minimum(high[:, LOG_W], np.log(WIDEST)))
    widths = np.linspace(np.clip(steep, narrow, wide), wide, grid.widths, axis=1)
    even = np.broadcast_to(EVEN, (len(rows), len(EVEN)))
    between = (levels[:, 1:] + levels[:, :-1]) / 2
    bands = [narrow[:, None], *np.array_split(widths, BANDS - 1, axis=1)]
    for number, band in enumerate(bands[:1] if held else bands):
        width = np.exp(band[:, :, None])
        near = NEAR if number == 0 else NEARBY if number < BANDS / 2 else ()
        among = [between, even] if held else [even if number else between]
        inner = np.concatenate([levels, *among], axis=1)
        parts = [np.broadcast_to(inner[:, None], (*width.shape[:2], inner.shape[1]))]
        parts += [levels[:, None] + side * away * width for away in near for side in (-1, 1)]
        outer = 0.5 + width * BEYOND
        thresholds = np.concatenate([*parts, outer, -outer], axis=2)
        shapes = np.stack(np.broadcast_arrays(thresholds, band[:, :, None]), axis=1)
        yield np.clip(shapes.reshape(len(rows), 2, -1), low[:, :2, None], high[:, :2, None])


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


def _terms(
    problem: Problem, rise: NDArray[np.float32], rest: NDArray[np.float32], pairs: Floats
) -> NDArray[np.float32]:
    """Stack logarithms of psi, of its complement and of the prior: (d, 2 b + 1, pairs x points)."""
    guess, lapse = pairs.T.astype(np.float32)[:, :, None]
    room, shape = 1 - guess - lapse, (*rise.shape[:2], -1)
    hit = np.log(np.maximum(guess + room * rise[:, :, None], FLOOR)).reshape(shape)
    miss = np.log(np.maximum(lapse + room * rest[:, :, None], FLOOR)).reshape(shape)
    prior = np.log1p(-pairs[:, :1] if problem.tied else -pairs).sum(axis=1)
    penalty = np.repeat(problem.prior * prior, rise.shape[2]).astype(np.float32)
    return np.concatenate([hit, miss, np.broadcast_to(penalty, (len(rise), 1, len(penalty)))], 1)


def _maximum(
    data: NDArray[np.float32], terms: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Find the largest products of data (d, r, k) and terms (d, k, p) over p, and where they are.

    Products are kept so small that none is spread over cores: sums would come in another order.
    """
    designs, count, size = data.shape
    best = np.empty((designs, count), dtype=np.intp)
    value = np.empty((designs, count), dtype=np.float32)
    lines = max(1, min(ALONE // (size * terms.shape[2]), count))
    stride = lines * max(1, CELLS // (designs * lines * terms.shape[2]))
    whole = count - count % lines
    firsts = [*range(0, whole, stride), whole] if whole < count else range(0, whole, stride)
    for first in firsts:
        rows = slice(first, min(first + stride, whole) if first < whole else count)
        part = data[:, rows]
        shape = (designs, -1, min(lines, part.shape[1]), size)
        found = (part.reshape(shape) @ terms[:, None]).reshape(designs, part.shape[1], -1)
        at = best[:, rows] = found.argmax(axis=2)
        value[:, rows] = np.take_along_axis(found, at[:, :, None], 2)[:, :, 0]
    return best, value
