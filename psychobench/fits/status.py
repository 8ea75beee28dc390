"""Whether a fitted curve has a PSE, and in plain words why not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.engines import MIN_RANGE, Fitted
from psychobench.fits.functions import Floats
from psychobench.fits.options import FitOptions

STATUSES = ("failed", "never", "reversed", "outside", "step", "ok")
ROUNDING = 1e-6  # share of the range of levels by which a crossing may miss the last one


class StatusColumns(NamedTuple):
    """One entry per curve: status, reason (None or a sentence), PSE (nan where there is none)."""

    status: NDArray[np.object_]
    reason: NDArray[np.object_]
    pse: Floats


def assign_status(fitted: Fitted, blocks: Blocks, options: FitOptions) -> StatusColumns:
    """Assign each curve the first status that fits: never, reversed, outside, step or ok.

    ``never``: psi is never .5 (yes-no), or a constant describes the answers as well. ``reversed``:
    the curve falls; it may be a step, too. ``outside``: the crossing lies beyond the levels; its
    place is an extrapolation. ``step``: the curve is a step, and the PSE midway between the two
    levels on its sides. A forced choice has no PSE: its status is the threshold's.

    Parameters
    ----------
    fitted : Fitted
        Curves that were fitted to `blocks`, with what is known of them.
    blocks : Blocks
        The data.
    options : FitOptions
        What was asked for.

    Returns
    -------
    StatusColumns
    """
    curves = fitted.curves
    levels = curves.sigmoid.to_level(blocks.positions)
    place = curves.pse() if options.has_pse else curves.thresholds()
    status = np.full(len(curves), "ok", dtype=object)
    reason = np.full(len(curves), None, dtype=object)

    def mark(name: str, rows: NDArray[np.bool_], sentences: list[str]) -> None:
        fresh = rows & (status == "ok")
        status[fresh] = name
        reason[fresh] = np.array(sentences, dtype=object)[fresh]

    mark("never", fitted.flat, _flat(curves, blocks, levels))
    mark("never", np.isnan(place), _never(curves))
    mark("reversed", curves.falling, _reversed(curves, blocks, _step(fitted)))
    mark("outside", *_outside(place, levels, options))
    mark("step", curves.steps, _step(fitted))
    pse = np.where((status != "never") & options.has_pse, place, np.nan)
    return StatusColumns(status, reason, pse)


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


def _flat(curves: Curves, blocks: Blocks, levels: Floats) -> list[str]:
    if blocks.probabilities:
        drawn = np.ptp(curves.psi(levels), axis=1)
        return [
            f"the curve's range over the levels is {value:.3f}, under {MIN_RANGE}"
            for value in drawn
        ]
    mean = blocks.hits.sum(axis=1) / blocks.trials.sum(axis=1)
    return [
        f"a constant {p:.2f} describes the answers as well: their rise or fall is no clearer than "
        "that of guessing often is"
        for p in mean
    ]


def _never(curves: Curves) -> list[str]:
    return [
        f"the curve runs between {low:.2f} and {1 - rest:.2f} and is never .5"
        for low, rest in zip(curves.guess, curves.lapse, strict=True)
    ]


def _reversed(curves: Curves, blocks: Blocks, steps: list[str]) -> list[str]:
    falls = "the curve falls with the level, " + (
        "and has a lower cross-entropy than the best rising one"
        if blocks.probabilities
        else "as the answers do"
    )
    return [
        f"{falls}; {step}" if also else falls
        for also, step in zip(curves.steps, steps, strict=True)
    ]


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


def _step(fitted: Fitted) -> list[str]:
    return [
        f"the answers change between levels {below:.4g} and {above:.4g} and say nothing in between"
        for below, above in zip(*fitted.gap, strict=True)
    ]
