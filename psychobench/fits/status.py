"""Whether a fitted curve has a PSE, and in plain words why not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml.engine import CRITERION, constant_log_likelihood, is_step
from psychobench.fits.options import FitOptions

STATUSES = ("failed", "never", "reversed", "outside", "step", "ok")
MIN_RANGE = 0.05  # of psi over the levels, for probabilities
AT_LEVEL = 1e-3  # psi this near to .5 at a tested level puts the PSE of a step on it
ROUNDING = 1e-6  # share of the range of levels by which a crossing may miss the last one


class StatusColumns(NamedTuple):
    """One entry per curve: status, reason (None or a sentence), PSE (nan where there is none)."""

    status: NDArray[np.object_]
    reason: NDArray[np.object_]
    pse: Floats


def assign_status(curves: Curves, blocks: Blocks, options: FitOptions) -> StatusColumns:
    """Assign each curve the first status that fits: never, reversed, outside, step or ok.

    ``never``: psi is never .5 (yes-no), or a constant is within `CRITERION` log-likelihood of the
    curve, or, for probabilities, psi's range over the levels is under `MIN_RANGE`. ``reversed``:
    the curve falls. ``outside``: the crossing lies beyond the levels; its place is an
    extrapolation. ``step``: the width is at its floor, a tenth of the smallest gap, and the PSE the
    midpoint of the two levels around it. A forced choice has no PSE: its status is the threshold's.

    Parameters
    ----------
    curves : Curves
        Fitted to `blocks`.
    blocks : Blocks
        The data.
    options : FitOptions
        What was asked for.

    Returns
    -------
    StatusColumns
    """
    levels = curves.sigmoid.to_level(blocks.positions)
    place = curves.pse() if options.has_pse else curves.thresholds()
    status = np.full(len(curves), "ok", dtype=object)
    reason = np.full(len(curves), None, dtype=object)

    def mark(name: str, rows: NDArray[np.bool_], sentences: list[str]) -> None:
        fresh = rows & (status == "ok")
        status[fresh] = name
        reason[fresh] = np.array(sentences, dtype=object)[fresh]

    mark("never", *_flat(curves, blocks, options, levels))
    mark("never", np.isnan(place), _never(curves))
    mark("reversed", curves.falling, _reversed(curves, blocks))
    mark("outside", *_outside(place, levels, options))
    middle, sentences = _middles(curves, levels, place)
    mark("step", is_step(curves, blocks), sentences)
    if not options.has_pse:
        return StatusColumns(status, reason, np.full(len(curves), np.nan))
    pse = np.where(status == "step", middle, place)
    return StatusColumns(status, reason, np.where(status == "never", np.nan, pse))


def count_crossings(blocks: Blocks) -> NDArray[np.int64]:
    """Count how often observed proportions cross .5 from level to level.

    A proportion of exactly .5 belongs to neither side: it crosses nothing by itself.

    Examples
    --------
    >>> import numpy as np
    >>> hits = np.array([[0.0, 5.0, 9.0, 4.0, 8.0]])
    >>> one = Blocks(np.arange(5.0)[None], np.full((1, 5), 10.0), hits)
    >>> count_crossings(one).tolist()
    [3]
    """
    order = np.argsort(blocks.positions, axis=1, kind="stable")
    excess = np.take_along_axis(2 * blocks.hits - blocks.trials, order, axis=1)
    sides = np.where(np.abs(excess) > 1e-9, np.sign(excess), 0.0)
    count, last = np.zeros(len(blocks), dtype=np.int64), np.zeros(len(blocks))
    for side in sides.T:
        count += side * last < 0
        last = np.where(side == 0, last, side)
    return count


def _flat(
    curves: Curves, blocks: Blocks, options: FitOptions, levels: Floats
) -> tuple[NDArray[np.bool_], list[str]]:
    if blocks.probabilities:
        drawn = np.ptp(curves.psi(levels), axis=1)
        return drawn < MIN_RANGE, [
            f"the curve's range over the levels is {value:.3f}, under {MIN_RANGE}"
            for value in drawn
        ]
    gain = curves.objective - constant_log_likelihood(blocks, options)
    mean = blocks.hits.sum(axis=1) / blocks.trials.sum(axis=1)
    return gain <= CRITERION, [
        f"a constant {p:.2f} is within {CRITERION} log-likelihood of the curve" for p in mean
    ]


def _never(curves: Curves) -> list[str]:
    return [
        f"the curve runs between {low:.2f} and {1 - rest:.2f} and is never .5"
        for low, rest in zip(curves.guess, curves.lapse, strict=True)
    ]


def _reversed(curves: Curves, blocks: Blocks) -> list[str]:
    measure = (
        "has the lower cross-entropy"
        if blocks.probabilities
        else f"is more than {CRITERION} log-likelihood better"
    )
    return [f"the curve falls with the level: the mirrored fit {measure}"] * len(curves)


def _outside(
    place: Floats, levels: Floats, options: FitOptions
) -> tuple[NDArray[np.bool_], list[str]]:
    what = "the curve is .5" if options.has_pse else "the threshold lies"
    low, high = levels.min(axis=1), levels.max(axis=1)
    slack = ROUNDING * (high - low)
    return (place < low - slack) | (place > high + slack), [
        f"{what} at {value:.4g}, beyond the tested levels {a:.4g} to {b:.4g}"
        for value, a, b in zip(place, low, high, strict=True)
    ]


def _middles(curves: Curves, levels: Floats, place: Floats) -> tuple[Floats, list[str]]:
    """Find the midpoint of the levels on either side of each crossing, or the level it is on."""
    half = curves.guess + (1 - curves.guess - curves.lapse) / 2
    target = np.where(np.isfinite(curves.pse()), 0.5, half)[:, None]
    offset = np.where(curves.falling[:, None], -1, 1) * (curves.psi(levels) - target)
    below = np.where(offset < -AT_LEVEL, levels, -np.inf).max(axis=1)
    above = np.where(offset > AT_LEVEL, levels, np.inf).min(axis=1)
    on = np.abs(offset) <= AT_LEVEL
    exact = np.where(on, levels, np.nan).max(axis=1, initial=-np.inf, where=on)
    hit = np.isfinite(exact)
    between = np.isfinite(below) & np.isfinite(above)
    middle = np.where(between, (np.where(between, below, 0.0) + above) / 2, place)
    return np.where(hit, exact, middle), [
        f"the answers change at level {at:.4g}, where the curve is .5, too steeply to measure"
        if met
        else f"the answers change between levels {a:.4g} and {b:.4g} and say nothing in between"
        for a, b, at, met in zip(below, above, exact, hit, strict=True)
    ]
