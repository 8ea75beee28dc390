"""Fits in words: the main columns, and why a PSE is missing or odd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from psychobench.fits.dependence import Dependence
from psychobench.fits.goodness.findings import Goodness

_NUMBERS = ("pse", "pse_low", "pse_high", "jnd", "threshold", "width", "guess", "lapse")


def main_columns(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Select what a reader wants first: `keys`, the main estimates that exist, the status."""
    asked = [name for name in table if str(name).startswith("level_at_")]
    return table[[*keys, *_NUMBERS, *asked, "status"]].dropna(axis="columns", how="all")


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
