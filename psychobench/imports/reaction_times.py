"""Reaction times in seconds, whatever unit the program writes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.imports.file_format import ExportRows, InputNeededError
from psychobench.imports.options import ImportOptions
from psychobench.imports.response_keys import normalise_key
from psychobench.messages import clipped
from psychobench.tables.cells import as_number, is_blank

_SECONDS = 60.0  # a median reaction time above this is in milliseconds


def read_seconds(
    cells: pd.Series[str], column: str, export: ExportRows, options: ImportOptions, path: Path
) -> tuple[pd.Series[float], str]:
    """Read reaction times and turn them into seconds.

    Parameters
    ----------
    cells : Series of str
        The times as they are written.
    column : str
        The column of the file that holds them.
    export : ExportRows
        The file's rows, with its program's rule for the unit.
    options : ImportOptions
        The user's.
    path : pathlib.Path
        The file, for messages.

    Returns
    -------
    seconds : Series of float
        NaN where nobody answered.
    origin : str
        The column and its unit.

    Raises
    ------
    InputNeededError
        If their unit is unknown.
    OptionError
        If the user's unit is not that of the program.
    TableError
        If a cell is no number.
    """
    values = cells.map(lambda cell: as_number(normalise_key(cell)))
    bad = ~np.isfinite(values) & ~cells.map(is_blank)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise TableError(
            f"rt must be a number or empty: row {cells.index[row]} of {path} has "
            f"{column}={clipped(cells.iloc[row])!r}; correct it, or name another column with "
            '`columns="rt=NAME"`'
        )
    unit = _unit(float(values.median()), column, export, options, path)
    if unit == "ms":
        return (values / 1000).round(9), f"{column} (ms to s)"
    return values, f"{column} (s)"


def _unit(
    median: float, column: str, export: ExportRows, options: ImportOptions, path: Path
) -> str:
    """Find the unit: from the user, the program or the column's name."""
    ruled = export.rt_unit if column in export.known_columns.get("rt", ()) else ""
    if ruled == "s" and median > _SECONDS:
        ruled = ""
    if options.rt_unit and ruled and options.rt_unit != ruled:
        raise OptionError(
            f"`rt_unit` is for times whose unit is not known: {column} of {path} is in {ruled}; "
            "leave it out"
        )
    unit = options.rt_unit or ruled or _unit_in(column)
    if not unit or (unit == "s" and median > _SECONDS and not options.rt_unit):
        raise InputNeededError(
            "rt_unit",
            f"the unit of reaction times must be known: {column} of {path} has a median of "
            f'{median:g}; write `rt_unit="ms"` or `rt_unit="s"`',
            choices=("ms", "s"),
        )
    return unit


def _unit_in(name: str) -> str:
    if re.search(r"(?i)(_|\b)(ms|msec|milliseconds?)\b|[a-z]Ms$", name.replace("_", " ")):
        return "ms"
    return "s" if name == "rt" or re.search(r"(?i)\b(s|secs?|seconds)\b", name) else ""
