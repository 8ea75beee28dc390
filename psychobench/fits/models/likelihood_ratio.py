"""Likelihood-ratio tests of nested models, by chi-squared and by a parametric bootstrap.

References
----------
.. [1] Wilks, S. S. (1938). The large-sample distribution of the likelihood ratio for testing
   composite hypotheses. Annals of Mathematical Statistics, 9, 60-62.
.. [2] Self, S. G. & Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood estimators
   and likelihood ratio tests under nonstandard conditions. Journal of the American Statistical
   Association, 82, 605-610: the chi-squared distribution does not hold at bounds.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.joint import JointProblem
from psychobench.fits.ml.joint_fit import maximise_joint
from psychobench.fits.ml.problem import GUESS, LAPSE, LOG_WIDTH
from psychobench.fits.models.fitting import FittedModel

NEAR_BOUND = 1e-4  # a rate, or the logarithm of a width, this near to its bound is on it
TOLERANCE = 1e-5  # expected gain at which a refit ends
SLACK = 1e-5  # log-likelihood by which a simulated gain may miss the observed one and reach it
TOGETHER = 2000  # simulated data sets that are refitted side by side


def nested_in(smaller: str, larger: str) -> bool:
    """Return whether one model is a special case of another one.

    Examples
    --------
    >>> nested_in("none", "pse"), nested_in("jnd", "pse"), nested_in("pse", "pse,jnd")
    (True, False, True)
    """
    few, many = (set(model.split(",")) - {"none"} for model in (smaller, larger))
    return few < many


def on_bound(model: FittedModel) -> NDArray[np.bool_]:
    """Find groups whose optimum lies on a bound of an estimated rate or width, shape (n,)."""
    joint, phi = model.joint, model.phi
    shapes = np.zeros_like(joint.free)
    group = joint.owner[:, None]
    shapes[group, joint.slots[:, [LOG_WIDTH, GUESS, LAPSE]]] = True
    near = (phi <= joint.low + NEAR_BOUND) | (phi >= joint.high - NEAR_BOUND)
    return np.asarray((joint.free & shapes & near).any(axis=1))


def bootstrap_tests(
    small: FittedModel, large: FittedModel, refits: int, seeds: Sequence[int]
) -> Floats:
    """Simulate answers from the smaller model, fit both, and compare statistics: p, shape (n,).

    ``p = (1 + number of simulated statistics that reach the observed one) / (1 + refits)``.

    Parameters
    ----------
    small, large : FittedModel
        Nested models of the same n groups.
    refits : int
        Simulated data sets per group.
    seeds : sequence of int
        One per group, so that its p does not depend on the other groups.
    """
    observed = large.value - small.value
    p = np.empty(len(observed))
    for group, seed in enumerate(seeds):
        rng, reached = np.random.default_rng(zlib.crc32(repr((seed, large.vary)).encode())), 0
        for first in range(0, refits, TOGETHER):
            copies = np.full(min(TOGETHER, refits - first), group)
            simulated = simulate(small, copies, rng)
            gain = refitted_gain(small, large, copies, simulated)
            reached += int((gain >= observed[group] - SLACK).sum())
        p[group] = (1 + reached) / (1 + refits)
    return p


def simulate(model: FittedModel, copies: NDArray[np.intp], rng: np.random.Generator) -> Floats:
    """Draw target answers of some groups from a fitted model, one row of blocks per condition."""
    rows = model.joint.rows_of(copies)
    blocks = model.joint.problem.blocks  # the responses of falling curves are swapped
    chance = model.curves.psi(model.curves.sigmoid.to_level(blocks.positions))
    chance = np.where(model.curves.falling[:, None], 1 - chance, chance)
    drawn = rng.binomial(blocks.trials[rows].astype(np.int64), np.clip(chance, 0, 1)[rows])
    return drawn.astype(np.float64)


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
