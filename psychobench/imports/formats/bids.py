"""BIDS: the behavioural table ``sub-01_task-happysad_beh.tsv``; ``n/a`` where there is no value."""

from __future__ import annotations

import re

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import ALL_OF_IT, ExportFile, ExportRows, FileFormat

_NAME = re.compile(r"sub-(?P<sub>[a-zA-Z0-9]+)(_ses-(?P<ses>[a-zA-Z0-9]+))?_.*(beh|events)\.tsv")


def recognise(file: ExportFile) -> str | None:
    """Recognise the file by its name, which BIDS prescribes."""
    return "its name follows BIDS" if _NAME.fullmatch(file.path.name) else None


def read(file: ExportFile) -> ExportRows:
    """Read all rows; the file's name says who answered."""
    rows, left, notes = read_rows(file)
    if found := _NAME.fullmatch(file.path.name):
        for column, value in (("sub (file name)", found["sub"]), ("ses (file name)", found["ses"])):
            if value is not None:
                rows[column] = value
    names = {
        "observer": ("observer", "participant_id", "sub (file name)"),
        "session": ("session", "ses (file name)"),
        "level": ("level", "stimulus_level"),
        "response": ("response",),
        "rt": ("response_time", "rt"),
        "condition": ("condition", "trial_type"),
        "stimulus": ("stimulus", "stim_file"),
        "trial": ("trial", "trial_number"),
    }
    zero_one = "response" in rows and set(rows["response"]) <= {"0", "1", "n/a"}
    return ExportRows(
        rows, names, left, "s", not zero_one, delimiter=file.delimiter, notes=tuple(notes)
    )


FORMAT = FileFormat("bids", "BIDS beh", recognise, read, ALL_OF_IT)
