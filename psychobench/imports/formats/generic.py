"""Any table with a header row: CSV, TSV, semicolons, or a sheet of an Excel workbook."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.reader import Format, Head, Source
from psychobench.imports.text import table
from psychobench.trials.columns import TRIAL_COLUMNS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


def recognise(head: Head) -> str | None:
    """Take any text with more than one column."""
    as_json = head.text.lstrip().startswith(("[", "{"))
    return "it is a table with a header row" if len(head.fields) > 1 and not as_json else None


def read(head: Head) -> Source:
    """Read the rows; our own names mean what they mean, all others wait for ``--columns``."""
    rows, left, notes = table(head)
    return _source(rows, left, notes, head.delimiter)


def recognise_workbook(head: Head) -> str | None:
    """Go by the parts of the archive that a workbook is."""
    if head.data[:4] != b"PK\x03\x04":
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(head.data)) as archive:
            return "it is an Excel workbook" if "xl/workbook.xml" in archive.namelist() else None
    except zipfile.BadZipFile:
        return None


def read_workbook(head: Head) -> Source:
    """Read the sheet of a workbook that holds something; there may be only one."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise TableError(
            f"a workbook needs openpyxl: {head.path} is one; install it with "
            "pip install 'psychobench[import]', or save the sheet as 'CSV UTF-8'"
        ) from None
    try:
        shown = load_workbook(io.BytesIO(head.data), data_only=True)
        typed = load_workbook(io.BytesIO(head.data)) if _has_formulas(head) else shown
    except Exception as error:  # openpyxl raises anything on a damaged workbook
        raise TableError(
            f"a workbook must open: {head.path} does not ({type(error).__name__}); "
            "save it again, or save the sheet as 'CSV UTF-8'"
        ) from None
    filled = [sheet for sheet in shown.worksheets if sheet.max_row > 1]
    if len(filled) != 1:
        names = ", ".join(sheet.title for sheet in filled) or "none"
        raise TableError(
            f"a workbook must have one sheet with rows: {head.path} has {len(filled)} ({names}); "
            "save the one with the trials as 'CSV UTF-8'"
        )
    sheet = filled[0]
    records = _records(sheet, typed[sheet.title], head)
    header, *below = records
    text_rows = pd.DataFrame(below, columns=header, index=range(2, len(records) + 1), dtype=object)
    if not text_rows.columns.is_unique:
        twice = text_rows.columns[text_rows.columns.duplicated()][0]
        raise TableError(
            f"column names must be unique: {head.path} has '{twice}' more than once; rename one"
        )
    empty = text_rows.index[(text_rows == "").all(axis=1)]
    note = [f"{head.path}: read from its sheet '{sheet.title}'"]
    return _source(text_rows, dict.fromkeys(map(int, empty), "empty row"), note, "\t")


def _has_formulas(head: Head) -> bool:
    with zipfile.ZipFile(io.BytesIO(head.data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(re.search(rb"<f[ >/]", archive.read(name)) for name in sheets)


def _records(sheet: Worksheet, typed: Worksheet, head: Head) -> list[list[str]]:
    """Write the cells as text; a formula must have left its value."""
    records = []
    for values, formulas in zip(sheet.iter_rows(), typed.iter_rows(), strict=True):
        for value, formula in zip(values, formulas, strict=True):
            if value.value is None and formula.data_type == "f":
                raise TableError(
                    f"a cell must hold a value: {value.coordinate} of {head.path} holds a formula "
                    "that was never calculated; open the workbook in a spreadsheet and save it"
                )
        records.append([_text(cell.value) for cell in values])
    width = max((i + 1 for row in records for i, cell in enumerate(row) if cell), default=0)
    named = [name or f"column_{i + 1}" for i, name in enumerate(records[0][:width])]
    return [named, *(row[:width] for row in records[1:])]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def names_of(rows: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Give our own names, and those of our conditions files, their meaning."""
    ours: dict[str, tuple[str, ...]] = {n: (n,) for n in TRIAL_COLUMNS if n != "p_target"}
    ours |= {
        "level": ("level", "stimulus_level"),
        "stimulus": ("stimulus", "stimulus_id"),
        "trial": ("trial", "trial_number"),
    }
    return {name: places for name, places in ours.items() if set(places) & set(map(str, rows))}


def _source(rows: pd.DataFrame, left: dict[int, str], notes: list[str], delimiter: str) -> Source:
    names = names_of(rows)
    return Source(rows, names, left, has_keys=False, delimiter=delimiter, notes=tuple(notes))


FORMAT = Format("table", "a table", recognise, read)
WORKBOOK = Format("excel", "an Excel sheet", recognise_workbook, read_workbook)
