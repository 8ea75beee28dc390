"""Points at which posteriors are evaluated: a lattice, fitted to each posterior's shape.

Derived in docs/dev/fitting.md, section 8, whose equations are cited here.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats

# angles that turn the lattice away from the axes, so that its projections onto them, from which
# marginals are read, have many values instead of few
TURNS = {1: 0.0, 2: 6.07, 3: 2.25, 4: 5.84}
LEAST_TAIL, MOST_TAIL = 0.3, 0.7  # a of eq. 31; a light tail costs a few points, a heavy one bias
EXTRA_TAIL = 0.05  # pilots are coarse and see too little of the tails
LEAST_VARIANCE = 1e-9  # keeps a covariance positive definite
_TAILS = np.linspace(0.02, 0.9, 45)


@cache
def bcc_lattice(d: int, radius: float, spacing: float, inner: float = 0.0) -> Floats:
    """Return the points of a body-centred cubic lattice within a ball.

    For a given error it needs fewer points than a cubic lattice: in three dimensions 1 in sqrt(2)
    of them, in four half. It is dual to the densest packings of spheres there.

    Parameters
    ----------
    d : int
        Number of dimensions, 0 to 4.
    radius, inner : float
        Points at distances from `inner` up to `radius` are returned.
    spacing : float
        Of the cubic lattice, whose cells have another point in their centres.

    Returns
    -------
    ndarray, shape (d, points)

    Examples
    --------
    >>> bcc_lattice(4, 2.0, 1.0).shape
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
class Placement:
    """How a lattice is moved, sheared and stretched onto each of n posteriors.

    Parameters
    ----------
    centre : ndarray, shape (n, d)
        Means of the coordinates.
    root : ndarray, shape (n, d, d)
        Cholesky factors of their covariances.
    tails : ndarray, shape (n, d)
        How heavy the tails are along each axis (a of eq. 31).
    threshold_unit : ndarray, shape (n,)
        Change of the threshold per unit of its coordinate.
    eta_middle, eta_reach : ndarray, shape (n,)
        Middle and half the length of the range of overdispersion's nodes, in its coordinate.
    """

    centre: Floats
    root: Floats
    tails: Floats
    threshold_unit: Floats
    eta_middle: Floats
    eta_reach: Floats

    def take(self, rows: NDArray[np.intp]) -> Placement:
        """Select rows."""
        return Placement(**{name: array[rows] for name, array in vars(self).items()})

    def apply(self, points: Floats) -> tuple[Floats, Floats]:
        """Map lattice points (d, p) onto each posterior.

        Returns
        -------
        placed : ndarray, shape (n, d, p)
            ``centre + root @ sinh(a t) / s``, with s for unit variance (eqs 30 and 31).
        log_volume : ndarray, shape (n, p)
            Logarithm of the volume of a point's cell, up to a constant: ``sum log cosh(a t)``.
        """
        up = np.exp(points * self.tails[:, :, None])
        down = 1 / up
        volume = up + down
        volume = np.log(volume.prod(axis=1))
        up -= down  # in place: twice the hyperbolic sine
        up /= 2 * np.sqrt(np.expm1(2 * self.tails**2) / 2)[:, :, None]
        return self.centre[:, :, None] + self.root @ up, volume


def moments(points: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute mean (n, d), Cholesky factor of the covariance (n, d, d), and tails (n, d).

    `points` are (n, d, p) and `weights` (n, p).
    """
    mean = (points @ weights[:, :, None])[:, :, 0]
    offset = points - mean[:, :, None]
    covariance = (offset * weights[:, None]) @ offset.transpose(0, 2, 1)
    covariance += LEAST_VARIANCE * np.eye(points.shape[1])
    root = np.asarray(np.linalg.cholesky(covariance), np.float64)
    white = np.linalg.solve(root, offset)
    kurtosis = (np.square(np.square(white)) @ weights[:, :, None])[:, :, 0]
    # kurtosis of sinh(a t) for normal t, as a function of a (eq. 31), inverted
    known = (np.exp(8 * _TAILS**2) - 4 * np.exp(2 * _TAILS**2) + 3) / 8
    known /= (np.expm1(2 * _TAILS**2) / 2) ** 2
    tails = np.interp(kurtosis, known, _TAILS) + EXTRA_TAIL
    return mean, root, np.clip(tails, LEAST_TAIL, MOST_TAIL)
