"""Damped Fisher scoring between bounds, of many penalised log-likelihoods at once.

Derived in docs/dev/fitting.md, whose equations are cited here. scipy's optimisers take one function
at a time: a bootstrap of a study asks for some 100,000 optima, and Python's overhead alone would be
minutes. Here one iteration is a few dozen array operations over thousands of fits, which lie along
the last axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.derivatives import (
    Derivatives,
    FitsLast,
    differentiate,
    log_likelihood,
)
from psychobench.fits.ml.ldl import DIAGONAL, Factors, factorise, multiply_out, solve
from psychobench.fits.ml.problem import (
    LAPSE,
    LOG_WIDTH,
    THRESHOLD,
    Optimum,
    Problem,
    clip_columns,
)

MAX_STEPS = 200
STEPS_PER_ROUND = 10  # after which fits of all chunks that have not converged are put together
START_DAMPING, MAX_DAMPING = 1e-3, 1e12
# the observed information counts only where its pivots exceed this share of the expected one's
LEAST_CURVATURE = 0.1
DAMPING_DOWN, DAMPING_UP, LEAST_RAISED = 8.0, 8.0, 1e-2  # eq. 15
TOLERANCE = 1e-11  # expected gain, in log-likelihood, at which a fit has converged
COMPACT_BELOW = 0.8  # share of fits still moving under which the others are left out
CHUNK = 12_000  # fits per array: enough to amortise Python, few enough to stay in cache
USUAL_LEVELS = 11  # fits of more levels have smaller arrays, for the sake of memory
LONGEST_LOG_WIDTH = 1.5  # step


def maximise(
    problem: Problem,
    start: Floats,
    *,
    rows: NDArray[np.integer] | None = None,
    tolerance: float = TOLERANCE,
    steps: int = MAX_STEPS,
) -> Optimum:
    """Maximise the penalised log-likelihood from each start.

    Parameters
    ----------
    problem : Problem
        With n rows.
    start : ndarray, shape (m, 5)
        Where to begin; brought within bounds first.
    rows : ndarray of int, shape (m,), optional
        Row of the problem that each start belongs to; without it, one start per row.
    tolerance : float
        Expected gain at which a fit has converged.
    steps : int
        Most iterations, rounded up to tens if there are more than ten.

    Returns
    -------
    Optimum
        Of m starts.
    """
    rows = np.arange(len(start)) if rows is None else rows
    found = Optimum(start.copy(), np.empty(len(start)), np.empty(len(start)))
    damping, active = np.full(len(start), START_DAMPING), np.arange(len(start))
    size = _chunk(problem)
    for _ in range(-(-steps // STEPS_PER_ROUND)):
        unfinished = []
        for some in np.split(active, range(size, len(active), size)):
            fits = FitsLast.of(problem, rows[some])
            part, damping[some], live = _iterate(
                fits, found.theta[some].T, damping[some], tolerance, min(steps, STEPS_PER_ROUND)
            )
            for whole, values in zip(found, part, strict=True):
                whole[some] = values.T
            unfinished.append(some[live])
        active = np.concatenate(unfinished)
        if not len(active):
            break
    return found


def evaluate(problem: Problem, theta: Floats) -> Optimum:
    """Evaluate each row's log-likelihood at theta (n, 5), with the prior and without it."""
    value, loglik = np.empty(len(theta)), np.empty(len(theta))
    size = _chunk(problem)
    for rows in np.split(np.arange(len(theta)), range(size, len(theta), size)):
        fits = FitsLast.of(problem, rows)
        value[rows], loglik[rows] = log_likelihood(fits, np.ascontiguousarray(theta[rows].T))
    return Optimum(theta, value, loglik)


def _chunk(problem: Problem) -> int:
    levels = int(problem.blocks.z.shape[1])
    return min(CHUNK, max(CHUNK * USUAL_LEVELS // levels, 100))


def _iterate(
    fits: FitsLast, start: Floats, damping: Floats, tolerance: float, steps: int
) -> tuple[Optimum, Floats, NDArray[np.bool_]]:
    """Take some steps from `start`, (5, n).

    Returns the optima so far with fits along the last axis, their damping (n,), and which of them
    have not converged (n,).
    """
    tied = fits.problem.tied
    theta = clip_columns(fits.low, fits.high, start, tied=tied)
    here, live = differentiate(fits, theta), np.ones(len(damping), dtype=bool)
    rows, unfinished = np.arange(len(damping)), np.zeros(len(damping), dtype=bool)
    found, last = Optimum(theta.copy(), here.value.copy(), here.loglik.copy()), damping.copy()
    for _ in range(steps):
        step, undamped_gain, predicted = _damped_step(fits, theta, here, damping)
        trial = theta.copy()
        trial[: len(step)] += step
        trial = clip_columns(fits.low, fits.high, trial, tied=tied)
        ahead = differentiate(fits, trial)
        gained = ahead.value - here.value
        better = (gained > 0) & live
        theta = np.where(better, trial, theta)
        pairs = zip(ahead, here, strict=True)
        here = Derivatives(*(np.where(better, new, old) for new, old in pairs))
        damping = _updated_damping(damping, gained, predicted)
        live &= (undamped_gain > tolerance) & (damping < MAX_DAMPING)
        # leaving converged fits out copies all arrays, which pays once enough have converged
        if np.count_nonzero(live) < COMPACT_BELOW * len(live):
            found.theta[:, rows], found.value[rows], found.loglik[rows] = theta, *here[:2]
            fits, rows, theta, damping = fits.take(live), rows[live], theta[:, live], damping[live]
            here, live = Derivatives(*(part[..., live] for part in here)), live[live]
            if not len(live):
                break
    found.theta[:, rows], found.value[rows], found.loglik[rows] = theta, *here[:2]
    last[rows], unfinished[rows] = damping, live
    return found, last, unfinished


def _updated_damping(damping: Floats, gained: Floats, predicted: Floats) -> Floats:
    """Lower the damping after a step that kept its promise, raise it after one that lost (eq. 15).

    A step that gains, but less than half of what was predicted, leaves it as it is.
    """
    lower = np.where(gained > 0.5 * predicted, np.maximum(damping / DAMPING_DOWN, 1e-6), damping)
    return np.where(gained > 0, lower, np.maximum(damping * DAMPING_UP, LEAST_RAISED))


def _damped_step(
    fits: FitsLast, theta: Floats, here: Derivatives, damping: Floats
) -> tuple[Floats, Floats, Floats]:
    """Compute a damped step (p, n) for the parameters that are free to move (eq. 13).

    Returned with it are the gain expected without damping, by which convergence is judged
    (eq. 16), and the gain predicted for this step (n,) (eq. 14).
    """
    size = len(here.gradient)
    now, low, high = theta[:size], fits.low[:size], fits.high[:size]
    free = _free_parameters(now, low, high, here.gradient)
    if fits.problem.tied:
        free[LAPSE] = False
    gradient = np.where(free, here.gradient, 0.0)
    matrix, factors = _information(here, free, damping)
    step = solve(factors, gradient)
    undamped_gain = np.einsum("pn,pn->n", step, gradient) * (1 + damping)
    ended = np.clip(now + step, low, high)
    crosses = free & (ended != now + step)
    ended -= now
    some = np.flatnonzero(crosses.any(axis=0))
    if len(some):
        step[:, some] = _step_onto_bounds(
            matrix[:, some], gradient[:, some], free[:, some], damping[some],
            ended[:, some], crosses[:, some],
        )  # fmt: skip
    # the quadratic model holds within about a width of the threshold: no step leaves it (eq. 17)
    reach = 0.5 + np.exp(theta[LOG_WIDTH])
    relative = np.abs(step[THRESHOLD]) / reach, np.abs(step[LOG_WIDTH]) / LONGEST_LOG_WIDTH
    step /= np.maximum(1.0, np.maximum(*relative))
    return step, undamped_gain, np.einsum("pn,pn->n", step, gradient) / 2


def _free_parameters(now: Floats, low: Floats, high: Floats, gradient: Floats) -> NDArray[np.bool_]:
    """Find parameters that are neither held nor pressed against a bound by the gradient."""
    at_low, at_high = (now <= low) & (gradient < 0), (now >= high) & (gradient > 0)
    return (low < high) & ~at_low & ~at_high


def _information(
    here: Derivatives, free: NDArray[np.bool_], damping: Floats
) -> tuple[Floats, Factors]:
    """Choose each fit's information matrix: the observed one where it is safely positive definite.

    Newton's steps with the observed information converge quadratically near an optimum. Elsewhere
    it may be indefinite, and its step may descend; the expected one is always positive definite.
    """
    matrix = here.observed.copy()
    factors = factorise(matrix, free, damping)
    if here.observed is here.expected:
        return matrix, factors
    least = LEAST_CURVATURE * here.expected[DIAGONAL[: len(free)]]
    indefinite = np.flatnonzero((free & (factors.pivots < least)).any(axis=0))
    if len(indefinite):
        matrix[:, indefinite] = here.expected[:, indefinite]
        again = factorise(matrix[:, indefinite], free[:, indefinite], damping[indefinite])
        factors.lower[..., indefinite], factors.pivots[:, indefinite] = again
    return matrix, factors


def _step_onto_bounds(
    matrix: Floats,
    gradient: Floats,
    free: NDArray[np.bool_],
    damping: Floats,
    ended: Floats,
    crosses: NDArray[np.bool_],
) -> Floats:
    """Solve again with the parameters that would cross bounds going no further than these.

    Clipping the step alone would leave the other parameters where they answer to a move that is
    not made, and correlated parameters would zigzag along the bound.
    """
    taken = np.where(crosses, ended, 0.0)
    rest = free & ~crosses
    right = np.where(rest, multiply_out(matrix, taken, gradient), 0.0)
    return taken + solve(factorise(matrix, rest, damping), right)
