"""Posteriors integrated by sums over lattices that lie over them.

A smooth density that falls to 0 on all sides is integrated by an even sum over a lattice, with an
error that falls exponentially as the lattice's spacing shrinks: the trapezoidal rule in several
dimensions [1]_ (eq. 30 of docs/dev/fitting.md). Mean, covariance and tails of each posterior, by
which its lattice is placed, come from coarser lattices first. Overdispersion, nearly independent
of the other parameters, has nodes of its own.

No library integrates thousands of small posteriors side by side; samplers (emcee, PyMC) would take
seconds each and add noise to every number. The tests hold these sums to dense grids.

References
----------
.. [1] Trefethen, L. N. & Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule.
   SIAM Review, 56, 385-458.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.bayes.lattice import LEAST_TAIL, Placement, bcc_lattice, moments
from psychobench.fits.bayes.log_posterior import LogPosterior
from psychobench.fits.bayes.pse_coordinate import (
    follows_pse,
    pse_excess,
    pse_offset,
    threshold_unit,
    with_pse_for_threshold,
)
from psychobench.fits.bayes.weighted_points import WeightedPoints
from psychobench.fits.functions import Floats
from psychobench.fits.priors import ETA, THRESHOLD, WIDTH

SPACING = {0: 1.0, 1: 0.15, 2: 0.3, 3: 0.6, 4: 0.95}  # by dimension, in standard deviations
RADII = (4.8, 5.8, 7.0)  # standard deviations; a lattice grows while its rim matters
RIM = 0.5  # its width, in standard deviations
# hard posteriors have, in the last pilot, heavier tails, a smaller share of points that carry
# weight, or more weight where the PSE is far from the threshold
HEAVY_TAIL, FEW_POINTS, OFTEN_FAR = 0.685, 0.037, 0.03
FAR = 0.3  # F, away from .5, from which the PSE is far from the threshold
FINER = 0.68  # spacing of hard posteriors, relative to that of others
AT_RIM, HARD_AT_RIM = 0.037, 0.018  # share of the variance of threshold, width or PSE
PILOT_SPACING, PILOT_RADIUS, PILOTS = 1.5, 5.0, 2
TOGETHER = 4  # posteriors whose lattices are held at a time
NODES = {0: 24, 1: 24, 2: 24, 3: 14, 4: 12}  # of overdispersion, by the lattice's dimension
REACH = 5.0  # standard deviations from their middle to the outermost nodes
PILOT_REACH = 1.3  # of the first pilot, whose standard deviation is that at the mode
TINY = 1e-300


def integrate(
    model: LogPosterior, mean: Floats, covariance: Floats
) -> list[tuple[NDArray[np.intp], WeightedPoints]]:
    """Integrate each posterior over a lattice.

    Parameters
    ----------
    model : LogPosterior
        With n rows.
    mean, covariance : ndarray, shapes (n, 5) and (n, 5, 5)
        Of a normal distribution near each posterior, in coordinates.

    Returns
    -------
    list of (rows, WeightedPoints)
        Rows with equally large lattices together; every row once.
    """
    placement, pilot = _pilot(model, _first_placement(model, mean, covariance))
    hard = _is_hard(model, placement, pilot)
    spacing = SPACING[placement.centre.shape[1]]
    found = []
    for rows, fineness, at_rim in (
        (np.flatnonzero(~hard), 1.0, AT_RIM),
        (np.flatnonzero(hard), FINER, HARD_AT_RIM),
    ):
        for some in np.array_split(rows, range(TOGETHER, len(rows), TOGETHER)):
            if len(some):
                found += _grow(model, placement, some, spacing * fineness, at_rim)
    return found


def _first_placement(model: LogPosterior, mean: Floats, covariance: Floats) -> Placement:
    """Place lattices by the normal distribution at each mode."""
    free = model.prior.free
    free = free[free < ETA]
    unit = threshold_unit(model, mean)
    centre, slopes = with_pse_for_threshold(model, mean, unit)
    eta_reach = PILOT_REACH * REACH * np.sqrt(covariance[:, ETA, ETA])
    own = np.linalg.cholesky(covariance[:, free[:, None], free])
    root = _triangular(slopes[:, free[:, None], free] @ own)
    tails = np.full((len(model), len(free)), LEAST_TAIL + 0.1)
    return Placement(centre[:, free], root, tails, unit, mean[:, ETA], eta_reach)


def _triangular(root: Floats) -> Floats:
    """Turn roots of covariances (n, d, d) into their Cholesky factors.

    Where the slopes are steep, rounding leaves the covariance itself without such a factor.
    """
    upper = np.asarray(np.linalg.qr(root.transpose(0, 2, 1), mode="r"))
    signs = np.where(np.diagonal(upper, axis1=1, axis2=2) < 0, -1.0, 1.0)
    return np.asarray((upper * signs[:, :, None]).transpose(0, 2, 1))


def _pilot(model: LogPosterior, placement: Placement) -> tuple[Placement, WeightedPoints]:
    """Improve a placement by the moments of coarse lattices; return the last of these too.

    The normal distribution at the mode can be far from a skewed posterior's mean and covariance,
    which one coarse lattice finds roughly and a second one well enough.
    """
    points = bcc_lattice(placement.centre.shape[1], PILOT_RADIUS, PILOT_SPACING)
    for _ in range(PILOTS):
        placed = placement.apply(points)
        pilot = _weigh(model, placement, placed, rough=True)
        eta = _eta_range(pilot.nodes, pilot.node_weights)
        placement = Placement(*moments(placed[0], pilot.weights), placement.threshold_unit, *eta)
    return placement, pilot


def _is_hard(model: LogPosterior, placement: Placement, pilot: WeightedPoints) -> NDArray[np.bool_]:
    """Return which posteriors need a finer lattice: shape (n,)."""
    hard = placement.tails.max(axis=1, initial=0.0) > HEAVY_TAIL
    effective_points = 1 / np.square(pilot.weights).sum(axis=1)
    hard |= effective_points < FEW_POINTS * pilot.weights.shape[1]
    if follows_pse(model):
        far = np.abs(pse_excess(pilot.theta)) > FAR
        hard |= (pilot.weights * far).sum(axis=1) > OFTEN_FAR
    return np.asarray(hard)


def _grow(
    model: LogPosterior,
    placement: Placement,
    rows: NDArray[np.intp],
    spacing: float,
    most_at_rim: float,
) -> list[tuple[NDArray[np.intp], WeightedPoints]]:
    """Weigh lattices, adding shells of points until the outermost matter little."""
    found: list[tuple[NDArray[np.intp], WeightedPoints]] = []
    so_far: WeightedPoints | None = None
    for inner, outer in itertools.pairwise((0.0, *RADII)):
        points = bcc_lattice(placement.centre.shape[1], outer, spacing, inner)
        part, own = model.take(rows), placement.take(rows)
        weighted = _weigh(part, own, own.apply(points))
        weighted = weighted if so_far is None else so_far.join(weighted)
        rim = np.square(points).sum(axis=0) > (outer - RIM) ** 2
        growing = _variance_at_rim(part, weighted, rim) > most_at_rim
        growing &= outer < RADII[-1]
        if not growing.all():
            found.append((rows[~growing], weighted.take(~growing).without_negligible()))
        if not growing.any():
            break
        rows, so_far = rows[growing], weighted.take(growing)
    return found


def _variance_at_rim(
    model: LogPosterior, weighted: WeightedPoints, rim: NDArray[np.bool_]
) -> Floats:
    """Compute which share of the variance of threshold, width and PSE is due to the rim: (n,).

    `rim` marks which of the last points belong to it. The largest of the three shares counts.
    """
    shares = []
    values = [weighted.theta[:, THRESHOLD], weighted.theta[:, WIDTH]]
    if follows_pse(model):
        values.append(weighted.theta[:, THRESHOLD] + pse_offset(model, weighted.theta))
    for value in values:
        mean = (weighted.weights * value).sum(axis=1, keepdims=True)
        squares = weighted.weights * np.square(value - mean)
        at_rim = squares[:, -len(rim) :] @ rim
        shares.append(at_rim / np.maximum(squares.sum(axis=1), TINY))
    return np.asarray(np.max(shares, axis=0))


def _weigh(
    model: LogPosterior,
    placement: Placement,
    placed: tuple[Floats, Floats],
    *,
    rough: bool = False,
) -> WeightedPoints:
    """Evaluate the posterior at placed points (n, d, p) times nodes of overdispersion (n, e)."""
    points, log_volume = placed
    free = model.prior.free
    x = np.zeros((len(points), 5, points.shape[2]))
    x[:, free[free < ETA]] = points
    theta = model.prior.to_theta(x, but=THRESHOLD)
    if follows_pse(model):  # the first coordinate is the PSE's: back to the threshold's (eq. 32)
        x[:, THRESHOLD] -= pse_offset(model, theta) / placement.threshold_unit[:, None]
    theta[:, THRESHOLD] = model.prior.from_coordinate(THRESHOLD, x[:, THRESHOLD])
    count = NODES[points.shape[1]] if model.overdispersed else 1
    steps = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    nodes = placement.eta_middle[:, None] + placement.eta_reach[:, None] * steps
    etas = model.prior.from_coordinate(ETA, nodes)
    value = model.log_likelihood_by_eta(theta, etas, rough=rough)  # (n, p, e)
    value += (log_volume - 0.5 * (x**2).sum(axis=1))[..., None]  # the priors are normal (eq. 26)
    value -= 0.5 * np.square(nodes)[:, None]
    top = value.max(axis=(1, 2), keepdims=True)
    value -= top
    np.exp(value, out=value)
    weights, node_weights = value.sum(axis=2), value.sum(axis=1)
    total = weights.sum(axis=1, keepdims=True)
    log_total = top[:, 0, 0] + np.log(total[:, 0])
    return WeightedPoints(x, theta, weights / total, nodes, node_weights / total, log_total)


def _eta_range(nodes: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Compute middle and half the length of the nodes' range from a pilot's nodes, (n,) each."""
    middle = (weights * nodes).sum(axis=1)
    return middle, REACH * np.sqrt((weights * (nodes - middle[:, None]) ** 2).sum(axis=1))
