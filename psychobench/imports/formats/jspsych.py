"""jsPsych 6, 7 and 8: CSV with every cell quoted, or JSON; one row per screen."""

from __future__ import annotations

import re

import pandas as pd

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import STANDARD_COLUMNS, ExportFile, ExportRows, FileFormat
from psychobench.imports.formats.json_trials import read_json
from psychobench.imports.screens import join_names
from psychobench.tables.cells import as_number, is_blank

_MARKS = ("trial_type", "trial_index", "time_elapsed")
# what says which screen of a trial a row is of; a phase or block would say when it was shown
_SCREENS = ["trial_type", "task", "screen", "screen_id", "trial_part"]
_TIMES = re.compile(r"\.\d+(?=-|$)")
_TALK = ("instruct", "survey", "preload", "fullscreen", "consent", "welcome", "browser-check")


def recognise(file: ExportFile) -> str | None:
    """Find the columns that jsPsych adds to every row."""
    reason = f"it has jsPsych's columns {', '.join(_MARKS)}"
    if file.has(*_MARKS):
        return reason
    start = file.text[:100_000]
    if len(file.header) > 1 and all(f'""{mark}""' in start for mark in _MARKS):
        return f"a column holds JSON with jsPsych's {', '.join(_MARKS)}"
    as_json = start.lstrip().startswith(("[", "{")) and all(mark in start for mark in _MARKS)
    return f"{reason}, as JSON" if as_json else None


def read(file: ExportFile) -> ExportRows:
    """Read every screen; mark those of instructions, which are left whatever their level."""
    if file.text.lstrip().startswith(("[", "{")):
        left: dict[int, str] = {}
        rows, notes = read_json(file), list(file.notes)
    else:
        rows, left, notes = read_rows(file)
        if not file.has(*_MARKS):
            rows, left = read_json(file, rows.to_dict(orient="records")), {}
    codes = "response" not in rows and "key_press" in rows
    if "response" in rows:  # the space bar is written as a blank
        rows["response"] = rows["response"].map(lambda cell: "space" if cell == " " else cell)
    screens = [rows[name] for name in ("task", "trial_type", "stage", "phase") if name in rows]
    for screen in screens:
        for row in rows.index[screen.str.lower().str.contains("|".join(_TALK), regex=True)]:
            left.setdefault(int(row), "instruction")
    names = STANDARD_COLUMNS | {
        "observer": ("participant", "participant_id", "subject", "subject_id", "PROLIFIC_PID"),
        "response": ("response", "key_press", "button_pressed"),
        "rt": ("rt",),
        "session": ("session", "session_id"),
    }
    version = "8" if "plugin_version" in rows else "6" if codes else "7"
    label = _with_letter if codes else str
    return ExportRows(
        rows,
        names,
        left,
        rt_unit="ms",
        key_label=label,
        delimiter=file.delimiter,
        detail=f"version {version}",
        experimental=version == "7",
        notes=tuple(notes),
        screens=_screens(rows),
    )


def _screens(rows: pd.DataFrame) -> tuple[pd.Series[str], ...]:
    """Tell screens apart by their names, then also by what they showed, then by their node."""
    named = join_names(rows, _SCREENS)
    ways = [named]
    if "stimulus" in rows:
        ways.append(
            named + " " + rows["stimulus"].where(~rows["stimulus"].map(is_blank), "(empty)")
        )
    if "internal_node_id" in rows:  # 0.0-2.0-1.7: screen 1 of timeline 2, the seventh time
        nodes = rows["internal_node_id"].str.replace(_TIMES, "", regex=True)
        ways.append((named + " " + nodes).where(nodes != "", ""))
    return tuple(ways)


def _with_letter(code: str) -> str:
    number = as_number(code)
    letter = chr(int(number)) if 48 <= number <= 90 else {32.0: "space"}.get(number, "")
    return f"{code} ({letter})" if letter and not is_blank(letter) else code


FORMAT = FileFormat("jspsych", "jsPsych", recognise, read, "version 7")
