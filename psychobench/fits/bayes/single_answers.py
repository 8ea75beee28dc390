"""The log-likelihood of many single answers, each at a level of its own, at few evaluations.

The logarithms of psi and of 1 - psi are smooth functions of the level, so that their sum over
answers is a weighted sum over Chebyshev nodes: a node's weight is the sum of its Lagrange
polynomial over the answers [1]_ (derived in
docs/dev/fitting.md, section 8). How many nodes that takes depends
on the steepness of the curve alone, not on the number of answers.

References
----------
.. [1] Trefethen, L. N. (2019). Approximation theory and approximation practice (extended edition).
   SIAM, chapters 2 to 8.
"""

from __future__ import annotations

import numpy as np

from psychobench.fits.functions import Floats, Sigmoid
from psychobench.fits.likelihoods import SMALLEST
from psychobench.fits.priors import GUESS, LAPSE, THRESHOLD, WIDTH

NODES = (24, 32, 48, 64, 96, 128, 192)
# nodes per range of the levels and width: the nearer to the real axis the sigmoid's singularities
# are, the more it takes. Posterior means then keep within 1e-7 of a standard deviation
NODES_PER_WIDTH = {"norm": 24, "lognorm": 24, "logistic": 24, "tdist": 60}
OTHERS_PER_WIDTH = 36
TOGETHER = 60_000  # nodes x points evaluated at a time: few enough for cache


def single_log_likelihood(
    sigmoid: Sigmoid, z: Floats, hits: Floats, misses: Floats, theta: Floats
) -> Floats:
    """Evaluate ``sum hits log psi + misses log(1 - psi)`` over many levels.

    Parameters
    ----------
    sigmoid : Sigmoid
        The curve.
    z, hits, misses : ndarray, shape (b,)
        Levels from -.5 to .5, with their answers.
    theta : ndarray, shape (5, points)
        Parameters (see `psychobench.fits.priors`).

    Returns
    -------
    ndarray, shape (points,)
    """
    needed = NODES_PER_WIDTH.get(sigmoid.name, OTHERS_PER_WIDTH) / theta[WIDTH]
    kinds = np.searchsorted(NODES, needed)
    value = np.empty(theta.shape[1])
    parts: list[tuple[Floats, Floats | None, Floats | None]]
    for kind in np.unique(kinds):
        points = np.flatnonzero(kinds == kind)
        if kind < len(NODES) and 2 * NODES[kind] < len(z):
            parts = [_nodes(z, hits, misses, NODES[kind])]
        else:  # as they are: only one of the two logarithms counts for a single answer
            up, down = hits > 0, misses > 0
            parts = [(z[up], hits[up], None), (z[down], None, misses[down])]
        size = max(1, TOGETHER // len(z))
        for first in range(0, len(points), size):
            some = points[first : first + size]
            value[some] = sum(_weighted(sigmoid, *part, theta[:, some]) for part in parts)
    return value


def _nodes(z: Floats, hits: Floats, misses: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Compute Chebyshev nodes and what the answers weigh there, (count,) each."""
    degrees = np.arange(count)[:, None]
    angles = (np.arange(count) + 0.5) * np.pi / count
    at_answers = np.cos(degrees * np.arccos(np.clip(2 * z, -1, 1)))
    at_answers[0] /= 2
    back = 2 / count * np.cos(degrees * angles)
    # einsum, not BLAS: so small products are not worth its threads, which several of ours share
    up, down = (
        np.einsum("dk,d->k", back, np.einsum("db,b->d", at_answers, each))
        for each in (hits, misses)
    )
    return np.cos(angles) / 2, up, down


def _weighted(
    sigmoid: Sigmoid, z: Floats, hits: Floats | None, misses: Floats | None, theta: Floats
) -> Floats:
    p = sigmoid.cdf(sigmoid.standardise(z[:, None], theta[THRESHOLD], theta[WIDTH]))
    p *= np.maximum(1 - theta[GUESS] - theta[LAPSE], 0.0)
    p += theta[GUESS]
    value = np.zeros(theta.shape[1])
    if misses is not None:
        value += np.einsum("b,bp->p", misses, np.log(np.maximum(1 - p, SMALLEST)))
    if hits is not None:
        value += np.einsum("b,bp->p", hits, np.log(np.maximum(p, SMALLEST)))
    return value
