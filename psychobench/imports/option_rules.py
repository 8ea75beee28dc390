"""What must hold of the options and of the files together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.imports.account import FileAccount
from psychobench.imports.options import Options
from psychobench.imports.parsed_file import Opened
from psychobench.messages import shown
from psychobench.trials.columns import check_mapping

_REPEATED = 3  # equal reaction times that cannot be chance


def check_options(options: Options) -> None:
    """Check the options that need no file."""
    check_mapping(options.columns)
    wrong = [n for n in ("p_target", "n_trials", "n_target") if n in options.columns]
    if wrong:
        raise OptionError(
            f"people's exports have keys, not {wrong[0]}: psychobench fit reads such tables as "
            "they are, with the same --columns"
        )
    if options.rt_unit not in (None, "s", "ms"):
        raise OptionError(f"--rt-unit must be s or ms: got '{options.rt_unit}'")
    if len(options.level_from) > 1 or (options.level_from and "level" in options.columns):
        raise OptionError(
            "the level must come from one place: give --level-from once, or --columns"
        )
    if options.observer_from and "observer" in options.columns:
        raise OptionError(
            "the observer must come from one place: leave out --observer-from, or observer= "
            "in --columns"
        )


def check_distinct(paths: Sequence[Path]) -> list[Path]:
    """Check that no file is given twice, under whatever name."""
    if not paths:
        raise OptionError("a file must be named: none was")
    seen: dict[str, Path] = {}
    for path in paths:
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest in seen:
                raise TableError(
                    f"a file must be given once: {path} and {seen[digest]} have the same "
                    "content; leave one out"
                )
            seen[digest] = path
    return list(paths)


def check_keep(options: Options, opened: Sequence[Opened]) -> None:
    """Check that each reason to keep rows is one for which rows would be left."""
    found = {reason for each in opened for reason in each.reasons}
    for word in options.keep:
        if not any(reason.startswith(word) for reason in found):
            raise OptionError(
                f"--keep must be a reason for which rows are left: none is left for '{word}'; "
                f"reasons found: {shown(sorted(found)) if found else 'none'}"
            )


def check_repeats(finished: Sequence[tuple[pd.DataFrame | None, FileAccount]]) -> None:
    """Check that no run comes in twice, such as once as CSV and once as JSON."""
    seen: list[tuple[pd.DataFrame, str]] = []
    for trials, account in finished:
        if trials is None or "rt" not in trials or trials["rt"].notna().sum() < _REPEATED:
            continue
        for other, file in seen:
            if other.equals(trials):
                raise TableError(
                    f"a run must be given once: {account.file} and {file} hold the same "
                    f"{len(trials)} trials; leave one out"
                )
        seen.append((trials, account.file))
