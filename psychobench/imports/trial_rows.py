"""Which rows are trials, and why each of the others is not."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from psychobench.imports.cell_values import key_of
from psychobench.imports.options import Options
from psychobench.imports.reader import Source
from psychobench.tables.cells import as_number, is_blank

_PRACTICE = re.compile(r"(?i)(.*[^a-z])?(practi[cs]e|training|warm.?up|demo trial)([^a-z].*)?")
# where programs and people write what part of the session a row belongs to
_PARTS: tuple[str, ...] = ("practice", "block", "phase", "stage", "task", "part", "block_type")
_PARTS += ("blocktype", "running", "procedure", "display", "loop", "trial_part", "session_part")
_TRUE = frozenset({"yes", "true", "1"})


def reasons(source: Source, cells: pd.DataFrame, options: Options) -> pd.Series[str]:
    """Say of each row why it is no trial; empty where it may be one.

    Parameters
    ----------
    source : Source
        The file.
    cells : DataFrame
        Our columns of it.
    options : Options
        What the user said.

    Returns
    -------
    Series of str
        Indexed as the file's rows. The first of these that holds: what the program's own marks
        say; a filter of the user's; practice; no level.
    """
    found = np.array([source.left.get(row, "") for row in cells.index], dtype=object)
    marks = {
        f"not {n}={value}": ~_equal(source.rows[n], value) for n, value in options.where.items()
    }
    marks["practice"] = _practice(source.rows)
    marks["no level (fixation or other screen)"] = cells["level"].map(is_blank)
    for reason, rows in marks.items():
        found[(found == "") & rows.to_numpy(np.bool_)] = reason
    return pd.Series(found, index=cells.index)


def kept(found: pd.Series[str], cells: pd.DataFrame, options: Options) -> pd.Series[str]:
    """Forget the reasons that the user does not mind, in rows that have a level."""
    unminded = found.map(options.keeps).astype(bool)
    return found.mask(unminded & ~cells["level"].map(is_blank), "")


def _practice(rows: pd.DataFrame) -> pd.Series[bool]:
    found = pd.Series(False, index=rows.index)
    for name in rows:
        word = str(name).lower().removesuffix("[block]").removesuffix("[trial]")
        if word in _PARTS:
            found |= rows[name].map(lambda cell: _PRACTICE.fullmatch(cell) is not None)
        if word in ("practice", "is_practice", "practise"):
            found |= rows[name].str.strip().str.lower().isin(_TRUE)
    return found


def _equal(column: pd.Series[str], value: str) -> pd.Series[bool]:
    same = column.str.strip().eq(value.strip())
    return same if same.any() else column.map(as_number).eq(as_number(value))


def other_keys(answers: pd.Series[str], keys: Mapping[str, int]) -> pd.Series[bool]:
    """Find the rows whose key was given no meaning."""
    return ~answers.map(is_blank) & ~answers.map(key_of).isin(list(map(key_of, keys)))
