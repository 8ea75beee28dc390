"""Marginals and means of parameters, PSE and JND, read off weighted points, in level units."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from psychobench.fits.bayes.log_posterior import Target
from psychobench.fits.bayes.marginals import Marginal, from_nodes, from_points
from psychobench.fits.bayes.quadrature import Cloud
from psychobench.fits.functions import Floats
from psychobench.fits.priors import ETA, GUESS, LAPSE, PARAMETERS, M, W


@dataclass
class Quantities:
    """What is known of each quantity, by name.

    Parameters
    ----------
    marginals : dict
        To its distribution.
    means : dict
        To its mean, shape (n,).
    without_pse : ndarray, shape (n,)
        Share of each posterior in which psi is never .5.
    """

    marginals: dict[str, Marginal] = field(default_factory=dict)
    means: dict[str, Floats] = field(default_factory=dict)
    without_pse: Floats = field(default_factory=lambda: np.zeros(0))

    def trade_rates(self) -> None:
        """Let guess and lapse trade places."""
        names = {"guess": "lapse", "lapse": "guess"}
        self.marginals = {names.get(name, name): one for name, one in self.marginals.items()}
        self.means = {names.get(name, name): one for name, one in self.means.items()}


def read_off(
    target: Target, cloud: Cloud, centre: Floats, scale: Floats, *, with_pse: bool
) -> Quantities:
    """Read everything off a cloud.

    Parameters
    ----------
    target : Target
        Whose posterior it is.
    cloud : Cloud
        Of n rows.
    centre, scale : ndarray, shape (n,)
        Of each observer's levels.
    with_pse : bool
        Whether the task has a PSE.
    """
    found = Quantities(without_pse=np.zeros(len(target)))
    centre, scale = centre[:, None], scale[:, None]
    _read_parameters(found, target, cloud, centre, scale)
    _read_jnd(found, target, cloud, centre, scale)
    if with_pse:
        _read_pse(found, target, cloud, centre, scale)
    return found


def _read_parameters(
    found: Quantities, target: Target, cloud: Cloud, centre: Floats, scale: Floats
) -> None:
    prior = target.prior
    none, one = np.zeros_like(scale), np.ones_like(scale)
    units = {M: (centre, scale), W: (none, scale)}
    for column, name in enumerate(PARAMETERS[:ETA]):
        shift, stretch = units.get(column, (none, one))
        mean = (cloud.weights * cloud.theta[:, column]).sum(axis=1, keepdims=True)
        found.means[name] = (shift + stretch * mean)[:, 0]
        if column in prior.free:
            values = prior.along(column, from_points(cloud.x[:, column], cloud.weights).values)
            found.marginals[name] = Marginal(shift + stretch * values)
    if prior.tied and "guess" in found.marginals:
        found.marginals["lapse"] = found.marginals["guess"]
    if target.overdispersed:
        etas = prior.along(ETA, cloud.nodes)
        found.means["overdispersion"] = (cloud.node_weights * etas).sum(axis=1)
        values = prior.along(ETA, from_nodes(cloud.nodes, cloud.node_weights).values)
        found.marginals["overdispersion"] = Marginal(values)


def _read_jnd(
    found: Quantities, target: Target, cloud: Cloud, centre: Floats, scale: Floats
) -> None:
    sigmoid = target.sigmoid
    if not sigmoid.log_levels:  # the JND is a multiple of the width
        share = float(np.diff(sigmoid.position([0.25, 0.75], 0.0, 1.0))[0] / 2)
        found.means["jnd"] = share * found.means["width"]
        if "width" in found.marginals:
            found.marginals["jnd"] = Marginal(share * found.marginals["width"].values)
        return
    threshold, width = centre + scale * cloud.theta[:, M], scale * cloud.theta[:, W]
    upper, lower = (sigmoid.to_level(sigmoid.position(p, threshold, width)) for p in (0.75, 0.25))
    jnd = (upper - lower) / 2
    found.means["jnd"] = (cloud.weights * jnd).sum(axis=1)
    found.marginals["jnd"] = Marginal(np.exp(from_points(np.log(jnd), cloud.weights).values))


def _read_pse(
    found: Quantities, target: Target, cloud: Cloud, centre: Floats, scale: Floats
) -> None:
    """Read the PSE off the points at which there is one."""
    sigmoid, weights = target.sigmoid, cloud.weights
    threshold, guess, lapse = (cloud.theta[:, column] for column in (M, GUESS, LAPSE))
    share = (0.5 - guess) / (1 - guess - lapse)
    place = sigmoid.position(share, threshold, cloud.theta[:, W])
    quantiles = from_points(place, weights).values
    found.marginals["pse"] = Marginal(sigmoid.to_level(centre + scale * quantiles))
    lacking = np.isnan(place)
    found.without_pse = (weights * lacking).sum(axis=1)
    kept = np.where(lacking, 0.0, weights)
    level = sigmoid.to_level(centre + scale * np.where(lacking, threshold, place))
    with np.errstate(invalid="ignore"):  # none of a posterior may have a PSE
        found.means["pse"] = (kept * level).sum(axis=1) / kept.sum(axis=1)
