"""Which column of a file holds which of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.file_format import ExportRows, InputNeededError
from psychobench.imports.options import ImportOptions
from psychobench.imports.patterns import likely_name_pattern
from psychobench.imports.suggestions import find_likely
from psychobench.messages import argument, nearest, shown
from psychobench.tables.cells import is_blank
from psychobench.trials.columns import TRIAL_COLUMNS, likely_mapping

_NEEDED = {"level": "the level", "response": "the answer", "observer": "the observer"}


def find_columns(export: ExportRows, options: ImportOptions, path: Path) -> dict[str, str]:
    """Find the column of the file behind each of ours.

    Raises
    ------
    InputNeededError
        If the level, the answer or the observer cannot be found, or there are several columns of
        answers.
    TableError
        If a column that the user named is not there.
    """
    cells = export.cells
    _check_named(cells, options, path)
    trials = cells.loc[~cells.index.isin(list(options.left_of(export)))]
    found = {
        ours: next((name for name in names if _is_filled(trials, name)), "")
        or next((name for name in names if name in cells and ours in ("level", "response")), "")
        for ours, names in export.known_columns.items()
    }
    for column, pattern in (*options.fields_from.items(), *options.level_from.items()):
        found |= {ours: column for ours in TRIAL_COLUMNS if "{" + ours + "}" in pattern}
    if options.level is not None:
        found["level"] = options.level
    if options.compared or options.accuracy:
        found["response"] = options.compared[0] if options.compared else str(options.accuracy)
    found |= options.columns
    _check_needed(found, trials, options, path, export.elsewhere)
    if not ("response" in options.columns or options.compared or options.accuracy):
        _check_one_answer(trials, export, path)
    if found.get("rt") and "rt" not in options.columns:
        found["rt"] = _times_of(found["response"], export, found["rt"])
    return {ours: name for ours, name in found.items() if name and ours in TRIAL_COLUMNS}


def _is_filled(cells: pd.DataFrame, name: str) -> bool:
    return name in cells and not cells[name].map(is_blank).all()


def _check_named(cells: pd.DataFrame, options: ImportOptions, path: Path) -> None:
    """Check that every column that the user named is there."""
    named = [
        *options.columns.items(),
        *(("`also`", name) for name in options.also),
        *(("`where`", name) for name in options.where),
        *(("`level_from`", name) for name in options.level_from),
        *(("`fields_from`", name) for name in options.fields_from),
        *(("`correct`", name) for name in [options.accuracy] if name),
        *(("the comparison of answers", name) for name in options.compared or ()),
    ]
    faults = [
        f"a column must be in the file: {path} has no '{name}' (for {use})"
        f"{nearest(name, cells.columns)}; found: {shown(cells.columns)}"
        for use, name in named
        if name not in cells
    ]
    if faults:
        raise TableError(*faults)


def _check_needed(
    found: dict[str, str],
    trials: pd.DataFrame,
    options: ImportOptions,
    path: Path,
    elsewhere: str,
) -> None:
    """Check that every column that trials must have is found; report all that are not together."""
    missing = [ours for ours in _NEEDED if not found.get(ours)]
    if "{observer}" in (options.observer_from or "") and "observer" in missing:
        missing.remove("observer")
    if missing:
        what = _needed(missing, trials, {*found.values()}, path)
        raise InputNeededError(
            missing[0],
            "; ".join(filter(None, [what, elsewhere])),
            choices=list(map(str, trials)),
        )


def _needed(missing: list[str], trials: pd.DataFrame, used: set[str], path: Path) -> str:
    likely = {ours: find_likely(ours, trials, used) for ours in missing}
    columns = ",".join(likely_mapping([ours], likely[ours]) for ours in missing)
    *some, last = [_NEEDED[ours] for ours in missing]
    what = f"{', '.join(some)} and {last}" if some else last
    from_name = (
        "; or take the observer from the file's name, like "
        f"{argument('observer_from', likely_name_pattern(path.name))}"
    )
    return (
        f"{what} of each trial must be known: {path} has no column that certainly holds it; "
        f"found: {shown(trials.columns)}; name one, like {argument('columns', columns)}"
        f"{from_name if 'observer' in missing else ''}"
    )


def _check_one_answer(trials: pd.DataFrame, export: ExportRows, path: Path) -> None:
    """Check that trials were answered in one column, or in synonyms of one program."""
    filled = {
        name: int((~trials[name].map(is_blank)).sum())
        for name in export.known_columns.get("response", ())
        if _is_filled(trials, name)
    }
    answers = sorted(filled, key=lambda name: -filled[name])
    if len(answers) > 1 and all("." in name for name in answers):
        raise InputNeededError(
            "response",
            f"one column must hold the answers: {path} has {shown(answers)}; choose one, like "
            f"{argument('columns', f'response={answers[0]}')}",
            choices=answers,
        )


def _times_of(response: str, export: ExportRows, rt: str) -> str:
    """Find the reaction times of the component that gave the answers."""
    stem = response.rpartition(".")[0]
    times = export.known_columns["rt"]
    return next((name for name in times if stem and name.rpartition(".")[0] == stem), rt)


def note_answers_elsewhere(
    export: ExportRows, response: str, unanswered: pd.Index[Any], path: Path
) -> list[str]:
    """Note trials without an answer that have one in another column of answers."""
    cells = export.cells.loc[unanswered]
    others = {
        name: int((~cells[name].map(is_blank)).sum())
        for name in export.known_columns.get("response", ())
        if name != response and name in cells
    }
    return [
        f"{path}: {name}, which is not read, has an answer to {n} of the trials that have none "
        f"in {response}"
        for name, n in others.items()
        if n
    ]
