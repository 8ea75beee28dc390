"""Where posteriors have their modes: of the coordinates, for quadrature; of the parameters, MAP.

The two differ, since a density's mode moves with the scale on which it is a density.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from psychobench.fits.bayes.log_posterior import LogPosterior
from psychobench.fits.bayes.newton import maximise
from psychobench.fits.blocks import pool_levels
from psychobench.fits.functions import Floats
from psychobench.fits.priors import ETA, GUESS, LAPSE, THRESHOLD, WIDTH

THRESHOLDS, WIDTHS = 25, 8  # of the grid of starts
POOLS = 40  # of levels, on which starts are found
RATES = (0.1, 0.6, 0.985)  # quantiles of the prior of guess and lapse on that grid
START_ETA = 0.4  # and of the overdispersion
START_RHO = 0.01  # squared overdispersion by which counts are discounted there
FIRST_SCALE, FIRST_ANGLE = 0.3, 0.05
LEAST_CURVATURE = 0.3  # of the log density of coordinates; the prior's own is 1
MOST_CURVATURE = 1e8
LEAST_PROBABILITY = 1e-12
AT_BOUND = 1e-9


class Mode(NamedTuple):
    """Modes of n posteriors.

    `x` (n, 5) and `covariance` (n, 5, 5): mode of the density of coordinates, and the inverse of
    its negative Hessian. `theta` (n, 5): mode of the density of parameters, the MAP estimate.
    `loglik` (n,): log-likelihood there.
    """

    x: Floats
    covariance: Floats
    theta: Floats
    loglik: Floats


def best_grid_points(model: LogPosterior) -> tuple[Floats, Floats]:
    """Find each row's best point on a grid, by a likelihood that allows for some overdispersion.

    Rows with the same levels and bounds share a grid, and the log-likelihoods of all of them at
    all its points are one matrix product. Counts are discounted to as many independent answers
    as they are worth under `START_RHO`, so that the product is that of a binomial likelihood.

    Returns
    -------
    x : ndarray, shape (n, 5)
        Coordinates of the best points.
    value : ndarray, shape (n,)
        Their log posteriors.
    """
    model = _with_levels_pooled(model)
    grid, prior = _grid(model), model.prior
    discount = 1 + np.maximum(model.trials - 1, 0.0) * START_RHO * model.overdispersed
    data = np.hstack([model.hits / discount, (model.trials - model.hits) / discount])
    keys = np.hstack([model.z, prior.low, prior.high]).round(12)
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    best, value = np.empty((len(model), 5)), np.empty(len(model))
    for number, example in enumerate(first):
        rows = np.flatnonzero(group == number)
        one = model.take(np.array([example]))
        p = one.psi(one.prior.to_theta(grid[None]))[0]  # (b, points)
        logs = np.concatenate([np.log(np.maximum(side, LEAST_PROBABILITY)) for side in (p, 1 - p)])
        found = data[rows] @ logs - 0.5 * (grid**2).sum(axis=0)
        best[rows], value[rows] = grid[:, found.argmax(axis=1)].T, found.max(axis=1)
    return best, value


def _with_levels_pooled(model: LogPosterior) -> LogPosterior:
    """Pool neighbouring levels where there are many: starts need no more."""
    z, trials, hits = pool_levels(model.z, model.trials, model.hits, POOLS)
    return replace(model, z=z, trials=trials, hits=hits)


def _grid(model: LogPosterior) -> Floats:
    """Return coordinates of a grid of thresholds, widths and rates: shape (5, points)."""
    axes = [np.array([0.5])] * 5
    axes[THRESHOLD] = (np.arange(THRESHOLDS) + 0.5) / THRESHOLDS
    axes[WIDTH] = np.geomspace(0.04, 0.95, WIDTHS)
    axes[GUESS] = axes[LAPSE] = np.array(RATES)
    axes[ETA] = np.array([START_ETA])
    free = model.prior.free
    axes = [axis if column in free else np.array([0.5]) for column, axis in enumerate(axes)]
    return np.asarray(ndtri(np.stack(np.meshgrid(*axes, indexing="ij")).reshape(5, -1)))


def find_mode(model: LogPosterior, start: Floats) -> Mode:
    """Maximise each posterior from coordinates `start`, shape (n, 5)."""
    free = model.prior.free

    def density(rows: NDArray[np.intp], points: Floats) -> Floats:  # eq. 26
        part = model.take(rows)
        x = np.zeros((len(points), 5, points.shape[2]))
        x[:, free] = points
        value = part.log_likelihood(part.prior.to_theta(x))
        return np.asarray(value - 0.5 * np.square(points).sum(axis=1))

    found = maximise(density, start[:, free], np.full((len(start), len(free)), FIRST_SCALE))
    x = np.zeros_like(start)
    x[:, free] = found.x
    size, axes = np.linalg.eigh(found.negative_hessian)
    # beyond a mode the likelihood flattens out, and the prior takes over: no direction is
    # much wider than the prior
    # nor is any much narrower than data can make it: beside guess + lapse = 1, where the density
    # ends, differences are no curvature
    size = np.clip(size, LEAST_CURVATURE, MOST_CURVATURE)
    covariance = np.tile(np.eye(5), (len(x), 1, 1))
    inner = (axes / size[:, None]) @ axes.transpose(0, 2, 1)
    covariance[:, free[:, None], free] = inner
    theta = _map_estimate(model, model.prior.to_theta(x[:, :, None])[:, :, 0])
    return Mode(x, covariance, theta, model.log_likelihood(theta[:, :, None])[:, 0])


def _map_estimate(model: LogPosterior, start: Floats) -> Floats:
    """Maximise the density of the parameters from `start`, (n, 5).

    Each is the squared sine of an angle between its bounds (eq. 28), so that a mode on a bound,
    such as a lapse rate of 0, is a smooth maximum of the angle.
    """
    prior = model.prior
    free = prior.free
    low, span = prior.low[:, free], (prior.high - prior.low)[:, free]

    def to_theta(rows: NDArray[np.intp], angles: Floats) -> Floats:
        theta = np.repeat(start[rows, :, None], angles.shape[2], axis=2)
        theta[:, free] = low[rows, :, None] + span[rows, :, None] * np.sin(angles) ** 2
        if prior.tied:
            theta[:, LAPSE] = theta[:, GUESS]
        return theta

    def density(rows: NDArray[np.intp], angles: Floats) -> Floats:
        return model.take(rows).log_posterior(to_theta(rows, angles))

    share = np.clip((start[:, free] - low) / span, 1e-4, 1 - 1e-4)
    angles = np.arcsin(np.sqrt(share))
    found = maximise(density, angles, np.full(angles.shape, FIRST_ANGLE))
    theta = to_theta(np.arange(len(start)), found.x[:, :, None])[:, :, 0]
    return np.where(theta - prior.low < AT_BOUND, prior.low, theta)
