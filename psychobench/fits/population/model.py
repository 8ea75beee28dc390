"""A population of psychometric functions: partial pooling by numerical integration.

Each observer's location (PSE, or threshold in a forced choice) is a draw from a normal population,
and so is the logarithm of the width. Guess and lapse come from Beta(1, c) with one c for the
population: 10, the usual prior of a single fit, or more where the answers show fewer lapses
(eq. 34 of docs/dev/fitting.md).

An observer's likelihood is tabulated over location and log width with guess and lapse integrated
out; given the tables, the posterior of the population's four parameters is computed by matrix
products on a grid (section 9 there). Locations are relative to the middle of all
levels and, as widths, in units of their range.

statsmodels' mixed generalised linear models have no asymptotes; samplers would take far longer and
add noise to every number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import Floats
from psychobench.fits.options import FitOptions
from psychobench.fits.population.marginal_likelihood import TINY, Axes, tabulate
from psychobench.fits.population.summaries import MeanAndSd

# standard deviations of the weak priors, in ranges of the levels and in log units
MU_SD, TAU_SD = 2.0, 0.5
NU_CENTRE, NU_SD, OMEGA_SD = float(np.log(0.5)), 1.5, 1.0
WIDEST = 3.0  # population standard deviation considered
USUAL = 1  # index into `CONCENTRATIONS`, used while the axes are refined
ROUNDS = (3, 3, 8)  # nodes per rate: twice while the axes are refined, then at the end
LOCATIONS, LOG_WIDTHS = (-1.5, 1.5), (-3.5, 2.3)  # ends of the first axes
MIN_CELLS, MAX_CELLS = (81, 41), (601, 121)  # of location and of log width
REACH = 4.5  # standard deviations from the middle to the ends of axes and nodes
MEANS, SPREADS = 13, 17  # nodes of the population's parameters


@dataclass(frozen=True)
class PopulationPosterior:
    """Posteriors of a population's parameters and of every observer in it.

    Parameters
    ----------
    location, log_width : MeanAndSd
        The population's parameters.
    axes : Axes
        Points at which the densities of the observers are tabulated.
    locations, log_widths : ndarray, shapes (n, j) and (n, k)
        Each observer's posterior, as weights that sum to 1.
    """

    location: MeanAndSd
    log_width: MeanAndSd
    axes: Axes
    locations: Floats
    log_widths: Floats


def fit_population_model(blocks: Blocks, options: FitOptions) -> PopulationPosterior:
    """Estimate a population from all its observers' answers at once.

    Parameters
    ----------
    blocks : Blocks
        Counts, one row per observer, at positions in units of the common range, from its middle.
    options : FitOptions
        Sigmoid, task and asymptotes.

    Returns
    -------
    PopulationPosterior
    """
    axes = Axes(np.linspace(*LOCATIONS, 301), np.linspace(*LOG_WIDTHS, 30))
    theta = np.array([0.0, np.log(0.2), NU_CENTRE, np.log(0.4)])
    for number, size in enumerate(ROUNDS):
        tables = tabulate(blocks, options, axes, size)
        if number < len(ROUNDS) - 1:
            usual = tables[min(USUAL, len(tables) - 1)]
            mode = _posterior_mode(usual, axes, theta)
            axes = _refine(usual, axes, mode)
        else:
            modes = (_posterior_mode(table, axes, theta) for table in tables)
            mode = max(modes, key=lambda found: found.value)
        theta = mode.theta
    return _integrate(tables, axes, mode)


def _weights(axis: Floats, mean: Floats, sd: Floats) -> Floats:
    """Compute the weights of s normal populations on an axis: shape (s, points)."""
    density = np.exp(-0.5 * ((axis - mean[:, None]) / sd[:, None]) ** 2)
    return np.asarray(density / np.maximum(density.sum(axis=1, keepdims=True), TINY))


def _log_prior(theta: Floats) -> Floats:
    """Evaluate the log prior of mean, log SD, mean, log SD, shape (..., 4) (eq. 37).

    Means are normal, standard deviations half-normal; `tau` and `omega` are the Jacobians of the
    logarithms.
    """
    mu, tau, nu, omega = (theta[..., 0], theta[..., 1], theta[..., 2], theta[..., 3])
    means = (mu / MU_SD) ** 2 + ((nu - NU_CENTRE) / NU_SD) ** 2
    spreads = (np.exp(tau) / TAU_SD) ** 2 + (np.exp(omega) / OMEGA_SD) ** 2
    return np.asarray(tau + omega - 0.5 * (means + spreads))


class _Mode(NamedTuple):
    """Mode of the posterior (4,), a standard deviation per parameter (4,), log posterior."""

    theta: Floats
    sds: Floats
    value: float


def _posterior_mode(tables: Floats, axes: Axes, start: Floats) -> _Mode:
    """Find the posterior's mode and, from its curvature, a standard deviation per parameter.

    `tables` is (n, j, k). The standard deviations only set ranges: rough ones will do.
    """

    def loss(theta: Floats) -> float:
        a, b = _densities(axes, theta)
        marginal = np.log(np.maximum((a @ tables) @ b, TINY)).sum()
        return -float(marginal + _log_prior(theta))

    # a population narrower than half a cell cannot be told from one of no width
    limits = [
        limit
        for axis in axes
        for limit in ((axis[0], axis[-1]), (np.log(np.diff(axis)[0] / 2), np.log(WIDEST)))
    ]
    found = minimize(loss, start, method="L-BFGS-B", bounds=limits)
    theta = np.asarray(found.x, dtype=np.float64)
    widest = np.array([np.exp(theta[1]), 1.0, np.exp(theta[3]), 1.0])
    curvatures = np.empty(4)
    for each in range(4):
        step = np.zeros(4)
        step[each] = 0.1 * widest[each]
        curvature = loss(theta + step) + loss(theta - step) - 2 * found.fun
        curvatures[each] = curvature / step[each] ** 2
    return _Mode(theta, np.sqrt(1 / np.maximum(curvatures, 1 / widest**2)), -float(found.fun))


def _densities(axes: Axes, theta: Floats) -> tuple[Floats, Floats]:
    """Compute the weights of one population on both axes: shapes (j,) and (k,)."""
    a, b = (
        _weights(axis, theta[[2 * k]], np.exp(theta[[2 * k + 1]]))[0] for k, axis in enumerate(axes)
    )
    return a, b


def _refine(tables: Floats, axes: Axes, mode: _Mode) -> Axes:
    """Choose axes that cover population and observers, and are fine enough for both."""
    a, b = _densities(axes, mode.theta)
    posteriors = (a * (tables @ b), b * np.einsum("j,njk->nk", a, tables))
    refined = []
    for k, (axis, posterior) in enumerate(zip(axes, posteriors, strict=True)):
        mean, log_sd = mode.theta[2 * k : 2 * k + 2]
        mean_sd, log_sd_sd = mode.sds[2 * k : 2 * k + 2]
        reach = REACH * min(np.exp(log_sd + 2 * log_sd_sd), WIDEST) + 4 * mean_sd
        posterior = posterior / np.maximum(posterior.sum(axis=1, keepdims=True), TINY)
        centre = posterior @ axis
        spread = np.sqrt(np.maximum(posterior @ axis**2 - centre**2, 0.0))
        low = min(mean - reach, (centre - 6 * spread).min())
        high = max(mean + reach, (centre + 6 * spread).max())
        # a cell no wider than the narrowest posterior, and no jump to a hundredth at once
        finest = max(min(spread.min(), np.exp(log_sd)), np.diff(axis)[0] / 3)
        cells = np.clip((high - low) / finest, MIN_CELLS[k], MAX_CELLS[k])
        refined.append(np.linspace(low, high, int(cells)))
    return Axes(*refined)


class _Nodes(NamedTuple):
    """Nodes of one population's parameters, all (s * t,) but `log_sd`: (t,)."""

    mean: Floats
    sd: Floats
    log_jacobian: Floats
    log_sd: Floats


def _nodes(axis: Floats, theta: Floats, sds: Floats) -> _Nodes:
    """Place nodes over plausible means and log SDs; the wider, the less certain the mean."""
    low = max(theta[1] - 4 * sds[1], np.log(np.diff(axis)[0] / 2))
    high = max(min(theta[1] + 4 * sds[1], np.log(WIDEST)), low + 0.1)
    log_sd = np.linspace(low, high, SPREADS)
    scale = sds[0] * np.sqrt((1 + np.exp(2 * (log_sd - theta[1]))) / 2)
    z = np.linspace(-REACH, REACH, MEANS)
    return _Nodes(
        (theta[0] + z[:, None] * scale).ravel(),
        np.tile(np.exp(log_sd), MEANS),
        np.tile(np.log(scale), MEANS),
        log_sd,
    )


def _integrate(tables: Floats, axes: Axes, mode: _Mode) -> PopulationPosterior:
    """Sum the posterior over a grid of all four parameters and all priors of the rates (eq. 38).

    `tables` is (c, n, j, k). Indices below: s and t for the nodes of location and log width.
    """
    one, other = (
        _nodes(axis, mode.theta[2 * k : 2 * k + 2], mode.sds[2 * k : 2 * k + 2])
        for k, axis in enumerate(axes)
    )
    a = _weights(axes.location, one.mean, one.sd)  # (s, j)
    b = _weights(axes.log_width, other.mean, other.sd)  # (t, k)

    def evidence(table: Floats) -> Floats:
        return np.maximum(a @ (table @ b.T), TINY)  # (s, t), of one observer's (j, k)

    prior = _log_prior_of_nodes(one, other)
    log_posterior = np.stack([prior.copy() for _ in tables])  # (c, s, t)
    for total, of_all in zip(log_posterior, tables, strict=True):
        for table in of_all:
            total += np.log(evidence(table))
    posterior = np.exp(log_posterior - log_posterior.max())
    posterior /= posterior.sum()
    people = np.zeros(tables.shape[1:])  # (n, j, k)
    for share, of_all in zip(posterior, tables, strict=True):
        if share.sum() > 1e-6:
            for person, table in zip(people, of_all, strict=True):
                # p(person | all) = sum over populations of p(population | all) p(person | it)
                person += table * (a.T @ (share / evidence(table)) @ b)
    both = posterior.sum(axis=0)
    return PopulationPosterior(
        _mean_and_sd(one, both.sum(axis=1)),
        _mean_and_sd(other, both.sum(axis=0)),
        axes,
        people.sum(axis=2),
        people.sum(axis=1),
    )


def _log_prior_of_nodes(one: _Nodes, other: _Nodes) -> Floats:
    """Evaluate the log prior, with the volume of each node's cell: shape (s, t)."""
    grids = np.broadcast_arrays(
        one.mean[:, None], np.log(one.sd)[:, None], other.mean, np.log(other.sd)
    )
    return _log_prior(np.stack(grids, axis=-1)) + one.log_jacobian[:, None] + other.log_jacobian


def _mean_and_sd(nodes: _Nodes, posterior: Floats) -> MeanAndSd:
    """Summarise the posterior of a mean and an SD, which is normal in the mean given the SD."""
    weights, means = posterior.reshape(MEANS, -1), nodes.mean.reshape(MEANS, -1)
    shares = weights.sum(axis=0)
    kept = np.maximum(shares, TINY)
    centres = (weights * means).sum(axis=0) / kept
    variances = (weights * (means - centres) ** 2).sum(axis=0) / kept
    return MeanAndSd(centres, np.sqrt(np.maximum(variances, 1e-12)), shares, nodes.log_sd)
