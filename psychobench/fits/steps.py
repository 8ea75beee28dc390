"""Step functions in the place of curves, where the answers say no more.

A step has one probability at all levels up to some level and another at all levels beyond. Its
log-likelihood depends only on how many answers of either kind lie on its two sides, so that it is
maximised as a problem of two blocks, with the bounds and the prior of the curve that it is compared
with (docs/dev/fitting.md, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from psychobench.fits.blocks import SAME_LEVEL, Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.likelihoods import SMALLEST
from psychobench.fits.ml.engine import CRITERION, to_curves, to_theta
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    MIN_WIDTH,
    RHO,
    THRESHOLD,
    Optimum,
    Problem,
    make_problem,
)
from psychobench.fits.ml.scoring import evaluate, maximise
from psychobench.fits.ml.starts import START_RHO
from psychobench.fits.ml.step_limit import without_overdispersion
from psychobench.fits.options import FitOptions

MARGIN = 10.0  # log-likelihood by which the prior may favour a step's rates over the curve's
MOST = 12  # steps of one curve that are maximised: the best ones without bounds and prior
TIE = 1e-6  # log-likelihood; two steps nearer than this are equally good
TAIL = 0.05  # of the way between the asymptotes: probabilities nearer to one of them lie on it
STEEP = -30.0  # log width at which every sigmoid is 0 or 1 half a unit from its threshold


class Steps(NamedTuple):
    """Curves of which some are steps: of width 0, the threshold midway between two levels.

    `below` and `above` (n,) are these levels, nan where a curve is none.
    """

    curves: Curves
    below: Floats
    above: Floats


@dataclass(frozen=True)
class _Cuts:
    """The places between neighbouring levels at which the steps of n curves may lie.

    Parameters
    ----------
    row : ndarray of int, shape (m,)
        Whose they are, ascending.
    below, above : ndarray, shape (m,)
        Positions of the two levels.
    trials, hits : ndarray, shape (m, 2)
        Answers at all levels below and above.
    """

    row: NDArray[np.intp]
    below: Floats
    above: Floats
    trials: Floats
    hits: Floats

    @property
    def share(self) -> Floats:
        """Compute the proportions of target answers, shape (m, 2)."""
        return np.asarray(self.hits / np.maximum(self.trials, SMALLEST))

    def take(self, kept: NDArray[np.bool_]) -> _Cuts:
        """Select cuts."""
        return _Cuts(
            self.row[kept], self.below[kept], self.above[kept], self.trials[kept], self.hits[kept]
        )


def find_steps(
    curves: Curves, blocks: Blocks, options: FitOptions, flat: NDArray[np.bool_]
) -> Steps:
    """Replace the curves that are no better than a step by the step.

    Counted answers are a step if the best step function, under the same bounds and prior, is within
    `CRITERION` log-likelihood of the curve; probabilities, if no level lies between 5 and 95% of
    the way from one asymptote of the curve to the other. In a yes-no task a step crosses .5. Where
    two steps are equally good, the answers put the change on a level, and the curve stands. So it
    does where conditions share the PSE or the JND, of which the other conditions tell more.

    Parameters
    ----------
    curves : Curves
        Fitted to `blocks`, by any engine; nan where there is no fit.
    blocks : Blocks
        The data.
    options : FitOptions
        What was asked for.
    flat : ndarray of bool, shape (n,)
        Curves that a constant replaces.
    """
    known = np.isfinite(curves.width) & ~flat
    if options.has_pse:
        known &= np.isfinite(curves.pse())
    if {"pse", "jnd"} & set(options.share):
        known &= False
    among = np.flatnonzero(known)
    rows, steps, below, above = _find_steps(curves.take(among), blocks.take(among), options)
    gaps = np.full((2, len(curves)), np.nan)
    gaps[:, among[rows]] = below, above
    return Steps(curves.put(among[rows], steps), *gaps)


def _find_steps(
    curves: Curves, blocks: Blocks, options: FitOptions
) -> tuple[NDArray[np.intp], Curves, Floats, Floats]:
    """Find the rows that are steps, these steps, and the levels below and above each."""
    cuts = _within_bounds(_cuts(blocks), curves, options)
    needed = np.full(len(curves), -np.inf)
    if blocks.probabilities:
        cuts = cuts.take(_between_asymptotes(cuts, curves, blocks))
    else:
        problem = _with_rates_prior(make_problem(blocks, options, curves.falling))
        needed = evaluate(problem, to_theta(problem, curves)).value - CRITERION
        cuts = _promising(cuts, needed, overdispersed=problem.overdispersed)
    if not len(cuts.row):
        return cuts.row, curves.take(cuts.row), cuts.below, cuts.above
    problem = _two_blocks(cuts, curves, blocks, options)
    falling = curves.falling[cuts.row]
    optimum = _maximise(problem, np.where(falling[:, None], 1 - cuts.share, cuts.share))
    steps = replace(
        to_curves(problem, optimum, falling),
        threshold=_middle(cuts, curves),
        width=np.zeros(len(cuts.row)),
    )
    chosen = _alone_best(cuts.row, optimum.value) & (optimum.value >= needed[cuts.row])
    if options.has_pse:
        chosen &= (steps.guess < 0.5) & (steps.lapse < 0.5)
    kept, to_level = np.flatnonzero(chosen), curves.sigmoid.to_level
    below, above = to_level(cuts.below[kept]), to_level(cuts.above[kept])
    return cuts.row[kept], steps.take(kept), below, above


def _with_rates_prior(problem: Problem) -> Problem:
    """Leave out priors of threshold and width, which a step does not have."""
    kept = (term for term in problem.prior if not (term.column <= LOG_WIDTH).any())
    return replace(problem, prior=tuple(kept))


def _cuts(blocks: Blocks) -> _Cuts:
    """List all places between two levels, with the answers on their two sides."""
    order = np.argsort(blocks.positions, axis=1, kind="stable")
    positions, trials, hits = (
        np.take_along_axis(each, order, axis=1)
        for each in (blocks.positions, blocks.trials, blocks.hits)
    )
    apart = np.diff(positions, axis=1) > SAME_LEVEL * blocks.scale[:, None]
    at = row, column = np.nonzero(apart)
    sides = []
    for answers in (trials, hits):
        below = np.cumsum(answers, axis=1)
        sides.append(np.stack([below[at], below[row, -1] - below[at]], axis=1))
    return _Cuts(row, positions[at], positions[row, column + 1], *sides)


def _within_bounds(cuts: _Cuts, curves: Curves, options: FitOptions) -> _Cuts:
    """Select the cuts at which the bounds allow a curve as steep as a step."""
    kept = np.ones(len(cuts.row), dtype=bool)
    if "width" in options.bounds:
        kept &= options.bounds["width"][0] <= MIN_WIDTH * (cuts.above - cuts.below)
    if "threshold" in options.bounds:
        low, high = options.bounds["threshold"]
        middle = _middle(cuts, curves)
        kept &= (low <= middle) & (middle <= high)
    return cuts.take(kept)


def _middle(cuts: _Cuts, curves: Curves) -> Floats:
    """Compute the position of the midpoint, in level units, of the two levels."""
    low, high = (curves.sigmoid.to_level(end) for end in (cuts.below, cuts.above))
    return curves.sigmoid.to_position(low + (high - low) / 2)


def _between_asymptotes(cuts: _Cuts, curves: Curves, blocks: Blocks) -> NDArray[np.bool_]:
    """Find cuts with all levels below on one asymptote of the curve, all above on the other."""
    u = curves.sigmoid.standardise(
        blocks.positions, curves.threshold[:, None], curves.width[:, None]
    )
    share, rest = curves.sigmoid.sides(u)
    split = np.asarray((np.minimum(share, rest) < TAIL).all(axis=1))
    last = np.where(share < TAIL, blocks.positions, -np.inf).max(axis=1)
    first = np.where(rest < TAIL, blocks.positions, np.inf).min(axis=1)
    row = cuts.row
    return np.asarray(split[row] & (cuts.below == last[row]) & (cuts.above == first[row]))


def _promising(cuts: _Cuts, needed: Floats, *, overdispersed: bool) -> _Cuts:
    """Select each curve's `MOST` best cuts by the binomial likelihood without bounds and prior.

    Those that fall short even so are left out, except under overdispersion, which can make up for
    any shortfall.
    """
    hits, misses, share = cuts.hits, cuts.trials - cuts.hits, cuts.share
    value = (xlogy(hits, share) + xlogy(misses, 1 - share)).sum(axis=1)
    order = np.lexsort([-value, cuts.row])
    row = cuts.row[order]
    place = np.empty(len(row), dtype=np.intp)
    place[order] = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < MOST
    if not overdispersed:
        kept &= value >= needed[cuts.row] - MARGIN
    return cuts.take(kept)


def _two_blocks(cuts: _Cuts, curves: Curves, blocks: Blocks, options: FitOptions) -> Problem:
    """Formulate the maximisation of steps: curves of no width between positions 0 and 1.

    Only binomial blocks may be pooled. Rates that conditions share are held where the fit put them.
    """
    row = cuts.row
    trials, hits, side = cuts.trials, cuts.hits, np.tile([0.0, 1.0], (len(row), 1))
    if options.likelihood == "beta-binomial" and not blocks.probabilities:
        trials, hits = blocks.trials[row], blocks.hits[row]
        side = (blocks.positions[row] > cuts.below[:, None]).astype(np.float64)
    data, falling = Blocks(side, trials, hits, blocks.probabilities), curves.falling[row]
    bounds = {name: ends for name, ends in options.bounds.items() if name in ("guess", "lapse")}
    problem = _with_rates_prior(make_problem(data, replace(options, bounds=bounds), falling))
    low, high = problem.low.copy(), problem.high.copy()
    for held, at in ((THRESHOLD, 0.0), (LOG_WIDTH, STEEP)):
        low[:, held] = high[:, held] = at
    for name in {"guess", "lapse"} & set(options.share):
        place = np.arange(len(row)), np.where(falling == (name == "guess"), LAPSE, GUESS)
        low[place] = high[place] = getattr(curves, name)[row]
    return replace(problem, low=low, high=high)


def _maximise(problem: Problem, share: Floats) -> Optimum:
    """Maximise from the observed proportions of the problem's answers on the two sides."""
    start = problem.low.copy()
    start[:, GUESS], start[:, LAPSE], start[:, RHO] = share[:, 0], 1 - share[:, 1], START_RHO
    return without_overdispersion(problem, maximise(problem, start))


def _alone_best(row: NDArray[np.intp], value: Floats) -> NDArray[np.bool_]:
    """Find the best value of each row, none where another one is as good."""
    order = np.lexsort([-value, row])
    ranked, own = value[order], row[order]
    first = np.diff(own, prepend=-1) > 0
    rival = np.append((np.diff(own) == 0) & (np.diff(ranked) > -TIE), False)
    best = np.zeros(len(row), dtype=bool)
    best[order] = first & ~rival
    return best
