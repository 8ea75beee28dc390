"""Screens that take no answer, such as a fixation cross that inherits the level of its trial."""

from __future__ import annotations

import re

import pandas as pd

from psychobench.imports.file_format import ExportRows
from psychobench.tables.cells import is_blank

_LEVELS = 2  # on which a screen must have been shown; a face is on one, and may be unanswered
_LONGEST = 60  # characters of a screen's name in an account


def name_silent_screens(
    export: ExportRows, cells: pd.DataFrame, candidates: pd.Series[bool]
) -> pd.Series[str]:
    """Name the screens that never take an answer, in the rows that they wrote.

    Programs with a row per screen copy the level of a trial into the rows of all its screens. A
    screen that was shown at several levels and never answered, in a file in which others were, is
    no trial.

    Parameters
    ----------
    export : ExportRows
        The file's rows; `ExportRows.screens` tells the screens apart.
    cells : DataFrame
        Our columns of them, with `level` and `response`.
    candidates : Series of bool
        The rows that may be trials.

    Returns
    -------
    Series of str
        Why each row is left out; empty in all others.
    """
    found = pd.Series("", index=cells.index, dtype=object)
    answered = ~cells["response"].map(is_blank)
    for screens in export.screens:
        rows = candidates & (found == "") & (screens != "")
        if not answered[rows].any():
            continue
        by_screen = screens[rows]
        taken = answered[rows].groupby(by_screen).any()
        levels = cells.loc[rows, "level"].groupby(by_screen).nunique()
        silent = taken.index[~taken & (levels >= _LEVELS)]
        inside = rows & screens.isin(silent)
        found[inside] = screens[inside].map(_reason)
    return found


def join_names(rows: pd.DataFrame, columns: list[str]) -> pd.Series[str]:
    """Join the columns that together name a screen; empty where all of them are."""
    present = [name for name in columns if name in rows]
    if not present:
        return pd.Series("", index=rows.index, dtype=object)
    names = zip(*(rows[name].str.strip() for name in present), strict=True)
    return pd.Series([" ".join(filter(None, each)) for each in names], index=rows.index)


def _reason(screen: str) -> str:
    name = " ".join(re.sub(r"<[^<>]*>", " ", screen).split())
    return f"screen that takes no answer{f' ({name})' if 0 < len(name) <= _LONGEST else ''}"
