"""Posteriors of fits that have parameters in common, by Markov chains.

Given the common parameters the fits are independent. A sweep therefore moves the own parameters of
all fits side by side, each accepted or not for itself, and then the common ones together with the
own ones in the direction in which the posterior is elongated: both are random walks, with the
covariance of the information at the mode [1]_. The chains' draws depend on the seed alone.

References
----------
.. [1] Roberts, G. O. & Rosenthal, J. S. (2001). Optimal scaling for various Metropolis-Hastings
   algorithms. Statistical Science, 16, 351-367.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.bayes.plateau_terms import plateau_terms
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import PARAMETERS, Curves, Interval
from psychobench.fits.functions import Floats
from psychobench.fits.ml.engine import fit
from psychobench.fits.ml.joint import (
    JointProblem,
    by_group,
    joint_curves,
    make_joint,
    own_parameters,
)
from psychobench.fits.ml.joint_fit import (
    fit_joint,
    joint_information,
    row_log_likelihood,
    row_log_posterior,
    row_values,
)
from psychobench.fits.ml.problem import LOG_WIDTH, RHO
from psychobench.fits.options import FitOptions

CHAINS, BURN_IN, SWEEPS = 32, 250, 500
RIDGE = 1e-8
LOG_RHO_STEP = 1.0
MOST_OF_RATES = 2500.0  # information on a rate: that of a standard error of .02
SPREAD = 2.38  # of a random walk, over the root of the number of parameters


@dataclass(frozen=True)
class JointPosterior:
    """MAP curves of n fits, intervals and means, and the share of each posterior without a PSE."""

    curves: Curves
    intervals: dict[str, Interval]
    means: dict[str, Floats]
    without_pse: Floats


def fit_joint_posterior(
    blocks: Blocks, owners: NDArray[np.intp], options: FitOptions
) -> JointPosterior:
    """Compute the posterior of fits that have the parameters named by `share` in common.

    Parameters
    ----------
    blocks : Blocks
        Counted answers, one row per fit.
    owners : ndarray of int, shape (n,)
        Which fits have them in common.
    options : FitOptions
        What is asked for.
    """
    order, back, sorted_owners = by_group(owners)
    data = blocks.take(order)
    separate = fit(data, options)
    joint = make_joint(data, separate.falling, sorted_owners, options, own_parameters(options))
    joint = plateau_terms(joint, data, options)
    found = fit_joint(joint, row_values(joint, separate))
    curves = joint_curves(joint, found.phi, separate.falling)
    curves = replace(curves, objective=row_log_likelihood(joint, found.phi))
    drawn: dict[str, list[Floats]] = {}
    for group in range(len(joint)):
        one = joint.take(np.array([group]))
        falling = separate.falling[sorted_owners == group]
        for name, values in _draws(one, found.phi[[group]], falling, options).items():
            drawn.setdefault(name, []).append(values)
    whole = {name: np.concatenate(parts)[back] for name, parts in drawn.items()}  # (n, draws)
    intervals = {name: _interval(values, options) for name, values in whole.items()}
    means = {name: _mean(values) for name, values in whole.items()}
    without = np.isnan(whole["pse"]).mean(axis=1) if "pse" in whole else np.zeros(len(blocks))
    return JointPosterior(curves.take(back), intervals, means, without)


def _interval(values: Floats, options: FitOptions) -> Interval:
    """Compute the central interval of draws (n, draws); nan of what is held or never exists."""
    tails = [(1 - options.confidence) / 2, (1 + options.confidence) / 2]
    ends = np.full((2, len(values)), np.nan)
    rows = np.flatnonzero(np.ptp(np.nan_to_num(values), axis=1) > 0)
    if len(rows):
        ends[:, rows] = np.nanquantile(values[rows], tails, axis=1)
    return ends[0], ends[1]


def _mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan))


def _draws(
    one: JointProblem, mode: Floats, falling: NDArray[np.bool_], options: FitOptions
) -> dict[str, Floats]:
    """Draw parameters, PSEs and JNDs of one group's m rows: shape (m, draws) each."""
    chains, rows = _Chains(one, mode, options.seed), len(falling)
    kept = []
    for sweep in range(BURN_IN + SWEEPS):
        chains.sweep(adapting=sweep < BURN_IN)
        if sweep >= BURN_IN:
            kept.append(chains.phi.copy())
    many = one.take(np.zeros(CHAINS, dtype=np.intp))
    names = [name for name in PARAMETERS if name != "overdispersion" or one.problem.overdispersed]
    found: dict[str, list[Floats]] = {name: [] for name in (*names, "jnd")}
    if options.has_pse:
        found["pse"] = []
    for phi in kept:
        curves = joint_curves(many, phi, np.tile(falling, CHAINS))
        values = {name: getattr(curves, name) for name in names} | {"jnd": curves.jnd()}
        if options.has_pse:
            values["pse"] = curves.pse()
        for name, value in values.items():
            found[name].append(value.reshape(CHAINS, rows).T)
    return {name: np.concatenate(parts, axis=1) for name, parts in found.items()}


class _Chains:
    """Markov chains of one group's joint parameters, side by side."""

    def __init__(self, one: JointProblem, mode: Floats, seed: int) -> None:
        self.many = one.take(np.zeros(CHAINS, dtype=np.intp))
        self.rng = np.random.default_rng(seed)
        self.rows, free = len(one.slots), one.free[0]
        self.common = free & one.common
        self.own = free & ~one.common
        self.rho, self.widths = (
            np.isin(np.arange(len(free)), one.slots[:, column]) & free
            for column in (RHO, LOG_WIDTH)
        )
        self.row_of = np.zeros(len(free), dtype=np.intp)
        for column in one.slots.T:
            self.row_of[column] = np.arange(self.rows)
        self._find_steps(one, mode)
        self.phi = np.repeat(np.clip(mode, one.low, one.high), CHAINS, axis=0)
        self.value = self._target(self.phi)
        self.scale = np.ones(2)

    def _find_steps(self, one: JointProblem, mode: Floats) -> None:
        """Find steps of own parameters, and of common ones with the own ones that follow them."""
        information = joint_information(one, mode)
        # at a rate near 0 or 1 the information has no limit, and a step would have no length
        known = np.diag(information)
        most = np.where(one.rates, MOST_OF_RATES, np.inf)
        shrink = np.sqrt(np.minimum(1.0, most / np.maximum(known, RIDGE)))
        information = shrink[:, None] * information * shrink
        # a prior, or an end, keeps what the data leave open from being wider than this
        information = information + np.eye(len(information)) * RIDGE
        floor = np.where(self.rho, 0.0, np.where(one.rates, 4.0, 0.04))
        information += np.diag(floor)
        size = len(information)
        self.own_step, self.common_step = np.zeros((size, size)), np.zeros((size, size))
        own = np.flatnonzero(self.own & ~self.rho)
        shared = np.flatnonzero(self.common & ~self.rho)
        inverse = np.linalg.inv(information[np.ix_(own, own)]) if len(own) else np.empty((0, 0))
        if len(own):
            self.own_step[np.ix_(own, own)] = np.linalg.cholesky(inverse)
        if len(shared):
            along = -inverse @ information[np.ix_(own, shared)]
            rest = information[np.ix_(shared, shared)] + information[np.ix_(shared, own)] @ along
            root = np.linalg.cholesky(np.linalg.inv(rest))
            self.common_step[np.ix_(shared, shared)] = root
            self.common_step[np.ix_(own, shared)] = along @ root
        self.own_size = SPREAD / np.sqrt(max(1.0, len(own) / self.rows))
        self.common_size = SPREAD / np.sqrt(max(1, len(shared)))

    def sweep(self, *, adapting: bool) -> None:
        """Move own parameters, row by row, then the common ones."""
        for number, step in enumerate((self.own_step, self.common_step)):
            if not step.any() and not (self.own & self.rho).any():
                continue
            size = (self.own_size, self.common_size)[number] * self.scale[number]
            moved = self.rng.standard_normal(self.phi.shape) @ step.T * size
            if number == 0:
                jump = np.exp(LOG_RHO_STEP * self.rng.standard_normal(self.phi.shape))
                moved += np.where(self.own & self.rho, self.phi * (jump - 1), 0.0)
            ahead = self.phi + moved
            value = self._target(ahead)
            gain = value - self.value
            if number == 1:
                gain = np.repeat(gain.sum(axis=1, keepdims=True), self.rows, axis=1)
            chance = self.rng.random((CHAINS, self.rows if number == 0 else 1))
            taken = np.log(chance) < np.nan_to_num(gain, nan=-np.inf)
            self.value = np.where(taken, value, self.value)
            columns = taken[:, self.row_of]
            self.phi = np.where(columns, ahead, self.phi)
            if adapting:
                self.scale[number] *= np.exp(0.2 * (taken.mean() - 0.3))

    def _target(self, phi: Floats) -> Floats:
        """Evaluate each row's share of the log density of what is moved: shape (chains, rows)."""
        inside = (phi >= self.many.low) & (phi <= self.many.high) | ~(self.common | self.own)
        safe = np.clip(phi, self.many.low, self.many.high)
        value = row_log_posterior(self.many, safe).reshape(CHAINS, self.rows)
        # densities of width and overdispersion, moved on the scale of their logarithms
        change = np.where(self.widths, phi, 0.0)
        change += np.where(self.rho, 0.5 * np.log(np.maximum(safe, 1e-12)), 0.0)
        change = np.where(inside, change, -np.inf)
        total = np.zeros_like(value)
        np.add.at(total.T, self.row_of[self.own], change[:, self.own].T)
        total[:, 0] += change[:, self.common].sum(axis=1)
        return value + total
