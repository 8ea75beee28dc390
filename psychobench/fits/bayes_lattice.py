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
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from psychobench.fits.bayes_target import Target
from psychobench.fits.functions import Floats
from psychobench.fits.priors import ETA, GUESS, LAPSE, M, W

SPACING = {0: 1.0, 1: 0.15, 2: 0.3, 3: 0.6, 4: 1.0}  # by dimension, in standard deviations
RADIUS = 6.0  # standard deviations
COARSE_SPACING, COARSE_RADIUS = 1.5, 5.0
PILOTS = 2
NODES = {0: 24, 1: 24, 2: 24, 3: 14, 4: 10}  # of overdispersion, by the lattice's dimension
REACH = 5.0  # standard deviations that they reach out
# angles that turn the lattice away from the axes, along which marginals are read off
TURNS = {1: 0.0, 2: 6.07, 3: 2.25, 4: 5.84}
NEAR_HALF = 0.45  # F beyond which, from .5, the PSE is not followed
LEAST_WEIGHT = 1e-7  # of a point that is kept
LEAST_TAIL, MOST_TAIL = 0.3, 0.7
_TAILS = np.linspace(0.02, 0.9, 45)


@dataclass(frozen=True)
class Cloud:
    """Weighted points, one row per posterior.

    Parameters
    ----------
    x : ndarray, shape (n, 5, points)
        Coordinates (see `psychobench.fits.priors`); that of overdispersion is 0.
    theta : ndarray, shape (n, 5, points)
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
    """Lay out the points of a body-centred cubic lattice within a ball: shape (d, points).

    Examples
    --------
    >>> lattice(4, 2.0, 1.0).shape
    (4, 145)
    """
    if d == 0:
        return np.zeros((0, 1))
    reach = int(radius * np.sqrt(d) / spacing) + 2
    axis = np.arange(-reach, reach + 1.0)
    cube = np.stack(np.meshgrid(*[axis] * d, indexing="ij")).reshape(d, -1)
    points = np.hstack([cube, cube + 0.5]) * spacing
    points = points[:, (points**2).sum(axis=0) < radius**2]
    for number, (i, j) in enumerate(itertools.combinations(range(d), 2), start=1):
        cos, sin = np.cos(TURNS[d] * number), np.sin(TURNS[d] * number)
        one, other = points[i].copy(), points[j].copy()
        points[i], points[j] = cos * one + sin * other, cos * other - sin * one
    return np.asarray(points)


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
    unit = _unit_of_threshold(target, mean)
    turned, turn = _turned(target, mean, unit)
    covariance = turn @ covariance @ turn.transpose(0, 2, 1)
    inner = covariance[:, free[:, None], free]
    centre, root = turned[:, free], np.asarray(np.linalg.cholesky(inner), np.float64)
    tails = np.full((len(target), d), LEAST_TAIL + 0.1)
    middle, reach = mean[:, ETA], 1.3 * REACH * np.sqrt(covariance[:, ETA, ETA])
    for _ in range(PILOTS):
        points = lattice(d, COARSE_RADIUS, COARSE_SPACING)
        placed = _place(points, centre, root, tails)
        cloud = _weigh(target, placed, unit, middle, reach, rough=True)
        centre, root, tails = _moments(placed[0], cloud.weights)
        middle, reach = _spread(cloud.nodes, cloud.node_weights)
    points = lattice(d, RADIUS, SPACING[d])
    cloud = _weigh(target, _place(points, centre, root, tails), unit, middle, reach)
    return _without_lightest(cloud)


def _crosses(target: Target) -> bool:
    """Tell whether a lattice follows the PSE: where it and the threshold can be apart."""
    return {M, GUESS, LAPSE} <= set(target.prior.free.tolist())


def _crossing(target: Target, theta: Floats) -> Floats:
    """Find how far the PSE lies above the threshold, roughly where it does not exist: (n, points).

    Data that leave the threshold open may still pin the PSE, in a posterior that is thin and bent.
    A lattice in the PSE's place of the threshold's is straight.
    """
    guess, lapse = theta[:, GUESS], theta[:, LAPSE]
    excess = (lapse - guess) / (2 * np.maximum(1 - guess - lapse, 1e-3))
    share = 0.5 + NEAR_HALF * np.tanh(excess / NEAR_HALF)
    return target.sigmoid.position(share, 0.0, theta[:, W])


def _unit_of_threshold(target: Target, x: Floats) -> Floats:
    """Find the change of the threshold per unit of its coordinate, shape (n,)."""
    sides = target.prior.along(M, x[:, [M]] + [-0.05, 0.05])
    return np.maximum((sides[:, 1] - sides[:, 0]) / 0.1, 1e-3)


def _turned(target: Target, x: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """Put the PSE in the threshold's place: coordinates (n, 5) and their slopes (n, 5, 5)."""
    slopes = np.tile(np.eye(5), (len(x), 1, 1))
    if not _crosses(target):
        return x, slopes
    around = x[:, :, None] + 0.05 * np.hstack([np.zeros((5, 1)), np.eye(5), -np.eye(5)])
    shift = _crossing(target, target.prior.to_theta(around)) / unit[:, None]
    slopes[:, M] += (shift[:, 1:6] - shift[:, 6:]) / 0.1
    turned = x.copy()
    turned[:, M] += shift[:, 0]
    return turned, slopes


def _place(points: Floats, centre: Floats, root: Floats, tails: Floats) -> tuple[Floats, Floats]:
    """Stretch the lattice's tails, scale it and move it: points, and the log of their volume."""
    up = np.exp(points * tails[:, :, None])
    down = 1 / up
    volume = np.log((up + down) / 2).sum(axis=1)
    up -= down
    up /= 2 * np.sqrt(np.expm1(2 * tails**2) / 2)[:, :, None]
    return centre[:, :, None] + root @ up, volume


def _weigh(
    target: Target,
    placed: tuple[Floats, Floats],
    unit: Floats,
    middle: Floats,
    reach: Floats,
    *,
    rough: bool = False,
) -> Cloud:
    points, volume = placed
    free = target.prior.free
    x = np.zeros((len(points), 5, points.shape[2]))
    x[:, free[free < ETA]] = points
    theta = target.prior.to_theta(x)
    if _crosses(target):
        x[:, M] -= _crossing(target, theta) / unit[:, None]
        theta[:, M] = target.prior.along(M, x[:, M])
    count = NODES[points.shape[1]] if target.overdispersed else 1
    nodes = middle[:, None] + reach[:, None] * (np.linspace(-1, 1, count) if count > 1 else 0.0)
    etas = target.prior.along(ETA, nodes)
    value = target.log_likelihoods(theta, etas, rough=rough)
    value += (volume - 0.5 * (x**2).sum(axis=1))[..., None]
    value -= 0.5 * np.square(nodes)[:, None]
    value -= value.max(axis=(1, 2), keepdims=True)
    np.exp(value, out=value)
    weights, node_weights = value.sum(axis=2), value.sum(axis=1)
    total = weights.sum(axis=1, keepdims=True)
    return Cloud(x, theta, weights / total, nodes, node_weights / total)


def _without_lightest(cloud: Cloud) -> Cloud:
    """Leave out the points of each row that weigh next to nothing, as many as leave rows alike."""
    heavy = cloud.weights > LEAST_WEIGHT
    order = np.argsort(~heavy, axis=1, kind="stable")[:, : heavy.sum(axis=1).max()]
    return replace(
        cloud,
        x=np.take_along_axis(cloud.x, order[:, None], axis=2),
        theta=np.take_along_axis(cloud.theta, order[:, None], axis=2),
        weights=np.take_along_axis(cloud.weights, order, axis=1),
    )


def _moments(points: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Find mean, root of the covariance, and how heavy the tails are along its axes."""
    mean = (points @ weights[:, :, None])[:, :, 0]
    offset = points - mean[:, :, None]
    covariance = (offset * weights[:, None]) @ offset.transpose(0, 2, 1)
    root = np.asarray(np.linalg.cholesky(covariance + 1e-9 * np.eye(points.shape[1])), np.float64)
    white = np.linalg.solve(root, offset)
    kurtosis = (np.square(np.square(white)) @ weights[:, :, None])[:, :, 0]
    known = (np.exp(8 * _TAILS**2) - 4 * np.exp(2 * _TAILS**2) + 3) / 8
    known /= (np.expm1(2 * _TAILS**2) / 2) ** 2
    tails = np.interp(kurtosis, known, _TAILS) + 0.05
    return mean, root, np.clip(tails, LEAST_TAIL, MOST_TAIL)


def _spread(nodes: Floats, weights: Floats) -> tuple[Floats, Floats]:
    middle = (weights * nodes).sum(axis=1)
    return middle, REACH * np.sqrt((weights * (nodes - middle[:, None]) ** 2).sum(axis=1))
