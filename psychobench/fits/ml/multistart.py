"""Maximise from several starts, and end on each row's best optimum with few iterations.

The likelihood has several optima where levels are few and curves steep, and a start on a grid does
not say which of them is the highest. Most starts lead to the same one, or visibly fall behind after
a step: they are dropped in stages, and only the rest is maximised in full.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.problem import LOG_WIDTH, THRESHOLD, Optimum, Problem
from psychobench.fits.ml.scoring import maximise
from psychobench.fits.ml.starts import Starts

# (steps, log-likelihood behind the row's best at which a start is dropped after them)
STAGES = ((1, 1.5), (2, 0.7))
# starts nearer than this to a better one will meet it: threshold in widths, then as in theta
SAME_OPTIMUM = np.array([0.1, 0.15, 0.02, 0.02, 0.1])
STAGE_TOLERANCE = 1e-3  # expected gain, in log-likelihood, at which a stage ends early


def multistart(problem: Problem, starts: Starts, tolerance: float) -> Optimum:
    """Maximise from all starts, and return each row's best optimum.

    Parameters
    ----------
    problem : Problem
        With n rows.
    starts : Starts
        At least one per row.
    tolerance : float
        Expected gain, in log-likelihood, at which a fit has converged.

    Returns
    -------
    Optimum
        Of n rows.
    """
    rows, theta = starts.rows, starts.theta
    # far from an optimum the expected information takes the longer, safer steps
    staged = replace(problem, expected_only=True)
    for steps, behind in STAGES:
        reached = maximise(staged, theta, rows=rows, tolerance=STAGE_TOLERANCE, steps=steps)
        rows, theta, *_ = _keep_promising(rows, reached, behind)
    converged = maximise(problem, theta, rows=rows, tolerance=tolerance)
    return Optimum(*_keep_promising(rows, converged, 0.0)[1:])


def _keep_promising(
    rows: NDArray[np.intp], reached: Optimum, behind: float
) -> tuple[NDArray[np.intp], Floats, Floats, Floats]:
    """Keep each row's best start, and those less far behind that are elsewhere.

    `rows` (m,) ascends; returned are rows, theta, value and loglik of the starts that are kept.
    """
    begin = np.flatnonzero(np.diff(rows, prepend=-1))
    short = np.maximum.reduceat(reached.value, begin)[rows] - reached.value
    first = np.flatnonzero(short == 0)
    first = first[np.diff(rows[first], prepend=-1) > 0]  # of equally good ones the first
    best = reached.theta[first[rows]]
    apart = np.abs(reached.theta - best) / SAME_OPTIMUM
    apart[:, THRESHOLD] /= np.exp(best[:, LOG_WIDTH])
    kept = (apart.max(axis=1) > 1) & (short < behind)
    kept[first] = True
    return rows[kept], reached.theta[kept], reached.value[kept], reached.loglik[kept]
