"""The order in which trials were answered, as far as a table tells it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SORTED = "the rows are sorted by level or answer, and no column trial gives their order"
UNANSWERED = "no row holds a trial's answer"


def runs_in_time(
    table: pd.DataFrame, by: Sequence[str] = ()
) -> tuple[pd.DataFrame | None, str | None]:
    """Arrange answered trials in the order of time.

    A column `trial`, with numbers that are unique within an observer's session or at least within
    its conditions, gives the order. Otherwise it is that of the rows, unless these are evidently
    sorted by level or by answer.

    Parameters
    ----------
    table : DataFrame
        Validated trials.
    by : sequence of str
        Columns that split conditions further.

    Returns
    -------
    trials : DataFrame or None
        `run` (an observer's session, or one condition of it, from 0), `place` (row of the table),
        sorted by time within each run; None where the order is unknown.
    missing : str or None
        Why it is unknown.
    """
    answered = table[table["response"].notna()]
    if answered.empty:
        return None, UNANSWERED
    curve = ["observer", "condition", *by]
    session = ["session"] if "session" in table else []
    frame = answered[list(dict.fromkeys([*curve, *session, "level", "response"]))]
    frame = frame.assign(_place=np.flatnonzero(table["response"].notna()))
    trial = None
    if "trial" in answered:
        number = pd.to_numeric(answered["trial"], errors="coerce")
        trial = number.to_numpy(np.float64) if number.notna().all() else None
    for scope in (["observer", *session], [*curve, *session]):
        run = _numbers(frame, scope)
        if trial is not None and not pd.DataFrame({"run": run, "trial": trial}).duplicated().any():
            order = np.lexsort([trial, run])
            return _arranged(frame, run, order), None
    if _mostly_sorted(frame, curve):
        return None, SORTED
    run = _numbers(frame, ["observer", *session])
    return _arranged(frame, run, np.argsort(run, kind="stable")), None


def _numbers(frame: pd.DataFrame, keys: Sequence[str]) -> NDArray[np.intp]:
    return np.asarray(frame.groupby(list(keys), sort=False).ngroup(), dtype=np.intp)


def _arranged(frame: pd.DataFrame, run: NDArray[np.intp], order: NDArray[np.intp]) -> pd.DataFrame:
    place = frame["_place"].to_numpy()
    return pd.DataFrame({"run": run[order], "place": place[order]})


def _mostly_sorted(frame: pd.DataFrame, curve: Sequence[str]) -> bool:
    """Whether in most curves the trials of a level, or those of an answer, stand together."""
    groups = frame.groupby(list(curve), sort=False)
    code = groups.ngroup().to_numpy()
    rows = np.argsort(code, kind="stable")
    same = np.diff(code[rows]) == 0
    sorted_by = np.zeros(code.max() + 1, dtype=bool)
    for name in ("level", "response"):
        values = frame[name].to_numpy(np.float64)[rows]
        changes = np.bincount(code[rows][1:], (np.diff(values) != 0) & same, len(sorted_by))
        size = groups.size().to_numpy()
        distinct = groups[name].nunique().to_numpy()
        falls = np.bincount(code[rows][1:], (np.diff(values) < 0) & same, len(sorted_by))
        together = (changes == distinct - 1) & (distinct > 1) & (distinct < size)
        sorted_by |= together | ((falls == 0) & (distinct > 1))
    return bool(sorted_by.mean() > 0.5)
