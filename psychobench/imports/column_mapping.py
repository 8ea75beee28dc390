"""Which column of a file is which of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.options import Options
from psychobench.imports.reader import NeededError, Source
from psychobench.messages import nearest, shown
from psychobench.tables.cells import as_number, is_blank
from psychobench.trials.columns import TRIAL_COLUMNS, likely_mapping

_NEEDED = {"level": "the level", "response": "the answer", "observer": "the observer"}


def places(source: Source, options: Options, path: Path) -> dict[str, str]:
    """Find the column of the file behind each of ours.

    Raises
    ------
    NeededError
        If the level, the answer or the observer cannot be found, or there are several columns of
        answers.
    TableError
        If a column that the user named is not there.
    """
    rows = source.rows
    _check_named(rows, options, path)
    trials = rows.loc[~rows.index.isin(list(options.left_of(source)))]
    found = {
        ours: next((name for name in names if _holds(trials, name)), "")
        or next((name for name in names if name in rows and ours in ("level", "response")), "")
        for ours, names in source.names.items()
    }
    found |= dict.fromkeys(["level"], *options.level_from) if options.level_from else {}
    found |= options.columns
    _check_needed(found, trials, options, path)
    if "response" not in options.columns:
        _check_one_answer(trials, source, path)
    if found.get("rt") and "rt" not in options.columns:
        found["rt"] = _partner(found["response"], source, found["rt"])
    return {ours: name for ours, name in found.items() if name and ours in TRIAL_COLUMNS}


def _holds(rows: pd.DataFrame, name: str) -> bool:
    return name in rows and not rows[name].map(is_blank).all()


def _check_named(rows: pd.DataFrame, options: Options, path: Path) -> None:
    """Check that every column that the user named is there."""
    named = {**options.columns, **{f"--also {name}": name for name in options.also}}
    named |= {f"--where {name}": name for name in options.where}
    named |= {f"--level-from {name}": name for name in options.level_from}
    faults = [
        f"a column must be in the file: {path} has no '{name}' (for {ours})"
        f"{nearest(name, rows.columns)}; found: {shown(rows.columns)}"
        for ours, name in named.items()
        if name not in rows
    ]
    if faults:
        raise TableError(*faults)


def _check_needed(
    found: dict[str, str], trials: pd.DataFrame, options: Options, path: Path
) -> None:
    """Check that all is found that every trial must have; name together what is not."""
    missing = [ours for ours in _NEEDED if not found.get(ours)]
    if "{observer}" in (options.observer_from or "") and "observer" in missing:
        missing.remove("observer")
    if missing:
        raise NeededError(
            missing[0], _needed(missing, trials, path), choices=list(map(str, trials))
        )


def _needed(missing: list[str], trials: pd.DataFrame, path: Path) -> str:
    filled = [str(name) for name in trials if _holds(trials, str(name))]
    likely = dict.fromkeys(missing, filled) | {"level": _numeric(trials[filled])}
    pairs = [likely_mapping([ours], likely[ours]) for ours in missing]
    *some, last = [_NEEDED[ours] for ours in missing]
    what = f"{', '.join(some)} and {last}" if some else last
    name = f"--observer-from '{{observer}}{path.suffix}'"
    from_name = f"; or take the observer from the file's name, like {name}"
    return (
        f"{what} of each trial must be known: {path} has no column that is sure to say it; found: "
        f"{shown(trials.columns)}; name one, like --columns {','.join(pairs)}"
        f"{from_name if 'observer' in missing else ''}"
    )


def _numeric(trials: pd.DataFrame) -> list[str]:
    """Find the columns that may be levels: several numbers and nothing else."""
    cells = {str(name): [c for c in trials[name].unique() if not is_blank(c)] for name in trials}
    return [n for n, c in cells.items() if len(c) > 1 and not np.isnan([*map(as_number, c)]).any()]


def _check_one_answer(trials: pd.DataFrame, source: Source, path: Path) -> None:
    """Check that trials were answered in one column, or in synonyms of one program."""
    filled = {
        name: int((~trials[name].map(is_blank)).sum())
        for name in source.names.get("response", ())
        if _holds(trials, name)
    }
    answers = sorted(filled, key=lambda name: -filled[name])
    if len(answers) > 1 and all("." in name for name in answers):
        raise NeededError(
            "response",
            f"one column must hold the answers: {path} has {shown(answers)}; choose one, like "
            f"--columns response={answers[0]}",
            choices=answers,
        )


def _partner(response: str, source: Source, rt: str) -> str:
    """Find the reaction times of the very component that gave the answers."""
    stem = response.rpartition(".")[0]
    return next((n for n in source.names["rt"] if stem and n.rpartition(".")[0] == stem), rt)


def answered_elsewhere(
    source: Source, response: str, unanswered: pd.Index[Any], path: Path
) -> list[str]:
    """Tell of trials without an answer that have one in another column of answers."""
    rows = source.rows.loc[unanswered]
    others = {
        name: int((~rows[name].map(is_blank)).sum())
        for name in source.names.get("response", ())
        if name != response and name in rows
    }
    return [
        f"{path}: {name}, which is not read, has an answer to {n} of the trials that have none "
        f"in {response}"
        for name, n in others.items()
        if n
    ]
