"""Posteriors of a population's mean and standard deviation; quantiles of tabulated densities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from psychobench.fits.functions import Floats


@dataclass(frozen=True)
class MeanAndSd:
    """Posterior of the mean and the standard deviation of one quantity over a population.

    Parameters
    ----------
    centres, sds, shares : ndarray, shape (t,)
        The mean's posterior is a mixture of normals: their centres, standard deviations, weights.
    log_spreads : ndarray, shape (t,)
        Logarithms of the standard deviations to which the weights belong, evenly spaced.
    """

    centres: Floats
    sds: Floats
    shares: Floats
    log_spreads: Floats

    @property
    def mean(self) -> float:
        """Return the posterior mean of the population's mean."""
        return float(self.shares @ self.centres)

    def mean_quantiles(self, p: Floats) -> Floats:
        """Compute quantiles of the posterior of the population's mean."""
        reach = 8 * self.sds.max()
        x = np.linspace(self.centres.min() - reach, self.centres.max() + reach, 20_001)
        below = sum(
            share * ndtr((x - centre) / sd)
            for centre, sd, share in zip(self.centres, self.sds, self.shares, strict=True)
        )
        return np.interp(p, np.asarray(below), x)

    def spread_quantiles(self, p: Floats) -> Floats:
        """Compute quantiles of the posterior of the population's standard deviation."""
        # weights are of cells around the nodes; their sum is interpolated between cell edges
        edges = np.append(self.log_spreads, 2 * self.log_spreads[-1] - self.log_spreads[-2])
        edges = edges - np.diff(edges).mean() / 2
        below = PchipInterpolator(edges, np.concatenate([[0.0], np.cumsum(self.shares)]))
        x = np.linspace(edges[0], edges[-1], 4_001)
        return np.exp(np.interp(p, below(x), x))


def quantiles(axis: Floats, weights: Floats, p: Floats) -> Floats:
    """Compute quantiles of densities tabulated on an axis, weights (n, points): (n, len(p))."""
    edges = np.append(axis, 2 * axis[-1] - axis[-2]) - (axis[1] - axis[0]) / 2
    below = np.cumsum(weights, axis=1)
    below = np.hstack([np.zeros((len(weights), 1)), below / below[:, -1:]])
    return np.stack([np.interp(p, each, edges) for each in below])
