"""Fitted curves as a tidy table, one row per curve and level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from psychobench.fits.bands import confidence_band, held_parameters
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml.problem import MAX_WIDTH, MIN_WIDTH
from psychobench.fits.options import FitOptions

GRID = 201  # levels of a curve by default


def tidy_curves(
    table: pd.DataFrame,
    curves: Curves,
    data: pd.DataFrame,
    options: FitOptions,
    levels: Floats | None = None,
) -> pd.DataFrame:
    """Evaluate curves with their bands; see `psychobench.fits.results.Fits.curves`.

    Parameters
    ----------
    table : DataFrame
        Of the fits: what tells them apart, then `engine` and the rest.
    curves : Curves
        The curves of its n rows.
    data : DataFrame
        What they were fitted to.
    options : FitOptions
        What was asked for.
    levels : ndarray, shape (m,), optional
        The same for all curves; by default `GRID` levels over the range of each.
    """
    names = list(table)
    keys = table[names[: names.index("engine")]]
    by_fit: dict[Any, pd.DataFrame] = dict(tuple(data.groupby("fit")))
    grids = [_grid(by_fit.get(row, data), levels) for row in range(len(table))]
    psi = curves.psi(np.array(grids))
    held = held_parameters(curves, options, _widths(by_fit, curves))
    parts = []
    for row, grid in enumerate(grids):
        low = high = np.full(len(grid), np.nan)
        here = by_fit.get(row)
        if here is not None and here["n_effective"].notna().all():
            low, high = confidence_band(
                curves,
                row,
                held[row],
                here["level"].to_numpy(np.float64),
                here["n_effective"].to_numpy(np.float64),
                grid,
                confidence=options.confidence,
                tied=options.asymptotes == "equal",
            )
            if curves.steps[row]:
                low, high = _anywhere_between(curves, row, here, grid, low, high)
        own = keys.iloc[np.full(len(grid), row)].reset_index(drop=True)
        parts.append(own.assign(level=grid, p=psi[row], low=low, high=high))
    return pd.concat(parts, ignore_index=True)


def _anywhere_between(
    curves: Curves, row: int, data: pd.DataFrame, grid: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats]:
    """Widen the band of a step between its two levels, where the curve may lie anywhere."""
    at, levels = curves.thresholds()[row], data["level"]
    inside = (grid > levels[levels < at].max()) & (grid < levels[levels > at].min())
    ends = curves.guess[row], 1 - curves.lapse[row]
    return (
        np.where(inside, np.minimum(low.min(), ends[0]), low),
        np.where(inside, np.maximum(high.max(), ends[1]), high),
    )


def _grid(data: pd.DataFrame, levels: Floats | None) -> Floats:
    if levels is not None:
        return levels
    return np.linspace(data["level"].min(), data["level"].max(), GRID)


def _widths(by_fit: dict[Any, pd.DataFrame], curves: Curves) -> Floats:
    """Compute the narrowest and the widest width that each curve's levels allow, (n, 2)."""
    widths = np.full((len(curves), 2), np.nan)
    for row, data in by_fit.items():
        positions = np.sort(curves.sigmoid.to_position(data["level"].to_numpy(np.float64)))
        span = positions[-1] - positions[0]
        widths[row] = MIN_WIDTH * np.diff(positions).min(), MAX_WIDTH * span
    return widths
