"""Goodness of fit in plain words: what each check found, and which residuals lie behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.fits.curves import Curves
from psychobench.fits.designs import Design
from psychobench.fits.functions import Floats
from psychobench.fits.goodness.residuals import (
    LEAST_LEVELS,
    Statistic,
    block_residuals,
    cell_residuals,
    check,
    leave_out,
)
from psychobench.fits.goodness.time_course import Cells, lay_out_order
from psychobench.fits.options import FitOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALPHA = 0.05  # a check is flagged at a Monte-Carlo p up to this
NAMED = 2  # influential blocks that a flag names, the least predicted first
STRETCHES = {"trial": "tenth of the trials", "session": "session"}


@dataclass(frozen=True)
class Goodness:
    """How well curves describe the answers that they were fitted to.

    Parameters
    ----------
    table : DataFrame
        One row per fit and check: `observer`, `condition`, the columns of ``by``, then `check`
        (``deviance``, ``level``, ``order``, ``influence``), `value`, `p`, `low` and `high` (95% of
        what simulated answers give), `flag` (a sentence where the check failed, else None) and
        `missing` (why there is no value, else None). The values are the deviance, the correlations
        of the deviance residuals with the curve and with the time, and the largest change of the
        PSE as one block is left out, in level units.
    residuals : DataFrame
        One row per block and, where the order is known, per block and stretch of time: the keys,
        `against` (``level`` or ``order``), `level`, `stretch` (from 1; missing for ``level``),
        `n_trials`, `n_target`, `predicted`, `residual` (of the deviance) and `pse_without`, the
        PSE without this block (of a forced choice the threshold).
    refits : int
        Number of simulated data sets per fit.
    """

    table: pd.DataFrame
    residuals: pd.DataFrame
    refits: int

    def to_frame(self) -> pd.DataFrame:
        """Copy the table."""
        return self.table.copy()

    def flags(self) -> NDArray[np.object_]:
        """Join the flags of each fit, None where there are none: shape (n,)."""
        each = self.table["flag"].to_numpy().reshape(-1, self.table["check"].nunique())
        joined = ["; ".join(flag for flag in flags if flag) or None for flags in each]
        return np.array(joined, dtype=object)

    def summary(self) -> str:
        """Say in a line how many fits each check flags, or why it could not be made."""
        checks = self.table.groupby("check", sort=False)
        found = [
            f"{name} not checked ({of['missing'].iloc[0]})"
            if of["missing"].notna().all()
            else f"{name} {of['flag'].notna().sum()} of {of['missing'].isna().sum()}"
            for name, of in checks
        ]
        return (
            f"Goodness of fit, flagged: {', '.join(found)}. "
            f"Chance alone flags 1 in {1 / ALPHA:.0f} by deviance, level or order."
        )

    def plot(self) -> Figure:
        """Draw the residuals of all fits against level and, where it is known, against the order.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from psychobench.draw.fits import draw_residuals

        of = self.residuals
        points = {
            against: rows[[column, "residual"]].to_numpy(np.float64)
            for against, column in (("level", "level"), ("order", "stretch"))
            if len(rows := of[of["against"] == against])
        }
        return draw_residuals(points)


@dataclass(frozen=True)
class Assessed:
    """What the checks are of: curves with their data, and the places whose intervals matter.

    Parameters
    ----------
    curves : Curves
        One per group of `design` that was fitted.
    design : Design
        The data.
    status : ndarray of object, shape (n,)
        As `psychobench.fits.status.assign_status` gives it.
    place, low, high : ndarray, shape (n,)
        PSE, or threshold of a forced choice, with its interval; nan where there is none.
    """

    curves: Curves
    design: Design
    status: NDArray[np.object_]
    place: Floats
    low: Floats
    high: Floats


def assess(
    of: Assessed, table: pd.DataFrame, by: Sequence[str], options: FitOptions, seeds: Sequence[int]
) -> tuple[Goodness, Floats]:
    """Check every fit against refits of simulated answers and of answers without one block.

    Parameters
    ----------
    of : Assessed
        The fits.
    table : DataFrame
        Validated trials or counts that they are of.
    by : sequence of str
        Columns that split conditions further.
    options : FitOptions
        Its `gof` is the number of simulated data sets.
    seeds : sequence of int
        One per fit.

    Returns
    -------
    goodness : Goodness
    deviance_p : ndarray, shape (n,)
    """
    cells, said = lay_out_order(table, by, of.design, options)
    found = check(of.curves, of.design.blocks, cells, options, seeds)
    residuals = block_residuals(of.curves, of.design.blocks)
    moved, unlike = leave_out(of.curves, of.design.blocks, options)
    without = of.place[:, None] + moved
    frames = [_of_deviance(of, residuals, found["deviance"]), _of_level(of, found["level"])]
    frames += [
        _of_order(said, options, found["order"]),
        _of_influence(of, without, unlike, options),
    ]
    checks = pd.concat(frames, keys=range(len(frames))).sort_values("row", kind="stable")
    listed = [_by_block(of, residuals, without)]
    if cells is not None:
        listed.append(_by_cell(of, cells))
    named = [_with_keys(frame, of.design) for frame in (checks, pd.concat(listed))]
    return Goodness(named[0], named[1], options.gof), found["deviance"].p


def _with_keys(frame: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Put the labels of each fit in the place of its number."""
    groups = design.groups[~design.failed].reset_index(drop=True)
    keys = groups.iloc[frame["row"].to_numpy()].reset_index(drop=True)
    return pd.concat([keys, frame.drop(columns="row").reset_index(drop=True)], axis=1)


def _by_block(of: Assessed, residuals: Floats, without: Floats) -> pd.DataFrame:
    blocks = of.design.blocks
    row, column = np.nonzero(blocks.trials > 0)
    levels = of.curves.sigmoid.to_level(blocks.positions)
    return pd.DataFrame(
        {
            "row": row,
            "against": "level",
            "level": levels[row, column],
            "stretch": pd.array([pd.NA] * len(row), dtype="Int64"),
            "n_trials": blocks.trials[row, column].astype(np.int64),
            "n_target": blocks.hits[row, column].astype(np.int64),
            "predicted": of.curves.psi(levels)[row, column],
            "residual": residuals[row, column],
            "pse_without": np.where(np.isfinite(without), without, np.nan)[row, column],
        }
    )


def _by_cell(of: Assessed, cells: Cells) -> pd.DataFrame:
    levels = of.curves.sigmoid.to_level(of.design.blocks.positions)
    residuals = [
        cell_residuals(of.curves.take(np.array([row])), of.design.blocks.positions[row], some)[0]
        for row, some in ((row, cells.of(row)) for row in range(len(of.curves)))
    ]
    return pd.DataFrame(
        {
            "row": cells.row,
            "against": "order",
            "level": levels[cells.row, cells.block],
            "stretch": pd.array(cells.stretch + 1, dtype="Int64"),
            "n_trials": cells.trials.astype(np.int64),
            "n_target": cells.hits.astype(np.int64),
            "predicted": of.curves.psi(levels)[cells.row, cells.block],
            "residual": np.concatenate(residuals),
            "pse_without": np.nan,
        }
    )


def _frame(check: str, of: Statistic, say: Callable[[int], str]) -> pd.DataFrame:
    """Lay one check out as rows, with a sentence for each fit that fails it."""
    flag, missing = np.full((2, len(of.value)), None, dtype=object)
    flagged = np.flatnonzero(of.p <= ALPHA)
    flag[flagged] = [say(int(row)) for row in flagged]
    columns = {"row": np.arange(len(of.value)), "check": check, **of._asdict()}
    texts = {"flag": flag, "missing": missing}
    return pd.DataFrame(columns | {k: pd.Series(v, dtype=object) for k, v in texts.items()})


def _of_deviance(of: Assessed, residuals: Floats, found: Statistic) -> pd.DataFrame:
    blocks = of.design.blocks
    levels = of.curves.sigmoid.to_level(blocks.positions)
    expected = of.curves.psi(levels)
    worst = np.abs(residuals).argmax(axis=1)

    def say(row: int) -> str:
        here = row, worst[row]
        return (
            f"the answers lie further from the curve than chance allows "
            f"(deviance {found.value[row]:.1f}, p = {found.p[row]:.2g}), most of all at level "
            f"{levels[here]:.4g}: {blocks.hits[here] / blocks.trials[here]:.0%} target, "
            f"where the curve says {expected[here]:.0%}"
        )

    return _frame("deviance", found, say)


def _of_level(of: Assessed, found: Statistic) -> pd.DataFrame:
    flat = of.status == "never"
    found = Statistic(*(np.where(flat, np.nan, each) for each in found))

    def say(row: int) -> str:
        above = found.value[row] > (found.low[row] + found.high[row]) / 2
        return (
            f"the residuals {'rise' if above else 'fall'} along the curve more than chance allows "
            f"({_correlation(found, row)}): the curve has the wrong form"
        )

    frame = _frame("level", found, say)
    frame.loc[flat, "missing"] = "the answers do not depend on the level"
    return frame


def _of_order(said: str, options: FitOptions, found: Statistic) -> pd.DataFrame:
    def say(row: int) -> str:
        change = "more" if found.value[row] > 0 else "less"
        what, meaning = "target", "the PSE may have moved"
        if not options.has_pse:
            what = "correct"
            meaning = f"the observer may have {'learned' if change == 'more' else 'tired'}"
        return (
            f"{what} answers become {change} frequent from the first {STRETCHES[said]} to the last "
            f"({_correlation(found, row)}): {meaning} on the way"
        )

    frame = _frame("order", found, say)
    timeless = f"all answers come from one {said}" if said in STRETCHES else said
    frame.loc[np.isnan(found.value), "missing"] = timeless
    return frame


def _correlation(found: Statistic, row: int) -> str:
    return (
        f"r = {found.value[row]:.2f}, by chance {found.low[row]:.2f} to {found.high[row]:.2f}, "
        f"p = {found.p[row]:.2g}"
    )


def _of_influence(
    of: Assessed, without: Floats, unlike: Floats, options: FitOptions
) -> pd.DataFrame:
    """Flag blocks that take the PSE out of the interval that it has, and that the others deny."""
    what = "PSE" if options.has_pse else "threshold"
    low = np.where(np.isnan(of.low), -np.inf, of.low)
    high = np.where(np.isnan(of.high), np.inf, of.high)
    reasons = [
        (np.isnan(without).all(axis=1), f"leaving one out takes {LEAST_LEVELS + 1} levels"),
        (np.isnan(of.low) & np.isnan(of.high), f"the {what} has no interval"),
        (of.status == "step", "a step rests on the two levels around it"),
        (np.isnan(of.place), f"there is no {what}"),
    ]
    frame = _frame("influence", Statistic(*np.full((4, len(low)), np.nan)), str)
    for lacking, reason in reasons:
        frame.loc[lacking, "missing"] = reason
    levels = of.curves.sigmoid.to_level(of.design.blocks.positions)
    for row in np.flatnonzero(frame["missing"].isna()):
        found = without[row]
        finite = found[np.isfinite(found)] - of.place[row]
        if len(finite):
            frame.loc[row, "value"] = finite[np.abs(finite).argmax()]
        beyond = (found < low[row]) | (found > high[row]) | np.isinf(found)
        decisive = np.flatnonzero(beyond & (unlike[row] <= ALPHA))
        if len(decisive):
            worst = decisive[np.argsort(unlike[row, decisive], kind="stable")[:NAMED]]
            cases = ", ".join(_without(float(levels[row, k]), float(found[k])) for k in worst)
            frame.loc[row, "flag"] = (
                f"single blocks that the others do not predict carry the {what} "
                f"(interval {of.low[row]:.4g} to {of.high[row]:.4g}): {cases}"
            )
    return frame


def _without(level: float, place: float) -> str:
    left = f"it is {place:.4g}" if np.isfinite(place) else "there is none"
    return f"without the block at level {level:.4g} {left}"
