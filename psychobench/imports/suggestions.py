"""Columns that a message may propose: only those that could be right."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from psychobench.tables.cells import as_number, is_blank

_FEW_ROWS = 8  # in as few, every row may have a level of its own
_MOST_ANSWERS = 12
_MOST_COLUMNS = 500  # looked at; a proposal must come soon
_TIMING = re.compile(
    r"(?i)(.*[._ ])?(rt|times?|timestamp|duration|started|stopped|onset|offset|latency|date|t|utc"
    r"|elapsed|seconds|secs?|ms|msec|reaction.*|response_?time.*|time_.*)([._ ].*)?"
)


def find_likely(ours: str, trials: pd.DataFrame, used: set[str]) -> list[str]:
    """Find the columns that may hold what a column of ours does, as far as their cells say.

    Never a timing, a column with another value in each row, nor one that is used already. A level
    is a number and has several values. Answers are few, and not all alike at each level.

    Parameters
    ----------
    ours : {"level", "response", "observer"}
        What is looked for.
    trials : DataFrame
        Cells of the rows that may be trials.
    used : set of str
        Columns that hold something else.
    """
    found = []
    for name in list(map(str, trials))[:_MOST_COLUMNS]:
        cells = [cell for cell in trials[name] if not is_blank(cell)]
        values = set(cells)
        unique = len(values) == len(cells) and len(cells) > _FEW_ROWS
        if not values or unique or name in used or _TIMING.fullmatch(_apart(name)):
            continue
        if ours == "level" and (len(values) < 2 or np.isnan([*map(as_number, values)]).any()):
            continue
        if ours == "response" and not 2 <= len(values) <= _MOST_ANSWERS:
            continue
        if ours == "response" and any(_decides(trials, other, name) for other in used):
            continue
        found.append(name)
    return found


def _decides(trials: pd.DataFrame, used: str, name: str) -> bool:
    """Whether a column has one value for each value of another, which answers have not."""
    if used not in trials or trials[used].nunique() in (1, len(trials)):
        return False
    return bool(trials.groupby(used)[name].nunique().max() == 1)


def _apart(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
