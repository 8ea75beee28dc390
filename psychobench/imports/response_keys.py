"""The meaning of response keys, which the user gives: it is never guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from psychobench.errors import OptionError
from psychobench.imports.file_format import ExportRows, InputNeededError
from psychobench.imports.options import ImportOptions
from psychobench.messages import argument, nearest
from psychobench.tables.cells import as_number, as_text, is_blank

_TRUTH = {"0": 0.0, "1": 1.0, "true": 1.0, "false": 0.0}
_LEVELS = 20  # shown of each key
_LISTED = re.compile(r"""\[\s*(['"]?)(?P<item>[^,\[\]]*?)\1\s*\]""")


def normalise_key(cell: str) -> str:
    """Write a key in its normal form: out of its list, in lower case, 80.0 as 80.

    Examples
    --------
    >>> normalise_key("['Up']"), normalise_key("80.0"), normalise_key("['a', 'b']")
    ('up', '80', "['a', 'b']")
    """
    if listed := _LISTED.fullmatch(cell):
        cell = listed["item"]
    number = as_number(cell)
    return as_text(number) if math.isfinite(number) else cell.casefold()


def check_keys(
    answers: Sequence[pd.Series[str]],
    levels: Sequence[pd.Series[str]],
    exports: Sequence[ExportRows],
    options: ImportOptions,
    column: str,
) -> None:
    """Check that every key has been given its meaning.

    Parameters
    ----------
    answers, levels : sequence of Series
        Of the rows of each file that may be trials.
    exports : sequence of ExportRows
        The files' rows.
    options : ImportOptions
        The user's.
    column : str
        The column that holds the answers, for messages.

    Raises
    ------
    InputNeededError
        If there are keys and no meanings: lists the keys with their counts per level.
    OptionError
        If a key was given two meanings, or one that was never pressed while others were.
    """
    if options.compared:
        return
    pressed = pd.concat(answers).map(lambda cell: "" if is_blank(cell) else normalise_key(cell))
    found = list(dict.fromkeys(pressed[pressed != ""]))
    if not options.map:
        named = "response" in options.columns or options.accuracy is not None
        if set(found) <= set(_TRUTH) and (named or not any(each.has_keys for each in exports)):
            return
        raise _unmapped(pressed, pd.concat(levels), found, exports[0], column)
    mapped: dict[str, str] = {}
    for key in options.map:
        if (same := mapped.setdefault(normalise_key(key), key)) != key:
            raise OptionError(
                f"`map` must give each key once: '{same}' and '{key}' are one key; leave one out"
            )
    unknown = [mapped[key] for key in mapped if key not in found]
    others = [key for key in found if key not in mapped]
    if unknown and others:
        raise OptionError(
            f"`map` must name keys that were pressed: {', '.join(map(repr, unknown))} never was"
            f"{nearest(unknown[0], others)}; {column} holds {', '.join(map(repr, found))}"
        )


def _unmapped(
    pressed: pd.Series[str],
    levels: pd.Series[str],
    found: list[str],
    export: ExportRows,
    column: str,
) -> InputNeededError:
    """Ask for the meaning of each key, with the counts that help to tell."""
    numbers = levels.map(as_number)
    lines = []
    for key in found:
        counts = numbers[pressed == key].value_counts().sort_index()
        parts = [f"{as_text(level)}: {n}" for level, n in counts.items()][:_LEVELS]
        more = f", and {len(counts) - _LEVELS} more levels" if len(counts) > _LEVELS else ""
        n = int((pressed == key).sum())
        lines.append(
            f"  key {export.key_label(key)}: {n} trial{'' if n == 1 else 's'}; by level "
            f"{', '.join(parts)}{more}"
        )
    example = dict(zip(found or ["a", "s"], (1, 0), strict=False))
    return InputNeededError(
        "map",
        f"the meaning of each key must be given, 1 for the target category and 0 for the other: "
        f"{column} holds {', '.join(map(repr, found)) or 'no key'}; write for example "
        f"{argument('map', example)}, or the other way round",
        *lines,
        choices=found,
    )


def find_other_keys(answers: pd.Series[str], keys: Mapping[str, int]) -> pd.Series[bool]:
    """Find the rows whose key was given no meaning."""
    known = list(map(normalise_key, keys))
    return ~answers.map(is_blank) & ~answers.map(normalise_key).isin(known)


def count_keys(answers: pd.Series[str], keys: Mapping[str, int]) -> dict[str, int]:
    """Count how often each of the keys was pressed."""
    pressed = answers.map(normalise_key)
    return {key: int((pressed == normalise_key(key)).sum()) for key in keys}


def code_responses(answers: pd.Series[str], keys: Mapping[str, int]) -> pd.Series[float]:
    """Turn keys into 1, 0 and, where nobody answered, NaN."""
    known = {normalise_key(key): float(value) for key, value in keys.items()} or _TRUTH
    return answers.map(lambda cell: np.nan if is_blank(cell) else known[normalise_key(cell)])
