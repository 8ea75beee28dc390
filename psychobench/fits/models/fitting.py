"""Models of an observer's conditions, fitted by plain maximum likelihood to all observers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, logit, ndtri

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml.joint import JointProblem, curves_of_rows, joint_curves, make_joint
from psychobench.fits.ml.joint_fit import (
    fit_joint,
    joint_information,
    row_log_likelihood,
    row_values,
    separate_fits,
)
from psychobench.fits.ml.problem import GUESS, LAPSE, LOG_WIDTH, RHO, THRESHOLD
from psychobench.fits.options import FitOptions

RIDGE = 1e-10  # share of the information's diagonal: a direction without data is wide, not absent
STEP = 1e-5  # of the numerical derivatives of psi with respect to a row's parameters
ON_FLOOR = 1e-6  # a log width this near to its bound is held in bands


@dataclass(frozen=True)
class FittedModel:
    """One model, fitted to n observers with m conditions in all.

    Parameters
    ----------
    vary : str
        The parameters that differ between conditions, with commas between them, or ``none``.
    joint : JointProblem
        What was maximised.
    phi : ndarray, shape (n, p)
        The joint parameters.
    value : ndarray, shape (n,)
        Log-likelihoods, without binomial coefficients.
    curves : Curves
        Of the m conditions.
    """

    vary: str
    joint: JointProblem
    phi: Floats
    value: Floats
    curves: Curves

    @property
    def parameters(self) -> NDArray[np.int_]:
        """Number of estimated parameters of each observer, shape (n,)."""
        return np.asarray(self.joint.free.sum(axis=1))


def fit_models(
    blocks: Blocks, owners: NDArray[np.intp], options: FitOptions, models: Sequence[str]
) -> list[FittedModel]:
    """Fit models from the smallest to the largest, each started from those nested in it, too.

    Whether a curve rises or falls is decided once, from each condition's separate fit, so that
    models are nested.

    Parameters
    ----------
    blocks : Blocks
        Counted answers, one row per condition, the rows of one observer side by side.
    owners : ndarray of int, shape (m,)
        Whose conditions they are, ascending from 0.
    options : FitOptions
        What is asked for.
    models : sequence of str
        As from `psychobench.fits.models.specification.parse_vary`.

    Returns
    -------
    list of FittedModel
        In the order of `models`.
    """
    separate = separate_fits(blocks, options)
    fitted: dict[str, FittedModel] = {}
    for vary in sorted(models, key=lambda model: len(_names(model))):
        joint = make_joint(blocks, separate.falling, owners, options, _names(vary))
        smaller = [
            each.joint.to_rows(each.phi)
            for name, each in fitted.items()
            if _names(name) < _names(vary)
        ]
        found = fit_joint(joint, row_values(joint, separate), smaller)
        curves = joint_curves(joint, found.phi, separate.falling)
        curves = replace(curves, objective=row_log_likelihood(joint, found.phi))
        fitted[vary] = FittedModel(vary, joint, found.phi, found.value, curves)
    return [fitted[vary] for vary in models]


def _names(vary: str) -> frozenset[str]:
    return frozenset(vary.split(",")) - {"none"}


def log_coefficients(blocks: Blocks) -> Floats:
    """Sum the logarithms of the binomial coefficients of each row's blocks, shape (m,)."""
    trials, hits = blocks.trials, blocks.hits
    terms = gammaln(trials + 1) - gammaln(hits + 1) - gammaln(trials - hits + 1)
    return np.asarray(terms.sum(axis=1))


def model_band(
    model: FittedModel, row: int, levels: Floats, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Evaluate one condition's curve with its pointwise confidence band.

    The band is that of `psychobench.fits.bands`, with the information of all of the observer's
    answers on the parameters that conditions share.

    Parameters
    ----------
    model : FittedModel
        The model.
    row : int
        Which condition.
    levels : ndarray, shape (k,)
        Where.
    confidence : float
        Coverage at each level.

    Returns
    -------
    p, low, high : ndarray, shape (k,)
    """
    joint, group = model.joint, int(model.joint.owner[row])
    one, phi = joint.take(np.array([group])), model.phi[[group]]
    covariance = _covariance(one, phi)
    slots = joint.slots[row, :RHO]
    gradient, p = _gradient(model, row, levels)
    variance = np.einsum("ki,ij,kj->k", gradient, covariance[np.ix_(slots, slots)], gradient)
    inside = np.clip(p, 1e-12, 1 - 1e-12)
    reach = ndtri((1 + confidence) / 2) * np.sqrt(np.maximum(variance, 0.0))
    reach = reach / (inside * (1 - inside))
    return p, expit(logit(inside) - reach), expit(logit(inside) + reach)


def _covariance(one: JointProblem, phi: Floats) -> Floats:
    """Invert one group's information, rows and columns of held parameters being 0: (p, p)."""
    information, free = joint_information(one, phi), one.free[0].copy()
    widths = np.unique(one.slots[:, LOG_WIDTH])
    low, high = one.low[0, widths] + ON_FLOOR, one.high[0, widths] - ON_FLOOR
    free[widths] &= (phi[0, widths] > low) & (phi[0, widths] < high)
    covariance: Floats = np.zeros_like(information)
    kept = np.flatnonzero(free)
    part = information[np.ix_(kept, kept)]
    part = part + RIDGE * np.diag(np.diag(part) + 1)
    covariance[np.ix_(kept, kept)] = np.linalg.inv(part)
    return covariance


def _gradient(model: FittedModel, row: int, levels: Floats) -> tuple[Floats, Floats]:
    """Differentiate one curve by place, log width, guess and lapse, (k, 4), and evaluate it."""
    joint = model.joint
    theta = np.repeat(joint.to_theta(model.phi)[[row]], 2 * RHO + 1, axis=0)
    change = np.array([STEP * joint.place_scale[row], STEP, STEP, STEP])
    for column in (THRESHOLD, LOG_WIDTH, GUESS, LAPSE):
        theta[2 * column, column] += change[column]
        theta[2 * column + 1, column] -= change[column]
    rows = np.full(len(theta), row)
    of = replace(joint, problem=joint.problem.take(rows))
    psi = curves_of_rows(of, theta, model.curves.falling[rows]).psi(levels)
    return ((psi[0 : 2 * RHO : 2] - psi[1 : 2 * RHO : 2]) / (2 * STEP)).T, psi[-1]
