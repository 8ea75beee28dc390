"""lab.js: CSV by RFC 4180, a row per screen or loop, a ``'`` before what could be a formula."""

from __future__ import annotations

import re

import pandas as pd

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import (
    STANDARD_COLUMNS,
    ExportFile,
    ExportRows,
    FileFormat,
)
from psychobench.imports.screens import join_names
from psychobench.tables.cells import is_blank

_PEOPLE = ("participant", "participant_id", "participantID", "subject")
_GUARDED = re.compile(r"^'(?=[=+\-@])")


def recognise(file: ExportFile) -> str | None:
    """Find the columns about the component that sent a row."""
    marks = ("sender", "sender_type", "sender_id")
    return f"it has lab.js's columns {', '.join(marks)}" if file.has(*marks) else None


def read(file: ExportFile) -> ExportRows:
    """Read every component's row; those of loops and sequences only summarise others."""
    rows, left, notes = read_rows(file)
    for name in rows:
        rows[name] = rows[name].str.replace(_GUARDED, "", n=1, regex=True)
    flow = rows["sender_type"].str.contains(r"flow|Loop|Sequence|Parallel", regex=True)
    for row in rows.index[flow]:
        left.setdefault(int(row), "end of a loop or sequence")
    notes += [note for name in (*_PEOPLE, "session") if (note := _fill_from_form(rows, name, file))]
    names = STANDARD_COLUMNS | {
        "observer": _PEOPLE,
        "response": ("response",),
        "rt": ("duration",),
    }
    delimiter = file.delimiter
    return ExportRows(
        rows,
        names,
        left,
        rt_unit="ms",
        delimiter=delimiter,
        notes=tuple(notes),
        screens=(join_names(rows, ["sender"]),),
    )


def _fill_from_form(rows: pd.DataFrame, name: str, file: ExportFile) -> str:
    """Copy into every row what only the row of a form holds, if all such rows agree."""
    said = {cell for cell in rows[name] if not is_blank(cell)} if name in rows else set()
    blank = rows[name].map(is_blank) if said else pd.Series(dtype=bool)
    if len(said) != 1 or not blank.any():
        return ""
    (value,) = said
    rows.loc[blank, name] = value
    return f"{file.path}: {name} is '{value}' in some rows; it is used for all"


FORMAT = FileFormat("labjs", "lab.js", recognise, read)
