"""Presentation logs: tab-delimited events; an answer is in a row below its stimulus."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import (
    STANDARD_COLUMNS,
    ExportFile,
    ExportRows,
    FileFormat,
)
from psychobench.tables.cells import as_number

_SHOWN = ("picture", "sound", "video")
_TICKS = 10_000  # per second


def recognise(file: ExportFile) -> str | None:
    """Find the two lines that open a log."""
    first = file.text.lstrip("\n").partition("\n")[0]
    if first.startswith("Scenario -"):
        return "its first line begins with 'Scenario -'"
    return "it has Presentation's columns Event Type and Code" if _is_header(file.header) else None


def _is_header(names: Iterable[str]) -> bool:
    return {"Event Type", "Code", "Time"} <= {name.strip() for name in names}


def read(file: ExportFile) -> ExportRows:
    """Read each stimulus with the first answer that follows it within its trial."""
    lines = file.text.split("\n")
    start = next((i for i, t in enumerate(lines) if _is_header(t.split("\t"))), None)
    if start is None:
        raise TableError(
            f"a Presentation log must have a line with Event Type, Code and Time: {file.path} has "
            "none; export the log again"
        )
    notes = list(file.notes)
    if start:
        notes.append(f"{file.path}: {start} lines above its table are not read")
    table, others = _blank_other_tables(lines[start:])
    if others:
        notes.append(f"{file.path}: the second table, which summarises the first, is not read")
    whole = not lines[-1] or others
    events = "\n".join(_equal_lengths(table, whole)) + ("\n" if whole else "")
    rows, left, more = read_rows(dataclasses.replace(file, text=events, delimiter="\t", notes=()))
    rows.index = rows.index + start
    left = {number + start: reason for number, reason in left.items()}
    if shared := _join_answers(rows, left):
        more.append(
            f"{file.path}: {shared} answers came after several stimuli of one trial and are read "
            "with each that has a level"
        )
    names = STANDARD_COLUMNS | {
        "observer": ("Subject",),
        "response": ("answer",),
        "rt": ("answer_time",),
        "stimulus": ("Code",),
    }
    return ExportRows(rows, names, left, rt_unit="s", delimiter="\t", notes=(*notes, *more))


def _blank_other_tables(lines: list[str]) -> tuple[list[str], bool]:
    """Blank the lines that are not of the first line's table; also return whether there were any.

    A blank line is no end of a table, but another header is. The same header once more, as where
    two logs were joined, begins the table anew.
    """
    header = lines[0].strip()
    kept: list[str] = []
    inside, others = True, False
    for line in lines:
        is_header = "Event Type" in map(str.strip, line.split("\t"))
        if is_header or line.startswith(("Scenario -", "Logfile written")):
            inside = line.strip() == header
        others |= not inside and is_header
        kept.append(line if inside and line.strip() else "")
    return kept, others


def _join_answers(rows: pd.DataFrame, left: dict[int, str]) -> int:
    """Write answers and their times, in seconds, beside the stimuli.

    An answer belongs to all stimuli of its trial since the last answer: a face and the mask that
    followed it. Returns the number of answers that belong to several.
    """
    kinds = rows["Event Type"].str.strip().str.lower()
    times = dict(zip(rows.index, rows["Time"].map(as_number), strict=True))
    codes = dict(zip(rows.index, rows["Code"], strict=True))
    trials = rows["Trial"] if "Trial" in rows else pd.Series("", index=rows.index)
    answers: dict[int, tuple[str, str]] = {}
    waiting: list[int] = []
    shared = 0
    for row, kind in zip(rows.index.map(int), kinds, strict=True):
        if waiting and trials[row] != trials[waiting[-1]] and kind in _SHOWN:
            waiting = []
        if kind in _SHOWN:
            waiting.append(row)
        elif kind == "response" and waiting:
            for shown in waiting:
                time = repr(float(times[row] - times[shown]) / _TICKS)
                answers[shown] = (codes[row], time)
            left.setdefault(row, "answer, read with its stimulus")
            shared += len(waiting) > 1
            waiting = []
        elif kind == "response":
            left.setdefault(row, "other key (a further answer)")
        else:
            left.setdefault(row, "no stimulus (pulse, pause or other event)")
    rows["answer"] = [answers.get(row, ("", ""))[0] for row in rows.index]
    rows["answer_time"] = [answers.get(row, ("", ""))[1] for row in rows.index]
    return shared


def _equal_lengths(lines: list[str], whole: bool) -> list[str]:
    """Rename columns of the same name, and fill up the rows of answers, which are shorter."""
    names: list[str] = []
    for name in lines[0].split("\t"):
        names.append(f"{name}.{names.count(name)}" if name in names else name)
    answer = "\tResponse\t"
    last = len(lines) if whole else len(lines) - 1  # which may have been cut short
    for i in range(1, last):
        if answer in lines[i]:
            lines[i] += "\t" * (len(names) - 1 - lines[i].count("\t"))
    return ["\t".join(names), *lines[1:]]


FORMAT = FileFormat("presentation", "Presentation log", recognise, read)
