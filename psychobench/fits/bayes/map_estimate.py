"""Where posteriors peak: in coordinates, for the lattice, and in parameters, the MAP estimate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from psychobench.fits.bayes.log_posterior import Target
from psychobench.fits.bayes.newton import climb
from psychobench.fits.functions import Floats
from psychobench.fits.priors import ETA, GUESS, LAPSE, M, W

THRESHOLDS, WIDTHS = 25, 8  # of the grid on which climbs start
RATES = (0.1, 0.6, 0.985)  # quantiles of the prior of guess and lapse on that grid
START_ETA = 0.4  # and of the overdispersion
START_RHO = 0.01  # squared overdispersion by which answers are discounted there
FIRST_SCALE, FIRST_ANGLE = 0.3, 0.05
LEAST_BEND = 0.3  # minus second derivative; the prior's own is 1
FLOOR = 1e-12
AT_BOUND = 1e-9


class Peak(NamedTuple):
    """Where posteriors peak.

    `x` (n, 5) and `covariance` (n, 5, 5): peak of the density of coordinates, and of the normal
    distribution that touches it. `theta` (n, 5): peak of the density of parameters, MAP. `loglik`
    (n,): log-likelihood there.
    """

    x: Floats
    covariance: Floats
    theta: Floats
    loglik: Floats


def rank_starts(target: Target) -> tuple[Floats, Floats]:
    """Find each row's best point on a grid, by a likelihood that allows for some overdispersion.

    Rows with the same levels and bounds share a grid, and the log-likelihoods of all of them at
    all its points are one matrix product.

    Returns
    -------
    x : ndarray, shape (n, 5)
        Coordinates of the best points.
    value : ndarray, shape (n,)
        Their log posteriors.
    """
    grid, prior = _grid(target), target.prior
    discount = 1 + np.maximum(target.trials - 1, 0.0) * START_RHO * target.overdispersed
    data = np.hstack([target.hits / discount, (target.trials - target.hits) / discount])
    keys = np.hstack([target.z, prior.low, prior.high]).round(12)
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    best, value = np.empty((len(target), 5)), np.empty(len(target))
    for number, example in enumerate(first):
        rows = np.flatnonzero(group == number)
        one = target.take(np.array([example]))
        p = one.shares(one.prior.to_theta(grid[None]))[0]
        logs = np.concatenate([np.log(np.maximum(p, FLOOR)), np.log(np.maximum(1 - p, FLOOR))])
        found = data[rows] @ logs - 0.5 * (grid**2).sum(axis=0)
        best[rows], value[rows] = grid[:, found.argmax(axis=1)].T, found.max(axis=1)
    return best, value


def _grid(target: Target) -> Floats:
    """Lay out coordinates, thresholds by widths by rates: shape (5, points)."""
    axes = [np.array([0.5])] * 5
    axes[M] = (np.arange(THRESHOLDS) + 0.5) / THRESHOLDS
    axes[W] = np.geomspace(0.04, 0.95, WIDTHS)
    axes[GUESS] = axes[LAPSE] = np.array(RATES)
    axes[ETA] = np.array([START_ETA])
    free = target.prior.free
    axes = [axis if column in free else np.array([0.5]) for column, axis in enumerate(axes)]
    return np.asarray(ndtri(np.stack(np.meshgrid(*axes, indexing="ij")).reshape(5, -1)))


def find_peak(target: Target, start: Floats) -> Peak:
    """Climb each posterior from coordinates `start`, shape (n, 5)."""
    free = target.prior.free

    def density(rows: NDArray[np.intp], points: Floats) -> Floats:
        part = target.take(rows)
        x = np.zeros((len(points), 5, points.shape[2]))
        x[:, free] = points
        value = part.log_likelihood(part.prior.to_theta(x))
        return np.asarray(value - 0.5 * np.square(points).sum(axis=1))

    top = climb(density, start[:, free], np.full((len(start), len(free)), FIRST_SCALE))
    x = np.zeros_like(start)
    x[:, free] = top.x
    size, axes = np.linalg.eigh(top.bend)
    size = np.maximum(size, LEAST_BEND)
    covariance = np.tile(np.eye(5), (len(x), 1, 1))
    inner = (axes / size[:, None]) @ axes.transpose(0, 2, 1)
    covariance[:, free[:, None], free] = inner
    theta = _most_likely(target, target.prior.to_theta(x[:, :, None])[:, :, 0])
    return Peak(x, covariance, theta, target.log_likelihood(theta[:, :, None])[:, 0])


def _most_likely(target: Target, start: Floats) -> Floats:
    """Climb the density of the parameters, each the sine squared of an angle between its bounds."""
    prior = target.prior
    free = prior.free
    low, span = prior.low[:, free], (prior.high - prior.low)[:, free]

    def to_theta(rows: NDArray[np.intp], angles: Floats) -> Floats:
        theta = np.repeat(start[rows, :, None], angles.shape[2], axis=2)
        theta[:, free] = low[rows, :, None] + span[rows, :, None] * np.sin(angles) ** 2
        if prior.tied:
            theta[:, LAPSE] = theta[:, GUESS]
        return theta

    def density(rows: NDArray[np.intp], angles: Floats) -> Floats:
        return target.take(rows).log_posterior(to_theta(rows, angles))

    share = np.clip((start[:, free] - low) / span, 1e-4, 1 - 1e-4)
    angles = np.arcsin(np.sqrt(share))
    top = climb(density, angles, np.full(angles.shape, FIRST_ANGLE))
    theta = to_theta(np.arange(len(start)), top.x[:, :, None])[:, :, 0]
    return np.where(theta - prior.low < AT_BOUND, prior.low, theta)
