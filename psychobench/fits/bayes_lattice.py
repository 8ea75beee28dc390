"""Posteriors as weighted points of a lattice that lies over them.

A smooth density that falls to 0 on all sides is integrated by an even sum over a lattice, with an
error that falls exponentially with the lattice's spacing: the trapezoidal rule in several
dimensions [1]_. The lattice is laid over each posterior by its own mean, covariance and tails,
which coarser lattices find first. Overdispersion, nearly independent of the rest, has nodes of its
own.

References
----------
.. [1] Trefethen, L. N. & Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule.
   SIAM Review, 56, 385-458.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np

from psychobench.fits.bayes_target import Target
from psychobench.fits.functions import Floats
from psychobench.fits.priors import ETA

SPACING, RADIUS = 1.0, 5.5  # standard deviations
COARSE_SPACING, COARSE_RADIUS = 1.5, 5.0
PILOTS = 2
NODES, REACH = 10, 5.0  # of overdispersion, and how many standard deviations they reach out
# angles that turn the lattice away from the axes, along which marginals are read off
TURNS = {1: 0.0, 2: 6.07, 3: 2.25, 4: 5.84}
LEAST_TAIL, MOST_TAIL = 0.3, 0.7
_TAILS = np.linspace(0.02, 0.9, 45)


@dataclass(frozen=True)
class Cloud:
    """Weighted points, one row per posterior.

    Parameters
    ----------
    x : ndarray, shape (n, points, 5)
        Coordinates (see `psychobench.fits.priors`); that of overdispersion is 0.
    theta : ndarray, shape (n, points, 5)
        Parameters.
    weights : ndarray, shape (n, points)
        Summing to 1 in each row.
    nodes : ndarray, shape (n, e)
        Coordinates of overdispersion, evenly spaced.
    node_weights : ndarray, shape (n, e)
        Summing to 1 in each row.
    """

    x: Floats
    theta: Floats
    weights: Floats
    nodes: Floats
    node_weights: Floats


@cache
def lattice(d: int, radius: float, spacing: float) -> Floats:
    """Lay out the points of a body-centred cubic lattice within a ball: shape (points, d).

    Examples
    --------
    >>> lattice(4, 2.0, 1.0).shape
    (145, 4)
    """
    if d == 0:
        return np.zeros((1, 0))
    reach = int(radius * np.sqrt(d) / spacing) + 2
    axis = np.arange(-reach, reach + 1.0)
    cube = np.stack(np.meshgrid(*[axis] * d, indexing="ij"), axis=-1).reshape(-1, d)
    points = np.concatenate([cube, cube + 0.5]) * spacing
    points = points[(points**2).sum(axis=1) < radius**2]
    for number, (i, j) in enumerate(itertools.combinations(range(d), 2), start=1):
        cos, sin = np.cos(TURNS[d] * number), np.sin(TURNS[d] * number)
        one, other = points[:, i].copy(), points[:, j].copy()
        points[:, i], points[:, j] = cos * one + sin * other, cos * other - sin * one
    return points


def gather(target: Target, mean: Floats, covariance: Floats) -> Cloud:
    """Lay a lattice over each posterior.

    Parameters
    ----------
    target : Target
        With n rows.
    mean, covariance : ndarray, shapes (n, 5) and (n, 5, 5)
        Of a normal distribution near each posterior, in coordinates.

    Returns
    -------
    Cloud
    """
    free = target.prior.free
    free = free[free < ETA]
    d = len(free)
    centre, root = mean[:, free], np.linalg.cholesky(covariance[:, free[:, None], free])
    tails = np.full((len(target), d), LEAST_TAIL + 0.1)
    middle, reach = mean[:, ETA], 1.3 * REACH * np.sqrt(covariance[:, ETA, ETA])
    for _ in range(PILOTS):
        points = lattice(d, COARSE_RADIUS, COARSE_SPACING)
        placed = _place(points, centre, root, tails)
        cloud = _weigh(target, placed, middle, reach, rough=True)
        centre, root, tails = _moments(cloud.x[..., free], cloud.weights)
        middle, reach = _spread(cloud.nodes, cloud.node_weights)
    points = lattice(d, RADIUS, SPACING)
    return _weigh(target, _place(points, centre, root, tails), middle, reach)


def _place(points: Floats, centre: Floats, root: Floats, tails: Floats) -> tuple[Floats, Floats]:
    """Stretch the lattice's tails, scale it and move it: points, and the log of their volume."""
    up = np.exp(points * tails[:, None])
    down = 1 / up
    volume = np.log((up + down) / 2).sum(axis=-1)
    up -= down
    up /= 2 * np.sqrt(np.expm1(2 * tails**2) / 2)[:, None]
    return centre[:, None] + up @ root.transpose(0, 2, 1), volume


def _weigh(
    target: Target,
    placed: tuple[Floats, Floats],
    middle: Floats,
    reach: Floats,
    *,
    rough: bool = False,
) -> Cloud:
    points, volume = placed
    free = target.prior.free
    x = np.zeros((*points.shape[:2], 5))
    x[..., free[free < ETA]] = points
    theta = target.prior.to_theta(x)
    count = NODES if target.overdispersed else 1
    nodes = middle[:, None] + reach[:, None] * (np.linspace(-1, 1, count) if count > 1 else 0.0)
    etas = target.prior.along(ETA, nodes)
    value = target.log_likelihoods(theta, etas, rough=rough)
    value += (volume - 0.5 * (points**2).sum(axis=-1))[..., None]
    value -= 0.5 * np.square(nodes)[:, None]
    value -= value.max(axis=(1, 2), keepdims=True)
    np.exp(value, out=value)
    weights, node_weights = value.sum(axis=2), value.sum(axis=1)
    total = weights.sum(axis=1, keepdims=True)
    return Cloud(x, theta, weights / total, nodes, node_weights / total)


def _moments(points: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Find mean, root of the covariance, and how heavy the tails are along its axes."""
    mean = np.einsum("np,npd->nd", weights, points)
    offset = points - mean[:, None]
    covariance = np.einsum("np,npd,npe->nde", weights, offset, offset)
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(points.shape[2]))
    white = np.linalg.solve(root, offset.transpose(0, 2, 1)).transpose(0, 2, 1)
    kurtosis = np.einsum("np,npd->nd", weights, np.square(np.square(white)))
    known = (np.exp(8 * _TAILS**2) - 4 * np.exp(2 * _TAILS**2) + 3) / 8
    known /= (np.expm1(2 * _TAILS**2) / 2) ** 2
    tails = np.interp(kurtosis, known, _TAILS) + 0.05
    return mean, root, np.clip(tails, LEAST_TAIL, MOST_TAIL)


def _spread(nodes: Floats, weights: Floats) -> tuple[Floats, Floats]:
    middle = (weights * nodes).sum(axis=1)
    return middle, REACH * np.sqrt((weights * (nodes - middle[:, None]) ** 2).sum(axis=1))
