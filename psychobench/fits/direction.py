"""Whether answers rise or fall with the level, or neither, before any curve is fitted.

The best non-decreasing course of the proportions is set against the best non-increasing one [1]_.
Their log-likelihoods differ in guessing too, by how much depends on the design and is found by
simulating it: derived in docs/dev/fitting.md, section 5. No curve enters, so that engine, sigmoid,
asymptotes and prior have no say in it, and mirrored answers have the mirrored direction.

References
----------
.. [1] Robertson, T., Wright, F. T. & Dykstra, R. L. (1988). Order restricted statistical inference.
   Wiley.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from psychobench.fits.blocks import SAME_LEVEL, Blocks
from psychobench.fits.functions import Floats

MOST_GROUPS = 13  # of neighbouring levels; odd, so that a mirrored design has mirrored groups
GUESSERS = 0.04  # share of guessers who may seem to rise or fall: 5% less what simulations err
CLEAR = 1.92, 6.0  # log-likelihood up to which no design, and beyond which every design is clear
SIMULATIONS, SEED = 4000, 20261201
MOST_TRIALS = 20  # at a level: with more the limit no longer changes, and designs share it
ROUNDING = 1e-9  # log-likelihoods nearer than this are equal
RATE_STEP = 0.05  # guessing is simulated at the nearest multiple of it


class Direction(NamedTuple):
    """Of each row's answers (n,): whether they fall, and by how much that is the likelier course.

    `gain` is the difference in log-likelihood between the two courses.
    """

    falling: NDArray[np.bool_]
    gain: Floats


def find_direction(blocks: Blocks) -> Direction:
    """Compare the best rising course of the proportions with the best falling one.

    Examples
    --------
    >>> one = Blocks(np.arange(3.0)[None], np.full((1, 3), 8.0), np.array([[7.0, 4.0, 2.0]]))
    >>> found = find_direction(one)
    >>> found.falling.tolist(), found.gain.round(2).tolist()
    ([True], [3.49])
    """
    lead = _lead(*_by_level(blocks))
    return Direction(lead < 0, np.abs(lead))


def is_undecided(blocks: Blocks) -> NDArray[np.bool_]:
    """Find answers whose direction is no clearer than that of guessing often is, shape (n,).

    Less than 5% of pure guessers, who answer alike at all levels, are decided.
    """
    trials, hits = _by_level(blocks)
    gain = np.abs(_lead(trials, hits))
    undecided = gain <= CLEAR[0]
    for row in np.flatnonzero(~undecided & (gain <= CLEAR[1])):
        rate = hits[row].sum() / trials[row].sum()
        rate = max(round(min(rate, 1 - rate) / RATE_STEP), 1) * RATE_STEP  # swapped: as likely
        undecided[row] = gain[row] <= _limit(_simulated_counts(trials[row]), rate) + ROUNDING
    return undecided


def _simulated_counts(trials: Floats) -> tuple[int, ...]:
    """Return numbers of trials that are simulated in the place of one row's."""
    present = trials[trials > 0]
    share = min(1.0, MOST_TRIALS / present.max())
    return tuple(np.rint(share * present).clip(1).astype(int).tolist())


@lru_cache(maxsize=10_000)
def _limit(counts: tuple[int, ...], rate: float) -> float:
    """Simulate guessing at a rate, with `counts` answers at each level in order."""
    trials = np.broadcast_to(np.array(counts, dtype=np.float64), (SIMULATIONS, len(counts)))
    hits = np.random.default_rng(SEED).binomial(counts, rate, trials.shape).astype(np.float64)
    return float(np.quantile(np.abs(_lead(trials, hits)), 1 - GUESSERS))


def _by_level(blocks: Blocks) -> tuple[Floats, Floats]:
    """Add up answers by level, in ascending order, many levels in groups: (n, groups) each."""
    order = np.argsort(blocks.positions, axis=1, kind="stable")
    positions, trials, hits = (
        np.take_along_axis(each, order, axis=1)
        for each in (blocks.positions, blocks.trials, blocks.hits)
    )
    step = np.diff(positions, axis=1) > SAME_LEVEL * blocks.scale[:, None]
    level = np.concatenate([np.zeros((len(blocks), 1), dtype=np.intp), step.cumsum(axis=1)], axis=1)
    trials, hits = (_add_up(each, level) for each in (trials, hits))
    if trials.shape[1] <= MOST_GROUPS:
        return trials, hits
    total = trials.sum(axis=1, keepdims=True)
    place = MOST_GROUPS * (trials.cumsum(axis=1) - trials / 2) / total
    lower = place < MOST_GROUPS / 2
    group = np.where(lower, np.floor(place), MOST_GROUPS - 1 - np.floor(MOST_GROUPS - place))
    group = group.clip(0, MOST_GROUPS - 1).astype(np.intp)
    return _add_up(trials, group), _add_up(hits, group)


def _add_up(values: Floats, group: NDArray[np.intp]) -> Floats:
    total = np.zeros((len(values), int(group.max(initial=0)) + 1))
    np.add.at(total, (np.arange(len(values))[:, None], group), values)
    return total


def _lead(trials: Floats, hits: Floats) -> Floats:
    """Compute how much likelier the best rising course is than the best falling one, (n,).

    The proportion at level k of the best rising course is the largest, over i up to k, of the
    smallest, over j from k, of the mean proportion at levels i to j; of the falling one conversely.
    """
    trials, hits = trials.T, hits.T  # levels by rows, so that sums over levels are of whole arrays
    size, n = trials.shape
    zero = np.zeros((1, n))
    answers, targets = (np.concatenate([zero, each.cumsum(axis=0)]) for each in (trials, hits))
    number = answers[None, 1:] - answers[:-1, None]  # (from i, to j, n)
    backward = np.arange(size)[:, None] > np.arange(size)
    absent = backward[:, :, None] | (number <= 0)
    mean = (targets[None, 1:] - targets[:-1, None]) / np.where(absent, 1.0, number)
    lead = np.zeros(n)
    for sign in (1, -1):
        least = np.where(absent, np.inf, sign * mean)
        least = np.minimum.accumulate(least[:, ::-1], axis=1)[:, ::-1]
        course = sign * np.where(backward[:, :, None], -np.inf, least).max(axis=0)
        p = np.where(trials > 0, course, 0.5).clip(0.0, 1.0)
        lead += sign * (xlogy(hits, p) + xlogy(trials - hits, 1 - p)).sum(axis=0)
    return lead
