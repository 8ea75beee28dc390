"""E-Prime: the text log beside each .edat file, and the tables that E-Merge and E-DataAid export.

A log holds a block of ``name: value`` lines per trial; a table has a row per trial.
"""

from __future__ import annotations

import dataclasses
import re

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import STANDARD_COLUMNS, ExportFile, ExportRows, FileFormat
from psychobench.tables.cells import is_blank
from psychobench.tables.headers import find_header

_STARTS = ("*** LogFrame Start ***", "*** Header Start ***")
_ENDS = ("*** LogFrame End ***", "*** Header End ***")
_TABLE = {"ExperimentName", "Subject", "Session"}
_DEPTH = re.compile(r"\d{1,2}")
_PAIR = re.compile(r"([^:]+):\s*(.*)")


def recognise(file: ExportFile) -> str | None:
    """Find the line that opens a block, or the columns of a merged table."""
    for mark in _STARTS:
        if mark in file.text[:5000]:
            return f"it has the line '{mark}'"
    if _table_start(file) is not None:
        return f"it has E-Prime's columns {', '.join(sorted(_TABLE))}"
    return None


def read(file: ExportFile) -> ExportRows:
    """Read each trial with the values of the session."""
    start = _table_start(file)
    rows, left, notes = _read_log(file) if start is None else _read_table(file, start)
    answers = [n for n in map(str, rows) if n.endswith(".RESP") and not _empty(rows[n])]
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
    delimiter = "" if start is None else "\t"
    return ExportRows(
        rows,
        found,
        left,
        rt_unit="ms",
        delimiter=delimiter,
        experimental=start is not None,
        notes=tuple(notes),
    )


def _table_start(file: ExportFile) -> int | None:
    """Find where a table's header begins: in the first line, or below the name of a merged file."""
    start = 0
    for line in file.text.split("\n", 3)[:3]:
        if set(map(str.strip, line.replace('"', "").split("\t"))) >= _TABLE:
            return start
        start += len(line) + 1
    return None


def _read_table(file: ExportFile, start: int) -> tuple[pd.DataFrame, dict[int, str], list[str]]:
    """Read a table of trials; what stands above its header is blanked."""
    above = file.text[:start].count("\n")
    text = "\n" * above + file.text[start:]
    header = find_header(text, delimiter="\t")
    rows, left, notes = read_rows(
        dataclasses.replace(file, text=text, header=header.names, delimiter="\t")
    )
    if above:
        what = "line above its table is" if above == 1 else "lines above its table are"
        notes.append(f"{file.path}: {above} {what} not read")
    return rows, left, notes


def _read_log(file: ExportFile) -> tuple[pd.DataFrame, dict[int, str], list[str]]:
    """Turn blocks into rows with the header's values; those of the innermost level are trials."""
    header, frames, notes = _blocks(file)
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
    return rows, left, [*file.notes, *notes]


def _blocks(file: ExportFile) -> tuple[dict[str, str], dict[int, dict[str, str]], list[str]]:
    """Collect the header's values, each block's by the number of its first line, and notes."""
    header: dict[str, str] = {}
    frames: dict[int, dict[str, str]] = {}
    block: dict[str, str] | None = None
    unclosed: list[int] = []
    opened, level, last = 0, "0", ""
    lines = [line.strip() for line in file.text.split("\n")]
    for number, line in enumerate(lines, 1):
        if line in _ENDS and block is None:
            raise _broken(file, number)
        found = _PAIR.fullmatch(line)
        if line in _STARTS:
            unclosed += [opened] if block is not None else []
            block = header if line == _STARTS[1] else frames.setdefault(number, {"Level": level})
            opened, last = number, ""
        elif line in _ENDS:
            block = None
        elif block is not None and line:
            if found:
                # a variable of the experiment may be called Level, too
                last = "Level.1" if found[1] == "Level" else found[1]
                block[last] = found[2]
            elif last:  # a value with a line break in it
                block[last] += f"\n{line}"
            else:
                raise _broken(file, number)
        elif found and found[1] == "Level" and _DEPTH.fullmatch(found[2]):
            level = found[2]
    unclosed += [opened] if block is not None else []
    whole = {start: frame for start, frame in frames.items() if start not in unclosed}
    if not whole:
        raise _broken(file, len(lines))
    return header, whole, _note_unclosed(file, unclosed, len(whole))


def _note_unclosed(file: ExportFile, unclosed: list[int], whole: int) -> list[str]:
    """Note the blocks that a crash left without their end."""
    if not unclosed:
        return []
    places = ", ".join(map(str, unclosed))
    return [
        f"{file.path}: a block without an end, as a crashed run leaves it, is not read (from line "
        f"{places}); the {whole} whole blocks are"
    ]


def _broken(file: ExportFile, line: int) -> TableError:
    return TableError(
        f"an E-Prime log must be whole, from '{_STARTS[0]}' to '{_ENDS[0]}': {file.path} is "
        f"broken at line {line}; copy the file again, or recover it with E-Prime's E-Recovery"
    )


def _empty(column: pd.Series) -> bool:
    return bool(column.map(is_blank).all())


FORMAT = FileFormat("eprime", "E-Prime text", recognise, read, "merged tables")
