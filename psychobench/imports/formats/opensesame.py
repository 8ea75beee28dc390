"""OpenSesame: CSV with every cell quoted, quotes escaped by a backslash, NA for nothing."""

from __future__ import annotations

from psychobench.imports.reader import ALL_OF_IT, OURS, Format, Head, Source
from psychobench.imports.text import table

_MARKS = ("subject_nr", "opensesame_version", "opensesame_codename", "experiment_file")


def recognise(head: Head) -> str | None:
    """Find the variables that OpenSesame logs by itself."""
    found = [name for name in (*_MARKS, "subject_parity", "live_row") if head.has(name)]
    if "subject_nr" in found and len(found) > 1:
        return f"it has OpenSesame's columns {' and '.join(found[:2])}"
    return None


def read(head: Head) -> Source:
    """Read every logged row."""
    rows, left, notes = table(head, quoting="backslash")
    names = OURS | {
        "observer": ("subject_nr",),
        "response": ("response",),
        "rt": ("response_time",),
    }
    delimiter = head.delimiter
    return Source(rows, names, left, rt_unit="ms", delimiter=delimiter, notes=tuple(notes))


FORMAT = Format("opensesame", "OpenSesame", recognise, read, ALL_OF_IT)
