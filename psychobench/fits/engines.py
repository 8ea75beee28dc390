"""The engines by name, with their intervals: blocks in, curves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.bands import effective_trials
from psychobench.fits.bayes import engine as bayes
from psychobench.fits.bayes.joint_posterior import fit_joint_posterior
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import PARAMETERS, Curves, Interval
from psychobench.fits.direction import is_undecided
from psychobench.fits.functions import Floats
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.bootstrap import bootstrap_intervals
from psychobench.fits.ml.intervals import profile_intervals
from psychobench.fits.ml.joint import shares_lapse_alone
from psychobench.fits.ml.shared_lapse import fit_shared_lapse
from psychobench.fits.ml.shared_parameters import fit_shared_parameters
from psychobench.fits.options import FitOptions
from psychobench.fits.steps import Steps, find_steps

MIN_RANGE = 0.05  # of psi over the levels, for probabilities


@dataclass(frozen=True)
class Fitted:
    """The result of an engine.

    Parameters
    ----------
    curves : Curves
        One per observer; nan parameters where the engine found none.
    intervals : dict
        From a parameter, ``pse`` or ``jnd`` to lower and upper ends, nan where there is none.
    without_pse : ndarray, shape (n,)
        Share of the bootstrap's refits, or of the posterior, that has no PSE.
    means : dict
        From a parameter, ``pse`` or ``jnd`` to posterior means.
    flat : ndarray of bool, shape (n,)
        Whether a constant describes the answers as well.
    gap : tuple of ndarray, shape (n,)
        The levels on either side of a step, nan where the curve is none.
    """

    curves: Curves
    intervals: dict[str, Interval]
    without_pse: Floats
    means: dict[str, Floats]
    flat: NDArray[np.bool_]
    gap: Interval

    def take(self, rows: NDArray[np.integer]) -> Fitted:
        """Select rows."""
        return Fitted(
            self.curves.take(rows),
            {name: (low[rows], high[rows]) for name, (low, high) in self.intervals.items()},
            self.without_pse[rows],
            {name: mean[rows] for name, mean in self.means.items()},
            self.flat[rows],
            (self.gap[0][rows], self.gap[1][rows]),
        )


class _Found(NamedTuple):
    """What an engine finds before steps are looked for; see `Fitted`.

    `profiled` are profile intervals that are known beside those of a bootstrap.
    """

    curves: Curves
    intervals: dict[str, Interval]
    without_pse: Floats
    means: dict[str, Floats]
    profiled: Mapping[str, Interval] | None = None


def run_engine(
    blocks: Blocks,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None = None,
    *,
    with_intervals: bool = True,
) -> Fitted:
    """Fit all observers, with intervals where the data are counted answers.

    Where the answers say no more than a step, the step takes the place of the curve, and the
    intervals hold what belongs to either.

    Parameters
    ----------
    blocks : Blocks
        The data.
    options : FitOptions
        What is asked for.
    seeds : sequence of int
        One per observer, for the bootstrap.
    owners : ndarray of int, shape (n,), optional
        Groups of rows that have parameters in common, from 0; None where none are shared.
    with_intervals : bool
        Whether maximum likelihood without shared parameters computes them: they take most of its
        time.

    Returns
    -------
    Fitted
    """
    found = _run(blocks, options, seeds, owners, with_intervals=with_intervals)
    for end in found.intervals.get("pse", ()):  # it would lie at infinity
        end[found.without_pse > 1 - options.confidence] = np.nan
    flat = is_flat(found.curves, blocks)
    steps = find_steps(found.curves, blocks, options, flat)
    if options.bootstrap and found.intervals:
        _profile_steps(found, steps, blocks, options)
    intervals, means = _of_steps(steps, found)
    return Fitted(
        steps.curves, intervals, found.without_pse, means, flat, (steps.below, steps.above)
    )


def is_flat(curves: Curves, blocks: Blocks) -> NDArray[np.bool_]:
    """Find the curves that are hardly better than a constant, shape (n,).

    That is where the answers are no clearer than guessing often is, or, for probabilities, where
    the curve's range over the levels is under `MIN_RANGE`. The trials that count are those that
    the curve's overdispersion leaves.
    """
    if blocks.probabilities:
        drawn = curves.psi(curves.sigmoid.to_level(blocks.positions))
        return np.asarray(np.ptp(drawn, axis=1) < MIN_RANGE)
    trials = effective_trials(blocks.trials, curves.overdispersion)
    hits = blocks.hits * trials / np.maximum(blocks.trials, 1)
    return is_undecided(replace(blocks, trials=trials, hits=hits))


def _run(
    blocks: Blocks,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None,
    *,
    with_intervals: bool,
) -> _Found:
    all_have_one = np.zeros(len(blocks))
    if options.engine == "psignifit":
        from psychobench.fits.psignifit_engine import fit_psignifit

        return _Found(*fit_psignifit(blocks, options), all_have_one, {})
    if options.engine == "bayes" and owners is not None:
        joint = fit_joint_posterior(blocks, owners, options)
        return _Found(joint.curves, joint.intervals, joint.without_pse, joint.means)
    if options.engine == "bayes" and not blocks.probabilities:
        return _from_posterior(blocks, options)
    if owners is not None:
        alone = shares_lapse_alone(options)
        fit = fit_shared_lapse if alone else fit_shared_parameters
        curves, intervals = fit(blocks, owners, options)
        if not options.bootstrap:
            return _Found(curves, intervals, all_have_one, {})
        refitted = bootstrap_intervals(curves, blocks, options, seeds, owners)
        return _Found(curves, *refitted, {}, intervals)
    curves = ml.fit(blocks, options)
    if blocks.probabilities or not with_intervals:
        return _Found(curves, {}, all_have_one, {})
    if not options.bootstrap:
        return _Found(curves, profile_intervals(curves, blocks, options), all_have_one, {})
    return _Found(curves, *bootstrap_intervals(curves, blocks, options, seeds, None), {})


def _profile_steps(found: _Found, steps: Steps, blocks: Blocks, options: FitOptions) -> None:
    """Put profile intervals in the place of a bootstrap's where the curve is a step.

    A step's simulated answers are all alike: a bootstrap would report an interval of width 0
    where the data only say between which levels the PSE lies.
    """
    rows = np.flatnonzero(steps.curves.steps)
    if not len(rows):
        return
    if found.profiled is None:
        part = profile_intervals(found.curves.take(rows), blocks.take(rows), options)
    else:
        part = {name: (low[rows], high[rows]) for name, (low, high) in found.profiled.items()}
    for name, ends in part.items():
        for whole, end in zip(found.intervals[name], ends, strict=True):
            whole[rows] = end


def _from_posterior(blocks: Blocks, options: FitOptions) -> _Found:
    """Compute MAP curves, with means and central intervals of the posterior."""
    found = bayes.fit_posterior(blocks, options)
    intervals = {name: found.interval(name, options.confidence) for name in found.marginals}
    return _Found(found.curves, intervals, found.without_pse, found.means)


def _of_steps(steps: Steps, found: _Found) -> tuple[dict[str, Interval], dict[str, Floats]]:
    """Make intervals hold what steps say, and leave only a bound of a step's width and JND.

    Nothing is known between the two levels: the interval of the place holds both. An end that the
    data leave open remains so.
    """
    curves, here = steps.curves, steps.curves.steps
    below, above = (curves.sigmoid.to_position(end) for end in (steps.below, steps.above))
    intervals = dict(found.intervals)
    for name in {"threshold", "pse"} & set(intervals):
        low, high = intervals[name]
        ends = (steps.below, steps.above) if name == "pse" else (below, above)
        intervals[name] = (
            np.where(here, np.minimum(low, ends[0]), low),
            np.where(here, np.maximum(high, ends[1]), high),
        )
    for name in {"width", "jnd"} & set(intervals):
        low, high = intervals[name]
        intervals[name] = np.where(here, np.nan, low), high
    if "width" in intervals and "jnd" not in intervals and here.any():
        intervals["jnd"] = _bound_of_jnd(curves, intervals["width"][1])
    means = {
        name: np.where(here & (name in ("width", "jnd")), np.nan, mean)
        for name, mean in found.means.items()
    }
    return _around_estimates(intervals, curves), means


def _around_estimates(intervals: dict[str, Interval], curves: Curves) -> dict[str, Interval]:
    """Extend intervals to their estimates.

    A central interval leaves out a mode at a bound, such as a lapse rate of 0, and so may
    percentiles of a bootstrap.
    """
    estimates = {name: getattr(curves, name) for name in PARAMETERS}
    estimates |= {"pse": curves.pse(), "jnd": curves.jnd()}
    extended = {}
    for name, (low, high) in intervals.items():
        at = estimates[name]
        extended[name] = np.where(at < low, at, low), np.where(at > high, at, high)
    return extended


def _bound_of_jnd(steps: Curves, width_high: Floats) -> Interval:
    """Compute the JND of the widest curve at each step: on log levels no multiple of the width."""
    widest = replace(steps, width=np.where(steps.steps, width_high, np.nan))
    return np.full(len(steps), np.nan), widest.jnd()
