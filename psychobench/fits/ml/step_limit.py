"""Which of several equally likely optima is reported: plateaus of the likelihood.

Where answers change from all of one kind to all of the other between two levels, the likelihood no
longer changes as the curve steepens between them, and neither as the step moves. A width found
there is an accident of where maximisation ended. What is reported instead is the limit: the width
at its floor, and the step in the middle between its levels (docs/dev/fitting.md, section 5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.likelihoods import MIN_RHO
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    RHO,
    THRESHOLD,
    Optimum,
    Problem,
)
from psychobench.fits.ml.scoring import evaluate

PLATEAU = 1e-4  # log-likelihood by which the limit may fall short and still be taken


def without_overdispersion(problem: Problem, optimum: Optimum) -> Optimum:
    """Set overdispersion to none where that is as likely: single answers cannot tell."""
    if not problem.overdispersed:
        return optimum
    theta = optimum.theta.copy()
    theta[:, RHO] = MIN_RHO
    binomial = evaluate(problem, theta)
    return _select(binomial.value >= optimum.value - PLATEAU, binomial, optimum)


def to_step_limit(
    problem: Problem, optimum: Optimum, best: Callable[[Problem], Optimum]
) -> Optimum:
    """Replace optima on a plateau towards steeper curves by the steepest curve.

    Parameters
    ----------
    problem : Problem
        With n rows.
    optimum : Optimum
        Of n rows.
    best : callable
        Maximises a problem.

    Returns
    -------
    Optimum
        Of n rows.
    """
    gap, floor = np.log(problem.blocks.gap), problem.low[:, LOG_WIDTH]
    # a curve wider than the smallest gap is seen by two levels at least
    rows = np.flatnonzero((optimum.theta[:, LOG_WIDTH] < gap) & (floor < gap))
    if not len(rows):
        return optimum
    steps = problem.take(rows)
    held = steps.high.copy()
    held[:, LOG_WIDTH] = steps.low[:, LOG_WIDTH]
    steps = replace(steps, high=held)
    limit = _centre_between_levels(steps, without_overdispersion(steps, best(steps)))
    flat = limit.value >= optimum.value[rows] - _slack(steps)
    parts = [part.copy() for part in optimum]
    for whole, part in zip(parts, limit, strict=True):
        whole[rows[flat]] = part[flat]
    return Optimum(*parts)


def _centre_between_levels(steps: Problem, limit: Optimum) -> Optimum:
    """Move each step's crossing of .5 to the middle between its levels, where that is as likely."""
    z, width = steps.blocks.z, np.exp(limit.theta[:, LOG_WIDTH])
    guess, lapse = limit.theta[:, GUESS], limit.theta[:, LAPSE]
    crossing = steps.sigmoid.position(
        (0.5 - guess) / (1 - guess - lapse), limit.theta[:, THRESHOLD], width
    )
    crossing = np.where(np.isfinite(crossing), crossing, limit.theta[:, THRESHOLD])
    below = np.where(z <= crossing[:, None], z, -np.inf).max(axis=1)
    above = np.where(z > crossing[:, None], z, np.inf).min(axis=1)
    middle = np.where(np.isfinite(below + above), (below + above) / 2, crossing)
    theta = limit.theta.copy()
    theta[:, THRESHOLD] = np.clip(
        theta[:, THRESHOLD] + middle - crossing, steps.low[:, THRESHOLD], steps.high[:, THRESHOLD]
    )
    moved = evaluate(steps, theta)
    return _select(moved.value >= limit.value - _slack(steps), moved, limit)


def _slack(problem: Problem) -> Floats:
    """Compute `PLATEAU`, less where blocks weigh less than a trial: for probabilities, (n,)."""
    return np.asarray(PLATEAU * np.minimum(1.0, problem.blocks.trials.sum(axis=1)))


def _select(chosen: NDArray[np.bool_], one: Optimum, other: Optimum) -> Optimum:
    return Optimum(
        np.where(chosen[:, None], one.theta, other.theta),
        np.where(chosen, one.value, other.value),
        np.where(chosen, one.loglik, other.loglik),
    )
