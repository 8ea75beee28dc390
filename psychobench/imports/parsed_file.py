"""A file whose columns are found and whose rows are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from psychobench.imports.cell_values import check_level, extract_cells
from psychobench.imports.column_mapping import note_answers_elsewhere
from psychobench.imports.file_format import ExportRows, FileFormat
from psychobench.imports.left_rows import take_back, why_left
from psychobench.imports.options import ImportOptions
from psychobench.tables.cells import is_blank


@dataclass(frozen=True)
class ParsedFile:
    """A file between its rows and its trials.

    Attributes
    ----------
    path : pathlib.Path
    format : FileFormat
        Its format, and in `reason` how that was recognised.
    reason : str
    export : ExportRows
        All of its rows.
    cells : DataFrame
        Our columns of them, still text.
    origin : dict of str to str
        The file's column behind each of ours.
    why_left : Series of str
        Why each row is no trial; empty where it may be one.
    reasons : frozenset of str
        All reasons found, those of rows that were taken back included.
    notes : tuple of str
        What was repaired, and what deserves a look.
    """

    path: Path
    format: FileFormat
    reason: str
    export: ExportRows
    cells: pd.DataFrame
    origin: dict[str, str]
    why_left: pd.Series[str]
    reasons: frozenset[str]
    notes: tuple[str, ...]

    @property
    def taken(self) -> pd.Series[bool]:
        """Which rows may be trials."""
        return self.why_left == ""


def parse_file(
    path: Path, form: FileFormat, reason: str, export: ExportRows, options: ImportOptions
) -> ParsedFile:
    """Find our columns, and the rows that may be trials."""
    rows = export.cells
    if set(rows.index) <= set(options.left_of(export)):  # nothing to find columns in
        cells = pd.DataFrame({"level": "", "response": ""}, index=rows.index)
        why = pd.Series(export.left, dtype=object).reindex(cells.index)
        return ParsedFile(path, form, reason, export, cells, {}, why, frozenset(why), export.notes)
    cells, origin, notes = extract_cells(export, options, path)
    given = why_left(export, cells, options)
    column = next((name for name in _level_sources(options, origin) if name in rows), None)
    if column is not None:
        check_level(cells.loc[given == "", "level"], rows.loc[given == "", column], path)
    why = take_back(given, cells, options)
    reasons = frozenset(given) - {""}
    unanswered = cells.index[(why == "") & cells["response"].map(is_blank)]
    notes += note_answers_elsewhere(export, origin["response"], unanswered, path)
    notes = [*export.notes, *notes]
    return ParsedFile(path, form, reason, export, cells, origin, why, reasons, tuple(notes))


def _level_sources(options: ImportOptions, origin: dict[str, str]) -> list[str]:
    """List the columns that the level may come from as it stands, or out of a text."""
    inside = [name for name, pattern in options.fields_from.items() if "{level}" in pattern]
    return [*options.level_from, *inside, *([] if options.level else [origin["level"]])]


def no_trial(file: ParsedFile, why: pd.Series[str] | None = None) -> str:
    """Write the error for a file without a trial; `why` replaces the file's own reasons."""
    counts = (file.why_left if why is None else why).value_counts()
    left = ", ".join(f"{n} {reason}" for reason, n in counts.items())
    return (
        f"a file must have a trial: {file.path} has none (rows: {left}); leave the file out, or "
        'check `columns="level=NAME"`, `where` and `keep`'
    )
