"""Starting points of maximisation, from a grid that fits with the same levels and bounds share.

The log-likelihoods of all observers at all grid points are matrix products of counts and logarithms
of psi (eq. 18 of docs/dev/fitting.md), so that a fine grid costs less than one iteration from all
starts that are taken from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import pool_levels
from psychobench.fits.functions import Floats
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    RHO,
    THRESHOLD,
    Problem,
    clip_to_bounds,
)
from psychobench.fits.ml.scoring import evaluate


class Grid(NamedTuple):
    """How fine a grid is: number of widths, and small and large rates of guess and lapse.

    A start may fall short of a row's best by a log-likelihood of `slack`, plus `SLACK_PER_TRIAL`.
    """

    widths: int
    small: tuple[float, ...]
    large: tuple[float, ...]
    slack: float


FINE = Grid(18, (0.002, 0.02, 0.06), (0.15, 0.25, 0.35, 0.65), np.inf)
COARSE = Grid(12, (0.002, 0.02, 0.06), (0.15, 0.3), 3.0)  # for refits of simulated answers
BANDS = 9  # of widths, the first one of steps
WIDEST_START = 20.0  # ranges of the levels; flatter curves are reached from there
POOLS = 40  # of levels, where there are more, on which points are ranked
MOST_LEVELS = 11  # levels beside which thresholds are tried
STEEPEST = 0.15  # ranges of the levels; narrower than this, and half a gap, all curves are steps
# thresholds apart from any level, for wide gaps between levels
EVEN_THRESHOLDS = np.linspace(-0.5, 0.5, 13)[1:-1]
# distances of thresholds from a level, in widths: of steps, and of other steep curves
BESIDE_STEP, BESIDE_LEVEL = (0.25, 0.6), (0.4,)
OUTSIDE = (0.1, 0.3, 0.6, 1.0)  # distances of thresholds from the outermost levels, in widths
START_RHO = 0.01
LEAST_PROBABILITY = 1e-12  # single precision suffices to rank points; its logarithm must be finite
VALUES_HELD = 400_000  # values of the likelihood that are held at once: bounds the memory
# multiplications up to which BLAS multiplies in one thread, and so adds in one order
ONE_THREAD = 250_000
SLACK_PER_TRIAL = 0.02  # with more trials the likelihood is sharper than the grid is fine


class Starts(NamedTuple):
    """Where to start: row of the problem, ascending (m,), and parameters (m, 5)."""

    rows: NDArray[np.intp]
    theta: Floats


def grid_starts(
    problem: Problem, most: int, grid: Grid = FINE, near: Floats | None = None
) -> Starts:
    """Find each row's best grid points, each from another part of the grid, and a flat curve.

    The parts are bands of widths by small or large guess by small or large lapse: different optima
    of one row mostly lie in different parts. Points so far below the row's best that maximisation
    will hardly make up for it are dropped (eq. 19 of docs/dev/fitting.md).

    Parameters
    ----------
    problem : Problem
        With n rows.
    most : int
        Largest number of points per row.
    grid : Grid
        How fine.
    near : ndarray, shape (n, 5), optional
        A further start, such as the parameters that data were simulated from.

    Returns
    -------
    Starts
        At least one per row.
    """
    n, extra = len(problem.blocks), [_flat_curve(problem)]
    if near is not None:
        extra.append(near)
    parts = 4 * BANDS + len(extra)
    value, theta = np.full((n, parts), -np.inf), np.empty((n, parts, 5))
    for rows in _rows_by_design(problem):
        _rank_points(problem, rows, grid, value, theta)
    for column, start in enumerate(extra, 4 * BANDS):
        theta[:, column] = clip_to_bounds(problem, start)
        value[:, column] = evaluate(replace(problem, overdispersed=False), theta[:, column]).value
    order = np.argsort(-value, axis=1, kind="stable")[:, :most]
    value = np.take_along_axis(value, order, axis=1)
    slack = grid.slack + SLACK_PER_TRIAL * problem.blocks.trials.sum(axis=1)
    if problem.overdispersed:  # the grid is of the binomial likelihood: a poor guide to drop by
        slack = np.full(n, np.inf)
    rows, place = np.nonzero((value >= (value[:, 0] - slack)[:, None]) & np.isfinite(value))
    return Starts(rows, theta[rows, order[rows, place]])


def _rows_by_design(problem: Problem) -> Iterator[NDArray[np.intp]]:
    """Split rows into arrays (designs, rows of each): one grid per design, as many rows in each.

    Rows with the same levels and bounds are of one design. Designs of equal size whose rates have
    the same bounds are stacked, so that also observers with levels of their own share operations.
    """
    swaps = [term.column[:, None] for term in problem.prior]
    keys = np.hstack([problem.blocks.z, problem.low, problem.high, *swaps]).round(9)
    # one number per row, irrational weights keeping different rows apart: quicker than unique rows
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
        together = max(1, VALUES_HELD // (1000 * min(count, 400)))
        for some in np.split(designs, range(together, len(designs), together)):
            yield order[begin[some][:, None] + np.arange(count)]


def _rank_points(
    problem: Problem, rows: NDArray[np.intp], grid: Grid, value: Floats, theta: Floats
) -> None:
    """Write the best point of each part, for rows (d, r), to `value` (n, parts) and `theta`.

    In single precision: ranks need no more, and the products are twice as fast.
    """
    flat, blocks = rows.ravel(), problem.blocks
    pooled = pool_levels(blocks.z[flat], blocks.trials[flat], blocks.hits[flat], POOLS)
    z, trials, hits = (part.reshape(*rows.shape, -1) for part in pooled)
    z, misses, ones = z[:, 0], trials - hits, np.ones((*rows.shape, 1))
    data = np.concatenate([hits, misses, ones], axis=2).astype(np.float32)
    rates = _rate_pairs(problem, rows[0, 0], grid)
    for band, shapes in enumerate(_thresholds_and_widths(problem, rows[:, 0], grid)):
        u = problem.sigmoid.standardise(z[:, :, None], shapes[:, :1], np.exp(shapes[:, 1:]))
        rise, rest = (side.astype(np.float32) for side in problem.sigmoid.sides(u))
        for number, pairs in enumerate(rates):
            column = 4 * band + number
            prior = _log_prior(problem, rows[:, 0], shapes, pairs)
            best, value[rows, column] = _largest_products(
                data, _log_terms(rise, rest, pairs, prior)
            )
            pair, place = np.divmod(best, shapes.shape[2])
            theta[rows, column, :GUESS] = shapes[np.arange(len(rows))[:, None], :, place]
            theta[rows, column, GUESS : LAPSE + 1] = pairs[pair]
            theta[rows, column, RHO] = START_RHO


def _thresholds_and_widths(
    problem: Problem, rows: NDArray[np.intp], grid: Grid
) -> Iterator[Floats]:
    """Yield each band's thresholds and log widths, within each row's bounds: (d, 2, points).

    The first band is of steps; other curves are about as wide as the smallest gap or wider.
    """
    low, high = problem.low[rows], problem.high[rows]
    levels = np.sort(problem.blocks.z[rows], axis=1)
    if levels.shape[1] > MOST_LEVELS:
        levels = levels[:, np.linspace(0, levels.shape[1] - 1, MOST_LEVELS).round().astype(int)]
    narrow, held = low[:, LOG_WIDTH], (low[:, LOG_WIDTH] == high[:, LOG_WIDTH]).all()
    steep = np.log(np.minimum(problem.blocks.gap[rows] / 2, STEEPEST))
    wide = np.maximum(narrow, np.minimum(high[:, LOG_WIDTH], np.log(WIDEST_START)))
    widths = np.linspace(np.clip(steep, narrow, wide), wide, grid.widths, axis=1)
    even = np.broadcast_to(EVEN_THRESHOLDS, (len(rows), len(EVEN_THRESHOLDS)))
    between = (levels[:, 1:] + levels[:, :-1]) / 2
    bands = [narrow[:, None], *np.array_split(widths, BANDS - 1, axis=1)]
    for number, band in enumerate(bands[:1] if held else bands):
        width = np.exp(band[:, :, None])
        near = BESIDE_STEP if number == 0 else BESIDE_LEVEL if number < BANDS / 2 else ()
        among = [between, even] if held else [even if number else between]
        inner = np.concatenate([levels, *among], axis=1)
        parts = [np.broadcast_to(inner[:, None], (*width.shape[:2], inner.shape[1]))]
        parts += [levels[:, None] + side * away * width for away in near for side in (-1, 1)]
        outer = 0.5 + width * OUTSIDE
        thresholds = np.concatenate([*parts, outer, -outer], axis=2)
        shapes = np.stack(np.broadcast_arrays(thresholds, band[:, :, None]), axis=1)
        yield np.clip(shapes.reshape(len(rows), 2, -1), low[:, :2, None], high[:, :2, None])


def _rate_pairs(problem: Problem, row: int, grid: Grid) -> list[Floats]:
    """List pairs of guess and lapse within one row's bounds: arrays of shape (pairs, 2)."""
    low, high = problem.low[row], problem.high[row]
    parts: list[Floats] = []
    for guesses, lapses in itertools.product((grid.small, grid.large), repeat=2):
        guess = np.unique(np.clip(guesses, low[GUESS], high[GUESS]))
        lapse = np.unique(np.clip(lapses, low[LAPSE], high[LAPSE]))
        pairs = [(g, x) for g in guess for x in lapse if g + x < 1 and (g == x or not problem.tied)]
        if pairs and not any(np.array_equal(pairs, part) for part in parts):
            parts.append(np.array(pairs))
    return parts or [np.array([low[GUESS : LAPSE + 1]])]


def _flat_curve(problem: Problem) -> Floats:
    """Compute the widest curve through each row's mean response: shape (n, 5).

    Data without an effect of the level have their optimum there, beyond the widest grid point.
    """
    blocks, sigmoid = problem.blocks, problem.sigmoid
    mean = np.clip(blocks.hits.sum(axis=1) / blocks.trials.sum(axis=1), 1e-3, 1 - 1e-3)
    flat = problem.low.copy()
    flat[:, LOG_WIDTH] = problem.high[:, LOG_WIDTH]
    flat[:, THRESHOLD] = -sigmoid.position(mean, 0.0, np.exp(flat[:, LOG_WIDTH]))
    return flat


def _log_prior(problem: Problem, rows: NDArray[np.intp], shapes: Floats, pairs: Floats) -> Floats:
    """Evaluate the logarithm of the priors, but for overdispersion's: (d, pairs, points)."""
    d, points = len(rows), shapes.shape[2]
    total = np.zeros((d, len(pairs), points))
    of_shapes, of_pairs = np.zeros((5, d * points)), np.zeros((5, d * len(pairs)))
    of_shapes[:GUESS] = shapes.transpose(1, 0, 2).reshape(2, -1)
    of_pairs[GUESS : LAPSE + 1] = np.tile(pairs.T, d)
    for term in problem.prior:
        if term.column[0] < GUESS:
            total += term.take(np.repeat(rows, points)).value(of_shapes).reshape(d, 1, points)
        elif term.column[0] < RHO:
            total += term.take(np.repeat(rows, len(pairs))).value(of_pairs).reshape(d, -1, 1)
    return total


def _log_terms(
    rise: NDArray[np.float32], rest: NDArray[np.float32], pairs: Floats, prior: Floats
) -> NDArray[np.float32]:
    """Stack logarithms of psi, its complement and the prior: (d, 2 b + 1, pairs x points)."""
    guess, lapse = pairs.T.astype(np.float32)[:, :, None]
    room, shape = 1 - guess - lapse, (*rise.shape[:2], -1)
    hit = np.log(np.maximum(guess + room * rise[:, :, None], LEAST_PROBABILITY)).reshape(shape)
    miss = np.log(np.maximum(lapse + room * rest[:, :, None], LEAST_PROBABILITY)).reshape(shape)
    penalty = prior.reshape(len(rise), 1, -1).astype(np.float32)
    return np.concatenate([hit, miss, penalty], axis=1)


def _largest_products(
    data: NDArray[np.float32], terms: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Find the largest products of data (d, r, k) and terms (d, k, p) over p, and where they are.

    BLAS splits a large product over its threads, so that sums come in an order that depends on how
    many there are; with ties between grid points a row's start, and so its fit, would depend on
    the machine. Products are therefore kept below `ONE_THREAD` multiplications.
    """
    designs, count, size = data.shape
    best = np.empty((designs, count), dtype=np.intp)
    value = np.empty((designs, count), dtype=np.float32)
    lines = max(1, min(ONE_THREAD // (size * terms.shape[2]), count))
    stride = lines * max(1, VALUES_HELD // (designs * lines * terms.shape[2]))
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
