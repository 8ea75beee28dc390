"""Where the trials of an analysis come from: a file, or a table in memory."""

from __future__ import annotations

import logging
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from psychobench.errors import OptionError
from psychobench.messages import number_of
from psychobench.resources import sha256
from psychobench.trials.columns import parse_columns, parse_where, rename
from psychobench.trials.table import read_trials, select_rows, validate_trials

Source = pd.DataFrame | str | PathLike[str]
_NOTES = logging.getLogger(__name__)


def load_table(source: Source, columns: Any, where: Any) -> pd.DataFrame:
    """Read or check a table; `columns` and `where` as for `psychobench.analyse`.

    Returns
    -------
    DataFrame
        As from `psychobench.read_trials`; ``attrs["columns"]`` holds the foreign names by ours.
    """
    names, kept = parse_columns(columns), parse_where(where or ())
    if isinstance(source, pd.DataFrame):
        of = source.attrs.get("source", "table")
        table = validate_trials(select_rows(rename(source, names, of), kept, names, of), source=of)
    elif isinstance(source, (str, PathLike)):
        table = read_trials(source, columns=names, where=kept)
    else:
        raise OptionError(
            "`table` must be a DataFrame or the path of a file: "
            f"got an object of type {type(source).__name__}"
        )
    renamed = {ours: theirs for ours, theirs in names.items() if ours != theirs}
    table.attrs["columns"] = dict(table.attrs.get("columns", {})) | renamed
    _note(table, read=not isinstance(source, pd.DataFrame))
    return table


def hash_of(source: Source) -> dict[str, str]:
    """Return the name and SHA-256 of a file; empty for a table in memory."""
    if isinstance(source, pd.DataFrame):
        return {}
    return {"file": Path(source).name, "sha256": sha256(Path(source))}


def _note(table: pd.DataFrame, *, read: bool) -> None:
    """Log what was odd about a table, and how much was read from a file."""
    for note in table.attrs.get("notes", ()):
        _NOTES.info(note)
    if read:
        _NOTES.info(
            "Read %s: %s, %s, %s, %d without an answer.",
            table.attrs["source"],
            number_of(len(table), "row"),
            number_of(table["observer"].nunique(), "observer"),
            number_of(table["condition"].nunique(), "condition"),
            table.attrs.get("unanswered", 0),
        )
