"""The rows that are taken, as trials; all others, in the account of their file."""

from __future__ import annotations

import pandas as pd

from psychobench.imports.comparing import LEFT
from psychobench.imports.consistency import note_pasted
from psychobench.imports.file_format import ALL_OF_IT
from psychobench.imports.imported import ImportedFile
from psychobench.imports.options import ImportOptions
from psychobench.imports.parsed_file import ParsedFile, no_trial
from psychobench.imports.reaction_times import read_seconds
from psychobench.imports.response_keys import code_responses, find_other_keys, normalise_key
from psychobench.tables.cells import is_blank
from psychobench.trials.columns import TRIAL_COLUMNS
from psychobench.trials.table import validate_trials


def assemble_trials(
    file: ParsedFile, options: ImportOptions
) -> tuple[pd.DataFrame | None, ImportedFile]:
    """Code the answers, convert the times, and account for each row.

    Returns
    -------
    trials : DataFrame or None
        None where no row is a trial.
    account : ImportedFile
    """
    why, origin = file.why_left, dict(file.origin)
    if options.map:
        other = file.taken & find_other_keys(file.cells["response"], options.map)
        why = why.mask(other, "other key (" + file.cells["response"].map(normalise_key) + ")")
    if options.compared:
        none = file.taken & file.cells["response"].str.startswith(LEFT)
        why = why.mask(none, file.cells["response"].str.removeprefix(LEFT))
    presented = file.cells[file.taken]
    if "trial" not in presented:
        presented = presented.assign(trial=range(1, len(presented) + 1))
        origin["trial"] = "the order of rows"
    cells = presented[why[file.taken] == ""]
    if cells.empty:
        notes = [*file.notes, *_experimental(file), no_trial(file, why)]
        return None, _account(file, why, cells, origin, (), notes)
    built = cells.assign(response=code_responses(cells["response"], options.map))
    if "rt" in built:
        built["rt"], origin["rt"] = read_seconds(
            cells["rt"], origin["rt"], file.export, options, file.path
        )
    trials = validate_trials(built, source=str(file.path))
    uneven = [f"{file.path}: {note}" for note in note_uneven_levels(built)]
    uneven += note_pasted(trials, str(file.path))
    people = tuple(trials["observer"].unique())
    notes = [*file.notes, *_experimental(file), *uneven]
    return trials, _account(file, why, cells, origin, people, notes)


def _account(
    file: ParsedFile,
    why: pd.Series[str],
    cells: pd.DataFrame,
    origin: dict[str, str],
    people: tuple[str, ...],
    notes: list[str],
) -> ImportedFile:
    counts = why[why != ""].value_counts().to_dict()
    return ImportedFile(
        file=str(file.path),
        format=file.format.name,
        reason=", ".join(filter(None, (file.reason, file.export.detail))),
        rows=len(why),
        taken=len(cells),
        unanswered=sum(map(is_blank, cells["response"])),
        left={str(reason): int(n) for reason, n in counts.items()},
        columns={ours: origin[ours] for ours in TRIAL_COLUMNS if ours in origin and ours in cells},
        observers=people,
        notes=tuple(notes),
    )


def _experimental(file: ParsedFile) -> list[str]:
    if not file.export.experimental and file.format.experimental != ALL_OF_IT:
        return []
    return [
        f"reading such files of {file.format.title} is experimental, because none was at hand; "
        "compare the counts with what you know"
    ]


def note_uneven_levels(built: pd.DataFrame) -> list[str]:
    """Note the levels that occur more or less often than most do: a cell may be wrong."""
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
