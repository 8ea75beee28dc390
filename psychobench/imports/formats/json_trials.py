"""JSON of trials, in whatever lists and objects a server wrapped them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.file_format import ExportFile

_LONGEST = 300  # digits of a whole number
_TRIAL = "trial_type"  # what every trial of jsPsych has


def read_json(file: ExportFile, found: Any = None) -> pd.DataFrame:
    """Turn trials into rows; the first row is number 2, as in CSV.

    Trials may be in lists, in objects or in text that is JSON itself, or line by line. What an
    object holds beside a list of trials, such as who answered, is added to each of its rows.

    Parameters
    ----------
    file : ExportFile
        The file.
    found : list or dict, optional
        Where to look for the trials if that is not the whole file.

    Raises
    ------
    TableError
        If the file is no whole JSON, or holds anything else than trials.
    """
    try:
        trials = list(_trials(_parsed(file) if found is None else found, {}, file))
    except RecursionError:
        raise TableError(f"JSON must be a list of trials: {file.path} nests too deeply") from None
    if not trials:
        raise _not_trials(file)
    names = list(dict.fromkeys(name for row in trials for name in row))
    cells = [[_cell(row.get(name)) for name in names] for row in trials]
    return pd.DataFrame(cells, columns=names, index=range(2, len(trials) + 2), dtype=object)


def _parsed(file: ExportFile) -> Any:
    try:
        return json.loads(file.text, parse_int=_number)
    except json.JSONDecodeError as error:
        try:
            return [
                json.loads(line, parse_int=_number)
                for line in file.text.split("\n")
                if line.strip()
            ]
        except json.JSONDecodeError:
            raise TableError(
                f"a file must be whole JSON: {file.path} is not at line {error.lineno}, column "
                f"{error.colno} ({error.msg}); save it again, or export it as CSV"
            ) from None


def _trials(value: Any, around: dict[str, Any], file: ExportFile) -> Iterator[dict[str, Any]]:
    """Walk down to the trials; `around` is what the objects around them hold."""
    value = _parse_nested_json(value)
    if isinstance(value, list):
        for each in value:
            yield from _trials(each, around, file)
    elif not isinstance(value, dict):
        raise _not_trials(file)
    elif _TRIAL in value:
        yield {**around, **value}
    else:
        inner = _parts_with_trials(value, file)
        beside = {name: each for name, each in value.items() if name not in inner}
        for each in inner.values():
            yield from _trials(each, {**around, **beside}, file)


def _parts_with_trials(value: dict[str, Any], file: ExportFile) -> dict[str, Any]:
    """Find the parts of an object that hold trials; an object of trials may hold nothing else."""
    opened = {name: _parse_nested_json(each) for name, each in value.items()}
    inner = {name: each for name, each in opened.items() if _holds_trials(each)}
    if not inner:
        raise _not_trials(file)
    if any(_TRIAL in each for each in inner.values() if isinstance(each, dict)):
        inner = {name: each for name, each in opened.items() if isinstance(each, dict)}
    return inner


def _holds_trials(value: Any) -> bool:
    value = _parse_nested_json(value)
    if isinstance(value, dict):
        return _TRIAL in value or any(map(_holds_trials, value.values()))
    return isinstance(value, list) and any(map(_holds_trials, value))


def _parse_nested_json(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value, parse_int=_number)
        except json.JSONDecodeError:
            return value
    return value


def _number(text: str) -> int | float:
    return int(text) if len(text) < _LONGEST else float(text)


def _not_trials(file: ExportFile) -> TableError:
    return TableError(
        f"JSON must be a list of trials, each an object with {_TRIAL}: {file.path} is not; "
        "export jsPsych.data.get().json()"
    )


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
