"""Goodness of fit: the result of each check, and the residuals behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.fits.designs import Design
from psychobench.fits.functions import Floats
from psychobench.fits.goodness.flags import (
    ALPHA,
    Assessed,
    flag_deviance,
    flag_influential_blocks,
    flag_trend_with_level,
    flag_trend_with_time,
)
from psychobench.fits.goodness.residuals import (
    block_residuals,
    cell_residuals,
    compare_with_refits,
    leave_one_block_out,
)
from psychobench.fits.goodness.time_course import Cells, cells_by_time
from psychobench.fits.options import FitOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Goodness:
    """How well curves describe the answers that they were fitted to.

    Parameters
    ----------
    table : DataFrame
        One row per fit and check: `observer`, `condition`, the columns of ``by``, then `check`
        (``deviance``, ``level``, ``order``, ``influence``), `value`, `p`, `low` and `high` (the
        central 95% of simulated answers), `flag` (a sentence where the check failed, else None) and
        `missing` (why there is no value, else None). The values are the deviance, the correlations
        of the deviance residuals with the curve and with time, and the largest change of the PSE
        when one block is left out, in level units.
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
        """Return a copy of the table."""
        return self.table.copy()

    def flags(self) -> NDArray[np.object_]:
        """Join the flags of each fit, None where there are none: shape (n,)."""
        each = self.table["flag"].to_numpy().reshape(-1, self.table["check"].nunique())
        joined = ["; ".join(flag for flag in flags if flag) or None for flags in each]
        return np.array(joined, dtype=object)

    def summary(self) -> str:
        """Describe in a line how many fits each check flags, or why it could not be made."""
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


def assess(
    of: Assessed, table: pd.DataFrame, by: Sequence[str], options: FitOptions, seeds: Sequence[int]
) -> tuple[Goodness, Floats]:
    """Check every fit against refits of simulated answers and of answers without one block.

    Parameters
    ----------
    of : Assessed
        The fits.
    table : DataFrame
        The validated trials or counts that were fitted.
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
        Monte-Carlo p of each deviance.
    """
    cells, origin = cells_by_time(table, by, of.design, options)
    found = compare_with_refits(of.curves, of.design.blocks, cells, options, seeds, of.owners)
    residuals = block_residuals(of.curves, of.design.blocks)
    moved, unpredicted = leave_one_block_out(of.curves, of.design.blocks, options, of.owners)
    without = of.place[:, None] + moved
    frames = [
        flag_deviance(of, residuals, found["deviance"]),
        flag_trend_with_level(of, found["level"]),
        flag_trend_with_time(origin, options, found["order"]),
        flag_influential_blocks(of, without, unpredicted, options),
    ]
    checks = pd.concat(frames, keys=range(len(frames))).sort_values("row", kind="stable")
    listed = [_by_block(of, residuals, without)]
    if cells is not None:
        listed.append(_by_cell(of, cells))
    named = [_with_keys(frame, of.design) for frame in (checks, pd.concat(listed))]
    return Goodness(named[0], named[1], options.gof), found["deviance"].p


def _with_keys(frame: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Replace the number of each fit by its labels."""
    groups = design.groups[~design.failed].reset_index(drop=True)
    keys = groups.iloc[frame["row"].to_numpy()].reset_index(drop=True)
    return pd.concat([keys, frame.drop(columns="row").reset_index(drop=True)], axis=1)


def _by_block(of: Assessed, residuals: Floats, without: Floats) -> pd.DataFrame:
    """List blocks with their residuals against the level."""
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
    """List cells with their residuals against time."""
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
