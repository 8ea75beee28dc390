"""A sheet of an Excel workbook."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.file_format import ExportFile, ExportRows, FileFormat
from psychobench.imports.formats.table import own_columns
from psychobench.messages import how_to_install
from psychobench.tables.cells import as_text
from psychobench.tables.decoding import is_workbook

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


_LARGEST = 60_000_000  # bytes of sheets, unpacked


def recognise(file: ExportFile) -> str | None:
    """Recognise a workbook by the parts of its archive."""
    return "it is an Excel workbook" if is_workbook(file.data) else None


def read(file: ExportFile) -> ExportRows:
    """Read the one sheet of a workbook that holds something."""
    values, formulas = _load(file)
    filled = [sheet for sheet in values.worksheets if sheet.max_row > 1]
    if len(filled) != 1:
        names = ", ".join(sheet.title for sheet in filled) or "none"
        raise TableError(
            f"a workbook must have one sheet with rows: {file.path} has {len(filled)} ({names}); "
            "save the one with the trials as 'CSV UTF-8'"
        )
    sheet = filled[0]
    header, *rows = _records(sheet, formulas[sheet.title], file)
    cells = pd.DataFrame(rows, columns=header, index=range(2, len(rows) + 2), dtype=object)
    if not cells.columns.is_unique:
        twice = cells.columns[cells.columns.duplicated()][0]
        raise TableError(
            f"column names must be unique: {file.path} has '{twice}' more than once; rename one"
        )
    empty = cells.index[(cells == "").all(axis=1)]
    return ExportRows(
        cells,
        own_columns(cells),
        dict.fromkeys(map(int, empty), "empty row"),
        has_keys=False,
        delimiter="\t",  # as in tabs: text may hold decimal commas
        notes=(f"{file.path}: read from its sheet '{sheet.title}'",),
    )


def _load(file: ExportFile) -> tuple[Any, Any]:
    """Open a workbook for its values, and once more for its formulas if it has any."""
    _check_size(file)
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise TableError(
            f"a workbook needs the package openpyxl: {file.path} is one; "
            f"{how_to_install('openpyxl')}, or save the sheet as 'CSV UTF-8'"
        ) from None
    try:
        values = load_workbook(io.BytesIO(file.data), data_only=True)
        return values, load_workbook(io.BytesIO(file.data)) if _has_formulas(file) else values
    except Exception as error:  # openpyxl raises anything on a damaged workbook
        raise TableError(
            f"a workbook must open: {file.path} does not ({type(error).__name__}); "
            "save it again, or save the sheet as 'CSV UTF-8'"
        ) from None


def _check_size(file: ExportFile) -> None:
    """Check that the sheets, which are compressed, can be read within seconds."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        return  # which is told when it is opened
    size = sum(part.file_size for part in parts if part.filename.startswith("xl/"))
    if size > _LARGEST:
        raise TableError(
            f"a workbook must hold at most {_LARGEST // 10**6} MB of sheets: {file.path} unpacks "
            f"to {size // 10**6} MB; save the sheet with the trials as 'CSV UTF-8', which can be "
            "larger, or delete rows that hold nothing"
        )


def _has_formulas(file: ExportFile) -> bool:
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(re.search(rb"<f[ >/]", archive.read(name)) for name in sheets)


def _records(sheet: Worksheet, typed: Worksheet, file: ExportFile) -> list[list[str]]:
    """Write the cells as text; a formula must have been calculated."""
    records = []
    for values, formulas in zip(sheet.iter_rows(), typed.iter_rows(), strict=True):
        for value, formula in zip(values, formulas, strict=True):
            if value.value is None and formula.data_type == "f":
                raise TableError(
                    f"a cell must hold a value: {value.coordinate} of {file.path} holds a formula "
                    "that was never calculated; open the workbook in a spreadsheet and save it"
                )
        records.append([_text(cell.value) for cell in values])
    width = max((i + 1 for row in records for i, cell in enumerate(row) if cell), default=0)
    named = [name or f"column_{i + 1}" for i, name in enumerate(records[0][:width])]
    return [named, *(row[:width] for row in records[1:])]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else as_text(value)


FORMAT = FileFormat("excel", "an Excel sheet", recognise, read)
