"""What the keys mean: as the user says, never as they look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from psychobench.errors import OptionError
from psychobench.imports.cell_values import key_of
from psychobench.imports.options import Options
from psychobench.imports.reader import NeededError, Source
from psychobench.messages import nearest
from psychobench.tables.cells import as_number, as_text, is_blank

_PLAIN = {"0": 0.0, "1": 1.0, "true": 1.0, "false": 0.0}
_LEVELS = 20  # shown of each key


def check_keys(
    answers: Sequence[pd.Series[str]],
    levels: Sequence[pd.Series[str]],
    sources: Sequence[Source],
    options: Options,
    place: str,
) -> None:
    """Make sure that every key has been given its meaning.

    Parameters
    ----------
    answers, levels : sequence of Series
        Of the rows of each file that may be trials.
    sources : sequence of Source
        The files.
    options : Options
        What the user said.
    place : str
        The column that holds the answers, for messages.

    Raises
    ------
    NeededError
        If there are keys and no meanings: lists the keys with their counts per level.
    OptionError
        If a key was given two meanings, or one that was never pressed while others were.
    """
    pressed = pd.concat(answers).map(lambda cell: "" if is_blank(cell) else key_of(cell))
    found = list(dict.fromkeys(pressed[pressed != ""]))
    if not options.keys:
        named = "response" in options.columns
        if set(found) <= set(_PLAIN) and (named or not any(s.has_keys for s in sources)):
            return
        raise _unmapped(pressed, pd.concat(levels), found, sources[0], place)
    mapped: dict[str, str] = {}
    for key in options.keys:
        if (same := mapped.setdefault(key_of(key), key)) != key:
            raise OptionError(
                f"--map must give each key once: '{same}' and '{key}' are one key; leave one out"
            )
    unknown = [mapped[key] for key in mapped if key not in found]
    others = [key for key in found if key not in mapped]
    if unknown and others:
        raise OptionError(
            f"--map must name keys that were pressed: {', '.join(map(repr, unknown))} never was"
            f"{nearest(unknown[0], others)}; {place} holds {', '.join(map(repr, found))}"
        )


def _unmapped(
    pressed: pd.Series[str], levels: pd.Series[str], found: list[str], source: Source, place: str
) -> NeededError:
    numbers = levels.map(as_number)
    lines = []
    for key in found:
        counts = numbers[pressed == key].value_counts().sort_index()
        parts = [f"{as_text(level)}: {n}" for level, n in counts.items()][:_LEVELS]
        more = f", and {len(counts) - _LEVELS} more levels" if len(counts) > _LEVELS else ""
        n = int((pressed == key).sum())
        lines.append(
            f"  key {source.key_label(key)}: {n} trial{'' if n == 1 else 's'}; by level "
            f"{', '.join(parts)}{more}"
        )
    example = " ".join(
        f"--map {key}={meaning}" for key, meaning in zip(found, (1, 0), strict=False)
    )
    return NeededError(
        "keys",
        f"the meaning of each key must be given, 1 for the target category and 0 for the other: "
        f"{place} holds {', '.join(map(repr, found)) or 'no key'}; write for example "
        f"{example or '--map a=1 --map s=0'}, or the other way round",
        *lines,
        choices=found,
    )


def meanings(answers: pd.Series[str], options: Options) -> pd.Series[float]:
    """Turn keys into 1, 0 and, where nobody answered, NaN."""
    known = {key_of(key): float(value) for key, value in options.keys.items()} or _PLAIN
    return answers.map(lambda cell: np.nan if is_blank(cell) else known[key_of(cell)])
