"""Fits in words: the main columns, and why a PSE is missing or odd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from psychobench.fits.dependence import Dependence
from psychobench.fits.functions import SIGMOIDS
from psychobench.fits.goodness.findings import Goodness

_NUMBERS = (
    "pse", "pse_low", "pse_high", "jnd", "threshold", "width", "width_ratio", "guess", "lapse",
)  # fmt: skip


def main_columns(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Select what a reader wants first: `keys`, the main estimates that exist, the status.

    Thresholds are in level units. With the log sigmoids, `width_ratio` is by how many times the
    level where F is .95 exceeds that where it is .05.
    """
    log_levels = [name for name, sigmoid in SIGMOIDS.items() if sigmoid.log_levels]
    if table["sigmoid"].isin(log_levels).all():
        table = table.assign(threshold=np.exp(table["threshold"]), width=np.exp(table["width"]))
        table = table.rename(columns={"width": "width_ratio"})
    asked = [name for name in table if str(name).startswith("level_at_")]
    numbers = [name for name in _NUMBERS if name in table]
    return table[[*keys, *numbers, *asked, "status"]].dropna(axis="columns", how="all")


def summarise(
    table: pd.DataFrame,
    rows: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    goodness: Goodness | None,
    dependence: Dependence | None = None,
) -> str:
    """Write the main columns, the reasons and flags of single fits, and how many have what status.

    Parameters
    ----------
    table : DataFrame
        Of the fits.
    rows : sequence of mapping
        The same as native types.
    keys : sequence of str
        The columns that tell the fits apart.
    goodness : Goodness or None
        The checks, if there were any.
    dependence : Dependence, optional
        What the answers depend on beside their levels.
    """
    shown = main_columns(table, keys)
    lines = [shown.to_string(index=False, na_rep="-", float_format="{:.3f}".format), ""]
    for row in rows:
        name = ", ".join(str(row[key]) for key in keys)
        if row["reason"]:
            lines.append(f"{name}: {row['status']}: {row['reason']}")
        lines += [f"{name}: check the fit: {flag}" for flag in row.get("flags", ())]
    lines += [] if dependence is None else dependence.lines()
    found = table["status"].value_counts()
    lines.append("Status: " + ", ".join(f"{name} {n}" for name, n in found.items()))
    if goodness is not None:
        lines.append(goodness.summary())
    return "\n".join(lines)
