"""Marginals and means of parameters, PSE and JND from weighted points, in level units."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from psychobench.fits.bayes.log_posterior import LogPosterior
from psychobench.fits.bayes.marginals import Marginal, from_nodes, from_points
from psychobench.fits.bayes.weighted_points import WeightedPoints
from psychobench.fits.functions import Floats
from psychobench.fits.prior_options import PARAMETERS
from psychobench.fits.priors import ETA, GUESS, LAPSE, THRESHOLD, WIDTH


@dataclass
class Summaries:
    """Marginal distributions and means of each quantity, by name.

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

    def swap_rates(self) -> None:
        """Swap guess and lapse, for a curve that falls."""
        names = {"guess": "lapse", "lapse": "guess"}
        self.marginals = {names.get(name, name): one for name, one in self.marginals.items()}
        self.means = {names.get(name, name): one for name, one in self.means.items()}


def summarise(
    model: LogPosterior, points: WeightedPoints, centre: Floats, scale: Floats, *, with_pse: bool
) -> Summaries:
    """Summarise posteriors.

    Parameters
    ----------
    model : LogPosterior
        With n rows.
    points : WeightedPoints
        Of the same rows.
    centre, scale : ndarray, shape (n,)
        Of each observer's levels.
    with_pse : bool
        Whether the task has a PSE.

    Returns
    -------
    Summaries
    """
    found = Summaries(without_pse=np.zeros(len(model)))
    centre, scale = centre[:, None], scale[:, None]
    _add_parameters(found, model, points, centre, scale)
    _add_jnd(found, model, points, centre, scale)
    if with_pse:
        _add_pse(found, model, points, centre, scale)
    return found


def _add_parameters(
    found: Summaries, model: LogPosterior, points: WeightedPoints, centre: Floats, scale: Floats
) -> None:
    prior = model.prior
    none, one = np.zeros_like(scale), np.ones_like(scale)
    units = {THRESHOLD: (centre, scale), WIDTH: (none, scale)}
    for column, name in enumerate(PARAMETERS[:ETA]):
        shift, stretch = units.get(column, (none, one))
        mean = (points.weights * points.theta[:, column]).sum(axis=1, keepdims=True)
        found.means[name] = (shift + stretch * mean)[:, 0]
        if column in prior.free:
            # smoothed in the coordinate, where it is nearly normal and knows no bounds
            values = prior.from_coordinate(
                column, from_points(points.x[:, column], points.weights).values
            )
            found.marginals[name] = Marginal(shift + stretch * values)
    if prior.tied and "guess" in found.marginals:
        found.marginals["lapse"] = found.marginals["guess"]
    if model.overdispersed:
        etas = prior.from_coordinate(ETA, points.nodes)
        found.means["overdispersion"] = (points.node_weights * etas).sum(axis=1)
        values = prior.from_coordinate(ETA, from_nodes(points.nodes, points.node_weights).values)
        found.marginals["overdispersion"] = Marginal(values)


def _add_jnd(
    found: Summaries, model: LogPosterior, points: WeightedPoints, centre: Floats, scale: Floats
) -> None:
    sigmoid = model.sigmoid
    if not sigmoid.log_levels:  # the JND is a multiple of the width
        share = float(np.diff(sigmoid.position([0.25, 0.75], 0.0, 1.0))[0] / 2)
        found.means["jnd"] = share * found.means["width"]
        if "width" in found.marginals:
            found.marginals["jnd"] = Marginal(share * found.marginals["width"].values)
        return
    threshold, width = centre + scale * points.theta[:, THRESHOLD], scale * points.theta[:, WIDTH]
    upper, lower = (sigmoid.to_level(sigmoid.position(p, threshold, width)) for p in (0.75, 0.25))
    jnd = (upper - lower) / 2
    found.means["jnd"] = (points.weights * jnd).sum(axis=1)
    found.marginals["jnd"] = Marginal(np.exp(from_points(np.log(jnd), points.weights).values))


def _add_pse(
    found: Summaries, model: LogPosterior, points: WeightedPoints, centre: Floats, scale: Floats
) -> None:
    """Add the PSE, from the points at which there is one (eq. 3 of docs/dev/fitting.md)."""
    sigmoid, weights = model.sigmoid, points.weights
    threshold, guess, lapse = (points.theta[:, column] for column in (THRESHOLD, GUESS, LAPSE))
    share = (0.5 - guess) / (1 - guess - lapse)
    place = sigmoid.position(share, threshold, points.theta[:, WIDTH])
    quantiles = from_points(place, weights).values
    found.marginals["pse"] = Marginal(sigmoid.to_level(centre + scale * quantiles))
    lacking = np.isnan(place)
    found.without_pse = (weights * lacking).sum(axis=1)
    kept = np.where(lacking, 0.0, weights)
    level = sigmoid.to_level(centre + scale * np.where(lacking, threshold, place))
    with np.errstate(invalid="ignore"):  # none of a posterior may have a PSE
        found.means["pse"] = (kept * level).sum(axis=1) / kept.sum(axis=1)
