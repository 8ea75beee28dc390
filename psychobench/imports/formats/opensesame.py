"""OpenSesame: CSV with every cell quoted, quotes escaped by a backslash, NA for no value."""

from __future__ import annotations

import dataclasses
import re

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import STANDARD_COLUMNS, ExportFile, ExportRows, FileFormat

# a quote inside a cell, and no backslash at the end of one, as of a path
_ESCAPED = re.compile(r'\\"(?!,"|\n"|\n?\Z)')
_MARKS = ("subject_nr", "opensesame_version", "opensesame_codename", "experiment_file")


def recognise(file: ExportFile) -> str | None:
    """Find the variables that OpenSesame always logs."""
    found = [name for name in (*_MARKS, "subject_parity", "live_row") if file.has(name)]
    if "subject_nr" in found and len(found) > 1:
        return f"it has OpenSesame's columns {' and '.join(found[:2])}"
    return None


def read(file: ExportFile) -> ExportRows:
    """Read every logged row."""
    rows, left, notes = read_rows(dataclasses.replace(file, text=_ESCAPED.sub('""', file.text)))
    names = STANDARD_COLUMNS | {
        "observer": ("subject_nr",),
        "response": ("response",),
        "rt": ("response_time",),
    }
    delimiter = file.delimiter
    return ExportRows(rows, names, left, rt_unit="ms", delimiter=delimiter, notes=tuple(notes))


FORMAT = FileFormat("opensesame", "OpenSesame", recognise, read)
