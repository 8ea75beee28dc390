"""A design fitted by an engine, staircases trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.curves import Curves
from psychobench.fits.designs import Design
from psychobench.fits.engines import Fitted, run_engine
from psychobench.fits.functions import Floats
from psychobench.fits.options import FitOptions


def fit_design(
    design: Design,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None,
    *,
    with_intervals: bool = True,
) -> Fitted:
    """Fit the blocks of a design; parameters as in `psychobench.fits.engines.run_engine`.

    With a beta-binomial likelihood, all answers to a level are a block with a probability of its
    own. In a staircase, how many answers a level gets depends on these answers, so that a block is
    no sample of them: its answers count one by one, by the binomial likelihood, and there is no
    overdispersion.
    """
    single = design.fitted_singly(options)
    if not single.any():
        return run_engine(design.blocks, options, seeds, owners, with_intervals=with_intervals)
    parts = []
    for likelihood, chosen in (("beta-binomial", ~single), ("binomial", single)):
        rows = np.flatnonzero(chosen)
        if len(rows):
            priors = {
                name: prior
                for name, prior in options.priors.items()
                if name != "overdispersion" or likelihood == "beta-binomial"
            }
            own = replace(options, likelihood=likelihood, priors=priors)
            some = [seeds[row] for row in rows.tolist()]
            part = run_engine(design.blocks.take(rows), own, some, with_intervals=with_intervals)
            parts.append((rows, part))
    return _joined(parts, len(single))


def _joined(parts: Sequence[tuple[NDArray[np.intp], Fitted]], n: int) -> Fitted:
    """Put fits together in the order of their rows."""
    places = np.argsort(np.concatenate([rows for rows, _ in parts]))

    def whole(values: Sequence[Floats | None]) -> Floats:
        filled = [
            np.full(len(rows), np.nan) if one is None else one
            for (rows, _), one in zip(parts, values, strict=True)
        ]
        return np.asarray(np.concatenate(filled)[places])

    fits = [fit for _, fit in parts]
    ends = dict.fromkeys(name for fit in fits for name in fit.intervals)
    means = dict.fromkeys(name for fit in fits for name in fit.means)
    curves = Curves.concatenate([fit.curves for fit in fits]).take(places)
    flat = np.concatenate([fit.flat for fit in fits])[places]
    return Fitted(
        replace(curves, overdispersion=np.nan_to_num(curves.overdispersion)),
        {
            name: (
                whole([fit.intervals.get(name, (None, None))[0] for fit in fits]),
                whole([fit.intervals.get(name, (None, None))[1] for fit in fits]),
            )
            for name in ends
        },
        whole([fit.without_pse for fit in fits]),
        {name: whole([fit.means.get(name) for fit in fits]) for name in means},
        flat,
        (whole([fit.gap[0] for fit in fits]), whole([fit.gap[1] for fit in fits])),
    )
