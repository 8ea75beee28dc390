"""Gorilla: CSV, one row per zone of a screen; the zones that take answers hold the trials."""

from __future__ import annotations

import dataclasses
import re

import pandas as pd

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import STANDARD_COLUMNS, ExportFile, ExportRows, FileFormat
from psychobench.imports.screens import join_names
from psychobench.tables.cells import as_number

_MARKS = ("Participant Private ID", "Trial Number")
_END = re.compile(r"(?<=\n)(END OF FILE)[,;\t\s]*\Z")
# the screen of a task, as its first and its second task builder name it
_SCREEN = ["display", "Display", "Screen Name", "Screen"]
_ZONES = ("Zone Type", "Response Type")


def recognise(file: ExportFile) -> str | None:
    """Find Gorilla's columns."""
    return f"it has Gorilla's columns {' and '.join(_MARKS)}" if file.has(*_MARKS) else None


def read(file: ExportFile) -> ExportRows:
    """Take the rows of zones that answer; a screen whose time ran out is an unanswered trial."""
    rows, left, notes = read_rows(_complete_last_line(file))
    if "Event Index" in rows:
        for row in rows.index[rows["Event Index"].str.strip().eq("END OF FILE")]:
            left.setdefault(int(row), "end of the file")
    zones = next((rows[name].str.lower() for name in _ZONES if name in rows), None)
    if zones is not None and zones.str.startswith("response").any():
        _mark_zones(rows, zones, left)
    names = STANDARD_COLUMNS | {
        "observer": ("Participant Private ID", "Participant Public ID"),
        "level": ("stimulus_level", "level", "Spreadsheet: level"),
        "response": ("Response",),
        "rt": ("Reaction Time",),
    }
    return ExportRows(
        rows,
        names,
        left,
        rt_unit="ms",
        delimiter=file.delimiter,
        experimental="Zone Type" not in rows,
        notes=tuple(notes),
        screens=(join_names(rows, _SCREEN),),
    )


def _mark_zones(rows: pd.DataFrame, zones: pd.Series[str], left: dict[int, str]) -> None:
    """Leave zones that take no answer and repeated attempts; clear what a time limit wrote."""
    answers = zones.str.startswith("response")
    kinds = join_names(rows, _SCREEN)
    shown = join_names(rows, list(_MARKS)) + "\x1f" + kinds
    late = zones.str.startswith("timelimit") & ~shown.isin(shown[answers])
    late &= kinds.isin(kinds[answers])
    for row in rows.index[~answers & ~late]:
        left.setdefault(int(row), "instruction (a zone that takes no answer)")
    rows.loc[late, [n for n in ("Response", "Reaction Time") if n in rows]] = ""
    if "Attempt" in rows:
        for row in rows.index[answers & (rows["Attempt"].map(as_number) > 1)]:
            left.setdefault(int(row), "further attempt at the same screen")


def _complete_last_line(file: ExportFile) -> ExportFile:
    """Complete the last line, which Gorilla writes short and without a line end."""
    short = len(file.header) - 1
    text = _END.sub(lambda found: found[1] + file.delimiter * short + "\n", file.text)
    return dataclasses.replace(file, text=text)


FORMAT = FileFormat(
    "gorilla", "Gorilla", recognise, read, "files of its second task builder, without Zone Type"
)
