"""Intervals of parameters, PSE and JND from the profile likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves, Interval
from psychobench.fits.functions import Floats
from psychobench.fits.ml import profile
from psychobench.fits.ml.engine import to_theta
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    MAX_WIDTH,
    THRESHOLD,
    Problem,
    RateTerm,
    make_problem,
)
from psychobench.fits.ml.scoring import evaluate
from psychobench.fits.options import FitOptions

BELOW = 1e-6  # a curve crosses .5 only if guess and lapse are below it, by so much


def profile_intervals(
    curves: Curves, blocks: Blocks, options: FitOptions, rate_term: RateTerm | None = None
) -> dict[str, Interval]:
    """Compute profile-likelihood intervals.

    The JND's interval is that of the width times a constant. On the logarithm of the level the
    JND is no multiple of the width, and only the bootstrap has an interval for it.

    Parameters
    ----------
    curves : Curves
        Fitted to `blocks` by maximum likelihood.
    blocks : Blocks
        Counted answers; probabilities have no intervals.
    options : FitOptions
        What was asked for.
    rate_term : RateTerm, optional
        A term of the log-likelihood that depends on the curves' lapse rates alone.

    Returns
    -------
    dict
        From ``threshold``, ``width``, ``guess``, ``lapse``, ``pse`` and ``jnd`` to the lower and
        the upper ends, shape (n,) each; nan where there is none.
    """
    problem = replace(make_problem(blocks, options, curves.falling), rate_term=rate_term)
    theta = to_theta(problem, curves)
    columns = [THRESHOLD, LOG_WIDTH, GUESS] + ([] if problem.tied else [LAPSE])
    ends = _ends(problem, theta, columns, options)
    ends.setdefault(LAPSE, ends[GUESS])
    width_high = ends[LOG_WIDTH][1]
    width_high[width_high >= np.log(MAX_WIDTH) - 1e-9] = np.inf  # our bound, not the data's
    found = {
        "threshold": map_ends(ends[THRESHOLD], lambda end: blocks.centre + blocks.scale * end),
        "width": map_ends(ends[LOG_WIDTH], lambda end: blocks.scale * np.exp(end)),
        "guess": _swap(curves.falling, ends[GUESS], ends[LAPSE]),
        "lapse": _swap(curves.falling, ends[LAPSE], ends[GUESS]),
    }
    if not curves.sigmoid.log_levels:
        found["jnd"] = map_ends(found["width"], lambda end: replace(curves, width=end).jnd())
    if options.has_pse and pse_is_threshold(problem):
        found["pse"] = map_ends(found["threshold"], curves.sigmoid.to_level)
    elif options.has_pse:
        found["pse"] = _pse_ends(problem, theta, curves, options)
    return {name: finite_ends(low, high) for name, (low, high) in found.items()}


def map_ends(ends: Interval, change: Callable[[Floats], Floats]) -> Interval:
    """Convert both ends of an interval."""
    return change(ends[0]), change(ends[1])


def _swap(falling: NDArray[np.bool_], own: Interval, other: Interval) -> Interval:
    return np.where(falling, other[0], own[0]), np.where(falling, other[1], own[1])


def finite_ends(low: Floats, high: Floats) -> Interval:
    """Replace infinite ends by NaN."""
    return np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)


def _ends(
    problem: Problem, theta: Floats, columns: Sequence[int], options: FitOptions
) -> dict[int, Interval]:
    """Profile some parameters; nan where one is held."""
    value = evaluate(problem, theta).value
    ends = profile.profile_intervals(problem, theta, value, columns, options.confidence)
    for column, (low, high) in ends.items():
        held = problem.low[:, column] == problem.high[:, column]
        low[held] = high[held] = np.nan
    return ends


def pse_is_threshold(problem: Problem) -> bool:
    """Return whether the PSE is the threshold in all rows: where guess and lapse are equal."""
    rates = np.hstack([end[:, GUESS : LAPSE + 1] for end in (problem.low, problem.high)])
    return problem.tied or bool(np.ptp(rates, axis=1).max(initial=0.0) == 0)


def level_intervals(
    curves: Curves, blocks: Blocks, options: FitOptions, proportion: float, *, unscaled: bool
) -> Interval:
    """Compute intervals of the levels at which curves have a proportion.

    Parameters
    ----------
    curves, blocks, options
        As for `profile_intervals`.
    proportion : float
        Of psi; `unscaled`, of F.
    unscaled : bool
        Which of the two.

    Returns
    -------
    low, high : ndarray, shape (n,)
        In level units; nan where there is none.
    """
    low, high = np.full(len(curves), np.nan), np.full(len(curves), np.nan)
    for falling in (False, True):
        rows = np.flatnonzero((curves.falling == falling) & np.isfinite(curves.width))
        if not len(rows):
            continue
        part, own = blocks.take(rows), curves.take(rows)
        problem = make_problem(part, options, own.falling)
        at = 1 - proportion if falling else proportion  # the responses are swapped there
        if unscaled:
            found = _quantile_ends(problem, own, options, at)
        else:
            found = _pse_ends(problem, to_theta(problem, own), own, options, at)
        low[rows], high[rows] = finite_ends(*found)
    return low, high


def _quantile_ends(
    problem: Problem, curves: Curves, options: FitOptions, quantile: float
) -> Interval:
    """Profile the level at which F has a value, in the place of the threshold."""
    sigmoid, blocks = curves.sigmoid, problem.blocks
    problem = replace(problem, sigmoid=replace(sigmoid, quantile=quantile))
    theta = to_theta(problem, curves)
    place = sigmoid.position(np.full(len(curves), quantile), curves.threshold, curves.width)
    theta[:, THRESHOLD] = (place - blocks.centre) / blocks.scale
    least, most = problem.low.copy(), problem.high.copy()
    least[:, THRESHOLD], most[:, THRESHOLD] = -np.inf, np.inf
    ends = _ends(replace(problem, low=least, high=most), theta, [THRESHOLD], options)[THRESHOLD]
    return map_ends(ends, lambda end: sigmoid.to_level(blocks.centre + blocks.scale * end))


def _pse_ends(
    problem: Problem, theta: Floats, curves: Curves, options: FitOptions, proportion: float = 0.5
) -> Interval:
    """Profile the PSE, or the level of another proportion, of the curves that have one (eq. 21).

    It takes the place of the threshold. `proportion` is of the responses as `problem` has them.
    """
    n, blocks = len(theta), problem.blocks
    low, high = np.full(n, np.nan), np.full(n, np.nan)
    share = (proportion - theta[:, GUESS]) / (1 - theta[:, GUESS] - theta[:, LAPSE])
    place = curves.sigmoid.position(share, curves.threshold, curves.width)
    rows = np.flatnonzero(np.isfinite(place))
    if len(rows):
        part = problem.take(rows)
        least, most = part.low.copy(), part.high.copy()
        least[:, THRESHOLD], most[:, THRESHOLD] = -np.inf, np.inf
        room = np.array([proportion, 1 - proportion]) - BELOW
        most[:, GUESS : LAPSE + 1] = np.minimum(most[:, GUESS : LAPSE + 1], room)
        at = theta[rows]
        at[:, THRESHOLD] = (place[rows] - blocks.centre[rows]) / blocks.scale[rows]
        part = replace(part, low=least, high=most, at_pse=True, proportion=proportion)
        low[rows], high[rows] = _ends(part, at, [THRESHOLD], options)[THRESHOLD]
    return map_ends(
        (low, high), lambda end: curves.sigmoid.to_level(blocks.centre + blocks.scale * end)
    )
