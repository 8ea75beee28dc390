"""jsPsych 6, 7 and 8: CSV with every cell quoted, or JSON; one row per screen."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.source import OURS, Format, Head, Source
from psychobench.imports.text import table
from psychobench.responses.cells import as_number, is_blank

_MARKS = ("trial_type", "trial_index", "time_elapsed")
_TALK = ("instruct", "survey", "preload", "fullscreen", "consent", "welcome", "browser-check")


def recognise(head: Head) -> str | None:
    """Find the columns that jsPsych adds to every row."""
    reason = f"it has jsPsych's columns {', '.join(_MARKS)}"
    if head.has(*_MARKS):
        return reason
    start = head.text[:100_000]
    as_json = start.lstrip().startswith(("[", "{")) and all(f'"{m}"' in start for m in _MARKS)
    return f"{reason}, as JSON" if as_json else None


def read(head: Head) -> Source:
    """Read every screen; those of instructions are marked, all others await their level."""
    if head.text.lstrip().startswith(("[", "{")):
        left: dict[int, str] = {}
        rows, notes = read_json(head), list(head.notes)
    else:
        rows, left, notes = table(head)
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


def read_json(head: Head) -> pd.DataFrame:
    """Turn a list of objects, or one such list per line, into rows; the first is 2, as in CSV."""
    try:
        found = json.loads(head.text)
    except RecursionError:
        raise TableError(f"JSON must be a list of trials: {head.path} nests too deeply") from None
    except json.JSONDecodeError as error:
        try:
            found = [each for line in head.text.split("\n") if line for each in json.loads(line)]
        except (json.JSONDecodeError, TypeError, RecursionError):
            raise TableError(
                f"a file must be whole JSON: {head.path} is not at line {error.lineno}, column "
                f"{error.colno} ({error.msg}); save it again, or export it as CSV"
            ) from None
    if isinstance(found, dict):
        found = found.get("trials", [found])
    if not isinstance(found, list) or not found or not all(isinstance(r, dict) for r in found):
        raise TableError(
            f"JSON must be a list of trials, each an object: {head.path} is not; "
            "export jsPsych.data.get().json()"
        )
    names = list(dict.fromkeys(name for row in found for name in row))
    cells = [[_cell(row.get(name)) for name in names] for row in found]
    return pd.DataFrame(cells, columns=names, index=range(2, len(found) + 2), dtype=object)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _with_letter(code: str) -> str:
    number = as_number(code)
    letter = chr(int(number)) if 48 <= number <= 90 else {32.0: "space"}.get(number, "")
    return f"{code} ({letter})" if letter and not is_blank(letter) else code


FORMAT = Format("jspsych", "jsPsych", recognise, read, "version 7")
