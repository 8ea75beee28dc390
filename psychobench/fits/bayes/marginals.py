"""Marginal distributions of single quantities, from weighted points or from nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import ndtr, ndtri

from psychobench.fits.functions import Floats

# quantiles are kept at these standard normal scores: even in the middle and in both tails
SCORES = np.linspace(-6.0, 6.0, 241)
BINS, FARTHEST = 512, 8.0  # of the histogram; standard deviations to its ends
SMOOTHING = 0.35  # standard deviation of the kernel, in those of the quantity
FINE = 401  # points at which a density between nodes is interpolated
ROUNDING = 1e-12  # spread, relative to the middle, of a quantity that does not vary


@dataclass(frozen=True)
class Marginal:
    """A distribution of one quantity in each of n rows.

    Parameters
    ----------
    values : ndarray, shape (n, len(SCORES))
        Quantiles at the normal distribution function of `SCORES`; nan where there is none.
    """

    values: Floats

    def quantile(self, p: float) -> Floats:
        """Compute the value below which a share `p` lies: shape (n,)."""
        place = np.interp(ndtri(p), SCORES, np.arange(len(SCORES)))
        below = min(int(place), len(SCORES) - 2)
        low, high = self.values[:, below], self.values[:, below + 1]
        return np.asarray(low + (place - below) * (high - low))

    def cdf(self, value: Floats) -> Floats:
        """Compute the share below `value` (n,) in each row: shape (n,)."""
        pairs = zip(value, self.values, strict=True)
        scores = [np.interp(one, row, SCORES, left=-np.inf, right=np.inf) for one, row in pairs]
        return np.asarray(ndtr(np.array(scores)))


def from_points(values: Floats, weights: Floats) -> Marginal:
    """Smooth the distribution of weighted points; nan values are left out.

    A quantity that is the same at all points has no distribution: its quantiles are nan.

    Points of a lattice stand for what lies between them, and the projection of a lattice onto one
    quantity is uneven. Their histogram is smoothed once, transformed by its own distribution
    function to a nearly normal form, smoothed again, and narrowed by the factor by which smoothing
    widens a normal distribution (eq. 33 of docs/dev/fitting.md).

    Parameters
    ----------
    values, weights : ndarray, shape (n, points)
        Weights need not sum to 1.
    """
    known = ~np.isnan(values)
    weights, values = np.where(known, weights, 0.0), np.where(known, values, 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights = weights / np.where(total > 0, total, 1.0)
    middle, spread = _centre(values, weights)
    safe = np.where(spread > 0, spread, 1.0)
    grid = np.linspace(-FARTHEST, FARTHEST, BINS + 1)
    histogram = _histogram((values - middle) / safe, weights)
    # a kernel of fourth order leaves mean and variance as they are, and the tails nearly so
    normal = ndtri(_smoothed(histogram, fourth=True))
    again = ndtri(_smoothed(_histogram(normal, histogram), fourth=False))
    quantiles = np.empty((len(values), len(SCORES)))
    for row in range(len(values)):
        # backwards through both transformations
        score = np.interp(SCORES, again[row], grid) / np.sqrt(1 + SMOOTHING**2)
        quantiles[row] = np.interp(score, normal[row], grid)
    varies = (total > 0) & (spread > ROUNDING * np.maximum(1.0, np.abs(middle)))
    return Marginal(np.where(varies, quantiles * spread + middle, np.nan))


def from_nodes(nodes: Floats, weights: Floats) -> Marginal:
    """Interpolate a smooth density known at evenly spaced nodes; both are (n, nodes)."""
    share = np.linspace(0.0, 1.0, nodes.shape[1])
    fine = np.linspace(0.0, 1.0, FINE)
    # the logarithm of a density is nearly a parabola: a few nodes determine it
    density = np.exp(CubicSpline(share, np.log(np.maximum(weights, 1e-300)), axis=1)(fine))
    mass = density.cumsum(axis=1) - density / 2
    mass = np.clip(mass / density.sum(axis=1, keepdims=True), 1e-15, 1 - 1e-15)
    quantiles = np.array([np.interp(SCORES, row, fine) for row in ndtri(mass)])
    return Marginal(nodes[:, :1] + quantiles * (nodes[:, -1:] - nodes[:, :1]))


def _centre(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Compute mean and standard deviation with outlying points drawn in, (n, 1) each."""
    kept = values
    for _ in range(3):
        middle = (weights * kept).sum(axis=1, keepdims=True)
        spread = np.sqrt((weights * (kept - middle) ** 2).sum(axis=1, keepdims=True))
        kept = np.clip(values, middle - 4 * spread, middle + 4 * spread)
    return middle, spread


def _histogram(places: Floats, weights: Floats) -> Floats:
    """Divide each point's weight between the two nearest bins: shape (n, BINS + 1)."""
    n = len(places)
    at = np.clip((places / FARTHEST + 1) * (BINS / 2), 0.0, BINS - 1e-6)
    below = at.astype(np.intp)
    upper = weights * (at - below)
    below += np.arange(n)[:, None] * (BINS + 1)
    size = n * (BINS + 1)
    counts = np.bincount(below.ravel(), (weights - upper).ravel(), size)
    counts += np.bincount(below.ravel() + 1, upper.ravel(), size)
    return np.asarray(counts.reshape(n, BINS + 1))


def _smoothed(histogram: Floats, *, fourth: bool) -> Floats:
    """Smooth with a normal kernel, or one of fourth order, and accumulate: (n, BINS + 1)."""
    step = 2 * FARTHEST / BINS
    reach = int(6 * SMOOTHING / step)
    u = np.arange(-reach, reach + 1) * step / SMOOTHING
    kernel = np.exp(-0.5 * u**2) * (3 - u**2 if fourth else 1.0)
    size = 2 ** int(np.ceil(np.log2(BINS + 1 + len(kernel))))  # padded: no wrap-around
    product = np.fft.rfft(histogram, size, axis=1) * np.fft.rfft(kernel / kernel.sum(), size)
    density = np.fft.irfft(product, size, axis=1)[:, reach : reach + BINS + 1]
    mass = density.cumsum(axis=1) - density / 2  # up to the middle of each bin
    return np.asarray(np.clip(np.maximum.accumulate(mass, axis=1), 1e-15, 1 - 1e-15))
