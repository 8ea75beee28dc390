"""Climb many penalised log-likelihoods at once: damped Fisher scoring between bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import Floats, Sigmoid
from psychobench.fits.likelihoods import Slopes, beta_binomial_slopes, binomial_slopes
from psychobench.fits.options import MAX_ASYMPTOTE

# columns of theta: threshold and log width in units of z, asymptotes, squared overdispersion
M, LOG_W, GUESS, LAPSE, RHO = range(5)
PRIOR = 9.0  # Beta(1, 10): nine times the logarithm of 1 - rate
MAX_STEPS = 200
TOLERANCE = 1e-11  # expected gain, in log-likelihood, at which a climb ends
MAX_DAMPING = 1e12
CHUNK = 20_000  # rows climbed together: enough to amortise, few enough to stay in cache


@dataclass(frozen=True)
class Problem:
    """What is to be maximised: data, curve, bounds and prior, one row per fit.

    Parameters
    ----------
    blocks : Blocks
        The data.
    sigmoid : Sigmoid
        The curve.
    low, high : ndarray, shape (n, 5)
        Bounds on theta; equal ones hold a parameter.
    tied : bool
        Whether lapse is guess under another name, so that its prior counts once.
    overdispersed : bool
        Whether the likelihood is beta-binomial.
    prior : float
        Weight of ``log(1 - rate)`` for guess and lapse; 0 for none.
    at_pse : bool
        Whether the first column of theta holds the PSE instead of the threshold; guess and lapse
        must then stay below .5.
    """

    blocks: Blocks
    sigmoid: Sigmoid
    low: Floats
    high: Floats
    tied: bool = False
    overdispersed: bool = False
    prior: float = PRIOR
    at_pse: bool = False

    def take(self, rows: NDArray[np.integer]) -> Problem:
        """Take some rows."""
        return replace(
            self, blocks=self.blocks.take(rows), low=self.low[rows], high=self.high[rows]
        )


class Peak(NamedTuple):
    """Where a climb ended: `theta` (n, 5), `value` (n,) with the prior, without it `loglik`."""

    theta: Floats
    value: Floats
    loglik: Floats


class _Slope(NamedTuple):
    value: Floats
    loglik: Floats
    gradient: Floats
    information: Floats


def climb(problem: Problem, start: Floats, *, tolerance: float = TOLERANCE) -> Peak:
    """Maximise each row from its start.

    Parameters
    ----------
    problem : Problem
        With n rows.
    start : ndarray, shape (n, 5)
        Where to begin; brought within bounds first.
    tolerance : float
        Expected gain at which a climb ends.

    Returns
    -------
    Peak
    """
    peaks = [
        _climb(problem.take(rows), start[rows], tolerance)
        for rows in np.array_split(np.arange(len(start)), -(-len(start) // CHUNK))
    ]
    return Peak(*(np.concatenate(parts) for parts in zip(*peaks, strict=True)))


def evaluate(problem: Problem, theta: Floats) -> Peak:
    """Evaluate each row's likelihood at a point, with the prior and without it."""
    slope = _slope(problem, theta)
    return Peak(theta, slope.value, slope.loglik)


def _climb(problem: Problem, start: Floats, tolerance: float) -> Peak:
    theta = within(problem, start)
    value, loglik = np.empty(len(theta)), np.empty(len(theta))
    active, here = np.arange(len(theta)), problem
    damping, slope = np.full(len(theta), 1e-3), _slope(problem, theta)
    value[:], loglik[:] = slope.value, slope.loglik
    for _ in range(MAX_STEPS):
        step, gain = _step(here, theta[active], slope, damping)
        trial = within(here, theta[active] + step)
        ahead = _slope(here, trial)
        better = ahead.value > slope.value
        moved = active[better]
        theta[moved], value[moved] = trial[better], ahead.value[better]
        loglik[moved] = ahead.loglik[better]
        slope = _choose(better, ahead, slope)
        damping = np.where(better, damping / 8, damping * 6)
        going = (gain > tolerance) & (damping < MAX_DAMPING)
        if not going.any():
            break
        if not going.all():
            active, here, damping = active[going], here.take(np.flatnonzero(going)), damping[going]
            slope = _Slope(*(part[going] for part in slope))
    return Peak(theta, value, loglik)


def within(problem: Problem, theta: Floats) -> Floats:
    """Bring parameters within their bounds and guess + lapse below 1."""
    theta = np.clip(theta, problem.low, problem.high)
    if problem.tied:
        theta[:, LAPSE] = theta[:, GUESS]
    total = theta[:, GUESS] + theta[:, LAPSE]
    over = total > MAX_ASYMPTOTE
    if over.any():  # spare room above the lower bounds shrinks in proportion
        floor = problem.low[over, GUESS : LAPSE + 1]
        room = theta[over, GUESS : LAPSE + 1] - floor
        share = (MAX_ASYMPTOTE - floor.sum(axis=1)) / room.sum(axis=1)
        theta[over, GUESS : LAPSE + 1] = floor + room * share[:, None]
    return np.asarray(theta)


def _choose(better: NDArray[np.bool_], ahead: _Slope, slope: _Slope) -> _Slope:
    return _Slope(
        *(
            np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in zip(ahead, slope, strict=True)
        )
    )


def _step(problem: Problem, theta: Floats, slope: _Slope, damping: Floats) -> tuple[Floats, Floats]:
    """Propose a damped scoring step for the parameters that are free to move, and its gain."""
    size = 5 if problem.overdispersed else 4
    gradient, information = slope.gradient[:, :size], slope.information[:, :size, :size]
    theta, low, high = theta[:, :size], problem.low[:, :size], problem.high[:, :size]
    held = (low == high) | ((theta <= low) & (gradient < 0)) | ((theta >= high) & (gradient > 0))
    if problem.tied:
        held[:, LAPSE] = True
    gradient = np.where(held, 0.0, gradient)
    diagonal = np.einsum("nii->ni", information)
    ridge = np.where(held, 1.0, diagonal * damping[:, None] + 1e-12 * (1 + diagonal))
    system = np.where(held[:, :, None] | held[:, None, :], 0.0, information)
    np.einsum("nii->ni", system)[:] += ridge
    step = np.zeros((len(theta), 5))
    step[:, :size] = np.linalg.solve(system, gradient[:, :, None])[:, :, 0]
    gain = (step[:, :size] * gradient).sum(axis=1) * (1 + damping)
    reach = 0.5 + np.exp(theta[:, LOG_W])  # no step leaves the region that it knows
    shrink = np.minimum(
        1.0,
        1.0 / np.maximum(np.abs(step[:, M]) / reach, np.abs(step[:, LOG_W]) / 1.5).clip(1e-300),
    )
    return step * shrink[:, None], gain


def _slope(problem: Problem, theta: Floats) -> _Slope:
    """Evaluate the penalised log-likelihood, its gradient and expected information."""
    blocks, sigmoid = problem.blocks, problem.sigmoid
    width = np.exp(theta[:, LOG_W])[:, None]
    shift, turns = _to_threshold(problem, theta)
    u = sigmoid.standardise(blocks.z, theta[:, [M]] + shift, width)
    guess, lapse = theta[:, [GUESS]], theta[:, [LAPSE]]
    room = 1 - guess - lapse
    rise, rest = sigmoid.cdf(u), sigmoid.sf(u)
    p, q = guess + room * rise, lapse + room * rest
    if problem.overdispersed:
        parts = beta_binomial_slopes(p, q, blocks.trials, blocks.hits, theta[:, RHO])
    else:
        parts = binomial_slopes(p, q, blocks.trials, blocks.hits)
    density = room * sigmoid.pdf(u)
    jacobian = np.stack(
        [-density * sigmoid.spread / width, -density * (u - sigmoid.median), rest, -rise], axis=1
    )
    if problem.at_pse:
        jacobian[:, LOG_W:] += jacobian[:, [M]] * turns[:, :, None]
    if problem.tied:
        jacobian[:, GUESS] += jacobian[:, LAPSE]
    return _with_prior(problem, theta, parts, jacobian)


def _to_threshold(problem: Problem, theta: Floats) -> tuple[Floats, Floats]:
    """Give threshold minus first column (n, 1), and its slopes in the next three (n, 3)."""
    if not problem.at_pse:
        return np.zeros((len(theta), 1)), np.zeros((len(theta), 3))
    sigmoid, width = problem.sigmoid, np.exp(theta[:, LOG_W])
    guess, lapse = theta[:, GUESS], theta[:, LAPSE]
    room = 1 - guess - lapse
    standard = sigmoid.ppf((0.5 - guess) / room)
    shift = -(standard - sigmoid.median) * width / sigmoid.spread
    per_share = -width / (sigmoid.spread * sigmoid.pdf(standard))
    turns = [shift, per_share * (lapse - 0.5) / room**2, per_share * (0.5 - guess) / room**2]
    return shift[:, None], np.stack(turns, axis=1)


def _with_prior(problem: Problem, theta: Floats, parts: Slopes, jacobian: Floats) -> _Slope:
    gradient, information = np.zeros((len(theta), 5)), np.zeros((len(theta), 5, 5))
    gradient[:, :RHO] = np.einsum("npb,nb->np", jacobian, parts.score)
    weighted = jacobian * parts.weight[:, None, :]
    information[:, :RHO, :RHO] = weighted @ jacobian.transpose(0, 2, 1)
    gradient[:, RHO], information[:, RHO, RHO] = parts.rho_score, parts.rho_weight
    value = parts.value.copy()
    for rate in (GUESS,) if problem.tied else (GUESS, LAPSE):
        rest = 1 - theta[:, rate]
        value += problem.prior * np.log(rest)
        gradient[:, rate] -= problem.prior / rest
        information[:, rate, rate] += problem.prior / rest**2
    return _Slope(value, parts.value, gradient, information)
