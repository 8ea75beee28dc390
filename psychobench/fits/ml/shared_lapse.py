"""One lapse rate for all conditions of an observer, by maximum likelihood.

People press the wrong key about as often in one condition as in the next, so that a common rate is
measured by all their answers [1]_. With the lapse rate held, conditions do not depend on each
other: the log-likelihood of an observer's lapse rate, all else at its best, is a sum over
conditions of functions of one number. Each is tabulated, their sum is maximised, and in an
interval of another parameter the table of the other conditions stands beside the condition's own
likelihood.

References
----------
.. [1] Wichmann, F. A. & Hill, N. J. (2001). The psychometric function: I. Perception &
   Psychophysics, 63, 1293-1313.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml.bootstrap import STARTS
from psychobench.fits.ml.engine import fit, pose, solve, to_curves, to_theta
from psychobench.fits.ml.intervals import Ends, profile_intervals
from psychobench.fits.ml.scoring import GUESS, LAPSE, Beside, Peak, Problem
from psychobench.fits.ml.starts import COARSE
from psychobench.fits.options import FitOptions

NODES = np.concatenate([[0.0], np.geomspace(0.002, 1.0, 32)])  # shares of the way to the last
LAST = 0.6  # lapse rate up to which the functions are tabulated
ZOOMS, POINTS = 9, 7  # each narrows the bracket of the maximum to a third


def fit_shared(
    blocks: Blocks, owners: NDArray[np.intp], options: FitOptions
) -> tuple[Curves, dict[str, Ends]]:
    """Fit conditions with a lapse rate common to those of one observer, whose prior counts once.

    Whether a curve rises or falls is decided by its own data alone. The intervals are of the
    profile likelihood of all of an observer's data together: over the condition's other parameters,
    the common lapse rate and what is best in the other conditions at that rate.

    Parameters
    ----------
    blocks : Blocks
        Counted answers, one row per condition.
    owners : ndarray of int, shape (n,)
        Whose conditions they are, from 0.
    options : FitOptions
        What is asked for.

    Returns
    -------
    curves : Curves
    ends : dict
        As from `profile_intervals`.
    """
    apart = fit(blocks, options)
    problem = pose(blocks, options, apart.falling)
    column, near = np.where(apart.falling, GUESS, LAPSE), to_theta(problem, apart)
    low, high = options.asymptote_bounds["lapse"]
    nodes = low + NODES * (max(min(high, LAST), low + 0.01) - low)
    nodes = nodes[nodes <= high]
    table = _profiles(problem, column, np.tile(nodes, (len(blocks), 1)), near)
    rate = _maximise(problem, column, owners, nodes, table, near)
    held = _held(problem, column, rate)
    peak = solve(held, near=near)
    curves = to_curves(problem, Peak(*peak), apart.falling)
    others = _per_owner(owners, table)[owners] - table
    pieces = PchipInterpolator(nodes, others, axis=1).c  # (4, k - 1, n)
    beside = Beside(nodes, np.ascontiguousarray(pieces.transpose(2, 0, 1)), column)
    limited = replace(options, bounds={**options.bounds, "lapse": (low, float(nodes[-1]))})
    return curves, profile_intervals(curves, blocks, limited, beside)


def _held(problem: Problem, column: NDArray[np.intp], rate: Floats) -> Problem:
    low, high = problem.low.copy(), problem.high.copy()
    rows = np.arange(len(column))
    low[rows, column] = high[rows, column] = rate
    return replace(problem, low=low, high=high)


def _profiles(problem: Problem, column: NDArray[np.intp], rates: Floats, near: Floats) -> Floats:
    """Maximise each condition at some lapse rates (n, m), without the prior of the lapse rate."""
    n, m = rates.shape
    rows = np.repeat(np.arange(n), m)
    part = _held(problem.take(rows), column[rows], rates.ravel())
    peak = solve(part, starts=STARTS, grid=COARSE, near=near[rows])
    return peak.value.reshape(n, m) - problem.prior * np.log1p(-rates)


def _per_owner(owners: NDArray[np.intp], table: Floats) -> Floats:
    total = np.zeros((owners.max() + 1, table.shape[1]))
    np.add.at(total, owners, table)
    return total


def _maximise(
    problem: Problem,
    column: NDArray[np.intp],
    owners: NDArray[np.intp],
    nodes: Floats,
    table: Floats,
    near: Floats,
) -> Floats:
    """Find each observer's rate, given to each condition, between the nodes beside the best one."""
    rates = np.tile(nodes, (owners.max() + 1, 1))
    for zoom in range(ZOOMS + 1):
        total = _per_owner(owners, table) + problem.prior * np.log1p(-rates)
        best, who = total.argmax(axis=1), np.arange(len(rates))
        if zoom == ZOOMS:
            break
        low, high = (rates[who, np.clip(best + side, 0, rates.shape[1] - 1)] for side in (-1, 1))
        rates = np.linspace(low, high, POINTS, axis=1)
        table = _profiles(problem, column, rates[owners], near)
    return np.asarray(rates[who, best][owners])
