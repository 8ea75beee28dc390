"""Climb from several starts, and end on each row's best peak with as little climbing as may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.scoring import LOG_W, M, Peak, Problem, climb
from psychobench.fits.ml.starts import Starts

STAGES = ((1, 1.5), (2, 0.7))  # steps, and how far behind in log-likelihood a climb ends then
ALIKE = np.array([0.1, 0.15, 0.02, 0.02, 0.1])  # climbs nearer than this will meet; M in widths
ROUGH = 1e-3  # expected gain, in log-likelihood, at which a sprint ends early


def best(problem: Problem, starts: Starts, tolerance: float) -> Peak:
    """Climb from all starts, drop by and by those that fall behind, and end on each row's best.

    Parameters
    ----------
    problem : Problem
        With n rows.
    starts : Starts
        At least one per row.
    tolerance : float
        Expected gain, in log-likelihood, at which climbs end.

    Returns
    -------
    Peak
        Of n rows.
    """
    rows, theta = starts.rows, starts.theta
    for steps, behind in STAGES:
        sprint = climb(
            replace(problem, scoring=True), theta, rows=rows, tolerance=ROUGH, steps=steps
        )
        rows, theta, *_ = _leaders(rows, sprint, behind)
    return Peak(*_leaders(rows, climb(problem, theta, rows=rows, tolerance=tolerance), 0.0)[1:])


def _leaders(
    rows: NDArray[np.intp], peak: Peak, behind: float
) -> tuple[NDArray[np.intp], Floats, Floats, Floats]:
    """Keep each row's best climb, and others that are less far behind and elsewhere."""
    begin = np.flatnonzero(np.diff(rows, prepend=-1))
    short = np.maximum.reduceat(peak.value, begin)[rows] - peak.value
    first = np.flatnonzero(short == 0)
    first = first[np.diff(rows[first], prepend=-1) > 0]
    ahead = peak.theta[first[rows]]
    apart = np.abs(peak.theta - ahead) / ALIKE
    apart[:, M] /= np.exp(ahead[:, LOG_W])
    kept = (apart.max(axis=1) > 1) & (short < behind)
    kept[first] = True
    return rows[kept], peak.theta[kept], peak.value[kept], peak.loglik[kept]
