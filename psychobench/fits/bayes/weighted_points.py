"""Weighted points that stand for a posterior."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats

LEAST_WEIGHT = 1e-7  # of a point that is kept


@dataclass(frozen=True)
class WeightedPoints:
    """Weighted points of n posteriors.

    Parameters
    ----------
    x : ndarray, shape (n, 5, points)
        Coordinates (see `psychobench.fits.priors`); that of overdispersion is 0.
    theta : ndarray, shape (n, 5, points)
        Parameters.
    weights : ndarray, shape (n, points)
        Summing to 1 in each row.
    nodes : ndarray, shape (n, e)
        Coordinates of overdispersion, evenly spaced.
    node_weights : ndarray, shape (n, e)
        Summing to 1 in each row.
    log_total : ndarray, shape (n,)
        Logarithm of the sum of the weights before they were normalised, up to a constant of the
        row.
    """

    x: Floats
    theta: Floats
    weights: Floats
    nodes: Floats
    node_weights: Floats
    log_total: Floats

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> WeightedPoints:
        """Select rows."""
        return WeightedPoints(**{name: array[rows] for name, array in vars(self).items()})

    def join(self, other: WeightedPoints) -> WeightedPoints:
        """Append other points of the same posteriors with the same nodes."""
        total = np.logaddexp(self.log_total, other.log_total)
        own, new = (np.exp(part.log_total - total)[:, None] for part in (self, other))
        return WeightedPoints(
            np.concatenate([self.x, other.x], axis=2),
            np.concatenate([self.theta, other.theta], axis=2),
            np.hstack([self.weights * own, other.weights * new]),
            self.nodes,
            self.node_weights * own + other.node_weights * new,
            total,
        )

    def without_negligible(self) -> WeightedPoints:
        """Drop points of next to no weight, as many as leave rows of equal length."""
        heavy = self.weights > LEAST_WEIGHT
        order = np.argsort(~heavy, axis=1, kind="stable")[:, : heavy.sum(axis=1).max()]
        return replace(
            self,
            x=np.take_along_axis(self.x, order[:, None], axis=2),
            theta=np.take_along_axis(self.theta, order[:, None], axis=2),
            weights=np.take_along_axis(self.weights, order, axis=1),
        )
