"""Curves of several conditions maximised together, with some of their parameters in common.

A row is one condition, a group all conditions of one observer. The joint parameters phi of a group
are those that its rows share and those that each row has for itself; `slots` says which of them a
row uses as its place (PSE, in a forced choice the threshold), log width, guess, lapse and squared
overdispersion. Values and derivatives of rows are those of `psychobench.fits.ml.derivatives`; by
the chain rule the gradient and the expected information of phi are sums over rows (eq. 11 of
docs/dev/fitting.md).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.likelihoods import MIN_RHO
from psychobench.fits.ml.prior_terms import counting_once
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    MAX_BEYOND,
    RHO,
    THRESHOLD,
    Problem,
    make_problem,
)
from psychobench.fits.options import MAX_ASYMPTOTE, FitOptions

NAMES = ("pse", "jnd", "guess", "lapse", "overdispersion")  # in the order of theta's columns
BELOW_HALF = 0.5 - 1e-6  # a curve crosses .5 only if guess and lapse are below it


class ByGroup(NamedTuple):
    """Rows brought in order of their groups.

    `order` (m,) are the rows so sorted, `back` (m,) returns to the order of before, and `owners`
    (m,) are the groups of the sorted rows, from 0.
    """

    order: NDArray[np.intp]
    back: NDArray[np.intp]
    owners: NDArray[np.intp]


def by_group(owners: NDArray[np.intp]) -> ByGroup:
    """Sort rows, so that those of one group are neighbours.

    Examples
    --------
    >>> sorted_ = by_group(np.array([7, 3, 7]))
    >>> sorted_.order.tolist(), sorted_.back.tolist(), sorted_.owners.tolist()
    ([1, 0, 2], [1, 0, 2], [0, 1, 1])
    """
    order = np.argsort(owners, kind="stable")
    numbered = np.unique(owners[order], return_inverse=True)[1]
    return ByGroup(order, np.argsort(order, kind="stable"), numbered)


@dataclass(frozen=True)
class JointProblem:
    """The joint optimisation problems of n groups of rows.

    Parameters
    ----------
    problem : Problem
        Of the m rows; rows of one group are neighbours. The prior of what rows have in common
        counts once.
    first, counts : ndarray of int, shape (n,)
        Each group's first row, and how many rows it has.
    slots : ndarray of int, shape (m, 5)
        Which joint parameters a row uses.
    place_scale, place_shift, width_shift : ndarray, shape (m,)
        From the group's units of levels to the row's: ``place_scale * phi + place_shift`` and
        ``phi + width_shift``.
    low, high : ndarray, shape (n, p)
        Bounds on phi; equal ones hold a parameter.
    rates, common : ndarray of bool, shape (p,)
        Which joint parameters are guess or lapse rates, and which all rows of a group share.
    tied : bool
        Whether a row's lapse is its guess.
    """

    problem: Problem
    first: NDArray[np.intp]
    counts: NDArray[np.intp]
    slots: NDArray[np.intp]
    place_scale: Floats
    place_shift: Floats
    width_shift: Floats
    low: Floats
    high: Floats
    rates: NDArray[np.bool_]
    common: NDArray[np.bool_]
    tied: bool = False

    def __len__(self) -> int:
        return len(self.first)

    @property
    def owner(self) -> NDArray[np.intp]:
        """Group of each row, shape (m,)."""
        return np.repeat(np.arange(len(self)), self.counts)

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which joint parameters are estimated, shape (n, p)."""
        return np.asarray(self.low < self.high)

    def rows_of(self, groups: NDArray[np.integer]) -> NDArray[np.intp]:
        """List the rows of some groups, which may repeat."""
        counts = self.counts[groups]
        offset = self.first[groups] - (np.cumsum(counts) - counts)
        return np.repeat(offset, counts) + np.arange(counts.sum())

    def take(self, groups: NDArray[np.integer]) -> JointProblem:
        """Select groups, which may repeat."""
        rows, counts = self.rows_of(groups), self.counts[groups]
        return replace(
            self,
            problem=self.problem.take(rows),
            first=np.cumsum(counts) - counts,
            counts=counts,
            slots=self.slots[rows],
            place_scale=self.place_scale[rows],
            place_shift=self.place_shift[rows],
            width_shift=self.width_shift[rows],
            low=self.low[groups],
            high=self.high[groups],
        )

    def hold(self, column: NDArray[np.intp], value: Floats) -> JointProblem:
        """Hold one joint parameter of each group at a value, shapes (n,)."""
        low, high, group = self.low.copy(), self.high.copy(), np.arange(len(self))
        low[group, column] = high[group, column] = value
        return replace(self, low=low, high=high)

    def to_rows(self, phi: Floats) -> Floats:
        """Spread joint parameters (n, p) over rows, in the group's units of levels: (m, 5)."""
        return np.asarray(phi[self.owner[:, None], self.slots])

    def to_theta(self, phi: Floats) -> Floats:
        """Convert joint parameters (n, p) to those of the rows' own fits, (m, 5)."""
        theta = self.to_rows(phi)
        theta[:, THRESHOLD] = self.place_scale * theta[:, THRESHOLD] + self.place_shift
        theta[:, LOG_WIDTH] += self.width_shift
        return theta

    def add_up(self, values: Floats) -> Floats:
        """Add up what rows (m, 4) or (m, 5) have for their joint parameters: (n, p)."""
        n, p = self.low.shape
        places = self.owner[:, None] * p + self.slots[:, : values.shape[1]]
        total = np.bincount(places.ravel(), values.ravel(), n * p)
        return np.asarray(total, dtype=np.float64).reshape(n, p)

    def from_rows(self, values: Floats, weight: Floats | None = None) -> Floats:
        """Average what rows (m, 5) have for their joint parameters: (n, p), within bounds."""
        weight = np.ones(len(values)) if weight is None else weight
        place = (self.owner[:, None], self.slots)
        total, mass = np.zeros_like(self.low), np.zeros_like(self.low)
        np.add.at(total, place, values * weight[:, None])
        np.add.at(mass, place, np.broadcast_to(weight[:, None], values.shape))
        mean = np.divide(total, mass, out=np.zeros_like(total), where=mass > 0)
        return np.clip(mean, self.low, self.high)


def shares_lapse_alone(options: FitOptions) -> bool:
    """Return whether fits have the lapse rate alone in common, so that curves may lack a PSE."""
    return set(options.share) == {"lapse"} and options.asymptotes == "free"


def own_parameters(options: FitOptions) -> set[str]:
    """List which of `NAMES` each row has for itself, where others are shared."""
    if options.asymptotes == "equal" and {"guess", "lapse"} & set(options.share):
        return set(NAMES) - {*options.share, "guess", "lapse"}  # they are one rate
    return set(NAMES) - set(options.share)


def make_joint(
    blocks: Blocks,
    falling: NDArray[np.bool_],
    owners: NDArray[np.intp],
    options: FitOptions,
    vary: Collection[str],
) -> JointProblem:
    """Formulate the joint fits of conditions of which some parameters differ.

    Guess and lapse stay below .5 where the task has a PSE, so that every curve has one, unless the
    lapse rate alone is shared: then the place is the threshold.

    Parameters
    ----------
    blocks : Blocks
        Counted answers, one row per condition, the rows of one observer side by side.
    falling : ndarray of bool, shape (m,)
        Which curves fall.
    owners : ndarray of int, shape (m,)
        Whose conditions they are, ascending from 0.
    options : FitOptions
        What is asked for.
    vary : collection of str
        Which of `NAMES` each condition has for itself.
    """
    at_pse = options.has_pse and not shares_lapse_alone(options)
    problem = replace(make_problem(blocks, options, falling), tied=False, at_pse=at_pse)
    counts = np.bincount(owners)
    first = np.cumsum(counts) - counts
    tied = options.asymptotes == "equal"
    slots, rates, common = _slots(first, owners, falling, vary, tied=tied)
    problem = replace(problem, prior=counting_once(problem.prior, slots, owners))
    low_end, high_end = blocks.positions.min(axis=1), blocks.positions.max(axis=1)
    least, most = np.minimum.reduceat(low_end, first), np.maximum.reduceat(high_end, first)
    centre, scale = ((most + least) / 2)[owners], (most - least)[owners]
    joint = JointProblem(
        problem,
        first,
        counts,
        slots,
        place_scale=scale / blocks.scale,
        place_shift=(centre - blocks.centre) / blocks.scale,
        width_shift=np.log(scale / blocks.scale),
        low=np.zeros((len(first), len(rates))),
        high=np.zeros((len(first), len(rates))),
        rates=rates,
        common=common,
        tied=tied,
    )
    return _with_bounds(joint, options)


def _slots(
    first: NDArray[np.intp],
    owners: NDArray[np.intp],
    falling: NDArray[np.bool_],
    vary: Collection[str],
    *,
    tied: bool,
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]]:
    """Assign each row its joint parameters; tell which of these are rates, and which are common."""
    number = np.arange(len(owners)) - first[owners]  # of the condition within its group
    columns: dict[str, NDArray[np.intp]] = {}
    rates: list[bool] = []
    common: list[bool] = []
    for name in NAMES:
        if tied and name == "lapse":
            continue
        own = name in vary or (tied and name == "guess" and "lapse" in vary)
        columns[name] = len(rates) + (number if own else np.zeros_like(number))
        size = int(number.max()) + 1 if own else 1
        rates += [name in ("guess", "lapse")] * size
        common += [not own] * size
    guess, lapse = columns["guess"], columns["guess" if tied else "lapse"]
    # the responses of a falling curve are swapped, and so are its rates
    slots = [
        columns["pse"],
        columns["jnd"],
        np.where(falling, lapse, guess),
        np.where(falling, guess, lapse),
        columns["overdispersion"],
    ]
    return np.stack(slots, axis=1), np.array(rates), np.array(common)


def _with_bounds(joint: JointProblem, options: FitOptions) -> JointProblem:
    """Intersect the bounds of the rows that use each joint parameter."""
    low, high = joint.problem.low.copy(), joint.problem.high.copy()
    for ends in (low, high):
        ends[:, THRESHOLD] = (ends[:, THRESHOLD] - joint.place_shift) / joint.place_scale
        ends[:, LOG_WIDTH] -= joint.width_shift
    if joint.problem.at_pse:
        low[:, THRESHOLD], high[:, THRESHOLD] = -MAX_BEYOND, MAX_BEYOND
        high[:, GUESS:RHO] = np.minimum(high[:, GUESS:RHO], BELOW_HALF)
    else:  # each rate leaves the other one room
        high[:, GUESS] = np.minimum(high[:, GUESS], MAX_ASYMPTOTE - low[:, LAPSE])
        high[:, LAPSE] = np.minimum(high[:, LAPSE], MAX_ASYMPTOTE - low[:, GUESS])
    place = (joint.owner[:, None], joint.slots)
    shape = joint.low.shape
    least, most = np.full(shape, -np.inf), np.full(shape, np.inf)
    np.maximum.at(least, place, low)
    np.minimum.at(most, place, high)
    unused = ~np.isfinite(least)  # groups with fewer conditions than others
    least[unused] = most[unused] = 0.0
    return replace(joint, low=least, high=np.maximum(least, most))


def joint_curves(joint: JointProblem, phi: Floats, falling: NDArray[np.bool_]) -> Curves:
    """Convert joint optima to one curve per row, in level units; their objective is left open."""
    return curves_of_rows(joint, joint.to_theta(phi), falling)


def curves_of_rows(joint: JointProblem, theta: Floats, falling: NDArray[np.bool_]) -> Curves:
    """Convert the rows' own parameters (m, 5), the PSE in the first column, to curves."""
    problem, blocks = joint.problem, joint.problem.blocks
    guess, lapse, width = theta[:, GUESS], theta[:, LAPSE], np.exp(theta[:, LOG_WIDTH])
    place = theta[:, THRESHOLD]
    if problem.at_pse:
        place = 2 * place - problem.sigmoid.position(
            (0.5 - guess) / (1 - guess - lapse), place, width
        )
    nothing = np.full(len(theta), np.nan)
    rho = np.where(theta[:, RHO] > MIN_RHO, theta[:, RHO], 0.0)
    return Curves(
        problem.sigmoid,
        threshold=blocks.centre + blocks.scale * place,
        width=blocks.scale * width,
        guess=np.where(falling, lapse, guess),
        lapse=np.where(falling, guess, lapse),
        overdispersion=np.sqrt(rho) if problem.overdispersed else nothing,
        falling=falling,
        objective=nothing,
    )
