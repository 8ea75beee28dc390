"""The engines by name, with their intervals: blocks in, curves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.bayes import engine as bayes
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.bootstrap import Ends, bootstrap_intervals
from psychobench.fits.ml.intervals import profile_intervals
from psychobench.fits.ml.shared_lapse import fit_shared
from psychobench.fits.options import FitOptions


@dataclass(frozen=True)
class Fitted:
    """What an engine gives.

    Parameters
    ----------
    curves : Curves
        One per observer; nan parameters where the engine gave up.
    ends : dict
        From a parameter, ``pse`` or ``jnd`` to lower and upper ends, nan where there is none.
    without_pse : ndarray, shape (n,)
        Share of the bootstrap's refits, or of the posterior, that has no PSE.
    means : dict
        From a parameter, ``pse`` or ``jnd`` to posterior means.
    judged : Curves, optional
        The curves whose status is the observers', where they are others: `bayes` and psignifit
        have no steps among their own, since their prior leaves them none.
    """

    curves: Curves
    ends: dict[str, Ends]
    without_pse: Floats
    means: dict[str, Floats] = field(default_factory=dict)
    judged: Curves | None = None

    def take(self, rows: NDArray[np.integer]) -> Fitted:
        """Take some rows."""
        ends = {name: (low[rows], high[rows]) for name, (low, high) in self.ends.items()}
        means = {name: mean[rows] for name, mean in self.means.items()}
        judged = None if self.judged is None else self.judged.take(rows)
        return Fitted(self.curves.take(rows), ends, self.without_pse[rows], means, judged)


def run_engine(
    blocks: Blocks,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None = None,
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
        Whose conditions the rows are, from 0; needed where a rate is shared.

    Returns
    -------
    Fitted
    """
    certain = np.zeros(len(blocks))
    if options.engine == "psignifit":
        from psychobench.fits.psignifit_engine import fit_psignifit

        curves, ends = fit_psignifit(blocks, options)
        judged = bayes.with_steps(curves, blocks, options)
        return Fitted(curves, ends, certain, judged=judged)
    if options.engine == "bayes" and not blocks.probabilities:
        return _integrated(blocks, options)
    if options.share and owners is not None:
        return Fitted(*fit_shared(blocks, owners, options), certain)
    curves = ml.fit(blocks, options)
    if blocks.probabilities:
        return Fitted(curves, {}, certain)
    if not options.bootstrap:
        return Fitted(curves, profile_intervals(curves, blocks, options), certain)
    return _bootstrapped(curves, blocks, options, seeds)


def _bootstrapped(
    curves: Curves, blocks: Blocks, options: FitOptions, seeds: Sequence[int]
) -> Fitted:
    """Take percentile intervals, but for steps, whose simulated answers are all alike."""
    ends, without = bootstrap_intervals(curves, blocks, options, seeds)
    for end in ends["pse"]:
        end[without > 1 - options.confidence] = np.nan
    steps = np.flatnonzero(ml.at_floor(curves, blocks))
    if len(steps):
        instead = profile_intervals(curves.take(steps), blocks.take(steps), options)
        for name, found in instead.items():
            for whole, part in zip(ends[name], found, strict=True):
                whole[steps] = part
    return Fitted(curves, ends, without)


def _integrated(blocks: Blocks, options: FitOptions) -> Fitted:
    """Take intervals and means from posteriors."""
    found = bayes.posterior(blocks, options)
    ends = {name: found.interval(name, options.confidence) for name in found.marginals}
    for end in ends.get("pse", ()):
        end[found.without_pse > 1 - options.confidence] = np.nan
    judged = bayes.with_steps(found.curves, blocks, options)
    return Fitted(found.curves, ends, found.without_pse, found.means, judged)
