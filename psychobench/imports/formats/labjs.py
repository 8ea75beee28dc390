"""lab.js: CSV by RFC 4180, a row per screen or loop, a ``'`` before what could be a formula."""

from __future__ import annotations

import re

import pandas as pd

from psychobench.imports.reader import ALL_OF_IT, OURS, Format, Head, Source
from psychobench.imports.text import table
from psychobench.tables.cells import is_blank

_PEOPLE = ("participant", "participant_id", "subject")
_GUARDED = re.compile(r"^'(?=[=+\-@])")


def recognise(head: Head) -> str | None:
    """Find the columns about the component that sent a row."""
    marks = ("sender", "sender_type", "sender_id")
    return f"it has lab.js's columns {', '.join(marks)}" if head.has(*marks) else None


def read(head: Head) -> Source:
    """Read every component's row; loops and sequences only sum others up."""
    rows, left, notes = table(head)
    for name in rows:
        rows[name] = rows[name].str.replace(_GUARDED, "", n=1, regex=True)
    flow = rows["sender_type"].str.contains(r"flow|Loop|Sequence|Parallel", regex=True)
    for row in rows.index[flow]:
        left.setdefault(int(row), "end of a loop or sequence")
    notes += [note for name in (*_PEOPLE, "session") if (note := _spread(rows, name, head))]
    names = OURS | {
        "observer": _PEOPLE,
        "response": ("response",),
        "rt": ("duration",),
    }
    delimiter = head.delimiter
    return Source(rows, names, left, rt_unit="ms", delimiter=delimiter, notes=tuple(notes))


def _spread(rows: pd.DataFrame, name: str, head: Head) -> str:
    """Write into every row what only the row of a form says, if there is one such answer."""
    said = {cell for cell in rows[name] if not is_blank(cell)} if name in rows else set()
    blank = rows[name].map(is_blank) if said else pd.Series(dtype=bool)
    if len(said) != 1 or not blank.any():
        return ""
    (value,) = said
    rows.loc[blank, name] = value
    return f"{head.path}: {name} is '{value}' in some rows and is taken for all"


FORMAT = Format("labjs", "lab.js", recognise, read, ALL_OF_IT)
