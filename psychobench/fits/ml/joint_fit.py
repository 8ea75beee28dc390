"""Maximise joint problems: damped Fisher scoring with the groups side by side, from many starts.

`psychobench.fits.ml.scoring` writes out its systems of 4 or 5 equations over thousands of fits;
here there are as many equations as joint parameters, of which each row has its own few beside the
common ones (see `psychobench.fits.ml.bordered`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.direction import find_direction
from psychobench.fits.functions import Floats
from psychobench.fits.ml.bordered import solve_bordered
from psychobench.fits.ml.derivatives import FitsLast, differentiate, log_likelihood
from psychobench.fits.ml.engine import solve, to_curves, to_theta
from psychobench.fits.ml.joint import JointProblem
from psychobench.fits.ml.ldl import ROW_START
from psychobench.fits.ml.problem import GUESS, LAPSE, LOG_WIDTH, RHO, THRESHOLD, make_problem
from psychobench.fits.options import MAX_ASYMPTOTE, FitOptions

MAX_STEPS, TOLERANCE = 200, 1e-9
START_DAMPING, MAX_DAMPING = 1e-3, 1e10
LONGEST_LOG_WIDTH = 1.5
DONORS = 6  # conditions whose own values are tried as the shared ones
RATES, WIDTHS = (0.02, 0.1), (-0.7, 0.7)  # further starts: rates, and factors of log widths
TOGETHER = 20_000  # rows that are maximised side by side: bounds the memory


class JointOptimum(NamedTuple):
    """Where maximisation ended: `phi` (n, p), `value` (n,) with the prior."""

    phi: Floats
    value: Floats


class _Derivatives(NamedTuple):
    value: Floats  # (n,)
    gradient: Floats  # (n, p)
    information: Floats  # (m, 4, 4) or (m, 5, 5), of each row in the group's units


def separate_fits(blocks: Blocks, options: FitOptions) -> Curves:
    """Fit each condition by maximum likelihood, rising or falling, as the joint starts."""
    falling = find_direction(blocks).falling
    problem = make_problem(blocks, options, falling)
    return to_curves(problem, solve(problem), falling)


def row_values(joint: JointProblem, curves: Curves) -> Floats:
    """Convert curves of rows to parameters of a joint fit, in the group's units: (m, 5)."""
    problem = joint.problem
    theta = to_theta(problem, curves)
    if problem.at_pse:
        room = 1 - theta[:, GUESS:RHO].sum(axis=1)
        share = np.clip((0.5 - theta[:, GUESS]) / room, 1e-3, 0.999)
        width = np.exp(theta[:, LOG_WIDTH])
        theta[:, THRESHOLD] = problem.sigmoid.position(share, theta[:, THRESHOLD], width)
    theta[:, THRESHOLD] = (theta[:, THRESHOLD] - joint.place_shift) / joint.place_scale
    theta[:, LOG_WIDTH] -= joint.width_shift
    return theta


def starting_points(joint: JointProblem, values: Floats) -> list[Floats]:
    """List starts of shape (n, p): means over conditions, single conditions' values, variations."""
    mean = joint.from_rows(values)
    starts = [mean]
    number = np.arange(len(values)) - joint.first[joint.owner]
    for donor in range(min(DONORS, int(joint.counts.max()))):
        starts.append(joint.from_rows(values, np.where(number == donor, 1.0, 1e-9)))
    for rate in RATES:
        starts.append(np.where(joint.rates, rate, mean))
    for change in WIDTHS:
        moved = values.copy()
        moved[:, LOG_WIDTH] += change
        starts.append(joint.from_rows(moved))
    return starts


def maximise_joint(
    joint: JointProblem, starts: Sequence[Floats], tolerance: float = TOLERANCE
) -> JointOptimum:
    """Maximise each group from every start, and keep its best optimum.

    Parameters
    ----------
    joint : JointProblem
        Of n groups with p joint parameters.
    starts : sequence of ndarray, shape (n, p)
        Where to begin; brought within bounds first.
    tolerance : float
        Expected gain, in log-likelihood, at which a fit has converged.
    """
    n, batch = len(joint), max(1, TOGETHER // (len(starts) * int(joint.counts.max())))
    parts = []
    for groups in np.split(np.arange(n), range(batch, n, batch)):
        several = joint.take(np.tile(groups, len(starts)))
        found = _scoring(several, np.concatenate([start[groups] for start in starts]), tolerance)
        value = found.value.reshape(len(starts), len(groups))
        best = value.argmax(axis=0) * len(groups) + np.arange(len(groups))
        parts.append(JointOptimum(found.phi[best], found.value[best]))
    return JointOptimum(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def joint_information(joint: JointProblem, phi: Floats) -> Floats:
    """Compute the expected information of the joint parameters (1, p) of one group: (p, p)."""
    found = _differentiate(joint, phi)
    place = np.eye(phi.shape[1])[joint.slots[:, : found.information.shape[1]]]
    information = np.einsum("mip,mij,mjq->pq", place, found.information, place)
    return np.asarray(information)


def row_log_likelihood(joint: JointProblem, phi: Floats) -> Floats:
    """Evaluate each row's log-likelihood, without prior and binomial coefficients: shape (m,)."""
    theta = np.ascontiguousarray(joint.to_theta(phi).T)
    return differentiate(FitsLast.of(joint.problem, np.arange(theta.shape[1])), theta).loglik


def row_log_posterior(joint: JointProblem, phi: Floats) -> Floats:
    """Evaluate each row's log-likelihood with its share of the prior: shape (m,)."""
    theta = np.ascontiguousarray(joint.to_theta(phi).T)
    fits = FitsLast.of(joint.problem, np.arange(theta.shape[1]))
    crowded = theta[GUESS] + theta[LAPSE] > MAX_ASYMPTOTE  # no curve
    return np.where(crowded, -np.inf, log_likelihood(fits, theta)[0])


def _differentiate(joint: JointProblem, phi: Floats) -> _Derivatives:
    """Evaluate the joint log-likelihood at phi (n, p), with gradient and expected information."""
    theta = np.ascontiguousarray(joint.to_theta(phi).T)
    rows = differentiate(FitsLast.of(joint.problem, np.arange(theta.shape[1])), theta)
    m, size = theta.shape[1], len(rows.gradient)
    factor = np.ones((size, m))
    factor[THRESHOLD] = joint.place_scale
    gradient, information = (rows.gradient * factor).T, np.empty((m, size, size))
    for i in range(size):
        for j in range(i + 1):
            entry = rows.expected[ROW_START[i] + j] * factor[i] * factor[j]
            information[:, i, j] = information[:, j, i] = entry
    crowded = theta[GUESS] + theta[LAPSE] > MAX_ASYMPTOTE  # no curve
    of_rows = np.where(crowded, -np.inf, rows.value)
    value = np.bincount(joint.owner, of_rows, len(phi)).astype(np.float64)
    return _Derivatives(value, joint.add_up(gradient), information)


def _scoring(joint: JointProblem, start: Floats, tolerance: float) -> JointOptimum:
    """Iterate from one start per group until each has converged."""
    phi = np.clip(start, joint.low, joint.high)
    here, damping = _differentiate(joint, phi), np.full(len(phi), START_DAMPING)
    found, live = JointOptimum(phi.copy(), here.value.copy()), np.arange(len(phi))
    for _ in range(MAX_STEPS):
        step, expected_gain = _step(joint, phi, here, damping)
        trial = np.clip(phi + step, joint.low, joint.high)
        ahead = _differentiate(joint, trial)
        better = ahead.value > here.value
        gained = ahead.value - here.value > 0.25 * expected_gain
        phi = np.where(better[:, None], trial, phi)
        here = _Derivatives(
            np.where(better, ahead.value, here.value),
            np.where(better[:, None], ahead.gradient, here.gradient),
            np.where(better[joint.owner, None, None], ahead.information, here.information),
        )
        damping = np.where(gained, np.maximum(damping / 8, 1e-9), damping)
        damping = np.where(better, damping, np.maximum(damping * 8, 1e-2))
        found.phi[live], found.value[live] = phi, here.value
        moving = np.flatnonzero(
            (expected_gain * (1 + damping) > tolerance) & (damping < MAX_DAMPING)
        )
        if not len(moving):
            break
        if len(moving) < 0.8 * len(live):  # leaving converged ones out copies all arrays
            rows = joint.rows_of(moving)
            joint, phi, damping, live = (
                joint.take(moving), phi[moving], damping[moving], live[moving],
            )  # fmt: skip
            here = _Derivatives(here.value[moving], here.gradient[moving], here.information[rows])
    return found


def _step(
    joint: JointProblem, phi: Floats, here: _Derivatives, damping: Floats
) -> tuple[Floats, Floats]:
    """Compute a damped step (n, p), and the gain expected of it (n,)."""
    pressed = ((phi <= joint.low) & (here.gradient < 0)) | (
        (phi >= joint.high) & (here.gradient > 0)
    )
    free = joint.free & ~pressed
    step = solve_bordered(joint, here.information, here.gradient, free, damping)
    # parameters that would cross a bound go onto it, and the others answer to that move
    ended = np.clip(phi + step, joint.low, joint.high) - phi
    crosses = free & (np.abs(ended - step) > 0)
    some = np.flatnonzero(crosses.any(axis=1))
    if len(some):
        part, rows = joint.take(some), joint.rows_of(some)
        information = here.information[rows]
        taken = np.where(crosses, ended, 0.0)[some]
        of_rows = part.to_rows(taken)[:, : information.shape[1], None]
        moved = part.add_up((information @ of_rows)[..., 0])
        right = here.gradient[some] - moved
        rest = solve_bordered(part, information, right, (free & ~crosses)[some], damping[some])
        step[some] = taken + rest
    row_step = np.abs(joint.to_rows(step))
    reach = 0.5 + np.exp(joint.to_rows(phi)[:, LOG_WIDTH])
    longest = np.maximum(row_step[:, THRESHOLD] / reach, row_step[:, LOG_WIDTH] / LONGEST_LOG_WIDTH)
    step /= np.maximum(1.0, np.maximum.reduceat(longest, joint.first))[:, None]
    return step, np.einsum("np,np->n", step, np.where(free, here.gradient, 0.0))


def fit_joint(joint: JointProblem, values: Floats, further: Iterable[Floats] = ()) -> JointOptimum:
    """Maximise from the separate fits' values (m, 5) and from further rows' values."""
    starts = [*starting_points(joint, values), *(joint.from_rows(each) for each in further)]
    return maximise_joint(joint, starts)
