"""What priors cost: the log-likelihood by which a curve without them describes answers better.

A prior that fights the answers moves the curve away from them in silence. Where it costs more than
`CRITERION`, the reason of the fit says what the answers want.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import PARAMETERS, Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.bootstrap import STARTS
from psychobench.fits.ml.problem import make_problem
from psychobench.fits.ml.starts import COARSE
from psychobench.fits.options import FitOptions

NOTICED = 0.02  # difference of a rate that is named


class PriorCost(NamedTuple):
    """Cost of each fit's priors in log-likelihood (n,), and a sentence where it is too high."""

    cost: Floats
    reason: NDArray[np.object_]


def prior_cost(curves: Curves, blocks: Blocks, options: FitOptions) -> PriorCost:
    """Compare curves with those of the highest likelihood, in the same direction, without priors.

    Parameters
    ----------
    curves : Curves
        Fitted to `blocks` under the priors of `options`.
    blocks : Blocks
        Counted answers.
    options : FitOptions
        What was asked for.

    Returns
    -------
    PriorCost
        nan where there are no priors, or where conditions share parameters.
    """
    n = len(curves)
    reason = np.full(n, None, dtype=object)
    if not options.priors or options.share or blocks.probabilities:
        return PriorCost(np.full(n, np.nan), reason)
    plain = replace(options, engine="ml", priors={}, bootstrap=0)
    problem = make_problem(blocks, plain, curves.falling)
    near = ml.to_theta(problem, curves)
    free = ml.to_curves(
        problem, ml.solve(problem, starts=STARTS, grid=COARSE, near=near), curves.falling
    )
    allowed = np.where(curves.steps, ml.CRITERION, 0.0)  # by which a step may be the worse
    cost = np.maximum(free.objective - curves.objective - allowed, 0.0)
    for row in np.flatnonzero(cost > ml.CRITERION).tolist():
        reason[row] = f"priors cost {cost[row]:.1f} log-likelihood: {_wanted(curves, free, row)}"
    return PriorCost(cost, reason)


def _wanted(curves: Curves, free: Curves, row: int) -> str:
    """Say which asymptotes the answers want, or else which parameter is another without priors."""
    pairs = {name: (getattr(curves, name)[row], getattr(free, name)[row]) for name in PARAMETERS}
    rates = [
        f"a {name} rate of {wanted:.2f} instead of {got:.2f}"
        for name in ("guess", "lapse")
        for got, wanted in [pairs[name]]
        if abs(got - wanted) > NOTICED
    ]
    if rates:
        return f"the answers want {' and '.join(rates)}"
    others = [name for name in PARAMETERS if np.isfinite(pairs[name]).all()]
    name = max(
        others, key=lambda each: abs(np.subtract(*pairs[each])) / (abs(pairs[each][1]) + 1e-9)
    )
    got, wanted = pairs[name]
    return f"without them {name} is {wanted:.3g} instead of {got:.3g}"
