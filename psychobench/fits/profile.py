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
from scipy.stats import chi2

from psychobench.fits.ascent import GUESS, LAPSE, LOG_W, M, Problem, climb
from psychobench.fits.functions import Floats

FIRST_STEP = {M: 0.02, LOG_W: 0.1, GUESS: 0.01, LAPSE: 0.01}
FARTHEST = {M: 20.0, LOG_W: 10.0, GUESS: 1.0, LAPSE: 1.0}  # from the peak
DOUBLINGS = 12
REFINEMENTS = 12


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
    side = np.repeat([-1.0, 1.0], n)
    both = problem.take(rows)
    drop = chi2.ppf(confidence, 1) / 2
    ends = _end(both, theta[rows], value[rows] - drop, column, side)
    return ends[:n], ends[n:]


def _end(problem: Problem, theta: Floats, target: Floats, column: int, side: Floats) -> Floats:
    """Walk from each peak to one side until the profile falls to the target."""
    peak = theta[:, column]
    limit = np.where(side < 0, problem.low[:, column], problem.high[:, column])
    reach = np.minimum(np.abs(limit - peak), FARTHEST[column])
    inside, outside = np.zeros(len(peak)), np.full(len(peak), np.nan)
    step = np.minimum(FIRST_STEP[column], reach)
    going, nuisance = np.arange(len(peak)), theta.copy()
    for _ in range(DOUBLINGS):
        height, found = _profile(problem, going, nuisance, column, (peak + side * step)[going])
        below = height < target[going]
        outside[going[below]] = step[going[below]]
        above = going[~below]
        inside[above], nuisance[above] = step[above], found[~below]
        going = above[step[above] < reach[above]]
        step[going] = np.minimum(step[going] * 2, reach[going])
        if not len(going):
            break
    ends = _refine(problem, nuisance, target, column, peak, side, inside, outside)
    endless = np.isnan(outside) & (np.abs(limit - peak) > FARTHEST[column])
    return np.where(endless, side * np.inf, ends)


def _refine(
    problem: Problem,
    nuisance: Floats,
    target: Floats,
    column: int,
    peak: Floats,
    side: Floats,
    inside: Floats,
    outside: Floats,
) -> Floats:
    """Halve the stretch in which the profile crosses the target."""
    rows = np.flatnonzero(np.isfinite(outside))
    near, far = inside.copy(), outside.copy()
    for _ in range(REFINEMENTS):
        if not len(rows):
            break
        middle = (near[rows] + far[rows]) / 2
        height, found = _profile(
            problem, rows, nuisance, column, peak[rows] + side[rows] * middle
        )
        above = height >= target[rows]
        near[rows[above]], nuisance[rows[above]] = middle[above], found[above]
        far[rows[~above]] = middle[~above]
    return peak + side * np.where(np.isfinite(far), (near + far) / 2, near)


def _profile(
    problem: Problem, rows: NDArray[np.intp], nuisance: Floats, column: int, at: Floats
) -> tuple[Floats, Floats]:
    """Maximise over all parameters but one that is held: heights and where they are."""
    part = problem.take(rows)
    low, high = part.low.copy(), part.high.copy()
    low[:, column] = high[:, column] = at
    peak = climb(replace(part, low=low, high=high), nuisance[rows])
    return peak.value, peak.theta
