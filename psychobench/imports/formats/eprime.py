"""E-Prime: the text log beside each .edat file, a block of ``name: value`` lines per trial."""

from __future__ import annotations

import re

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.file_format import (
    ALL_OF_IT,
    STANDARD_COLUMNS,
    ExportFile,
    ExportRows,
    FileFormat,
)
from psychobench.tables.cells import is_blank

_STARTS = ("*** LogFrame Start ***", "*** Header Start ***")
_ENDS = ("*** LogFrame End ***", "*** Header End ***")


def recognise(file: ExportFile) -> str | None:
    """Find the line that opens a block."""
    for mark in _STARTS:
        if mark in file.text[:5000]:
            return f"it has the line '{mark}'"
    return None


def read(file: ExportFile) -> ExportRows:
    """Turn blocks into rows with the header's values; those of the innermost level are trials."""
    header, frames = _blocks(file)
    deepest = max(int(frame["Level"] or 0) for frame in frames.values())
    names = list(dict.fromkeys([*header, *(name for f in frames.values() for name in f)]))
    rows = pd.DataFrame(
        [[{**header, **frame}.get(name, "") for name in names] for frame in frames.values()],
        columns=names,
        index=list(frames),
        dtype=object,
    )
    left = {
        number: "summary of a block or session"
        for number, frame in frames.items()
        if int(frame["Level"] or 0) < deepest
    }
    answers = [name for name in names if name.endswith(".RESP") and not _empty(rows[name])]
    times = [name.removesuffix(".RESP") + ".RT" for name in answers]
    for answer, time in zip(answers, times, strict=True):
        if time in rows:  # E-Prime's 0 for no answer
            rows.loc[rows[answer].map(is_blank) & rows[time].eq("0"), time] = ""
    found = STANDARD_COLUMNS | {
        "observer": ("Subject",),
        "session": ("Session",),
        "level": ("stimulus_level", "level", "Level.1"),
        "response": answers,
        "rt": times,
        "condition": ("condition", "Condition"),
    }
    return ExportRows(rows, found, left, rt_unit="ms", delimiter="", notes=file.notes)


def _blocks(file: ExportFile) -> tuple[dict[str, str], dict[int, dict[str, str]]]:
    """Collect the header's values, and each block's by the number of its first line."""
    header: dict[str, str] = {}
    frames: dict[int, dict[str, str]] = {}
    block: dict[str, str] | None = None
    level = "0"
    lines = [line.strip() for line in file.text.split("\n")]
    for number, line in enumerate(lines, 1):
        if (line in _STARTS and block is not None) or (line in _ENDS and block is None):
            raise _broken(file, number)
        found = re.fullmatch(r"([^:]+):\s*(.*)", line)
        if line in _STARTS:
            block = header if line == _STARTS[1] else frames.setdefault(number, {"Level": level})
        elif line in _ENDS:
            block = None
        elif block is not None and line:
            if not found:
                raise _broken(file, number)
            # a variable of the experiment may be called Level, too
            block["Level.1" if found[1] == "Level" else found[1]] = found[2]
        elif found and found[1] == "Level" and found[2].isdigit():
            level = found[2]
    if block is not None or not frames:
        raise _broken(file, len(lines))
    return header, frames


def _broken(file: ExportFile, line: int) -> TableError:
    return TableError(
        f"an E-Prime log must be whole, from '{_STARTS[0]}' to '{_ENDS[0]}': {file.path} is "
        f"broken at line {line}; copy the file again, or recover it with E-Prime's E-Recovery"
    )


def _empty(column: pd.Series) -> bool:
    return bool(column.map(is_blank).all())


FORMAT = FileFormat("eprime", "E-Prime text", recognise, read, ALL_OF_IT)
