"""The checks of goodness of fit as tables, with a sentence for each fit that fails one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.fits.curves import Curves
from psychobench.fits.designs import Design
from psychobench.fits.functions import Floats
from psychobench.fits.goodness.residuals import LEAST_LEVELS, Statistic
from psychobench.fits.options import FitOptions

ALPHA = 0.05  # a check is flagged at a Monte-Carlo p up to this
NAMED = 2  # influential blocks that a flag names, the least predicted first
STRETCHES = {"trial": "tenth of the trials", "session": "session"}


@dataclass(frozen=True)
class Assessed:
    """What is assessed: curves with their data, and their PSEs or thresholds with intervals.

    Parameters
    ----------
    curves : Curves
        One per group of `design` that was fitted.
    design : Design
        The data.
    status : ndarray of object, shape (n,)
        Status of each curve (see `psychobench.fits.status`).
    place, low, high : ndarray, shape (n,)
        PSE, or threshold of a forced choice, with its interval; nan where there is none.
    owners : ndarray of int, shape (n,), optional
        Groups of curves that have parameters in common.
    """

    curves: Curves
    design: Design
    status: NDArray[np.object_]
    place: Floats
    low: Floats
    high: Floats
    owners: NDArray[np.intp] | None = None


def _tabulate(check: str, of: Statistic, describe: Callable[[int], str]) -> pd.DataFrame:
    """Arrange one check as rows, with a sentence for each fit that fails it."""
    flag, missing = np.full((2, len(of.value)), None, dtype=object)
    flagged = np.flatnonzero(of.p <= ALPHA)
    flag[flagged] = [describe(int(row)) for row in flagged]
    columns = {"row": np.arange(len(of.value)), "check": check, **of._asdict()}
    texts = {"flag": flag, "missing": missing}
    return pd.DataFrame(columns | {k: pd.Series(v, dtype=object) for k, v in texts.items()})


def flag_deviance(of: Assessed, residuals: Floats, found: Statistic) -> pd.DataFrame:
    """Flag answers that scatter around the curve more than chance allows."""
    blocks = of.design.blocks
    levels = of.curves.sigmoid.to_level(blocks.positions)
    expected = of.curves.psi(levels)
    worst = np.abs(residuals).argmax(axis=1)

    def describe(row: int) -> str:
        here = row, worst[row]
        return (
            f"the answers lie further from the curve than chance allows "
            f"(deviance {found.value[row]:.1f}, p = {found.p[row]:.2g}), most at level "
            f"{levels[here]:.4g}: {blocks.hits[here] / blocks.trials[here]:.0%} target answers, "
            f"where the curve predicts {expected[here]:.0%}"
        )

    return _tabulate("deviance", found, describe)


def flag_trend_with_level(of: Assessed, found: Statistic) -> pd.DataFrame:
    """Flag residuals that rise or fall along the curve."""
    flat = of.status == "never"
    found = Statistic(*(np.where(flat, np.nan, each) for each in found))

    def describe(row: int) -> str:
        above = found.value[row] > (found.low[row] + found.high[row]) / 2
        return (
            f"the residuals {'rise' if above else 'fall'} along the curve more than chance allows "
            f"({_correlation(found, row)}): the curve has the wrong shape"
        )

    frame = _tabulate("level", found, describe)
    frame.loc[flat, "missing"] = "the answers do not depend on the level"
    return frame


def flag_trend_with_time(origin: str, options: FitOptions, found: Statistic) -> pd.DataFrame:
    """Flag answers that become more or less frequent with time."""

    def describe(row: int) -> str:
        change = "more" if found.value[row] > 0 else "less"
        what, meaning = "target", "the PSE may have shifted"
        if not options.has_pse:
            what = "correct"
            meaning = f"the observer may have {'learned' if change == 'more' else 'become tired'}"
        return (
            f"{what} answers become {change} frequent from the first {STRETCHES[origin]} to the "
            f"last ({_correlation(found, row)}): {meaning}"
        )

    frame = _tabulate("order", found, describe)
    reason = f"all answers come from one {origin}" if origin in STRETCHES else origin
    frame.loc[np.isnan(found.value), "missing"] = reason
    return frame


def _correlation(found: Statistic, row: int) -> str:
    return (
        f"r = {found.value[row]:.2f}, by chance {found.low[row]:.2f} to {found.high[row]:.2f}, "
        f"p = {found.p[row]:.2g}"
    )


def flag_influential_blocks(
    of: Assessed, without: Floats, unpredicted: Floats, options: FitOptions
) -> pd.DataFrame:
    """Flag influential blocks: without one, the PSE leaves its interval.

    Such a block counts only if the others do not predict it: in small data sets every block is
    influential.
    """
    what = "PSE" if options.has_pse else "threshold"
    low = np.where(np.isnan(of.low), -np.inf, of.low)
    high = np.where(np.isnan(of.high), np.inf, of.high)
    reasons = [
        (np.isnan(without).all(axis=1), f"leaving one block out needs {LEAST_LEVELS + 1} levels"),
        (np.isnan(of.low) & np.isnan(of.high), f"the {what} has no interval"),
        (of.status == "step", "a step rests on the two levels around it"),
        (np.isnan(of.place), f"there is no {what}"),
    ]
    frame = _tabulate("influence", Statistic(*np.full((4, len(low)), np.nan)), str)
    for lacking, reason in reasons:
        frame.loc[lacking, "missing"] = reason
    for row in np.flatnonzero(frame["missing"].isna()).tolist():
        found = without[row]
        change = found[np.isfinite(found)] - of.place[row]
        if len(change):
            frame.loc[row, "value"] = change[np.abs(change).argmax()]
        beyond = (found < low[row]) | (found > high[row]) | np.isinf(found)
        influential = np.flatnonzero(beyond & (unpredicted[row] <= ALPHA))
        if len(influential):
            worst = np.argsort(unpredicted[row, influential], kind="stable")[:NAMED]
            frame.loc[row, "flag"] = _describe_influence(of, row, influential[worst], found, what)
    return frame


def _describe_influence(
    of: Assessed, row: int, blocks: NDArray[np.intp], without: Floats, what: str
) -> str:
    levels = of.curves.sigmoid.to_level(of.design.blocks.positions)
    cases = [
        f"without the block at level {levels[row, block]:.4g} "
        + (f"it is {without[block]:.4g}" if np.isfinite(without[block]) else "there is none")
        for block in blocks
    ]
    return (
        f"the {what} (interval {of.low[row]:.4g} to {of.high[row]:.4g}) depends on influential "
        f"blocks, which the others do not predict: {', '.join(cases)}"
    )
