"""The penalised log-likelihood of many fits with its gradient and two information matrices.

Fits lie along the last axis: data have shape (b, n), parameters (5, n), so that sums over blocks
are operations on whole arrays. Equations are those of docs/dev/fitting.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.likelihoods import (
    Slopes,
    beta_binomial,
    beta_binomial_slopes,
    binomial,
    binomial_slopes,
)
from psychobench.fits.ml.ldl import DIAGONAL, ROW_START
from psychobench.fits.ml.prior_terms import PriorTerm
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    RHO,
    THRESHOLD,
    Problem,
    RateTerm,
)


class Derivatives(NamedTuple):
    """`value`, `loglik` (n,), `gradient` (p, n), lower halves of two matrices (p (p + 1) / 2, n).

    `expected` is the expected information, the negative matrix of second derivatives on average
    over answers; `observed` that of the answers at hand where it is known, and otherwise the very
    same array.
    """

    value: Floats
    loglik: Floats
    gradient: Floats
    expected: Floats
    observed: Floats


@dataclass(frozen=True)
class FitsLast:
    """A problem with its fits along the last axis: data (b, n), bounds (5, n)."""

    problem: Problem
    z: Floats
    trials: Floats
    hits: Floats
    low: Floats
    high: Floats
    terms: tuple[PriorTerm | RateTerm, ...]

    @classmethod
    def of(cls, problem: Problem, rows: NDArray[np.integer]) -> FitsLast:
        """Transpose some rows of a problem, which may repeat."""
        blocks = problem.blocks
        parts = (blocks.z, blocks.trials, blocks.hits, problem.low, problem.high)
        z, trials, hits, low, high = (np.ascontiguousarray(part[rows].T) for part in parts)
        terms: list[PriorTerm | RateTerm] = [*problem.prior]
        if problem.rate_term is not None:
            terms.append(problem.rate_term)
        return cls(problem, z, trials, hits, low, high, tuple(term.take(rows) for term in terms))

    def take(self, kept: NDArray[np.bool_]) -> FitsLast:
        """Select fits."""
        parts = (self.z, self.trials, self.hits, self.low, self.high)
        terms = tuple(term.take(kept) for term in self.terms)
        z, trials, hits, low, high = (part[:, kept] for part in parts)
        return FitsLast(self.problem, z, trials, hits, low, high, terms)


def log_likelihood(fits: FitsLast, theta: Floats) -> tuple[Floats, Floats]:
    """Evaluate the log-likelihood at theta (5, n), with the prior and without: (n,) each."""
    problem = fits.problem
    width, guess, lapse = np.exp(theta[LOG_WIDTH]), theta[GUESS], theta[LAPSE]
    shift = _pse_to_threshold(problem, theta)[0] if problem.at_pse else 0.0
    rise, rest = problem.sigmoid.sides(
        problem.sigmoid.standardise(fits.z, theta[THRESHOLD] + shift, width)
    )
    room = 1 - guess - lapse
    p, q = guess + room * rise, lapse + room * rest  # q apart from p: accurate where p is near 1
    if problem.overdispersed:
        loglik = beta_binomial(p, q, fits.trials, fits.hits, theta[RHO], axis=0)
    else:
        loglik = binomial(p, q, fits.trials, fits.hits, axis=0)
    own, value = _with_threshold(theta, shift), loglik.copy()
    for term in fits.terms:
        value += term.value(own)
    return value, loglik


def differentiate(fits: FitsLast, theta: Floats) -> Derivatives:
    """Evaluate the penalised log-likelihood at theta (5, n) with first and second derivatives."""
    problem, sigmoid = fits.problem, fits.problem.sigmoid
    width, guess, lapse = np.exp(theta[LOG_WIDTH]), theta[GUESS], theta[LAPSE]
    shift, shift_slopes = _pse_to_threshold(problem, theta) if problem.at_pse else (0.0, None)
    u = sigmoid.standardise(fits.z, theta[THRESHOLD] + shift, width)  # (b, n)
    room = 1 - guess - lapse
    rise, rest = sigmoid.sides(u)
    p, q = guess + room * rise, lapse + room * rest
    if problem.overdispersed:
        parts = beta_binomial_slopes(p, q, fits.trials, fits.hits, theta[RHO], axis=0)
    else:
        parts = binomial_slopes(p, q, fits.trials, fits.hits, axis=0)
    density, offset = room * sigmoid.pdf(u), u - sigmoid.median
    steepness = sigmoid.spread / width
    jacobian = np.stack([-density * steepness, -density * offset, rest, -rise])  # eq. 10: (4, b, n)
    curvature = None
    if shift_slopes is not None:  # the chain rule through the threshold (eq. 21)
        jacobian[LOG_WIDTH:] += jacobian[THRESHOLD] * shift_slopes[:, None]
    elif parts.observed is not None and not problem.expected_only:
        curvature = _curvature_of_psi(
            parts.score * density, sigmoid.bend(u), offset, steepness, room
        )
    if problem.tied:
        jacobian[GUESS] += jacobian[LAPSE]
    found = _from_psi(problem, parts, jacobian, curvature)
    for term in fits.terms:
        found = _with_term(found, term, _with_threshold(theta, shift), shift_slopes)
    return found


def _with_threshold(theta: Floats, shift: Floats | float) -> Floats:
    """Return theta with the threshold in its first column, where the PSE may be."""
    if isinstance(shift, float):
        return theta
    return np.concatenate([theta[:1] + shift, theta[1:]])


def _from_psi(
    problem: Problem, parts: Slopes, jacobian: Floats, curvature: Floats | None
) -> Derivatives:
    """Apply the chain rule from psi to theta (eqs 11 and 12)."""
    size, n = 5 if problem.overdispersed else 4, jacobian.shape[2]
    gradient, expected = np.zeros((size, n)), np.zeros((ROW_START[size], n))
    gradient[:RHO] = np.einsum("pbn,bn->pn", jacobian, parts.score)
    _weighted_square(jacobian, parts.weight, expected)
    observed = expected
    if curvature is not None and parts.observed is not None:
        if problem.tied:  # guess moves both asymptotes
            curvature[ROW_START[GUESS] : ROW_START[GUESS] + 2] *= 2
        observed = _weighted_square(jacobian, parts.observed, np.empty_like(expected)) - curvature
    if problem.overdispersed:  # rho is nearly orthogonal to the rest: no mixed terms (eq. 8)
        gradient[RHO], expected[DIAGONAL[RHO]] = parts.rho_score, parts.rho_weight
    return Derivatives(parts.value, parts.value, gradient, expected, observed)


def _with_term(
    found: Derivatives, term: PriorTerm | RateTerm, theta: Floats, shift_slopes: Floats | None
) -> Derivatives:
    """Add a term of one parameter; the threshold may be a function of others (eq. 21)."""
    value, first, second = term(theta)
    # the matrix that must stay positive definite takes the term only where it is concave
    concave, row = np.maximum(-second, 0.0), np.arange(len(first))
    if shift_slopes is not None and len(row) and term.column[0] == THRESHOLD:
        along = np.concatenate([np.ones((1, len(row))), shift_slopes])
        found.gradient[:RHO] += first * along
        found.expected[: ROW_START[RHO]] += _weighted_square(
            along[:, None], concave[None], np.empty((ROW_START[RHO], len(row)))
        )
    else:
        found.gradient[term.column, row] += first
        diagonal = np.array(DIAGONAL)[term.column]
        found.expected[diagonal, row] += concave
        if found.observed is not found.expected:
            found.observed[diagonal, row] -= second
    return found._replace(value=found.value + value)


def _curvature_of_psi(
    pull: Floats, bend: Floats, offset: Floats, steepness: Floats, room: Floats
) -> Floats:
    """Sum score times second derivatives of psi over blocks (eq. 12): a lower half, (10, n).

    `pull` (b, n) is the score times the density of psi, `bend` (b, n) the slope of the logarithm
    of the density.
    """
    along = pull * (bend * offset + 1)
    to_rate = pull.sum(axis=0) * steepness / room
    to_rates = np.einsum("bn,bn->n", pull, offset) / room
    none = np.zeros_like(room)  # psi is linear in guess and lapse
    return np.stack(
        [
            np.einsum("bn,bn->n", pull, bend) * steepness**2,
            along.sum(axis=0) * steepness,
            np.einsum("bn,bn->n", along, offset),
            *(to_rate, to_rates, none),
            *(to_rate, to_rates, none, none),
        ]
    )


def _pse_to_threshold(problem: Problem, theta: Floats) -> tuple[Floats, Floats]:
    """Compute threshold minus PSE (n,), and its slopes in log width, guess and lapse (3, n)."""
    sigmoid, width = problem.sigmoid, np.exp(theta[LOG_WIDTH])
    guess, lapse = theta[GUESS], theta[LAPSE]
    room = 1 - guess - lapse
    standard = sigmoid.ppf((problem.proportion - guess) / room)
    shift = -(standard - sigmoid.median) * width / sigmoid.spread  # eq. 3
    per_share = -width / (sigmoid.spread * sigmoid.pdf(standard))
    above, below = problem.proportion - guess, 1 - problem.proportion - lapse
    slopes = [shift, -per_share * below / room**2, per_share * above / room**2]
    return shift, np.stack(slopes)


def _weighted_square(jacobian: Floats, weight: Floats, out: Floats) -> Floats:
    """Write the lower half of ``J W J'`` (eq. 11) over `out`; J is (4, b, n), W (b, n)."""
    for row in range(RHO):
        weighted = jacobian[row] * weight
        for column in range(row + 1):
            out[ROW_START[row] + column] = np.einsum("bn,bn->n", weighted, jacobian[column])
    return out
