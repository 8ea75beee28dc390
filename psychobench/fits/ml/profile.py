"""Profile-likelihood intervals, all parameters of all fits side by side.

The interval of a parameter holds the values at which the best (penalised) log-likelihood over all
other parameters is within half a chi-squared quantile of the optimum [1]_ (eq. 20 of
docs/dev/fitting.md).

References
----------
.. [1] Venzon, D. J. & Moolgavkar, S. H. (1988). A method for computing profile-likelihood-based
   confidence intervals. Applied Statistics, 37, 87-94.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from psychobench.fits.functions import Floats
from psychobench.fits.ml.problem import LOG_WIDTH, Optimum, Problem
from psychobench.fits.ml.scoring import maximise

# of threshold, log width, guess and lapse
FIRST_STEP = np.array([0.1, 0.5, 0.05, 0.05])
# from the optimum: an interval that is still open there is reported as unbounded
FARTHEST = np.array([20.0, 10.0, 1.0, 1.0])
MAX_ITERATIONS = 25
FALSE_POSITIONS = 6  # number of iterations after which the bracket is only halved
CLOSE = 0.005  # share of the root of the drop, or of the distance, within which an end is found
RETRIED_WIDTHS = 0.3, 4.0  # gaps between levels, from which a steep curve is maximised again
RETRY_STEPS = 30  # in which a start that leads to a better optimum passes the other
TOLERANCE = 1e-6  # expected gain at which the maximisation over the other parameters ends


def profile_intervals(
    problem: Problem, theta: Floats, value: Floats, columns: Sequence[int], confidence: float
) -> dict[int, tuple[Floats, Floats]]:
    """Find both ends of the intervals of some parameters.

    Parameters
    ----------
    problem : Problem
        With n rows.
    theta, value : ndarray, shapes (n, 5) and (n,)
        The optima.
    columns : sequence of int
        Of theta.
    confidence : float
        Coverage.

    Returns
    -------
    dict
        From a column to its lower and upper ends, shape (n,) each, in the units of theta: the
        bound where the interval reaches it, infinite where it goes on beyond `FARTHEST`.
    """
    # one search for all: for a small table, the number of array operations is what takes time
    n, k = len(theta), len(columns)
    rows, side = np.tile(np.arange(n), 2 * k), np.tile(np.repeat([-1, 1], n), k)
    column = np.repeat(columns, 2 * n)
    search = _RowSearch(problem.take(rows), theta[rows], value[rows], column, side)
    ends = search.run(confidence).reshape(k, 2, n)
    return {each: (low, high) for each, (low, high) in zip(columns, ends, strict=True)}


class EndSearch(ABC):
    """Search for where the root of the drop in log-likelihood equals a target, m ends at once.

    The root is nearly linear in the distance from the optimum (exactly, where the log-likelihood
    is quadratic), so that false position takes three or four steps. `inner` and `outer` (m,) are
    the distances that bracket an end, with their drops.
    """

    def __init__(
        self,
        bounds: tuple[Floats, Floats],
        theta: Floats,
        value: Floats,
        column: NDArray[np.int_],
        side: NDArray[np.int_],
        kind: NDArray[np.int_],
    ) -> None:
        low, high = bounds
        at = np.arange(len(theta)), column
        self.value = value
        # the other parameters at the innermost distance so far, from which each profile starts
        self.nuisance, self.found = theta.copy(), theta.copy()
        self.column, self.side, self.optimum = column, side, theta[at]
        bound = np.where(side < 0, low[at], high[at])
        self.reach = np.minimum(np.abs(bound - self.optimum), FARTHEST[kind])
        self.unbounded = self.reach == FARTHEST[kind]
        m = len(theta)
        self.distance = np.minimum(FIRST_STEP[kind], self.reach)
        self.inner, self.inner_drop = np.zeros(m), np.zeros(m)
        self.outer, self.outer_drop = np.full(m, np.inf), np.full(m, np.inf)

    def run(self, confidence: float) -> Floats:
        """Return the ends at a coverage, shape (m,)."""
        target = ndtri((1 + confidence) / 2) / np.sqrt(2)  # root of half the chi-squared quantile
        active = np.arange(len(self.optimum))
        for number in range(MAX_ITERATIONS):
            drop = self._drop(active)
            self._narrow(active, drop, target)
            at_bound = (self.distance[active] >= self.reach[active]) & (drop <= target)
            self.distance[active[at_bound & self.unbounded[active]]] = np.inf
            tight = self.outer[active] - self.inner[active] < CLOSE * self.outer[active]
            active = active[~at_bound & ~tight & (np.abs(drop - target) > CLOSE * target)]
            if not len(active):
                break
            # false position may creep along a curved profile, or one that jumps
            bisect = number % 3 == 2 or number > FALSE_POSITIONS
            self.distance[active] = self._next(active, target, bisect=bisect)
        return np.asarray(self.optimum + self.side * self.distance)

    @abstractmethod
    def _drop(self, rows: NDArray[np.intp]) -> Floats:
        """Compute the root of the profile's drop, from the nearest optimum that is inside."""

    def _narrow(self, rows: NDArray[np.intp], drop: Floats, target: float) -> None:
        inside, at = drop <= target, self.distance[rows]
        self.inner[rows[inside]], self.inner_drop[rows[inside]] = at[inside], drop[inside]
        self.nuisance[rows[inside]] = self.found[rows[inside]]
        self.outer[rows[~inside]], self.outer_drop[rows[~inside]] = at[~inside], drop[~inside]

    def _next(self, rows: NDArray[np.intp], target: float, *, bisect: bool) -> Floats:
        """Interpolate within the bracket, or extrapolate where there is no outer side yet."""
        inner, outer = self.inner[rows], self.outer[rows]
        inner_drop, outer_drop = self.inner_drop[rows], self.outer_drop[rows]
        no_outer = np.isinf(outer)
        beyond = inner * np.clip(1.1 * target / np.maximum(inner_drop, 1e-9), 1.2, 4.0)
        width = np.where(no_outer, 0.0, outer - inner)
        share = (target - inner_drop) / np.where(no_outer, 1.0, outer_drop - inner_drop)
        between = inner + width * (0.5 if bisect else np.clip(share, 0.05, 0.95))
        return np.asarray(np.minimum(np.where(no_outer, beyond, between), self.reach[rows]))


class _RowSearch(EndSearch):
    """The search for separate fits."""

    def __init__(
        self,
        problem: Problem,
        theta: Floats,
        value: Floats,
        column: NDArray[np.int_],
        side: NDArray[np.int_],
    ) -> None:
        super().__init__((problem.low, problem.high), theta, value, column, side, column)
        self.problem = problem

    def _drop(self, rows: NDArray[np.intp]) -> Floats:
        """Compute the root of the profile's drop, from the nearest optimum that is inside."""
        column = self.column[rows]
        part = self.problem.take(rows)
        low, high, held = part.low.copy(), part.high.copy(), (np.arange(len(rows)), column)
        low[held] = high[held] = self.optimum[rows] + self.side[rows] * self.distance[rows]
        part = replace(part, low=low, high=high)
        best = maximise(part, self.nuisance[rows], tolerance=TOLERANCE)
        _retry_from_other_widths(part, best, column != LOG_WIDTH)
        self.found[rows] = best.theta
        return np.sqrt(np.maximum(self.value[rows] - best.value, 0.0))


def _retry_from_other_widths(part: Problem, best: Optimum, is_free: NDArray[np.bool_]) -> None:
    """Maximise from other widths too where a curve may be steep and its width is free.

    A steep curve has local optima on either side of each level; the profile would follow one
    of them past the others and report an interval that is too short.
    """
    gap = np.log(part.blocks.gap)
    steep = best.theta[:, LOG_WIDTH] < gap + np.log(RETRIED_WIDTHS[-1])
    rows = np.flatnonzero(steep & is_free)
    if not len(rows):
        return
    some = part.take(rows)
    for gaps in RETRIED_WIDTHS:
        start = best.theta[rows]
        start[:, LOG_WIDTH] = gap[rows] + np.log(gaps)
        other = maximise(some, start, tolerance=TOLERANCE, steps=RETRY_STEPS)
        better = other.value > best.value[rows]
        for whole, found in zip(best, other, strict=True):
            whole[rows[better]] = found[better]
