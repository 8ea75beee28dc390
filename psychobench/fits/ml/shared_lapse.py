"""One lapse rate for all conditions of an observer, by maximum likelihood.

People press the wrong key about as often in one condition as in the next, so that all their answers
bear on a common rate [1]_. With the lapse rate held, conditions do not depend on each other: the
profile log-likelihood of an observer's lapse rate is a sum over conditions of functions of one
number (eq. 22 of docs/dev/fitting.md). Each is tabulated, their sum is maximised, and in the
interval of another parameter the table of the other conditions is added to the condition's own
log-likelihood.

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
from psychobench.fits.curves import Curves, Interval
from psychobench.fits.densities import log_density
from psychobench.fits.functions import Floats
from psychobench.fits.ml.bootstrap import STARTS
from psychobench.fits.ml.engine import fit, solve, to_curves, to_theta
from psychobench.fits.ml.intervals import profile_intervals
from psychobench.fits.ml.problem import GUESS, LAPSE, Problem, RateTerm, make_problem
from psychobench.fits.ml.starts import COARSE
from psychobench.fits.options import FitOptions

NODES = np.concatenate([[0.0], np.geomspace(0.002, 1.0, 32)])  # shares of the way to the last
LAST = 0.6  # lapse rate up to which the functions are tabulated
ZOOMS, POINTS = 9, 7  # each narrows the bracket of the maximum to a third


def fit_shared_lapse(
    blocks: Blocks, owners: NDArray[np.intp], options: FitOptions
) -> tuple[Curves, dict[str, Interval]]:
    """Fit conditions with a lapse rate common to those of one observer, whose prior counts once.

    Whether a curve rises or falls is decided by its own data alone. Intervals are of the profile
    likelihood of all of an observer's data together: over the condition's other parameters, the
    common lapse rate, and the other conditions' parameters at that rate.

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
    intervals : dict
        As from `profile_intervals`.
    """
    separate = fit(blocks, options)
    problem = make_problem(blocks, options, separate.falling)
    # a falling curve's responses are swapped, and so are its rates
    column, near = np.where(separate.falling, GUESS, LAPSE), to_theta(problem, separate)
    low, high = options.asymptote_bounds["lapse"]
    nodes = low + NODES * (max(min(high, LAST), low + 0.01) - low)
    nodes = nodes[nodes <= high]
    table = _profile(problem, column, np.tile(nodes, (len(blocks), 1)), near)  # (n, nodes)
    rate = _best_rate(problem, column, owners, nodes, table, near)
    optimum = solve(_with_rate(problem, column, rate), near=near)
    curves = to_curves(problem, optimum, separate.falling)
    others = _per_owner(owners, table)[owners] - table
    # monotone between nodes, so that interpolation adds no optima
    pieces = PchipInterpolator(nodes, others, axis=1).c  # (4, nodes - 1, n)
    term = RateTerm(nodes, np.ascontiguousarray(pieces.transpose(2, 0, 1)), column)
    limited = replace(options, bounds={**options.bounds, "lapse": (low, float(nodes[-1]))})
    return curves, profile_intervals(curves, blocks, limited, term)


def _with_rate(problem: Problem, column: NDArray[np.intp], rate: Floats) -> Problem:
    low, high = problem.low.copy(), problem.high.copy()
    rows = np.arange(len(column))
    low[rows, column] = high[rows, column] = rate
    return replace(problem, low=low, high=high)


def _profile(problem: Problem, column: NDArray[np.intp], rates: Floats, near: Floats) -> Floats:
    """Maximise each condition at lapse rates (n, m), without their prior: shape (n, m)."""
    n, m = rates.shape
    rows = np.repeat(np.arange(n), m)
    part = _with_rate(problem.take(rows), column[rows], rates.ravel())
    optimum = solve(part, starts=STARTS, grid=COARSE, near=near[rows])
    own = _log_prior(problem, column, rates)
    return optimum.value.reshape(n, m) - own


def _log_prior(problem: Problem, column: NDArray[np.intp], rates: Floats) -> Floats:
    """Evaluate the logarithm of the prior at lapse rates (n, m), of which n may be observers."""
    total = np.zeros_like(rates)
    for term in problem.prior:
        if (term.column == column).all():
            total += log_density(term.shape, rates)
    return total


def _per_owner(owners: NDArray[np.intp], table: Floats) -> Floats:
    """Sum a table (n, m) over each observer's conditions: (observers, m)."""
    total = np.zeros((owners.max() + 1, table.shape[1]))
    np.add.at(total, owners, table)
    return total


def _best_rate(
    problem: Problem,
    column: NDArray[np.intp],
    owners: NDArray[np.intp],
    nodes: Floats,
    table: Floats,
    near: Floats,
) -> Floats:
    """Find each observer's rate by repeated zooming between the nodes beside the best one.

    Returned per condition, (n,). The profile is maximised anew at each zoom instead of
    interpolated, so that the rate is as exact as that of a separate fit.
    """
    rates = np.tile(nodes, (owners.max() + 1, 1))
    for zoom in range(ZOOMS + 1):
        total = _per_owner(owners, table) + _log_prior(problem, column, rates)
        best, who = total.argmax(axis=1), np.arange(len(rates))
        if zoom == ZOOMS:
            break
        low, high = (rates[who, np.clip(best + side, 0, rates.shape[1] - 1)] for side in (-1, 1))
        rates = np.linspace(low, high, POINTS, axis=1)
        table = _profile(problem, column, rates[owners], near)
    return np.asarray(rates[who, best][owners])
