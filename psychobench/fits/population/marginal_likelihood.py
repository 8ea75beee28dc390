"""Likelihoods of observers over location and log width, with guess and lapse integrated out.

Equations are those of docs/dev/fitting.md, section 9.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import roots_jacobi

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, Floats, Sigmoid
from psychobench.fits.options import FitOptions

CONCENTRATIONS = (10.0, 20.0, 40.0, 80.0)  # of guess and lapse, Beta(1, c)
TILT = 40.0  # concentration of the nodes: most are where data with few lapses need them
CHUNK = 4_000_000  # numbers held at once: bounds the memory
TINY = 1e-300


class Axes(NamedTuple):
    """Evenly spaced locations (j,) and log widths (k,), at which likelihoods are tabulated."""

    location: Floats
    log_width: Floats


def tabulate(blocks: Blocks, options: FitOptions, axes: Axes, size: int) -> Floats:
    """Tabulate likelihoods with guess and lapse integrated out (eq. 35).

    Parameters
    ----------
    blocks : Blocks
        The data.
    options : FitOptions
        Sigmoid, task and asymptotes.
    axes : Axes
        Where to evaluate.
    size : int
        Nodes per rate.

    Returns
    -------
    ndarray, shape (c, n, j, k)
        For each of `CONCENTRATIONS`, scaled per observer to be at most 1.
    """
    nodes, weights = rate_quadrature(options, size)
    shape = tuple(map(len, axes))
    tables = np.empty((len(weights), len(blocks), *shape))
    # observers with the same levels share the logarithms of psi, and differ by counts alone
    _, first, group = np.unique(blocks.positions, axis=0, return_index=True, return_inverse=True)
    for number in range(len(first)):
        rows = np.flatnonzero(group.reshape(-1) == number)
        parts = -(-len(rows) * len(nodes) * shape[0] * shape[1] // CHUNK)
        for some in np.array_split(rows, min(parts, len(rows))):
            tables[:, some] = _integrated(blocks.take(some), options, axes, nodes, weights)
    return tables


def _integrated(
    blocks: Blocks, options: FitOptions, axes: Axes, nodes: Floats, weights: Floats
) -> Floats:
    """Tabulate the likelihoods of observers with the same levels: shape (c, n, j, k)."""
    sigmoid, misses = SIGMOIDS[options.sigmoid], blocks.trials - blocks.hits
    likelihood = np.empty((len(nodes), len(blocks), len(axes.location) * len(axes.log_width)))
    for node, (guess, lapse) in enumerate(nodes):
        hit, miss = _log_psi(sigmoid, blocks.positions[0], axes, guess, lapse, options.has_pse)
        likelihood[node] = blocks.hits @ hit + misses @ miss
    # one maximum per observer over all rates, since these are summed over
    likelihood -= likelihood.max(axis=(0, 2), keepdims=True)
    np.exp(likelihood, out=likelihood)
    return np.asarray(
        (weights @ likelihood.reshape(len(nodes), -1)).reshape(
            len(weights), len(blocks), *map(len, axes)
        )
    )


def rate_quadrature(options: FitOptions, size: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of Gaussian quadrature over guess and lapse under their priors.

    The nodes are those of Beta(1, 40), since most observers' rates are near 0; their weights are
    multiplied by the ratio of the priors' densities (eq. 36). Rates stay below .5, so that each
    curve has a PSE.

    Parameters
    ----------
    options : FitOptions
        Task and asymptotes.
    size : int
        Nodes per rate.

    Returns
    -------
    nodes : ndarray, shape (m, 2)
        Guess and lapse.
    weights : ndarray, shape (c, m)
        For each of `CONCENTRATIONS`; a single row where no rate is free.

    Examples
    --------
    >>> from psychobench.fits.options import FitOptions
    >>> nodes, weights = rate_quadrature(FitOptions(), 8)
    >>> (weights @ nodes).round(3).tolist()[0]  # of Beta(1, 10)
    [0.09, 0.09]
    """
    x, w = roots_jacobi(size, TILT - 1, 0)  # weight (1 - x)^(TILT - 1): Beta(1, TILT)
    rate = (x + 1) / 2
    kept = rate < 0.5
    rate, w = rate[kept], (w / w.sum())[kept]
    weight = np.stack([w * (1 - rate) ** (c - TILT) * c / TILT for c in CONCENTRATIONS])
    bounds = options.asymptote_bounds
    free = [bounds[name][0] < bounds[name][1] for name in ("guess", "lapse")]
    held = [np.array([bounds[name][0]]) for name in ("guess", "lapse")]
    if not any(free):
        return np.array([[held[0][0], held[1][0]]]), np.ones((1, 1))
    if options.asymptotes == "equal":
        return np.stack([rate, rate], axis=1), weight
    one, other = (rate if is_free else value for is_free, value in zip(free, held, strict=True))
    nodes = np.stack(np.meshgrid(one, other, indexing="ij"), axis=-1).reshape(-1, 2)
    ones = np.ones((len(CONCENTRATIONS), 1))
    a, b = (weight if is_free else ones for is_free in free)
    return nodes, (a[:, :, None] * b[:, None, :]).reshape(len(CONCENTRATIONS), -1)


def _log_psi(
    sigmoid: Sigmoid, positions: Floats, axes: Axes, guess: float, lapse: float, at_pse: bool
) -> tuple[Floats, Floats]:
    """Compute logarithms of psi and its complement at all cells: (levels, cells) each."""
    room = 1 - guess - lapse
    width = np.exp(axes.log_width)
    share = (0.5 - guess) / room if at_pse else 0.5
    # from the PSE to the threshold (eq. 3)
    threshold = axes.location[:, None] - sigmoid.position(share, 0.0, width)
    u = sigmoid.standardise(positions[:, None, None], threshold, width)
    u = u.reshape(len(positions), -1)
    hit = np.log(np.maximum(guess + room * sigmoid.cdf(u), TINY))
    miss = np.log(np.maximum(lapse + room * sigmoid.sf(u), TINY))
    return hit, miss
