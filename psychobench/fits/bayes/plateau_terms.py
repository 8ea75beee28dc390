"""Priors that follow the levels, as terms of a joint log-likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.densities import Plateau
from psychobench.fits.functions import Floats
from psychobench.fits.ml.joint import JointProblem
from psychobench.fits.ml.prior_terms import LOG_WIDTH, THRESHOLD
from psychobench.fits.options import FitOptions
from psychobench.fits.priors import make_prior

LOWEST = 1e-6  # of a density relative to its top: keeps its logarithm finite


@dataclass(frozen=True)
class PlateauTerm:
    """The logarithm of a prior with a flat top, of threshold or width, in n fits.

    Parameters
    ----------
    plateau : Plateau
        On the scale on which levels span -.5 to .5.
    column : ndarray of int, shape (n,)
        Of theta, all `THRESHOLD` or all `LOG_WIDTH`.
    weight : ndarray, shape (n,)
        1, or less where several rows have the parameter in common.
    """

    plateau: Plateau
    column: NDArray[np.intp]
    weight: Floats

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> PlateauTerm:
        """Select rows."""
        chosen = np.arange(len(self.column))[rows]
        return PlateauTerm(self.plateau.take(chosen), self.column[chosen], self.weight[chosen])

    def value(self, theta: Floats) -> Floats:
        """Evaluate the term at parameters of shape (5, n)."""
        return self(theta)[0]

    def __call__(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Evaluate the term and its first two derivatives at parameters of shape (5, n)."""
        logarithmic = len(self.column) > 0 and self.column[0] == LOG_WIDTH
        given = theta[LOG_WIDTH if logarithmic else THRESHOLD]
        x = np.exp(given) if logarithmic else given
        part = self.plateau
        rise, fall = part.low - part.foot, part.end - part.high
        down = np.where(rise > 0, (part.low - x) / np.where(rise > 0, rise, 1.0), 0.0)
        up = np.where(fall > 0, (x - part.high) / np.where(fall > 0, fall, 1.0), 0.0)
        beyond = np.clip(np.maximum(down, up), 0.0, 1.0 - LOWEST) * (np.pi / 2)
        slope = np.where(down > up, -1 / np.where(rise > 0, rise, 1.0), 0.0)
        slope = np.where(up > down, 1 / np.where(fall > 0, fall, 1.0), slope) * (np.pi / 2)
        first = -2 * np.tan(beyond) * slope
        second = -2 * slope**2 / np.cos(beyond) ** 2 * (beyond > 0)
        if logarithmic:
            first, second = first * x, second * x**2 + first * x
        value = 2 * np.log(np.cos(beyond))
        return self.weight * value, self.weight * first, self.weight * second


def plateau_terms(joint: JointProblem, blocks: Blocks, options: FitOptions) -> JointProblem:
    """Add the priors that follow the levels to a joint problem.

    Parameters
    ----------
    joint : JointProblem
        Of the rows of `blocks`.
    blocks : Blocks
        The data.
    options : FitOptions
        With `priors`.
    """
    prior, n = make_prior(blocks, options), len(blocks)
    terms: list[Any] = []  # beside those of `psychobench.fits.ml.prior_terms`
    for density, column in ((prior.threshold, THRESHOLD), (prior.width, LOG_WIDTH)):
        if isinstance(density, Plateau):
            keys = joint.owner * joint.low.shape[1] + joint.slots[:, column]
            weight = 1.0 / np.bincount(keys)[keys]  # what is common counts once
            terms.append(PlateauTerm(density, np.full(n, column), weight))
    problem = replace(joint.problem, prior=(*joint.problem.prior, *terms))
    return replace(joint, problem=problem)
