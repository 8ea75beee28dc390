"""Climb many penalised log-likelihoods at once: damped Fisher scoring between bounds.

Inside, fits lie along the last axis, so that sums over blocks and the solution of each fit's few
equations are operations on whole arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import Floats, Sigmoid
from psychobench.fits.likelihoods import Slopes, beta_binomial_slopes, binomial, binomial_slopes
from psychobench.fits.options import MAX_ASYMPTOTE

# columns of theta: threshold and log width in units of z, asymptotes, squared overdispersion
M, LOG_W, GUESS, LAPSE, RHO = range(5)
PRIOR = 9.0  # Beta(1, 10): nine times the logarithm of 1 - rate
MAX_STEPS = 200
TOGETHER = 10  # steps after which the climbs that are not done are brought together
DAMPING = 1e-3  # at the start of a climb
BENT = 0.1  # share of the expected curvature under which the observed one is not trusted
EASED, HARDENED, LEAST_HARDENED = 8.0, 8.0, 1e-2  # how damping falls and rises
TOLERANCE = 1e-11  # expected gain, in log-likelihood, at which a climb ends
MAX_DAMPING = 1e12
WORTHWHILE = 0.8  # share still climbing under which the others are laid aside
CHUNK = 12_000  # rows climbed together: enough to amortise, few enough to stay in cache


@dataclass(frozen=True)
class Beside:
    """What else than a row's own data depends on one of its rates: a piecewise cubic function.

    Parameters
    ----------
    nodes : ndarray, shape (k,)
        Where the pieces meet; the rate stays between the first and the last.
    coefficients : ndarray, shape (n, 4, k - 1)
        Of each piece, from the cube down, of the distance from its left node.
    column : ndarray of int, shape (n,)
        `GUESS` or `LAPSE`.
    """

    nodes: Floats
    coefficients: Floats
    column: NDArray[np.intp]

    def take(self, rows: NDArray[np.integer]) -> Beside:
        """Take some rows."""
        return Beside(self.nodes, self.coefficients[rows], self.column[rows])

    def __call__(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Evaluate it and its first two derivatives at parameters of shape (5, n)."""
        rate, row = theta[self.column, np.arange(len(self.column))], np.arange(len(self.column))
        piece = np.searchsorted(self.nodes[1:-1], rate, side="right")
        x, (a, b, c, d) = rate - self.nodes[piece], self.coefficients[row, :, piece].T
        return ((a * x + b) * x + c) * x + d, (3 * a * x + 2 * b) * x + c, 6 * a * x + 2 * b


@dataclass(frozen=True)
class Problem:
    """What is to be maximised: data, curve, bounds and prior, one row per fit.

    Parameters
    ----------
    blocks : Blocks
        The data.
    sigmoid : Sigmoid
        The curve.
    low, high : ndarray, shape (n, 5)
        Bounds on theta; equal ones hold a parameter.
    tied : bool
        Whether lapse is guess under another name, so that its prior counts once.
    overdispersed : bool
        Whether the likelihood is beta-binomial.
    prior : float
        Weight of ``log(1 - rate)`` for guess and lapse; 0 for none.
    at_pse : bool
        Whether the first column of theta holds the PSE instead of the threshold; guess and lapse
        must then stay below .5.
    scoring : bool
        Whether steps rest on the expected curvature alone: far from a peak they reach farther,
        near it they take longer.
    beside : Beside, optional
        What else depends on a rate.
    """

    blocks: Blocks
    sigmoid: Sigmoid
    low: Floats
    high: Floats
    tied: bool = False
    overdispersed: bool = False
    prior: float = PRIOR
    at_pse: bool = False
    scoring: bool = False
    beside: Beside | None = None

    def take(self, rows: NDArray[np.integer]) -> Problem:
        """Take some rows."""
        return replace(
            self,
            blocks=self.blocks.take(rows),
            low=self.low[rows],
            high=self.high[rows],
            beside=None if self.beside is None else self.beside.take(rows),
        )


class Peak(NamedTuple):
    """Where a climb ended: `theta` (n, 5), `value` (n,) with the prior, without it `loglik`."""

    theta: Floats
    value: Floats
    loglik: Floats


class _Slope(NamedTuple):
    """`value`, `loglik` (n,), `gradient` (p, n), lower halves of two matrices (p', n).

    `information` is the expected negative matrix of second derivatives, `curvature` the observed
    one where it is known, and otherwise the same.
    """

    value: Floats
    loglik: Floats
    gradient: Floats
    information: Floats
    curvature: Floats


@dataclass(frozen=True)
class _Columns:
    """A problem with its rows along the last axis: data (b, n), bounds (5, n)."""

    problem: Problem
    z: Floats
    trials: Floats
    hits: Floats
    low: Floats
    high: Floats
    beside: Beside | None

    @classmethod
    def of(cls, problem: Problem, rows: NDArray[np.integer]) -> _Columns:
        blocks = problem.blocks
        parts = (blocks.z, blocks.trials, blocks.hits, problem.low, problem.high)
        z, trials, hits, low, high = (np.ascontiguousarray(part[rows].T) for part in parts)
        beside = None if problem.beside is None else problem.beside.take(rows)
        return cls(problem, z, trials, hits, low, high, beside)

    def take(self, kept: NDArray[np.bool_]) -> _Columns:
        parts = (self.z, self.trials, self.hits, self.low, self.high)
        z, trials, hits, low, high = (part[:, kept] for part in parts)
        beside = None if self.beside is None else self.beside.take(np.flatnonzero(kept))
        return _Columns(self.problem, z, trials, hits, low, high, beside)


def climb(
    problem: Problem,
    start: Floats,
    *,
    rows: NDArray[np.integer] | None = None,
    tolerance: float = TOLERANCE,
    steps: int = MAX_STEPS,
) -> Peak:
    """Maximise from each start.

    Parameters
    ----------
    problem : Problem
        With n rows.
    start : ndarray, shape (m, 5)
        Where to begin; brought within bounds first.
    rows : ndarray of int, shape (m,), optional
        Row of the problem that each start belongs to; without it, one start per row.
    tolerance : float
        Expected gain at which a climb ends.
    steps : int
        After which every climb ends, in tens if there are more.

    Returns
    -------
    Peak
        Of m climbs.
    """
    rows = np.arange(len(start)) if rows is None else rows
    peak = Peak(start.copy(), np.empty(len(start)), np.empty(len(start)))
    damping, going = np.full(len(start), DAMPING), np.arange(len(start))
    for _ in range(-(-steps // TOGETHER)):  # those that take longer climb on side by side
        left = []
        for some in np.split(going, range(CHUNK, len(going), CHUNK)):
            columns = _Columns.of(problem, rows[some])
            found, damping[some], live = _climb(
                columns, peak.theta[some].T, damping[some], tolerance, min(steps, TOGETHER)
            )
            for whole, part in zip(peak, found, strict=True):
                whole[some] = part.T
            left.append(some[live])
        going = np.concatenate(left)
        if not len(going):
            break
    return peak


def evaluate(problem: Problem, theta: Floats) -> Peak:
    """Evaluate each row's likelihood at a point, with the prior and without it."""
    value, loglik = np.empty(len(theta)), np.empty(len(theta))
    for rows in np.split(np.arange(len(theta)), range(CHUNK, len(theta), CHUNK)):
        columns = _Columns.of(problem, rows)
        value[rows], loglik[rows] = _height(columns, np.ascontiguousarray(theta[rows].T))
    return Peak(theta, value, loglik)


def within(problem: Problem, theta: Floats) -> Floats:
    """Bring parameters within their bounds and guess + lapse below 1."""
    return _within(problem.low.T, problem.high.T, theta.T, tied=problem.tied).T


def _climb(
    columns: _Columns, start: Floats, damping: Floats, tolerance: float, steps: int
) -> tuple[Peak, Floats, NDArray[np.bool_]]:
    """Take some steps: the peaks so far, turned, the damping there, and who must go on."""
    here, tied = columns, columns.problem.tied
    theta = _within(here.low, here.high, start, tied=tied)
    slope, live = _slope(here, theta), np.ones(len(damping), dtype=bool)
    rows, unfinished = np.arange(len(damping)), np.zeros(len(damping), dtype=bool)
    found, last = Peak(theta.copy(), slope.value.copy(), slope.loglik.copy()), damping.copy()
    for _ in range(steps):
        step, gain, promise = _step(here, theta, slope, damping)
        trial = theta.copy()
        trial[: len(step)] += step
        trial = _within(here.low, here.high, trial, tied=tied)
        ahead = _slope(here, trial)
        gained = ahead.value - slope.value
        better = (gained > 0) & live
        theta = np.where(better, trial, theta)
        slope = _Slope(*(np.where(better, new, old) for new, old in zip(ahead, slope, strict=True)))
        easier = np.where(gained > 0.5 * promise, np.maximum(damping / EASED, 1e-6), damping)
        damping = np.where(gained > 0, easier, np.maximum(damping * HARDENED, LEAST_HARDENED))
        live &= (gain > tolerance) & (damping < MAX_DAMPING)
        if np.count_nonzero(live) < WORTHWHILE * len(live):
            found.theta[:, rows], found.value[rows], found.loglik[rows] = theta, *slope[:2]
            here, rows, theta, damping = here.take(live), rows[live], theta[:, live], damping[live]
            slope, live = _Slope(*(part[..., live] for part in slope)), live[live]
            if not len(live):
                break
    found.theta[:, rows], found.value[rows], found.loglik[rows] = theta, *slope[:2]
    last[rows], unfinished[rows] = damping, live
    return found, last, unfinished


def _within(low: Floats, high: Floats, theta: Floats, *, tied: bool) -> Floats:
    theta = np.clip(theta, low, high)
    if tied:
        theta[LAPSE] = theta[GUESS]
    over = theta[GUESS] + theta[LAPSE] > MAX_ASYMPTOTE
    if over.any():  # spare room above the lower bounds shrinks in proportion
        floor = low[GUESS : LAPSE + 1, over]
        room = theta[GUESS : LAPSE + 1, over] - floor
        share = (MAX_ASYMPTOTE - floor.sum(axis=0)) / room.sum(axis=0)
        theta[GUESS : LAPSE + 1, over] = floor + room * share
    return np.asarray(theta)


def _step(
    columns: _Columns, theta: Floats, slope: _Slope, damping: Floats
) -> tuple[Floats, Floats, Floats]:
    """Propose a damped scoring step for the parameters that are free to move.

    With it come the gain without damping, and the least that this step should gain. Where the
    step would cross bounds, it ends on them, and the other parameters answer to that.
    """
    size = len(slope.gradient)
    here, low, high = theta[:size], columns.low[:size], columns.high[:size]
    uphill, downhill = slope.gradient > 0, slope.gradient < 0
    free = (low < high) & ~((here <= low) & downhill) & ~((here >= high) & uphill)
    if columns.problem.tied:
        free[LAPSE] = False
    gradient = np.where(free, slope.gradient, 0.0)
    matrix = slope.curvature.copy()
    factors = _factorise(matrix, free, damping)
    if slope.curvature is not slope.information:  # not every point lies on a concave slope
        least = BENT * slope.information[_DIAGONAL[:size]]
        bent = np.flatnonzero((free & (factors.pivots < least)).any(axis=0))
        if len(bent):
            matrix[:, bent] = slope.information[:, bent]
            again = _factorise(matrix[:, bent], free[:, bent], damping[bent])
            factors.lower[..., bent], factors.pivots[:, bent] = again
    step = _solve(factors, gradient)
    gain = np.einsum("pn,pn->n", step, gradient) * (1 + damping)
    ended = np.clip(here + step, low, high)
    crosses = free & (ended != here + step)
    ended -= here
    some = np.flatnonzero(crosses.any(axis=0))
    if len(some):
        step[:, some] = _ended(
            matrix[:, some], gradient[:, some], free[:, some], damping[some],
            ended[:, some], crosses[:, some],
        )  # fmt: skip
    reach = 0.5 + np.exp(theta[LOG_W])  # no step leaves the region that it knows
    step /= np.maximum(1.0, np.maximum(np.abs(step[M]) / reach, np.abs(step[LOG_W]) / 1.5))
    return step, gain, np.einsum("pn,pn->n", step, gradient) / 2


def _ended(
    information: Floats,
    gradient: Floats,
    free: NDArray[np.bool_],
    damping: Floats,
    ended: Floats,
    crosses: NDArray[np.bool_],
) -> Floats:
    """Step again, with the parameters that cross their bounds going no further than these."""
    taken = np.where(crosses, ended, 0.0)
    rest = free & ~crosses
    left = gradient.copy()
    for row in range(len(gradient)):
        for column in range(row):
            entry = information[_FIRST[row] + column]
            left[row] -= entry * taken[column]
            left[column] -= entry * taken[row]
    factors = _factorise(information, rest, damping)
    return taken + _solve(factors, np.where(rest, left, 0.0))


class _Factors(NamedTuple):
    """A unit lower triangle (p, p, n) and the pivots (p, n)."""

    lower: Floats
    pivots: Floats


def _factorise(information: Floats, free: NDArray[np.bool_], damping: Floats) -> _Factors:
    """Factorise each fit's damped information without square roots; held parameters stand apart."""
    size = len(free)
    lower = np.zeros((size, *free.shape))
    scaled, pivots = np.zeros_like(lower), np.empty(free.shape)  # scaled: lower times pivots
    for row, first in enumerate(_FIRST[:size]):
        diagonal = information[first + row]
        pivot = diagonal * (1 + damping) + 1e-12 * (1 + diagonal)
        least = pivot * 1e-14
        for column in range(row):
            entry = np.where(free[row] & free[column], information[first + column], 0.0)
            for k in range(column):
                entry -= scaled[row, k] * lower[column, k]
            scaled[row, column], lower[row, column] = entry, entry / pivots[column]
            pivot -= entry * lower[row, column]
        pivots[row] = np.where(free[row], np.maximum(pivot, least), 1.0)
    return _Factors(lower, pivots)


def _solve(factors: _Factors, right: Floats) -> Floats:
    lower, pivots = factors
    solution = right.copy()
    for row in range(len(right)):
        for k in range(row):
            solution[row] -= lower[row, k] * solution[k]
    solution /= pivots
    for row in reversed(range(len(right))):
        for k in range(row + 1, len(right)):
            solution[row] -= lower[k, row] * solution[k]
    return solution


def _height(columns: _Columns, theta: Floats) -> tuple[Floats, Floats]:
    """Evaluate the log-likelihood alone, with the prior and without it."""
    problem = columns.problem
    if problem.overdispersed:
        slope = _slope(columns, theta)
        return slope.value, slope.loglik
    width, guess, lapse = np.exp(theta[LOG_W]), theta[GUESS], theta[LAPSE]
    shift = _to_threshold(problem, theta)[0] if problem.at_pse else 0.0
    rise, rest = problem.sigmoid.sides(
        problem.sigmoid.standardise(columns.z, theta[M] + shift, width)
    )
    room = 1 - guess - lapse
    p, q = guess + room * rise, lapse + room * rest
    loglik = binomial(p, q, columns.trials, columns.hits, axis=0)
    value = loglik + problem.prior * np.log1p(-guess)
    if not problem.tied:
        value += problem.prior * np.log1p(-lapse)
    return value if columns.beside is None else value + columns.beside(theta)[0], loglik


def _slope(columns: _Columns, theta: Floats) -> _Slope:
    """Evaluate the penalised log-likelihood with its first and second derivatives."""
    problem, sigmoid = columns.problem, columns.problem.sigmoid
    width, guess, lapse = np.exp(theta[LOG_W]), theta[GUESS], theta[LAPSE]
    shift, turns = _to_threshold(problem, theta) if problem.at_pse else (0.0, None)
    u = sigmoid.standardise(columns.z, theta[M] + shift, width)
    room = 1 - guess - lapse
    rise, rest = sigmoid.sides(u)
    p, q = guess + room * rise, lapse + room * rest
    if problem.overdispersed:
        parts = beta_binomial_slopes(p, q, columns.trials, columns.hits, theta[RHO], axis=0)
    else:
        parts = binomial_slopes(p, q, columns.trials, columns.hits, axis=0)
    density, offset = room * sigmoid.pdf(u), u - sigmoid.median
    steepness = sigmoid.spread / width
    jacobian = np.stack([-density * steepness, -density * offset, rest, -rise])
    bends = None
    if turns is not None:
        jacobian[LOG_W:] += jacobian[M] * turns[:, None]
    elif parts.observed is not None and not problem.scoring:
        bends = _bends(parts.score * density, sigmoid.bend(u), offset, steepness, room)
    if problem.tied:
        jacobian[GUESS] += jacobian[LAPSE]
    slope = _with_prior(problem, theta, parts, jacobian, bends)
    return slope if columns.beside is None else _with_beside(slope, columns.beside, theta)


def _with_beside(slope: _Slope, beside: Beside, theta: Floats) -> _Slope:
    value, first, second = beside(theta)
    for rate in (GUESS, LAPSE):
        own = beside.column == rate
        slope.gradient[rate] += np.where(own, first, 0.0)
        slope.information[_DIAGONAL[rate]] += np.where(own, np.maximum(-second, 0.0), 0.0)
        if slope.curvature is not slope.information:
            slope.curvature[_DIAGONAL[rate]] -= np.where(own, second, 0.0)
    return slope._replace(value=slope.value + value)


def _bends(pull: Floats, bend: Floats, offset: Floats, steepness: Floats, room: Floats) -> Floats:
    """Sum score times second derivatives of psi over blocks: a lower half, (10, n)."""
    along = pull * (bend * offset + 1)
    to_rate = pull.sum(axis=0) * steepness / room
    to_rates = np.einsum("bn,bn->n", pull, offset) / room
    none = np.zeros_like(room)
    return np.stack(
        [
            np.einsum("bn,bn->n", pull, bend) * steepness**2,
            along.sum(axis=0) * steepness,
            np.einsum("bn,bn->n", along, offset),
            *(to_rate, to_rates, none),
            *(to_rate, to_rates, none, none),
        ]
    )


def _to_threshold(problem: Problem, theta: Floats) -> tuple[Floats, Floats]:
    """Give threshold minus first parameter (n,), and its slopes in the next three (3, n)."""
    sigmoid, width = problem.sigmoid, np.exp(theta[LOG_W])
    guess, lapse = theta[GUESS], theta[LAPSE]
    room = 1 - guess - lapse
    standard = sigmoid.ppf((0.5 - guess) / room)
    shift = -(standard - sigmoid.median) * width / sigmoid.spread
    per_share = -width / (sigmoid.spread * sigmoid.pdf(standard))
    turns = [shift, per_share * (lapse - 0.5) / room**2, per_share * (0.5 - guess) / room**2]
    return shift, np.stack(turns)


def _with_prior(
    problem: Problem, theta: Floats, parts: Slopes, jacobian: Floats, bends: Floats | None
) -> _Slope:
    """Turn derivatives with respect to psi into those with respect to theta."""
    size, n = 5 if problem.overdispersed else 4, theta.shape[1]
    gradient, information = np.zeros((size, n)), np.zeros((_FIRST[size], n))
    gradient[:RHO] = np.einsum("pbn,bn->pn", jacobian, parts.score)
    _weigh(jacobian, parts.weight, information)
    curvature = information
    if bends is not None and parts.observed is not None:
        if problem.tied:  # guess moves both asymptotes
            bends[_FIRST[GUESS] : _FIRST[GUESS] + 2] *= 2
        curvature = _weigh(jacobian, parts.observed, np.empty_like(information)) - bends
    if problem.overdispersed:
        gradient[RHO], information[_DIAGONAL[RHO]] = parts.rho_score, parts.rho_weight
    value = parts.value.copy()
    for rate in (GUESS,) if problem.tied else (GUESS, LAPSE):
        rest = 1 - theta[rate]
        value += problem.prior * np.log(rest)
        gradient[rate] -= problem.prior / rest
        information[_DIAGONAL[rate]] += problem.prior / rest**2
        if curvature is not information:
            curvature[_DIAGONAL[rate]] += problem.prior / rest**2
    return _Slope(value, parts.value, gradient, information, curvature)


def _weigh(jacobian: Floats, weight: Floats, out: Floats) -> Floats:
    """Write the lower half of the weighted square of the Jacobian over `out`."""
    for row in range(RHO):
        weighted = jacobian[row] * weight
        for column in range(row + 1):
            out[_FIRST[row] + column] = np.einsum("bn,bn->n", weighted, jacobian[column])
    return out


_FIRST = [row * (row + 1) // 2 for row in range(6)]  # where each row begins in a lower half
_DIAGONAL = [first + row for row, first in enumerate(_FIRST)]
