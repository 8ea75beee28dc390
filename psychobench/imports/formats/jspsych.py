"""jsPsych 6, 7 and 8: CSV with every cell quoted, or JSON; one row per screen."""

from __future__ import annotations

from psychobench.imports.formats.nested import read_json
from psychobench.imports.reader import OURS, Format, Head, Source
from psychobench.imports.text import table
from psychobench.tables.cells import as_number, is_blank

_MARKS = ("trial_type", "trial_index", "time_elapsed")
_TALK = ("instruct", "survey", "preload", "fullscreen", "consent", "welcome", "browser-check")


def recognise(head: Head) -> str | None:
    """Find the columns that jsPsych adds to every row."""
    reason = f"it has jsPsych's columns {', '.join(_MARKS)}"
    if head.has(*_MARKS):
        return reason
    start = head.text[:100_000]
    if len(head.fields) > 1 and all(f'""{mark}""' in start for mark in _MARKS):
        return f"a column holds JSON with jsPsych's {', '.join(_MARKS)}"
    as_json = start.lstrip().startswith(("[", "{")) and all(mark in start for mark in _MARKS)
    return f"{reason}, as JSON" if as_json else None


def read(head: Head) -> Source:
    """Read every screen; those of instructions are marked, all others await their level."""
    if head.text.lstrip().startswith(("[", "{")):
        left: dict[int, str] = {}
        rows, notes = read_json(head), list(head.notes)
    else:
        rows, left, notes = table(head)
        if not head.has(*_MARKS):
            rows, left = read_json(head, rows.to_dict(orient="records")), {}
    codes = "response" not in rows and "key_press" in rows
    if "response" in rows:  # the space bar is written as a blank
        rows["response"] = rows["response"].map(lambda cell: "space" if cell == " " else cell)
    screens = [rows[name] for name in ("task", "trial_type", "stage", "phase") if name in rows]
    for screen in screens:
        for row in rows.index[screen.str.lower().str.contains("|".join(_TALK), regex=True)]:
            left.setdefault(int(row), "instruction")
    names = OURS | {
        "observer": ("participant", "participant_id", "subject", "subject_id", "PROLIFIC_PID"),
        "response": ("response", "key_press", "button_pressed"),
        "rt": ("rt",),
        "session": ("session", "session_id"),
    }
    version = "8" if "plugin_version" in rows else "6" if codes else "7"
    label = _with_letter if codes else str
    return Source(
        rows,
        names,
        left,
        rt_unit="ms",
        key_label=label,
        delimiter=head.delimiter,
        detail=f"version {version}",
        experimental=version == "7",
        notes=tuple(notes),
    )


def _with_letter(code: str) -> str:
    number = as_number(code)
    letter = chr(int(number)) if 48 <= number <= 90 else {32.0: "space"}.get(number, "")
    return f"{code} ({letter})" if letter and not is_blank(letter) else code


FORMAT = Format("jspsych", "jsPsych", recognise, read, "version 7")
