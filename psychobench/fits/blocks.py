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
