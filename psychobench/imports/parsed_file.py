"""A file that was read: its columns found, its rows told apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from psychobench.imports.cell_values import cells_of, check_level
from psychobench.imports.column_mapping import answered_elsewhere
from psychobench.imports.options import Options
from psychobench.imports.reader import Format, Source
from psychobench.imports.trial_rows import kept, reasons
from psychobench.tables.cells import is_blank


@dataclass(frozen=True)
class Opened:
    """A file on its way."""

    path: Path
    format: Format
    reason: str
    source: Source
    cells: pd.DataFrame
    origin: dict[str, str]
    why_left: pd.Series[str]
    reasons: frozenset[str]
    notes: tuple[str, ...]


def open_file(path: Path, form: Format, reason: str, source: Source, options: Options) -> Opened:
    """Find our columns, and the rows that may be trials."""
    if set(source.rows.index) <= set(options.left_of(source)):  # nothing to find columns in
        cells = pd.DataFrame({"level": "", "response": ""}, index=source.rows.index)
        why = pd.Series(source.left, dtype=object).reindex(cells.index)
        return Opened(path, form, reason, source, cells, {}, why, frozenset(why), source.notes)
    cells, origin, notes = cells_of(source, options, path)
    given = reasons(source, cells, options)
    place = next(iter(options.level_from), origin["level"])
    check_level(cells.loc[given == "", "level"], source.rows.loc[given == "", place], path)
    why = kept(given, cells, options)
    said = frozenset(given) - {""}
    unanswered = cells.index[(why == "") & cells["response"].map(is_blank)]
    notes += answered_elsewhere(source, origin["response"], unanswered, path)
    return Opened(path, form, reason, source, cells, origin, why, said, (*source.notes, *notes))


def no_trial(file: Opened) -> str:
    """Say why nothing of a file is taken."""
    left = ", ".join(f"{n} {reason}" for reason, n in file.why_left.value_counts().items())
    remedy = "leave the file out, or look at --columns level=NAME, --where and --keep"
    return f"a file must have a trial: {file.path} has none (rows: {left}); {remedy}"
