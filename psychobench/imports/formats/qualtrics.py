"""Qualtrics: CSV with three header rows: names, the questions' texts, and import ids."""

from __future__ import annotations

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import ALL_OF_IT, ExportFile, ExportRows, FileFormat
from psychobench.imports.formats.table import own_columns

_MARKS = ("StartDate", "ResponseId")
_IMPORT_ID = "ImportId"
_PEOPLE = ("participant", "participant_id", "subject", "PROLIFIC_PID", "ResponseId")


def recognise(file: ExportFile) -> str | None:
    """Find the columns that Qualtrics adds to every survey."""
    return f"it has Qualtrics' columns {' and '.join(_MARKS)}" if file.has(*_MARKS) else None


def read(file: ExportFile) -> ExportRows:
    """Read all rows; those above and with the import ids are headers."""
    rows, left, notes = read_rows(file)
    ids = [int(row) for row in rows.index[rows["StartDate"].str.contains(_IMPORT_ID, regex=False)]]
    if ids:
        for row in rows.index[rows.index <= ids[0]]:
            left.setdefault(int(row), "further header row")
    if "Status" in rows:
        for row in rows.index[rows["Status"].str.strip().isin(["Survey Preview", "1"])]:
            left.setdefault(int(row), "preview of the survey")
    names = own_columns(rows) | {"observer": ("observer", *_PEOPLE)}
    return ExportRows(rows, names, left, "", True, delimiter=file.delimiter, notes=tuple(notes))


FORMAT = FileFormat("qualtrics", "Qualtrics", recognise, read, ALL_OF_IT)
