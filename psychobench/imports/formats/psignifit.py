"""psignifit's triples: level, number of target answers, number of trials; no header."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychobench.imports.delimited_rows import read_rows
from psychobench.imports.file_format import ExportFile, ExportRows, FileFormat
from psychobench.tables.cells import as_number, replace_decimal_commas

_COLUMNS = ("column_1", "column_2", "column_3")  # as those of a table without a header
_FEWEST = 4  # trials of a block: fewer may be another column


def recognise(file: ExportFile) -> str | None:
    """Find three columns without a header, of levels, counts and larger counts."""
    if file.header != _COLUMNS:
        return None
    rows, _, _ = read_rows(file)
    numbers = _numbers(rows)
    k, n = numbers[:, 1], numbers[:, 2]
    whole = bool(np.all(k % 1 == 0) and np.all(n % 1 == 0))
    counts = whole and bool(np.all((k >= 0) & (k <= n) & (n >= _FEWEST)) and k.max() > 1)
    return "it has three columns without a header: level, number and total" if counts else None


def read(file: ExportFile) -> ExportRows:
    """Write out each block as its trials; their order within it is not known."""
    rows, _, notes = read_rows(file)
    levels = replace_decimal_commas([cell.strip() for cell in rows["column_1"]])
    trials = [
        (level, answer)
        for level, (_, k, n) in zip(levels, _numbers(rows), strict=True)
        for answer in ["1"] * int(k) + ["0"] * int(n - k)
    ]
    cells = pd.DataFrame(trials, columns=["level", "response"], dtype=object)
    cells.index = pd.RangeIndex(1, len(cells) + 1)
    notes.append(
        f"{file.path}: its {len(rows)} rows are counts of {len(cells)} trials, which are written "
        "out one by one; their order is not known"
    )
    names = {"level": ("level",), "response": ("response",)}
    return ExportRows(cells, names, has_keys=False, notes=tuple(notes))


def _numbers(rows: pd.DataFrame) -> np.ndarray:
    columns = [replace_decimal_commas([cell.strip() for cell in rows[n]]) for n in _COLUMNS]
    return np.array([[as_number(cell) for cell in column] for column in columns]).T


FORMAT = FileFormat("psignifit", "psignifit's triples", recognise, read)
