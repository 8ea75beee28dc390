"""One row is one fixation: samples become fixations by their index, or are refused."""

from __future__ import annotations

import pandas as pd

from psychobench.errors import TableError
from psychobench.messages import argument

_KEY = ["image", "subject"]
_SHORTEST = 40.0  # ms: fixations last longer, samples of 30 Hz and more do not
_ENOUGH = 10  # rows that durations and times are judged by


def merge_samples(table: pd.DataFrame, index_name: str, source: str) -> tuple[pd.DataFrame, str]:
    """Merge consecutive rows of one viewer and image that have the same fixation index.

    Parameters
    ----------
    table : pandas.DataFrame
        ``image, subject, x_px, y_px, duration_ms`` and ``fixation``, the index; rows without one
        belong to no fixation.
    index_name : str
        What the file calls the index.
    source : str
        Where the table comes from.

    Returns
    -------
    tuple of pandas.DataFrame and str
        One row per fixation, at the mean place of its samples, with the duration that all of them
        state; and a note, empty where nothing was merged.

    Raises
    ------
    TableError
        If no row has an index.
    """
    within = table.groupby(_KEY, sort=False)
    begins = (table["fixation"] != within["fixation"].shift()) | (
        table["duration_ms"] != within["duration_ms"].shift()
    )
    numbered = table.assign(number=begins.groupby([table[name] for name in _KEY]).cumsum())
    inside = numbered[numbered["fixation"].notna()]
    if inside.empty:
        raise TableError(
            f"{index_name} must number the fixations: no row of {source} has a number there; name "
            f"another column, like {argument('columns', 'fixation=YOURS')}"
        )
    first = dict.fromkeys(inside.columns.drop([*_KEY, "number"]), "first")
    merged = inside.groupby([*_KEY, "number"], sort=False).agg(
        first | {"x_px": "mean", "y_px": "mean"}
    )
    merged = merged.reset_index().set_axis(
        inside.index[~inside.duplicated([*_KEY, "number"])], axis=0
    )
    if len(merged) == len(table):
        return merged.drop(columns=["fixation", "number"]), ""
    note = (
        f"{len(inside)} rows of {source} are samples: they were merged into {len(merged)} "
        f"fixations by {index_name}"
    )
    if outside := len(table) - len(inside):
        note += f"; {outside} rows without {index_name} belong to no fixation and were left out"
    return merged.drop(columns=["fixation", "number"]), note


def refuse_samples(table: pd.DataFrame, source: str, *, merged: bool = False) -> None:
    """Refuse a table whose rows are samples of gaze, or parts of fixations.

    Parameters
    ----------
    table : pandas.DataFrame
        With all columns of a table of fixations.
    source : str
        Where it comes from.
    merged : bool
        Rows were merged by a number already, so that only their durations are judged.

    Raises
    ------
    TableError
        If consecutive rows of a viewer are equal, most overlap in time, neighbours share their
        durations, or most are too short for fixations.
    """
    checks = (_short,) if merged else (_equal_rows, _overlapping, _shared_durations, _short)
    if sign := next((found for check in checks if (found := check(table))), ""):
        raise TableError(
            f"a row must be one fixation: {source} seems to hold samples, since {sign}; name the "
            f"column that numbers fixations, like {argument('columns', 'fixation=YOURS')}, or keep "
            "one row of each fixation"
        )


def _equal_rows(table: pd.DataFrame) -> str:
    """Describe consecutive rows that are equal, and do not state that one follows the other."""
    before = table.groupby(_KEY, sort=False)[["x_px", "y_px", "duration_ms", "onset_ms"]].shift()
    place = ["x_px", "y_px", "duration_ms"]
    equal = (table[place] == before[place]).all(axis=1)
    later = table["onset_ms"] >= before["onset_ms"] + before["duration_ms"]
    earlier = table["onset_ms"] + table["duration_ms"] <= before["onset_ms"]
    same = table.index[equal & ~later & ~earlier]
    if same.empty:
        return ""
    return f"{len(same)} rows repeat the one before, the first of them row {same[0]}"


def _overlapping(table: pd.DataFrame) -> str:
    before = table.groupby(_KEY, sort=False)[["onset_ms", "duration_ms"]].shift()
    known = before["onset_ms"].notna() & table["onset_ms"].notna()
    overlap = (table["onset_ms"] >= before["onset_ms"]) & (
        table["onset_ms"] < before["onset_ms"] + before["duration_ms"] - 1
    )
    if known.sum() < _ENOUGH or overlap[known].mean() <= 0.5:
        return ""
    return f"{overlap[known].mean():.0%} of its rows begin before the row above has ended"


def _shared_durations(table: pd.DataFrame) -> str:
    """Describe runs of rows that share a duration and lie together: samples of one fixation."""
    before = table.groupby(_KEY, sort=False)[["x_px", "y_px", "duration_ms"]].shift()
    known = before["duration_ms"].notna() & before["x_px"].notna() & table["x_px"].notna()
    same = (table["duration_ms"] == before["duration_ms"])[known]
    if len(same) < _ENOUGH or same.mean() < 2 / 3 or (~same).sum() < 2:
        return ""
    shift = (table[["x_px", "y_px"]] - before[["x_px", "y_px"]])[known]
    step = (shift**2).sum(axis=1) ** 0.5
    if step[same].median() * 3 > step[~same].median():
        return ""
    return f"{same.mean():.0%} of its rows have the duration and nearly the place of the row above"


def _short(table: pd.DataFrame) -> str:
    median = float(table["duration_ms"].median())
    if len(table) < _ENOUGH or not median < _SHORTEST:
        return ""
    return f"half of its rows last {median:.3g} ms or less, and fixations last longer"
