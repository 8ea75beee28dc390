"""Psych-DS: ``study-morph_subject-s01_data.csv``, key-value pairs in the file's name."""

from __future__ import annotations

import re

from psychobench.imports.formats.generic import names_of
from psychobench.imports.reader import ALL_OF_IT, Format, Head, Source
from psychobench.imports.text import table

_NAME = re.compile(r"([a-z]+-[a-zA-Z0-9]+_)*([a-z]+-[a-zA-Z0-9]+)_data\.csv")
_WHO = ("subject", "participant", "sub")


def recognise(head: Head) -> str | None:
    """Go by the file's name, which Psych-DS rules."""
    return "its name is one of Psych-DS" if _NAME.fullmatch(head.path.name) else None


def read(head: Head) -> Source:
    """Read all rows, and what the file's name says of who and when."""
    rows, left, notes = table(head)
    pairs = dict(part.split("-", 1) for part in head.path.stem.split("_") if "-" in part)
    names: dict[str, tuple[str, ...]] = dict(names_of(rows))
    for key, name in ((next((k for k in _WHO if k in pairs), ""), "observer"), ("session",) * 2):
        if key in pairs:
            column = f"{key} (file name)"
            rows[column] = pairs[key]
            names[name] = (*names.get(name, ()), column)
    delimiter = head.delimiter
    return Source(rows, names, left, has_keys=False, delimiter=delimiter, notes=tuple(notes))


FORMAT = Format("psych-ds", "Psych-DS", recognise, read, ALL_OF_IT)
