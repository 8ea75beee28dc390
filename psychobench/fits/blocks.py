"""Responses of many observers as padded arrays, and their standardised levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats

SAME_LEVEL = 1e-9  # share of the range; levels nearer than this are one


@dataclass(frozen=True)
class Blocks:
    """Answers of `n` observers, each in up to `b` blocks of one level.

    Parameters
    ----------
    positions : ndarray, shape (n, b)
        Level of each block, in log units where the sigmoid wants that. Padding repeats the first.
    trials, hits : ndarray, shape (n, b)
        Answers and target answers; 0 in padding. For probabilities a block weighs 1 divided by
        the number of levels, and `hits` is that weight times the probability.
    probabilities : bool
        Whether the blocks hold probabilities, not counted answers.
    """

    positions: Floats
    trials: Floats
    hits: Floats
    probabilities: bool = False

    def __len__(self) -> int:
        return len(self.positions)

    @cached_property
    def centre(self) -> Floats:
        """Return the middle of each observer's levels, shape (n,)."""
        return np.asarray((self.positions.max(axis=1) + self.positions.min(axis=1)) / 2)

    @cached_property
    def scale(self) -> Floats:
        """Return the range of each observer's levels, shape (n,)."""
        return np.asarray(self.positions.max(axis=1) - self.positions.min(axis=1))

    @cached_property
    def z(self) -> Floats:
        """Standardise positions, so that each observer's levels run from -.5 to .5 (eq. 4)."""
        return np.asarray((self.positions - self.centre[:, None]) / self.scale[:, None])

    @cached_property
    def gap(self) -> Floats:
        """Return the smallest distance between two levels of each observer, in units of `z`."""
        steps = np.diff(np.sort(self.z, axis=1), axis=1)
        return np.asarray(np.where(steps > SAME_LEVEL, steps, np.inf).min(axis=1))

    def take(self, rows: NDArray[np.integer]) -> Blocks:
        """Select observers, in the order of `rows`, which may repeat."""
        return Blocks(self.positions[rows], self.trials[rows], self.hits[rows], self.probabilities)

    def swapped(self, rows: NDArray[np.bool_]) -> Blocks:
        """Swap the two responses of some observers."""
        return replace(self, hits=np.where(rows[:, None], self.trials - self.hits, self.hits))


def pool_levels(
    z: Floats, trials: Floats, hits: Floats, count: int
) -> tuple[Floats, Floats, Floats]:
    """Pool neighbouring levels where a row has many, for a first look at the data.

    Parameters
    ----------
    z, trials, hits : ndarray, shape (n, b)
        Levels and answers; padding has no trials.
    count : int
        Most levels that are left. The lowest and the highest stay where they are.

    Returns
    -------
    z, trials, hits : ndarray, shape (n, count) or, where b is smaller, (n, b)
        In order of the level, with equal numbers of levels in a pool, at their mean.

    Examples
    --------
    >>> import numpy as np
    >>> some = np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 9.0]])
    >>> pool_levels(some, np.ones((1, 6)), some > 2, 3)[0].tolist()
    [[0.0, 2.5, 9.0]]
    """
    n, b = z.shape
    if b <= count:
        return z, trials, hits
    order = np.argsort(np.where(trials > 0, z, np.inf), axis=1, kind="stable")
    z, trials, hits = (np.take_along_axis(part, order, axis=1) for part in (z, trials, hits))
    used = (trials > 0).sum(axis=1, keepdims=True)
    rank = np.minimum(np.arange(b), used - 1)
    into = np.where(used > count, rank * count // np.maximum(used, 1), rank)
    into = (into + np.arange(n)[:, None] * count).ravel()
    weights = np.where(trials > 0, 1.0, 0.0)

    def total(values: Floats) -> Floats:
        sums = np.bincount(into, values.ravel(), minlength=n * count)
        return np.asarray(sums.reshape(n, count), dtype=np.float64)

    size = total(weights)
    lowest, highest = z[:, :1], np.take_along_axis(z, used - 1, axis=1)
    pooled = np.where(size > 0, total(weights * z) / np.maximum(size, 1), lowest)
    last = np.minimum(used, count) - 1
    pooled[:, :1] = lowest
    np.put_along_axis(pooled, last, highest, axis=1)
    return pooled, total(trials), total(hits)


def pad(codes: NDArray[np.integer], values: Floats, n: int, *, fill_first: bool = False) -> Floats:
    """Arrange a column as one row per code, in order, padded to the longest.

    Parameters
    ----------
    codes : ndarray of int, shape (m,)
        Row of each value, 0 to n - 1; values of one row need not be adjacent.
    values : ndarray, shape (m,)
        The column.
    n : int
        Number of rows.
    fill_first : bool, default False
        Pad with the row's first value instead of 0.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.array([0, 0, 1]), np.array([2.0, 3.0, 5.0]), 2, fill_first=True).tolist()
    [[2.0, 3.0], [5.0, 5.0]]
    """
    order = np.argsort(codes, kind="stable")  # rows together, values in order within each
    sizes = np.bincount(codes, minlength=n)
    starts = np.cumsum(sizes) - sizes
    column = np.arange(len(codes)) - np.repeat(starts, sizes)
    padded = np.zeros((n, sizes.max()))
    if fill_first:
        padded += values[order][starts][:, None]
    padded[codes[order], column] = values[order]
    return padded
