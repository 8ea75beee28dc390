"""Profile-likelihood intervals, all parameters of all fits side by side.

The interval of a parameter holds the values at which the best (penalised) log-likelihood over all
other parameters is within half a chi-squared quantile of the peak [1]_.

References
----------
.. [1] Venzon, D. J. & Moolgavkar, S. H. (1988). A method for computing profile-likelihood-based
   confidence intervals. Applied Statistics, 37, 87-94.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from psychobench.fits.functions import Floats
from psychobench.fits.ml.scoring import GUESS, LAPSE, LOG_W, M, Peak, Problem, climb

FIRST_STEP = {M: 0.1, LOG_W: 0.5, GUESS: 0.05, LAPSE: 0.05}
FARTHEST = {M: 20.0, LOG_W: 10.0, GUESS: 1.0, LAPSE: 1.0}  # from the peak
ROUNDS = 25
CLOSE = 0.005  # share of the root of the fall, or of the distance, within which an end is found
WIDTHS = 0.3, 4.0  # gaps between levels, from which the climb of a steep curve starts again
GAIN = 1e-6  # at which the climb over the other parameters ends


def profile_interval(
    problem: Problem, theta: Floats, value: Floats, column: int, confidence: float
) -> tuple[Floats, Floats]:
    """Find both ends of one parameter's interval.

    Parameters
    ----------
    problem : Problem
        With n rows.
    theta, value : ndarray, shapes (n, 5) and (n,)
        The peaks.
    column : int
        Of theta.
    confidence : float
        Coverage.

    Returns
    -------
    low, high : ndarray, shape (n,)
        In the units of theta; the bound where the interval reaches it, infinite where it goes on
        beyond `FARTHEST`.
    """
    n = len(theta)
    rows = np.tile(np.arange(n), 2)
    search = _Search(problem.take(rows), theta[rows], value[rows], column, np.repeat([-1, 1], n))
    mark = ndtri((1 + confidence) / 2) / np.sqrt(2)  # root of half the chi-squared quantile
    ends = search.run(mark)
    return ends[:n], ends[n:]


class _Search:
    """Walks from peaks to where the root of the fall in likelihood, nearly linear, hits a mark."""

    def __init__(
        self, problem: Problem, theta: Floats, value: Floats, column: int, side: NDArray[np.int_]
    ) -> None:
        self.problem, self.value = problem, value
        self.nuisance, self.found = theta.copy(), theta.copy()
        self.column, self.side, self.peak = column, side, theta[:, column]
        bound = np.where(side < 0, problem.low[:, column], problem.high[:, column])
        self.reach = np.minimum(np.abs(bound - self.peak), FARTHEST[column])
        self.endless = self.reach == FARTHEST[column]
        n = len(theta)
        self.step = np.minimum(FIRST_STEP[column], self.reach)
        self.near, self.near_fall = np.zeros(n), np.zeros(n)
        self.far, self.far_fall = np.full(n, np.inf), np.full(n, np.inf)

    def run(self, mark: float) -> Floats:
        going = np.arange(len(self.peak))
        for number in range(ROUNDS):
            fall = self._fall(going)
            self._narrow(going, fall, mark)
            at_end = (self.step[going] >= self.reach[going]) & (fall <= mark)
            self.step[going[at_end & self.endless[going]]] = np.inf
            tight = self.far[going] - self.near[going] < CLOSE * self.far[going]
            going = going[~at_end & ~tight & (np.abs(fall - mark) > CLOSE * mark)]
            if not len(going):
                break
            self.step[going] = self._next(going, mark, halve=number % 3 == 2)
        return np.asarray(self.peak + self.side * self.step)

    def _fall(self, rows: NDArray[np.intp]) -> Floats:
        """Measure how far the profile has fallen, from the nearest maximum that is inside."""
        at = self.peak[rows] + self.side[rows] * self.step[rows]
        part = self.problem.take(rows)
        low, high = part.low.copy(), part.high.copy()
        low[:, self.column] = high[:, self.column] = at
        part = replace(part, low=low, high=high)
        top = climb(part, self.nuisance[rows], tolerance=GAIN)
        self._try_others(part, top)
        self.found[rows] = top.theta
        return np.sqrt(np.maximum(self.value[rows] - top.value, 0.0))

    def _try_others(self, part: Problem, top: Peak) -> None:
        """Climb from other widths, too, where a curve may be steep: there are peaks in between."""
        gap = np.log(part.blocks.gap)
        rows = np.flatnonzero(top.theta[:, LOG_W] < gap + np.log(WIDTHS[-1]))
        if self.column == LOG_W or not len(rows):
            return
        some = part.take(rows)
        for gaps in WIDTHS:
            start = top.theta[rows]
            start[:, LOG_W] = gap[rows] + np.log(gaps)
            other = climb(some, start, tolerance=GAIN)
            better = other.value > top.value[rows]
            for whole, found in zip(top, other, strict=True):
                whole[rows[better]] = found[better]

    def _narrow(self, rows: NDArray[np.intp], fall: Floats, mark: float) -> None:
        inside, step = fall <= mark, self.step[rows]
        self.near[rows[inside]], self.near_fall[rows[inside]] = step[inside], fall[inside]
        self.nuisance[rows[inside]] = self.found[rows[inside]]
        self.far[rows[~inside]], self.far_fall[rows[~inside]] = step[~inside], fall[~inside]

    def _next(self, rows: NDArray[np.intp], mark: float, *, halve: bool) -> Floats:
        """Interpolate between the two sides of the mark, or stride on where one is missing."""
        near, far = self.near[rows], self.far[rows]
        near_fall, far_fall = self.near_fall[rows], self.far_fall[rows]
        open_ended = np.isinf(far)
        stride = near * np.clip(1.1 * mark / np.maximum(near_fall, 1e-9), 1.2, 4.0)
        width = np.where(open_ended, 0.0, far - near)
        share = (mark - near_fall) / np.where(open_ended, 1.0, far_fall - near_fall)
        between = near + width * (0.5 if halve else np.clip(share, 0.05, 0.95))
        return np.asarray(np.minimum(np.where(open_ended, stride, between), self.reach[rows]))
