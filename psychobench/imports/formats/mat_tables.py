"""What a MAT file holds - structs, arrays of them, matrices - as tables of columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from psychobench.tables.cells import as_text

Fields = dict[str, Any]
_FEWEST = 2  # rows of what can be a table of trials
# single values by these names are what a loop left behind, and true of no trial but the last
_PER_TRIAL = frozenset({"level", "response", "p_target", "stimulus", "trial", "rt", "condition"})


class MatTable(NamedTuple):
    """Columns of one length, and values that the file gives once for all rows."""

    columns: dict[str, list[str]]
    fixed: dict[str, list[str]]


def find_tables(loaded: Fields) -> tuple[dict[str, MatTable], list[str]]:
    """Find all tables, and the names of what cannot be read.

    Parameters
    ----------
    loaded : dict
        Variables by name, structs as dicts or as scipy's ``mat_struct``.

    Returns
    -------
    tables : dict of str to MatTable
        By place.
    opaque : list of str
        What only MATLAB can read.
    """
    opaque: list[str] = []
    tables = {}
    for name, fields, around in _walk_structs(loaded, opaque, {}):
        columns = _columns(fields)
        n = len(next(iter(columns.values()), []))
        fixed = {key: [cell] * n for key, cell in around.items() if key not in columns}
        if columns:
            tables[name] = MatTable(columns, fixed)
    return tables, opaque


def _walk_structs(
    value: Any, opaque: list[str], around: dict[str, str], name: str = ""
) -> Iterator[tuple[str, Fields, dict[str, str]]]:
    """Walk through structs; an array of structs is turned into a struct of columns."""
    fields = _fields(value)
    if fields is None:
        return
    around = around | _single_values(fields)
    yield name, fields, around
    for key, each in fields.items():
        place = f"{name}.{key}" if name else key
        if type(each).__name__ == "MatlabOpaque":
            opaque.append(place)
        elif _is_matrix(each):
            yield place, {f"{key}_{i}": column for i, column in enumerate(each.T, 1)}, around
        else:
            yield from _walk_structs(each, opaque, around, place)


def _fields(value: Any) -> Fields | None:
    if isinstance(value, dict):
        return value
    if _is_struct(value):
        return {name: getattr(value, name) for name in value._fieldnames}
    cells = list(value) if isinstance(value, np.ndarray) and value.dtype == object else []
    if cells and all(isinstance(each, np.ndarray) and each.ndim == 1 for each in cells):
        cells = [each for part in cells for each in part]  # the trials of each block
    if not cells or not all(map(_is_struct, cells)):
        return None
    names = dict.fromkeys(name for each in cells for name in each._fieldnames)
    return {name: _objects([getattr(each, name, "") for each in cells]) for name in names}


def _is_struct(value: Any) -> bool:
    return hasattr(value, "_fieldnames")


def _is_matrix(value: Any) -> bool:
    numeric = isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    return bool(numeric and value.ndim == 2 and min(value.shape) >= _FEWEST)


def _objects(cells: list[Any]) -> np.ndarray[Any, np.dtype[np.object_]]:
    array = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        array[i] = cell
    return array


def _single_values(fields: Fields) -> dict[str, str]:
    """Pick values that are given once, such as who answered and the session."""
    return {
        name: _cell(value)
        for name, value in fields.items()
        if name not in _PER_TRIAL
        and isinstance(value, (str, int, float, np.number))
        and _cell(value)
    }


def _columns(fields: Fields) -> dict[str, list[str]]:
    """Pick the fields of the length that most of them share; join those that are in blocks."""
    columns = {name: value for name, value in fields.items() if _is_column(value)}
    blocks = {name: value for name, value in fields.items() if _is_in_blocks(value)}
    if blocks and not columns:
        blocks = _of_one_shape(blocks)
        n_trials = [len(part) for part in next(iter(blocks.values()))]
        columns = {name: np.concatenate(list(value)) for name, value in blocks.items()}
        columns.setdefault("block", np.repeat(np.arange(1, len(n_trials) + 1), n_trials))
    return {name: [_cell(each) for each in v] for name, v in _of_one_shape(columns).items()}


def _of_one_shape(columns: Fields) -> Fields:
    shapes = {
        name: [np.size(part) for part in value] if _is_in_blocks(value) else [len(value)]
        for name, value in columns.items()
    }
    found = list(shapes.values())
    usual = max(found, key=found.count, default=[])
    return {name: value for name, value in columns.items() if shapes[name] == usual}


def _is_column(value: Any) -> bool:
    """Whether this is one value per trial; ``[]`` is no value."""
    return (
        isinstance(value, np.ndarray)
        and value.ndim == 1
        and len(value) >= _FEWEST
        and type(value).__name__ != "MatlabOpaque"
        and all(
            (np.ndim(each) == 0 or np.size(each) == 0) and not _is_struct(each) for each in value
        )
        and any(np.size(each) for each in value)
    )


def _is_in_blocks(value: Any) -> bool:
    """Whether this is one column per block."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype == object
        and value.ndim == 1
        and len(value) > 0
        and all(isinstance(each, np.ndarray) and _is_column(each) for each in value)
    )


def _cell(value: Any) -> str:
    if np.ndim(value) and not np.size(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    return as_text(value.item() if isinstance(value, np.generic) else value)
