"""Which rows are not trials, and for what reason they are left out."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from psychobench.imports.file_format import ExportRows
from psychobench.imports.options import ImportOptions
from psychobench.imports.screens import name_silent_screens
from psychobench.tables.cells import as_number, is_blank

_PRACTICE = re.compile(
    r"(?i)(?!(pre|post|before|after)[^a-z])(.*[^a-z])?"
    r"(practi[cs]e|training|warm.?up|demo trial)([^a-z].*)?"
)
# words by which programs and people call the column that says what part of a session a row is of
_PARTS = frozenset({"practice", "block", "phase", "stage", "part", "section", "display"})
_PARTS |= {"blocktype", "blockname", "running", "procedure", "loop"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
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
        say; a filter of the user's; practice; no level; a screen that takes no answer.
    """
    found = np.array([export.left.get(row, "") for row in cells.index], dtype=object)
    marks = {
        f"not {n}={value}": ~_equal(export.cells[n], value) for n, value in options.where.items()
    }
    marks["practice"] = _practice(export.cells)
    marks["no level (fixation or other screen)"] = cells["level"].map(is_blank)
    for reason, rows in marks.items():
        found[(found == "") & rows.to_numpy(np.bool_)] = reason
    reasons = pd.Series(found, index=cells.index)
    return reasons.mask(reasons == "", name_silent_screens(export, cells, reasons == ""))


def take_back(
    reasons: pd.Series[str], cells: pd.DataFrame, options: ImportOptions
) -> pd.Series[str]:
    """Remove the reasons that the user asked to ignore, in rows that have a level."""
    ignored = reasons.map(options.takes_back).astype(bool)
    return reasons.mask(ignored & ~cells["level"].map(is_blank), "")


def _practice(cells: pd.DataFrame) -> pd.Series[bool]:
    found = pd.Series(False, index=cells.index)
    for name in cells:
        words = [word.lower() for word in _WORD.findall(str(name))]
        if _PARTS & set(words) or words == ["task"]:
            found |= cells[name].map(lambda cell: _PRACTICE.fullmatch(cell) is not None)
        if "_".join(words) in ("practice", "is_practice", "practise"):
            found |= cells[name].str.strip().str.lower().isin(_TRUE)
    return found


def _equal(column: pd.Series[str], value: str) -> pd.Series[bool]:
    same = column.str.strip().eq(value.strip())
    return same if same.any() else column.map(as_number).eq(as_number(value))
