"""Which rows are not trials, and for what reason they are left."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from psychobench.imports.file_format import ExportRows
from psychobench.imports.options import ImportOptions
from psychobench.tables.cells import as_number, is_blank

_PRACTICE = re.compile(r"(?i)(.*[^a-z])?(practi[cs]e|training|warm.?up|demo trial)([^a-z].*)?")
# where programs and people write what part of the session a row belongs to
_PARTS: tuple[str, ...] = ("practice", "block", "phase", "stage", "task", "part", "block_type")
_PARTS += ("blocktype", "running", "procedure", "display", "loop", "trial_part", "session_part")
_TRUE = frozenset({"yes", "true", "1"})


def why_left(export: ExportRows, cells: pd.DataFrame, options: ImportOptions) -> pd.Series[str]:
    """Find the reason why each row is not a trial; empty if it may be one.

    Parameters
    ----------
    export : ExportRows
        The file's rows.
    cells : DataFrame
        Our columns of them.
    options : ImportOptions
        The user's.

    Returns
    -------
    Series of str
        Indexed as the file's rows. The first of these that holds: what the program's own marks
        say; a filter of the user's; practice; no level.
    """
    found = np.array([export.left.get(row, "") for row in cells.index], dtype=object)
    marks = {
        f"not {n}={value}": ~_equal(export.cells[n], value) for n, value in options.where.items()
    }
    marks["practice"] = _practice(export.cells)
    marks["no level (fixation or other screen)"] = cells["level"].map(is_blank)
    for reason, rows in marks.items():
        found[(found == "") & rows.to_numpy(np.bool_)] = reason
    return pd.Series(found, index=cells.index)


def take_back(
    reasons: pd.Series[str], cells: pd.DataFrame, options: ImportOptions
) -> pd.Series[str]:
    """Remove the reasons that the user asked to ignore, in rows that have a level."""
    ignored = reasons.map(options.takes_back).astype(bool)
    return reasons.mask(ignored & ~cells["level"].map(is_blank), "")


def _practice(cells: pd.DataFrame) -> pd.Series[bool]:
    found = pd.Series(False, index=cells.index)
    for name in cells:
        word = str(name).lower().removesuffix("[block]").removesuffix("[trial]")
        if word in _PARTS:
            found |= cells[name].map(lambda cell: _PRACTICE.fullmatch(cell) is not None)
        if word in ("practice", "is_practice", "practise"):
            found |= cells[name].str.strip().str.lower().isin(_TRUE)
    return found


def _equal(column: pd.Series[str], value: str) -> pd.Series[bool]:
    same = column.str.strip().eq(value.strip())
    return same if same.any() else column.map(as_number).eq(as_number(value))
