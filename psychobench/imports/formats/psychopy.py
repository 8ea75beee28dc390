"""PsychoPy: CSV, TSV and semicolons, one row per pass through a loop or a routine outside one."""

from __future__ import annotations

import re

import pandas as pd

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import STANDARD_COLUMNS, ExportFile, ExportRows, FileFormat
from psychobench.tables.cells import is_blank

_SEEN = "2024"  # the year of the files at hand
# what every file of PsychoPy has, whatever was shown
_INFO = {"participant", "session", "date", "expName", "expVersion", "psychopyVersion"}
_INFO |= {"OS", "frameRate", "expStart", "notes"}
_CLOCKS = (".started", ".stopped", ".t")
_LOOP = re.compile(r"(?P<loop>.+)\.(thisN|thisTrialN|thisRepN)")  # staircases have no thisN


def recognise(file: ExportFile) -> str | None:
    """Find the columns that PsychoPy adds to every file."""
    for mark in ("psychopyVersion", "expName"):
        if file.has(mark, "date") or file.has(mark, "participant"):
            return f"it has PsychoPy's column {mark}"
    return None


def read(file: ExportFile) -> ExportRows:
    """Take the rows of a loop as trials, and find the key components."""
    rows, left, notes = read_rows(file, quoting="bare")
    outside, practice = _loops(rows)
    reason = "aborted before its first trial" if outside.all() else "instruction (outside any loop)"
    rows = rows.replace("[]", "")  # a list of no keys
    keys = _key_columns(rows)
    for row in rows.index[_never_started(rows, keys) & ~outside]:
        left.setdefault(int(row), "aborted (its answer was never asked for)")
    for row in rows.index[practice]:
        left.setdefault(int(row), "practice")
    for row in rows.index[outside]:
        left.setdefault(int(row), reason)
    names = STANDARD_COLUMNS | {
        "observer": ("participant", "Participant", "participant_id", "subject"),
        "response": keys,
        "rt": [name.removesuffix(".keys") + ".rt" for name in keys if name.endswith(".keys")],
    }
    version = next((v for v in rows.get("psychopyVersion", pd.Series(dtype=object)) if v), "")
    return ExportRows(
        rows,
        names,
        left,
        rt_unit="s",
        delimiter=file.delimiter,
        detail=version and f"version {version}",
        experimental=file.delimiter != "," or not version.startswith(_SEEN),
        notes=tuple(notes),
    )


def _loops(rows: pd.DataFrame) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Find the rows outside any loop, and those of loops of practice.

    A script written with PsychoPy's library may have no loop. Then each row that holds something of
    its own is a trial, unless Builder's clocks show that an experiment was aborted before its loop.
    """
    outside = pd.Series(True, index=rows.index)
    practice = pd.Series(False, index=rows.index)
    columns = {str(name): _LOOP.fullmatch(str(name)) for name in rows}
    loops = {name: found["loop"] for name, found in columns.items() if found}
    for column, loop in loops.items():
        passed = ~rows[column].map(is_blank)
        outside &= ~passed
        if loop.lower().startswith(("prac", "train", "warm")):
            practice |= passed
    own = [name for name in columns if name not in _INFO]
    if not loops and not any(name.endswith(_CLOCKS) for name in own):
        for name in own:
            outside &= rows[name].map(is_blank)
    return outside, practice


def _key_columns(rows: pd.DataFrame) -> list[str]:
    """Find the columns of keys, except those that repeat another under its loop's name."""
    found: dict[str, None] = {}
    for name in sorted((str(name) for name in rows if str(name).endswith(".keys")), key=len):
        same = name.partition(".")[2]
        repeats = same in found and rows[same].equals(rows[name])
        if not repeats and not rows[name].map(is_blank).all():
            found[name] = None
    return list(found)


def _never_started(rows: pd.DataFrame, keys: list[str]) -> pd.Series[bool]:
    """Find the rows whose only key component has neither a key nor a time at which it began."""
    never = pd.Series(False, index=rows.index)
    if len(keys) == 1:
        began = keys[0].removesuffix(".keys") + ".started"
        if began in rows and not rows[began].map(is_blank).all():
            never = rows[began].map(is_blank) & rows[keys[0]].map(is_blank)
    return never


FORMAT = FileFormat(
    "psychopy",
    "PsychoPy",
    recognise,
    read,
    "files with tabs or semicolons, and those of versions before 2024",
)
