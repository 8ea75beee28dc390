"""Gorilla: CSV, one row per zone of a screen; the zones that take answers hold the trials."""

from __future__ import annotations

import dataclasses
import re

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import (
    ALL_OF_IT,
    STANDARD_COLUMNS,
    ExportFile,
    ExportRows,
    FileFormat,
)

_MARKS = ("Participant Private ID", "Trial Number")
_END = re.compile(r"(?<=\n)(END OF FILE)[,;\t\s]*\Z")


def recognise(file: ExportFile) -> str | None:
    """Find Gorilla's columns."""
    return f"it has Gorilla's columns {' and '.join(_MARKS)}" if file.has(*_MARKS) else None


def read(file: ExportFile) -> ExportRows:
    """Take the rows of zones that answer; a screen whose time ran out is an unanswered trial."""
    rows, left, notes = read_rows(_complete_last_line(file))
    zone = rows["Zone Type"].str.lower() if "Zone Type" in rows else None
    if "Event Index" in rows:
        for row in rows.index[rows["Event Index"].str.strip().eq("END OF FILE")]:
            left.setdefault(int(row), "end of the file")
    if zone is not None and zone.str.startswith("response").any():
        answers = zone.str.startswith("response")
        place = [n for n in (_MARKS[0], "Trial Number", "Screen Name") if n in rows]
        screens = rows[place].agg("\x1f".join, axis=1)
        answered = set(screens[answers])
        kinds = set(rows.loc[answers, place[-1]]) if "Screen Name" in rows else set()
        late = zone.str.startswith("timelimit") & ~screens.isin(answered)
        late &= rows[place[-1]].isin(kinds)
        for row in rows.index[~answers & ~late]:
            left.setdefault(int(row), "instruction (a zone that takes no answer)")
        rows.loc[late, [n for n in ("Response", "Reaction Time") if n in rows]] = ""
    names = STANDARD_COLUMNS | {
        "observer": ("Participant Private ID", "Participant Public ID"),
        "level": ("stimulus_level", "level", "Spreadsheet: level"),
        "response": ("Response",),
        "rt": ("Reaction Time",),
    }
    delimiter = file.delimiter
    return ExportRows(rows, names, left, rt_unit="ms", delimiter=delimiter, notes=tuple(notes))


def _complete_last_line(file: ExportFile) -> ExportFile:
    """Complete the last line, which Gorilla writes short and without a line end."""
    short = len(file.header) - 1
    text = _END.sub(lambda found: found[1] + file.delimiter * short + "\n", file.text)
    return dataclasses.replace(file, text=text)


FORMAT = FileFormat("gorilla", "Gorilla", recognise, read, ALL_OF_IT)
