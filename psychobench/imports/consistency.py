"""What must hold of several files together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.imports.imported import ImportedFile
from psychobench.imports.options import ImportOptions
from psychobench.imports.parsed_file import ParsedFile
from psychobench.messages import shown
from psychobench.resources import sha256

_REPEATED = 3  # equal reaction times that cannot be chance


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
                f"`keep` must be a reason for which rows are left: none is left for '{word}'; "
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
