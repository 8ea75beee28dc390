"""What must hold of several files together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.imports.file_format import InputNeededError
from psychobench.imports.imported import ImportedFile
from psychobench.imports.options import ImportOptions
from psychobench.imports.parsed_file import ParsedFile
from psychobench.messages import argument, shown
from psychobench.resources import sha256
from psychobench.trials.accuracy import looks_like_accuracy

_REPEATED = 3  # equal reaction times that cannot be chance
_PASTED, _SHARE = 5, 0.1  # as many, and as large a share of all trials, are no chance either
DATE = re.compile(r"(19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d.*|[0-3]?\d[-_.][01]?\d[-_.](19|20)\d\d.*")


def check_distinct(paths: Sequence[Path]) -> list[Path]:
    """Check that no file is given twice, under whatever name."""
    if not paths:
        raise OptionError("a file must be named: none was")
    seen: dict[str, Path] = {}
    for path in paths:
        if path.is_file():
            digest = sha256(path)
            if digest in seen:
                raise TableError(
                    f"a file must be given once: {path} and {seen[digest]} have the same "
                    "content; leave one out"
                )
            seen[digest] = path
    return list(paths)


def check_keep(options: ImportOptions, files: Sequence[ParsedFile]) -> None:
    """Check that each reason to keep rows is one for which rows would be left."""
    found = {reason for each in files for reason in each.reasons}
    for word in options.keep:
        if not any(reason.startswith(word) for reason in found):
            raise OptionError(
                f"`keep` must be a reason for which rows are left out: none is left out for "
                f"'{word}'; "
                f"reasons found: {shown(sorted(found)) if found else 'none'}"
            )


def check_repeats(imported: Sequence[tuple[pd.DataFrame | None, ImportedFile]]) -> None:
    """Check that no run comes in twice, such as once as CSV and once as JSON."""
    seen: list[tuple[pd.DataFrame, str]] = []
    for trials, file in imported:
        if trials is None or "rt" not in trials or trials["rt"].notna().sum() < _REPEATED:
            continue
        for other, first in seen:
            if other.equals(trials):
                raise TableError(
                    f"a run must be given once: {file.file} and {first} hold the same "
                    f"{len(trials)} trials; leave one out"
                )
        seen.append((trials, file.file))


def check_task(trials: pd.DataFrame, column: str, options: ImportOptions) -> None:
    """Check that answers which look right or wrong are known to be so, or not to be.

    Raises
    ------
    InputNeededError
        If they look like accuracy and neither `task` nor `correct` was given.
    """
    if options.task or options.right_or_wrong or options.compared or options.map:
        return
    if not looks_like_accuracy(trials, column):
        return
    shares = trials.groupby("level")["response"].mean()
    raise InputNeededError(
        "task",
        f"the task must be known where answers look right or wrong: {column} is 1 in "
        f"{shares.iloc[0]:.0%} of the trials at the lowest level ({shares.index[0]:g}) and in "
        f"{shares.iloc[-1]:.0%} at the highest, as in a choice between two alternatives; give "
        '`task="2afc"`, or `task="yes-no"` if 1 is a category and not a right answer',
        choices=("2afc", "yes-no"),
    )


def note_task(options: ImportOptions) -> str:
    """Write how right and wrong answers are to be fitted; empty where they are categories."""
    if not options.right_or_wrong and options.task in (None, "yes-no"):
        return ""
    return f"answers are right or wrong: fit them with {argument('task', options.task or '2afc')}"


def note_single_levels(trials: pd.DataFrame) -> list[str]:
    """Note where everybody has one level: the column is of a group, or of the person."""
    n_levels = trials.groupby("observer")["level"].nunique()
    if n_levels.max() > 1 or trials["level"].nunique() < 2:
        return []
    return ["every observer has one level, so no curve can be fitted; look at the level's column"]


def note_dates(trials: pd.DataFrame) -> list[str]:
    """Note observers that look like dates, as a file's name often holds one."""
    dates = [name for name in trials["observer"].unique() if DATE.fullmatch(str(name))]
    if not dates:
        return []
    return [f"observer '{dates[0]}' looks like a date; look at where the observer comes from"]


def note_pasted(trials: pd.DataFrame, source: str) -> list[str]:
    """Note trials that stand in a table twice, equal to the last digit of the reaction time."""
    if "rt" not in trials:
        return []
    timed = trials[trials["rt"].notna()].reset_index(drop=True)
    names = [
        n for n in ("observer", "session", "condition", "level", "response", "rt") if n in timed
    ]
    codes = timed.groupby(names, dropna=False, sort=False).ngroup()
    places = pd.Series(codes.index)
    lags = (places - places.groupby(codes).shift()).dropna()
    if lags.empty:
        return []
    n = int(lags.value_counts().iloc[0])  # at one distance: by chance they would be at many
    if n < max(_PASTED, _SHARE * len(timed)):
        return []
    return [
        f"{source}: {n} of {len(trials)} trials stand there twice, equal in level, answer and "
        "reaction time, as when rows are pasted twice; remove the copies"
    ]
