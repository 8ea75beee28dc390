"""Psychtoolbox: MAT files of structs, version 5 with scipy, 7.3 with h5py; CSVs are tables."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import TableError
from psychobench.imports import generic
from psychobench.imports.source import Format, Head, Source
from psychobench.responses.cells import as_text

_V5, _HDF = b"MATLAB 5.0 MAT-file", b"\x89HDF\r\n\x1a\n"
_FEWEST = 2  # rows of what can be a table of trials


def recognise(head: Head) -> str | None:
    """Go by the first bytes of a MAT file."""
    if head.data.startswith(_V5):
        return "it is a MAT file of version 5"
    if head.data.startswith((_HDF, b"MATLAB 7.3")):
        return "it is a MAT file of version 7.3"
    return None


def read(head: Head) -> Source:
    """Take the struct, or the loose variables, with the most columns of one length."""
    if not recognise(head):
        return generic.read(head)
    opaque: list[str] = []
    holders = dict(_holders(_load(head), opaque))
    tables = {name: _columns(fields) for name, fields in holders.items()}
    tables = {name: columns for name, columns in tables.items() if columns}
    if not tables:
        raise TableError(
            f"a MAT file must hold a struct whose fields are columns of equal length: {head.path} "
            "has none; save one with a value per trial, or write the trials with writetable"
        )
    best = max(tables, key=lambda name: len(tables[name]))
    rows = pd.DataFrame(tables[best], dtype=object)
    rows.index = pd.RangeIndex(1, len(rows) + 1)
    notes = [f"{head.path}: the rows are those of {best or 'its variables'}"]
    for name in opaque:
        notes.append(
            f"{head.path}: {name} is a MATLAB string or table object that only MATLAB can read; "
            "left out (char() or table2struct() would keep it)"
        )
    names = generic.names_of(rows)
    detail = best and f"struct {best}"
    return Source(
        rows,
        names,
        has_keys=False,
        detail=detail,
        experimental=not head.data.startswith(_V5),
        notes=tuple(notes),
    )


def _load(head: Head) -> dict[str, Any]:
    if head.data.startswith(_V5):
        return _load_v5(head)
    try:
        import h5py
    except ImportError:
        raise TableError(
            f"a MAT file of version 7.3 needs h5py: {head.path} is one; install it with "
            "pip install 'psychobench[import]', or save it in MATLAB with save(..., '-v7')"
        ) from None
    try:
        with h5py.File(io.BytesIO(head.data), "r") as file:
            return {name: _native(item, file) for name, item in file.items() if name[0] != "#"}
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise _damaged(head, error) from None


def _load_v5(head: Head) -> dict[str, Any]:
    from scipy.io import loadmat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what it cannot read, which is told below
            found = loadmat(str(head.path), squeeze_me=True, struct_as_record=False)
    except Exception as error:  # scipy raises anything on a damaged file
        raise _damaged(head, error) from None
    return {name: value for name, value in found.items() if not name.startswith("__")}


def _damaged(head: Head, error: Exception) -> TableError:
    return TableError(
        f"a MAT file must be whole: {head.path} cannot be read ({type(error).__name__}); "
        "copy it again, or save it once more in MATLAB"
    )


def _native(item: Any, file: Any) -> Any:
    """Turn what HDF5 holds into arrays, text and dicts of them."""
    kind = item.attrs.get("MATLAB_class", b"").decode()
    if not hasattr(item, "shape"):
        return {name: _native(each, file) for name, each in item.items()}
    values = np.squeeze(item[()])
    if kind == "char":
        return "".join(chr(code) for code in np.atleast_1d(values).ravel())
    if kind == "cell" or values.dtype == object:
        return np.array([_native(file[ref], file) for ref in values.ravel()] + [None], object)[:-1]
    return values


def _holders(value: Any, opaque: list[str], name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk through structs; an array of structs is turned into a struct of columns."""
    fields = _fields(value)
    if fields is None:
        return
    for key, each in fields.items():
        if type(each).__name__ == "MatlabOpaque":
            opaque.append(f"{name}.{key}" if name else key)
    yield name, fields
    for key, each in fields.items():
        yield from _holders(each, opaque, f"{name}.{key}" if name else key)


def _fields(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return value
    if hasattr(value, "_fieldnames"):
        return {name: getattr(value, name) for name in value._fieldnames}
    if isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 1 and len(value):
        if not all(hasattr(each, "_fieldnames") for each in value):
            return None
        names = value[0]._fieldnames
        columns = {n: [getattr(each, n, None) for each in value] for n in names}
        return {n: np.array([*cells, None], dtype=object)[:-1] for n, cells in columns.items()}
    return None


def _columns(fields: dict[str, Any]) -> dict[str, list[str]]:
    """Pick the fields of the length that most of them share."""
    columns = {
        name: value
        for name, value in fields.items()
        if isinstance(value, np.ndarray)
        and value.ndim == 1
        and len(value) >= _FEWEST
        and type(value).__name__ != "MatlabOpaque"
        and all(np.ndim(each) == 0 and not hasattr(each, "_fieldnames") for each in value)
    }
    lengths = [len(value) for value in columns.values()]
    if not lengths:
        return {}
    length = max(sorted(set(lengths)), key=lengths.count)
    return {n: [_cell(each) for each in v] for n, v in columns.items() if len(v) == length}


def _cell(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    return as_text(value.item() if isinstance(value, np.generic) else value)


FORMAT = Format("psychtoolbox", "Psychtoolbox", recognise, read, "MAT files of version 7.3")
