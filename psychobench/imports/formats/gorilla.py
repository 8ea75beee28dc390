"""Gorilla: CSV, one row per zone of a screen; the zones that take answers hold the trials."""

from __future__ import annotations

import dataclasses
import re

from psychobench.imports.reader import ALL_OF_IT, OURS, Format, Head, Source
from psychobench.imports.text import table

_MARKS = ("Participant Private ID", "Trial Number")
_END = re.compile(r"(?<=\n)(END OF FILE)[,;\t\s]*\Z")


def recognise(head: Head) -> str | None:
    """Find Gorilla's columns."""
    return f"it has Gorilla's columns {' and '.join(_MARKS)}" if head.has(*_MARKS) else None


def read(head: Head) -> Source:
    """Take the rows of zones that answer; a screen whose time ran out is an unanswered trial."""
    rows, left, notes = table(_closed(head))
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
    names = OURS | {
        "observer": ("Participant Private ID", "Participant Public ID"),
        "level": ("stimulus_level", "level", "Spreadsheet: level"),
        "response": ("Response",),
        "rt": ("Reaction Time",),
    }
    delimiter = head.delimiter
    return Source(rows, names, left, rt_unit="ms", delimiter=delimiter, notes=tuple(notes))


def _closed(head: Head) -> Head:
    """Complete the last line, which is short and has no line end."""
    short = len(head.fields) - 1
    text = _END.sub(lambda found: found[1] + head.delimiter * short + "\n", head.text)
    return dataclasses.replace(head, text=text)


FORMAT = Format("gorilla", "Gorilla", recognise, read, ALL_OF_IT)
