"""Where the trials of an analysis come from: a file, or a table in memory."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from psychobench.arguments import Pairs
from psychobench.resources import sha256
from psychobench.trials.columns import parse_columns
from psychobench.trials.table import TableLike, read_trials


def load_table(source: TableLike, columns: Pairs, where: Pairs) -> pd.DataFrame:
    """Read or check a table as `psychobench.read_trials` does, and keep its own column names.

    Returns
    -------
    DataFrame
        As from `psychobench.read_trials`; ``attrs["columns"]`` holds the table's names for columns
        by ours, where they differ.
    """
    names = parse_columns(columns)
    table = read_trials(source, columns=names, where=where)
    renamed = {ours: theirs for ours, theirs in names.items() if ours != theirs}
    table.attrs["columns"] = dict(table.attrs.get("columns", {})) | renamed
    return table


def hash_of(source: TableLike) -> dict[str, str]:
    """Return the name and SHA-256 of a file; empty for a table in memory."""
    if isinstance(source, pd.DataFrame):
        return {}
    return {"file": Path(source).name, "sha256": sha256(Path(source))}
