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
from numpy.typing import NDArray

from psychobench.fits.bayes.log_posterior import Target
from psychobench.fits.functions import Floats
from psychobench.fits.priors import ETA, GUESS, LAPSE, M, W

SPACING = {0: 1.0, 1: 0.15, 2: 0.3, 3: 0.6, 4: 0.95}  # by dimension, in standard deviations
RADII = (4.8, 5.8, 7.0)  # standard deviations; a lattice grows while much is at its rim
RIM = 0.5  # standard deviations that it is wide
# what hard posteriors have in the last pilot: heavier tails, a smaller share of points that carry
# weight, or a greater share of weight where the PSE is far from the threshold
HEAVY_TAIL, FEW_POINTS, OFTEN_FAR = 0.685, 0.037, 0.03
FAR = 0.3  # F, away from .5, from which the PSE is far from the threshold
FINER = 0.68  # their spacing, of that of others
AT_RIM, HARD_AT_RIM = 0.037, 0.018  # share of the variance of threshold, width or PSE
COARSE_SPACING, COARSE_RADIUS = 1.5, 5.0
PILOTS = 2
TOGETHER = 4  # posteriors whose lattices are held at a time
NODES = {0: 24, 1: 24, 2: 24, 3: 14, 4: 12}  # of overdispersion, by the lattice's dimension
REACH = 5.0  # standard deviations that they reach out
# angles that turn the lattice away from the axes, along which marginals are read off
TURNS = {1: 0.0, 2: 6.07, 3: 2.25, 4: 5.84}
TINY = 1e-300
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
    log_total : ndarray, shape (n,)
        Logarithm of what the weights summed to, up to a constant of the row.
    """

    x: Floats
    theta: Floats
    weights: Floats
    nodes: Floats
    node_weights: Floats
    log_total: Floats

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Cloud:
        """Take some rows."""
        return Cloud(**{name: array[rows] for name, array in vars(self).items()})

    def join(self, other: Cloud) -> Cloud:
        """Add the points of another cloud of the same rows and nodes."""
        total = np.logaddexp(self.log_total, other.log_total)
        own, new = (np.exp(cloud.log_total - total)[:, None] for cloud in (self, other))
        return Cloud(
            np.concatenate([self.x, other.x], axis=2),
            np.concatenate([self.theta, other.theta], axis=2),
            np.hstack([self.weights * own, other.weights * new]),
            self.nodes,
            self.node_weights * own + other.node_weights * new,
            total,
        )


@cache
def lattice(d: int, radius: float, spacing: float, inner: float = 0.0) -> Floats:
    """Lay out the points of a body-centred cubic lattice within a ball: shape (d, points).

    Those up to a radius of `inner` are left out.

    Examples
    --------
    >>> lattice(4, 2.0, 1.0).shape
    (4, 145)
    """
    if d == 0:
        return np.zeros((0, 1))
    reach = int(radius / spacing) + 2
    axis = np.arange(-reach, reach + 1.0)
    cube = np.stack(np.meshgrid(*[axis] * d, indexing="ij")).reshape(d, -1)
    points = np.hstack([cube, cube + 0.5]) * spacing
    distance = np.sqrt((points**2).sum(axis=0))
    points = points[:, (distance < radius) & (distance >= inner)]
    for number, (i, j) in enumerate(itertools.combinations(range(d), 2), start=1):
        cos, sin = np.cos(TURNS[d] * number), np.sin(TURNS[d] * number)
        one, other = points[i].copy(), points[j].copy()
        points[i], points[j] = cos * one + sin * other, cos * other - sin * one
    return np.asarray(points)


@dataclass(frozen=True)
class _Frame:
    """Where lattices lie: over the middle of each posterior, along its axes.

    `centre` (n, d), `root` (n, d, d) of the covariance and `tails` (n, d); `unit` (n,), the change
    of the threshold per unit of its coordinate; `middle` and `reach` (n,) of overdispersion.
    """

    centre: Floats
    root: Floats
    tails: Floats
    unit: Floats
    middle: Floats
    reach: Floats

    def take(self, rows: NDArray[np.intp]) -> _Frame:
        return _Frame(**{name: array[rows] for name, array in vars(self).items()})

    def place(self, points: Floats) -> tuple[Floats, Floats]:
        """Stretch a lattice's tails, scale it and move it: points, and the log of their volume."""
        up = np.exp(points * self.tails[:, :, None])
        down = 1 / up
        volume = up + down
        volume = np.log(volume.prod(axis=1))
        up -= down
        up /= 2 * np.sqrt(np.expm1(2 * self.tails**2) / 2)[:, :, None]
        return self.centre[:, :, None] + self.root @ up, volume


def gather(
    target: Target, mean: Floats, covariance: Floats
) -> list[tuple[NDArray[np.intp], Cloud]]:
    """Lay a lattice over each posterior.

    Parameters
    ----------
    target : Target
        With n rows.
    mean, covariance : ndarray, shapes (n, 5) and (n, 5, 5)
        Of a normal distribution near each posterior, in coordinates.

    Returns
    -------
    list of (rows, Cloud)
        Rows with equally large lattices together; every row once.
    """
    free = target.prior.free
    free = free[free < ETA]
    d = len(free)
    unit = _unit_of_threshold(target, mean)
    turned, turn = _turned(target, mean, unit)
    covariance = turn @ covariance @ turn.transpose(0, 2, 1)
    root = np.asarray(np.linalg.cholesky(covariance[:, free[:, None], free]), np.float64)
    tails = np.full((len(target), d), LEAST_TAIL + 0.1)
    middle, reach = mean[:, ETA], 1.3 * REACH * np.sqrt(covariance[:, ETA, ETA])
    frame = _Frame(turned[:, free], root, tails, unit, middle, reach)
    points = lattice(d, COARSE_RADIUS, COARSE_SPACING)
    for _ in range(PILOTS):
        placed = frame.place(points)
        cloud = _weigh(target, frame, placed, rough=True)
        spread = _spread(cloud.nodes, cloud.node_weights)
        frame = _Frame(*_moments(placed[0], cloud.weights), unit, *spread)
    hard = _hard(target, frame, cloud)
    found = []
    for rows, spacing, most in (
        (np.flatnonzero(~hard), SPACING[d], AT_RIM),
        (np.flatnonzero(hard), SPACING[d] * FINER, HARD_AT_RIM),
    ):
        for some in np.array_split(rows, range(TOGETHER, len(rows), TOGETHER)):
            found += _grown(target, frame, some, spacing, most) if len(some) else []
    return found


def _hard(target: Target, frame: _Frame, pilot: Cloud) -> NDArray[np.bool_]:
    """Tell which posteriors need a finer lattice: shape (n,)."""
    hard = frame.tails.max(axis=1, initial=0.0) > HEAVY_TAIL
    hard |= 1 / np.square(pilot.weights).sum(axis=1) < FEW_POINTS * pilot.weights.shape[1]
    if _crosses(target):
        far = np.abs(_excess(pilot.theta)) > FAR
        hard |= (pilot.weights * far).sum(axis=1) > OFTEN_FAR
    return np.asarray(hard)


def _grown(
    target: Target, frame: _Frame, rows: NDArray[np.intp], spacing: float, most: float
) -> list[tuple[NDArray[np.intp], Cloud]]:
    """Weigh lattices that grow until little is at their rims."""
    found: list[tuple[NDArray[np.intp], Cloud]] = []
    grown: Cloud | None = None
    for inner, outer in itertools.pairwise((0.0, *RADII)):
        points = lattice(frame.centre.shape[1], outer, spacing, inner)
        part, own = target.take(rows), frame.take(rows)
        cloud = _weigh(part, own, own.place(points))
        cloud = cloud if grown is None else grown.join(cloud)
        rim = np.square(points).sum(axis=0) > (outer - RIM) ** 2
        growing = _at_rim(part, cloud, rim) > most
        growing &= outer < RADII[-1]
        if not growing.all():
            found.append((rows[~growing], _without_lightest(cloud.take(~growing))))
        if not growing.any():
            break
        rows, grown = rows[growing], cloud.take(growing)
    return found


def _at_rim(target: Target, cloud: Cloud, rim: NDArray[np.bool_]) -> Floats:
    """Find how much of the variance of threshold, width and PSE is owed to the last points."""
    shares = []
    values = [cloud.theta[:, M], cloud.theta[:, W]]
    if _crosses(target):
        values.append(cloud.theta[:, M] + _crossing(target, cloud.theta))
    for value in values:
        mean = (cloud.weights * value).sum(axis=1, keepdims=True)
        spread = cloud.weights * np.square(value - mean)
        at_rim = spread[:, -len(rim) :] @ rim
        shares.append(at_rim / np.maximum(spread.sum(axis=1), TINY))
    return np.asarray(np.max(shares, axis=0))


def _crosses(target: Target) -> bool:
    """Tell whether a lattice follows the PSE: where it and the threshold can be apart."""
    return {M, GUESS, LAPSE} <= set(target.prior.free.tolist())


def _excess(theta: Floats) -> Floats:
    """Find how much F at the PSE exceeds .5, beyond .5 where there is no PSE: (n, points)."""
    guess, lapse = theta[:, GUESS], theta[:, LAPSE]
    return np.asarray((lapse - guess) / (2 * np.maximum(1 - guess - lapse, 1e-3)))


def _crossing(target: Target, theta: Floats) -> Floats:
    """Find how far the PSE lies above the threshold, roughly where it does not exist: (n, points).

    Data that leave the threshold open may still pin the PSE, in a posterior that is thin and bent.
    A lattice in the PSE's place of the threshold's is straight.
    """
    share = 0.5 + NEAR_HALF * np.tanh(_excess(theta) / NEAR_HALF)
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


def _weigh(
    target: Target, frame: _Frame, placed: tuple[Floats, Floats], *, rough: bool = False
) -> Cloud:
    points, volume = placed
    free = target.prior.free
    x = np.zeros((len(points), 5, points.shape[2]))
    x[:, free[free < ETA]] = points
    theta = target.prior.to_theta(x, but=M)
    if _crosses(target):
        x[:, M] -= _crossing(target, theta) / frame.unit[:, None]
    theta[:, M] = target.prior.along(M, x[:, M])
    count = NODES[points.shape[1]] if target.overdispersed else 1
    steps = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    nodes = frame.middle[:, None] + frame.reach[:, None] * steps
    etas = target.prior.along(ETA, nodes)
    value = target.log_likelihoods(theta, etas, rough=rough)
    value += (volume - 0.5 * (x**2).sum(axis=1))[..., None]
    value -= 0.5 * np.square(nodes)[:, None]
    top = value.max(axis=(1, 2), keepdims=True)
    value -= top
    np.exp(value, out=value)
    weights, node_weights = value.sum(axis=2), value.sum(axis=1)
    total = weights.sum(axis=1, keepdims=True)
    return Cloud(
        x, theta, weights / total, nodes, node_weights / total, top[:, 0, 0] + np.log(total[:, 0])
    )


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
