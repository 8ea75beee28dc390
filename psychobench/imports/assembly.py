"""The rows that are taken, as trials; all others, in the account."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from psychobench.imports.account import FileAccount
from psychobench.imports.cell_values import key_of, seconds_of
from psychobench.imports.keys import meanings
from psychobench.imports.options import Options
from psychobench.imports.parsed_file import Opened, no_trial
from psychobench.imports.reader import ALL_OF_IT
from psychobench.imports.trial_rows import other_keys
from psychobench.tables.cells import is_blank
from psychobench.trials.columns import TRIAL_COLUMNS
from psychobench.trials.table import validate_trials


def finish(file: Opened, options: Options) -> tuple[pd.DataFrame | None, FileAccount]:
    """Give answers their meaning, times their unit, and each row its place in the account."""
    why, origin = file.why_left, dict(file.origin)
    take = why == ""
    if options.keys:
        strange = take & other_keys(file.cells["response"], options.keys)
        why = why.mask(strange, "other key (" + file.cells["response"].map(key_of) + ")")
    presented = file.cells[take]
    if "trial" not in presented:
        presented = presented.assign(trial=range(1, len(presented) + 1))
        origin["trial"] = "the order of rows"
    cells = presented[why[take] == ""]
    trials, notes = None, [*file.notes, *_experimental(file)]
    if len(cells):
        built = cells.assign(response=meanings(cells["response"], options))
        if "rt" in built:
            times = cells["rt"]
            built["rt"], origin["rt"] = seconds_of(
                times, origin["rt"], file.source, options, file.path
            )
        trials = validate_trials(built, source=str(file.path))
        notes += [f"{file.path}: {note}" for note in uneven_levels(built)]
    else:
        notes.append(no_trial(replace(file, why_left=why)))
    people = () if trials is None else tuple(trials["observer"].unique())
    return trials, _account(file, why, cells, origin, people, notes)


def _account(
    file: Opened,
    why: pd.Series[str],
    cells: pd.DataFrame,
    origin: dict[str, str],
    people: tuple[str, ...],
    notes: list[str],
) -> FileAccount:
    counts = why[why != ""].value_counts().to_dict()
    return FileAccount(
        file=str(file.path),
        format=file.format.name,
        reason=", ".join(filter(None, (file.reason, file.source.detail))),
        rows=len(why),
        taken=len(cells),
        unanswered=sum(map(is_blank, cells["response"])),
        left={str(reason): int(n) for reason, n in counts.items()},
        columns={ours: origin[ours] for ours in TRIAL_COLUMNS if ours in origin and ours in cells},
        observers=people,
        notes=tuple(notes),
    )


def _experimental(file: Opened) -> list[str]:
    if not file.source.experimental and file.format.experimental != ALL_OF_IT:
        return []
    return [
        f"reading such files of {file.format.title} is experimental, because none was at hand; "
        "compare the counts with what you know"
    ]


def uneven_levels(built: pd.DataFrame) -> list[str]:
    """Point at the levels that occur more or less often than most do: a cell may be wrong."""
    levels = built["level"].astype(float)
    counts = levels.value_counts().sort_index()
    usual = counts.mode().iloc[-1]
    odd = counts[counts != usual]
    if len(counts) < 3 or usual < 2 or odd.empty or len(odd) > len(counts) / 2:
        return []
    parts = [
        f"{level:g} has {n}{f' (row {levels.index[levels == level][0]})' if n == 1 else ''}"
        for level, n in odd.items()
    ]
    return [f"most levels have {usual} trials, but {', '.join(parts)}"]
