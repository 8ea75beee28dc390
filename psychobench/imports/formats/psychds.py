"""Psych-DS: ``study-morph_subject-s01_data.csv``, key-value pairs in the file's name."""

from __future__ import annotations

import re

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import ALL_OF_IT, ExportFile, ExportRows, FileFormat
from psychobench.imports.formats.table import own_columns

_NAME = re.compile(r"([a-z]+-[a-zA-Z0-9]+_)*([a-z]+-[a-zA-Z0-9]+)_data\.csv")
_WHO = ("subject", "participant", "sub")


def recognise(file: ExportFile) -> str | None:
    """Recognise the file by its name, which Psych-DS prescribes."""
    return "its name follows Psych-DS" if _NAME.fullmatch(file.path.name) else None


def read(file: ExportFile) -> ExportRows:
    """Read all rows, and from the file's name the participant and the session."""
    rows, left, notes = read_rows(file)
    pairs = dict(part.split("-", 1) for part in file.path.stem.split("_") if "-" in part)
    names: dict[str, tuple[str, ...]] = dict(own_columns(rows))
    for key, name in ((next((k for k in _WHO if k in pairs), ""), "observer"), ("session",) * 2):
        if key in pairs:
            column = f"{key} (file name)"
            rows[column] = pairs[key]
            names[name] = (*names.get(name, ()), column)
    delimiter = file.delimiter
    return ExportRows(rows, names, left, has_keys=False, delimiter=delimiter, notes=tuple(notes))


FORMAT = FileFormat("psych-ds", "Psych-DS", recognise, read, ALL_OF_IT)
