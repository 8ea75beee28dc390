"""Likelihood-ratio tests of nested models, by chi-squared and by a parametric bootstrap.

References
----------
.. [1] Wilks, S. S. (1938). The large-sample distribution of the likelihood ratio for testing
   composite hypotheses. Annals of Mathematical Statistics, 9, 60-62.
.. [2] Self, S. G. & Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood estimators
   and likelihood ratio tests under nonstandard conditions. Journal of the American Statistical
   Association, 82, 605-610: the chi-squared distribution does not hold at bounds.
.. [3] Besag, J. & Clifford, P. (1991). Sequential Monte Carlo p-values. Biometrika, 78, 301-304.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.bootstrap import draw_answers
from psychobench.fits.ml.joint import JointProblem
from psychobench.fits.ml.joint_fit import maximise_joint
from psychobench.fits.ml.problem import GUESS, LAPSE, LOG_WIDTH, RHO
from psychobench.fits.models.fitting import FittedModel

NEAR_BOUND = 1e-4  # a rate, or the logarithm of a width, this near to its bound is on it
TOLERANCE = 1e-5  # expected gain at which a refit ends
SLACK = 1e-5  # log-likelihood by which a simulated gain may miss the observed one and reach it
TOGETHER = 2000  # simulated data sets that are refitted side by side
ENOUGH = 50  # simulated statistics beyond the observed one, after which p is known well enough


def on_bound(model: FittedModel) -> NDArray[np.bool_]:
    """Find groups whose optimum lies on a bound of an estimated rate or width, shape (n,)."""
    joint, phi = model.joint, model.phi
    shapes = np.zeros_like(joint.free)
    group = joint.owner[:, None]
    shapes[group, joint.slots[:, [LOG_WIDTH, GUESS, LAPSE, RHO]]] = True
    near = (phi <= joint.low + NEAR_BOUND) | (phi >= joint.high - NEAR_BOUND)
    return np.asarray((joint.free & shapes & near).any(axis=1))


class BootstrapTests(NamedTuple):
    """p of each group, and the number of simulated data sets behind it; shape (n,) each."""

    p: Floats
    simulations: NDArray[np.int64]


def bootstrap_tests(
    small: FittedModel,
    large: FittedModel,
    refits: int,
    seeds: Sequence[int],
    groups: NDArray[np.intp],
) -> BootstrapTests:
    """Simulate answers from the smaller model, fit both, and compare statistics.

    ``p = (1 + number of simulated statistics that reach the observed one) / (1 + refits)``. Where
    `ENOUGH` of them reach it earlier, p is large, and is their number divided by the simulations up
    to then [3]_; both are exact at every level.

    Parameters
    ----------
    small, large : FittedModel
        Nested models of the same groups.
    refits : int
        Largest number of simulated data sets per group.
    seeds : sequence of int
        One per group of the models, so that its p does not depend on the other groups.
    groups : ndarray of int, shape (n,)
        Which of them are tested.
    """
    observed = large.value - small.value
    keys = [zlib.crc32(repr((seed, large.vary)).encode()) for seed in seeds]
    rngs = {int(group): np.random.default_rng(keys[group]) for group in groups}
    reached: dict[int, Floats] = {group: np.empty(0) for group in rngs}
    live, size = list(rngs), ENOUGH
    while live:
        size = min(size, refits - len(reached[live[0]]))
        together = max(1, TOGETHER // size)
        for some in (live[first : first + together] for first in range(0, len(live), together)):
            drawn = np.concatenate([simulate(small, group, size, rngs[group]) for group in some])
            gain = refitted_gain(small, large, np.repeat(some, size), drawn)
            for group, part in zip(some, gain.reshape(-1, size), strict=True):
                hits = part >= observed[group] - SLACK
                reached[group] = np.concatenate([reached[group], hits])
        live = [g for g in live if reached[g].sum() < ENOUGH and len(reached[g]) < refits]
        size *= 2
    found = [_sequential_p(reached[int(group)], refits) for group in groups]
    return BootstrapTests(*(np.array(part) for part in zip(*found, strict=True)))


def _sequential_p(reached: Floats, refits: int) -> tuple[float, int]:
    counts = reached.cumsum()
    if counts[-1] >= ENOUGH:
        number = int(np.argmax(counts >= ENOUGH)) + 1
        return ENOUGH / number, number
    return float(1 + counts[-1]) / (1 + refits), len(reached)


def simulate(model: FittedModel, group: int, count: int, rng: np.random.Generator) -> Floats:
    """Draw one group's target answers from a fitted model, `count` times: a row per condition."""
    rows = model.joint.rows_of(np.array([group]))
    blocks, curves = model.joint.problem.blocks.take(rows), model.curves.take(rows)
    chance = curves.psi(curves.sigmoid.to_level(blocks.positions))
    chance = np.where(curves.falling[:, None], 1 - chance, chance)  # as the answers are swapped
    eta = np.nan_to_num(curves.overdispersion)
    drawn = [
        draw_answers(chance[row], float(eta[row]), blocks.trials[row], count, rng)
        for row in range(len(rows))
    ]
    return np.stack(drawn, axis=1).reshape(count * len(rows), -1)


def refitted_gain(
    small: FittedModel, large: FittedModel, copies: NDArray[np.intp], hits: Floats
) -> Floats:
    """Fit both models to simulated answers, and return by how much the larger one is better."""
    null, full = (_with_hits(model.joint.take(copies), hits) for model in (small, large))
    truth = small.phi[copies]
    found = maximise_joint(null, _around(null, truth), TOLERANCE)
    spread = full.from_rows(null.to_rows(found.phi))
    starts = [
        spread,
        full.from_rows(null.to_rows(truth)),
        large.phi[copies],
        *_around(full, spread),
    ]
    return np.asarray(maximise_joint(full, starts, TOLERANCE).value - found.value)


def _with_hits(joint: JointProblem, hits: Floats) -> JointProblem:
    blocks = replace(joint.problem.blocks, hits=hits)
    return replace(joint, problem=replace(joint.problem, blocks=blocks))


def _around(joint: JointProblem, phi: Floats) -> list[Floats]:
    """List starts around parameters (n, p): themselves, and other rates where rates are free."""
    if not (joint.free & joint.rates).any():
        return [phi]
    return [phi, *(np.where(joint.rates, rate, phi) for rate in (0.02, 0.1))]
