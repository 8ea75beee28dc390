"""The engines by name, with their intervals: blocks in, curves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.bayes import engine as bayes
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves, Interval
from psychobench.fits.functions import Floats
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.bootstrap import bootstrap_intervals
from psychobench.fits.ml.intervals import profile_intervals
from psychobench.fits.ml.joint import shares_lapse_alone
from psychobench.fits.ml.shared_lapse import fit_shared_lapse
from psychobench.fits.ml.shared_parameters import fit_shared_parameters
from psychobench.fits.options import FitOptions


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
    status_curves : Curves, optional
        The curves from which statuses are found, where they are others: `bayes` and psignifit
        have no steps among their own curves, because their prior excludes them.
    """

    curves: Curves
    intervals: dict[str, Interval]
    without_pse: Floats
    means: dict[str, Floats] = field(default_factory=dict)
    status_curves: Curves | None = None

    def take(self, rows: NDArray[np.integer]) -> Fitted:
        """Select rows."""
        intervals = {name: (low[rows], high[rows]) for name, (low, high) in self.intervals.items()}
        means = {name: mean[rows] for name, mean in self.means.items()}
        others = None if self.status_curves is None else self.status_curves.take(rows)
        return Fitted(self.curves.take(rows), intervals, self.without_pse[rows], means, others)


def run_engine(
    blocks: Blocks,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None = None,
    *,
    with_intervals: bool = True,
) -> Fitted:
    """Fit all observers, with intervals where the data are counted answers.

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
    all_have_one = np.zeros(len(blocks))
    if options.engine == "psignifit":
        from psychobench.fits.psignifit_engine import fit_psignifit

        curves, intervals = fit_psignifit(blocks, options)
        others = bayes.with_steps(curves, blocks, options)
        return Fitted(curves, intervals, all_have_one, status_curves=others)
    if options.engine == "bayes" and not blocks.probabilities:
        return _from_posterior(blocks, options)
    if owners is not None:
        alone = shares_lapse_alone(options)
        fit = fit_shared_lapse if alone else fit_shared_parameters
        curves, intervals = fit(blocks, owners, options)
        if not options.bootstrap:
            return Fitted(curves, intervals, all_have_one)
        return _with_bootstrap(curves, blocks, options, seeds, owners, intervals)
    curves = ml.fit(blocks, options)
    if blocks.probabilities or not with_intervals:
        return Fitted(curves, {}, all_have_one)
    if not options.bootstrap:
        return Fitted(curves, profile_intervals(curves, blocks, options), all_have_one)
    return _with_bootstrap(curves, blocks, options, seeds)


def _with_bootstrap(
    curves: Curves,
    blocks: Blocks,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None = None,
    profiled: Mapping[str, Interval] | None = None,
) -> Fitted:
    """Compute percentile intervals, but for steps profile intervals.

    A step's simulated answers are all alike: a bootstrap would report an interval of width 0
    where the data only say between which levels the PSE lies.
    """
    intervals, without_pse = bootstrap_intervals(curves, blocks, options, seeds, owners)
    for end in intervals["pse"]:
        end[without_pse > 1 - options.confidence] = np.nan  # an end would lie at infinity
    steps = np.flatnonzero(ml.is_step(curves, blocks))
    if len(steps):
        if profiled is None:
            part = profile_intervals(curves.take(steps), blocks.take(steps), options)
        else:
            part = {name: (low[steps], high[steps]) for name, (low, high) in profiled.items()}
        for name, found in part.items():
            for whole, end in zip(intervals[name], found, strict=True):
                whole[steps] = end
    return Fitted(curves, intervals, without_pse)


def _from_posterior(blocks: Blocks, options: FitOptions) -> Fitted:
    """Compute MAP curves, with means and central intervals of the posterior."""
    found = bayes.fit_posterior(blocks, options)
    intervals = {name: found.interval(name, options.confidence) for name in found.marginals}
    for end in intervals.get("pse", ()):
        end[found.without_pse > 1 - options.confidence] = np.nan
    others = bayes.with_steps(found.curves, blocks, options)
    return Fitted(found.curves, intervals, found.without_pse, found.means, others)
