"""Psychtoolbox: MAT files of structs, version 5 with scipy, 7.3 with h5py; CSVs are tables."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.file_format import ExportFile, ExportRows, FileFormat
from psychobench.imports.formats import table
from psychobench.imports.formats.mat_tables import MatTable, find_tables
from psychobench.messages import argument, how_to_install, shown

_OF_TRIALS = "resp|key|level|rt|trial|stim|cond|correct|choice|contrast"  # names of columns
_V5, _HDF = b"MATLAB 5.0 MAT-file", b"\x89HDF\r\n\x1a\n"


def recognise(file: ExportFile) -> str | None:
    """Recognise a MAT file by its first bytes."""
    if file.data.startswith(_V5):
        return "it is a MAT file of version 5"
    if file.data.startswith((_HDF, b"MATLAB 7.3")):
        return "it is a MAT file of version 7.3"
    if file.path.suffix.lower() == ".mat" and not file.text:
        return "its name ends in .mat"
    return None


def read(file: ExportFile) -> ExportRows:
    """Take the struct, matrix or loose variables with the most columns of one length."""
    if not recognise(file):
        return table.read(file)
    tables, opaque = find_tables(_load(file))
    if not tables:
        raise TableError(
            f"a MAT file must hold a matrix, or a struct whose fields are columns of equal length: "
            f"{file.path} has none; save one with a row per trial, or write the trials with "
            "writetable"
        )
    best = _best(tables, file)
    rows = pd.DataFrame(tables[best].columns | tables[best].fixed, dtype=object)
    rows.index = pd.RangeIndex(1, len(rows) + 1)
    notes = [f"{file.path}: the rows are those of {best or 'its variables'}"]
    others = [name for name in sorted(tables, key=lambda n: _trial_like(tables[n])) if name != best]
    elsewhere = shown(_described(name, tables[name]) for name in others)
    if others:
        notes.append(
            f"{file.path}: other tables in it are not read: {elsewhere}; a column of theirs in "
            "`columns` chooses them"
        )
    for name in opaque:
        notes.append(
            f"{file.path}: {name} is a MATLAB string or table object that only MATLAB can read; "
            "left out (char() or table2struct() would keep it)"
        )
    return ExportRows(
        rows,
        table.own_columns(rows),
        has_keys=False,
        experimental=not file.data.startswith(_V5),
        notes=tuple(notes),
        elsewhere=f"the file also holds {elsewhere}" if others else "",
    )


def _trial_like(table: MatTable) -> tuple[int, int]:
    """Rank a table for lists: those first that have the columns, and the rows, of trials."""
    named = sum(re.search(_OF_TRIALS, name.lower()) is not None for name in table.columns)
    return -named, -len(next(iter(table.columns.values())))


def _best(tables: dict[str, MatTable], file: ExportFile) -> str:
    """Choose the table with most of the columns that the user named, then with most columns."""
    ranks = {
        name: (len(file.named_columns & {*columns, *fixed}), len(columns))
        for name, (columns, fixed) in tables.items()
    }
    best = max(ranks.values())
    first, *others = [name for name, rank in ranks.items() if rank == best]
    if others and not best[0]:
        ranked = sorted(tables, key=lambda name: _trial_like(tables[name]))
        listed = [_described(name, tables[name]) for name in ranked]
        first = ranked[0]
        example = next(iter(tables[first].columns))
        raise TableError(
            f"one table of a MAT file must hold the trials: {file.path} has {shown(listed)}; "
            f"name a column of the right one, like {argument('columns', f'level={example}')}"
        )
    return first


def _described(name: str, table: MatTable) -> str:
    names = list(table.columns)
    some = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
    return f"{name or 'its variables'} ({len(table.columns[names[0]])} rows of {some})"


def _load(file: ExportFile) -> dict[str, Any]:
    if not file.data.startswith((_HDF, b"MATLAB 7.3")):
        return _load_old(file)
    try:
        import h5py
    except ImportError:
        raise TableError(
            f"a MAT file of version 7.3 needs the package h5py: {file.path} is one; "
            f"{how_to_install('h5py')}, or save it in MATLAB with save(..., '-v7')"
        ) from None
    try:
        with h5py.File(io.BytesIO(file.data), "r") as mat:
            return {name: _to_python(item, mat) for name, item in mat.items() if name[0] != "#"}
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise _damaged(file, error) from None


def _load_old(file: ExportFile) -> dict[str, Any]:
    from scipy.io import loadmat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what it cannot read, which is told below
            found = loadmat(str(file.path), squeeze_me=True, struct_as_record=False)
    except Exception as error:  # scipy raises anything on a damaged file
        raise _damaged(file, error) from None
    return {name: value for name, value in found.items() if not name.startswith("__")}


def _damaged(file: ExportFile, error: Exception) -> TableError:
    return TableError(
        f"a MAT file must be whole: {file.path} cannot be read ({type(error).__name__}); "
        "copy it again, or save it once more in MATLAB"
    )


def _to_python(item: Any, file: Any) -> Any:
    """Turn what an HDF5 file holds into arrays, text and dicts of these."""
    kind = item.attrs.get("MATLAB_class", b"").decode()
    if not hasattr(item, "shape"):
        return {name: _to_python(each, file) for name, each in item.items()}
    if item.attrs.get("MATLAB_empty"):
        return np.array([])
    values = np.squeeze(item[()].T)  # HDF5 has rows where MATLAB has columns
    if kind == "char":
        return "".join(chr(code) for code in np.atleast_1d(values).ravel())
    if kind == "cell" or values.dtype == object:
        return np.array([_to_python(file[ref], file) for ref in values.ravel()] + [None], object)[
            :-1
        ]
    return values


FORMAT = FileFormat("psychtoolbox", "Psychtoolbox", recognise, read, "MAT files of version 7.3")
