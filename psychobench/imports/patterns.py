"""Patterns with ``{observer}`` or ``{level}`` in them, for names of files and stimuli."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.tables.cells import is_number

_IN_FILE_NAMES = ("observer", "session", "condition")


def compile_pattern(pattern: str, allowed: tuple[str, ...], option: str) -> re.Pattern[str]:
    """Compile a pattern in which ``{name}`` is what to find and ``*`` stands for anything.

    Parameters
    ----------
    pattern : str
        As the user wrote it.
    allowed : tuple of str
        The names that it may hold.
    option : str
        The parameter that it is, for messages.

    Raises
    ------
    OptionError
        If the pattern names nothing, or something else than `allowed`.

    Examples
    --------
    >>> found = compile_pattern("sub-{observer}_*.csv", ("observer",), "observer_from")
    >>> found.fullmatch("sub-007_run2.csv")["observer"]
    '007'
    """
    parts = re.split(r"(\{\w+\}|\*)", pattern)
    names = [part[1:-1] for part in parts if re.fullmatch(r"\{\w+\}", part)]
    wrong = [name for name in names if name not in allowed]
    if not names or wrong or len(set(names)) < len(names):
        raise OptionError(
            f"`{option}` must have {' or '.join('{' + name + '}' for name in allowed)} in it, "
            f"once: got '{pattern}'; * stands for anything"
        )
    last = len(parts) - 1
    return re.compile("".join(_expression(part, last=i == last) for i, part in enumerate(parts)))


def _expression(part: str, *, last: bool) -> str:
    if part == "*":
        return ".*"
    if part.startswith("{") and part.endswith("}"):
        return f"(?P<{part[1:-1]}>.+{'' if last else '?'})"
    return re.escape(part)


def match_file_name(pattern: str, path: Path) -> dict[str, str]:
    """Read who answered, and when, from a file's name.

    Raises
    ------
    TableError
        If the name does not fit the pattern.
    """
    match = compile_pattern(pattern, _IN_FILE_NAMES, "observer_from").fullmatch(path.name)
    if match is None:
        raise TableError(
            f"a file's name must fit `observer_from`: '{path.name}' does not fit '{pattern}'; "
            "* stands for anything, like '{observer}_*'"
        )
    return match.groupdict()


def extract_level(cells: pd.Series[str], pattern: str) -> pd.Series[str]:
    """Read the level out of texts; empty where a text does not fit the pattern."""
    compiled = compile_pattern(pattern, ("level",), "level_from")
    return cells.map(lambda cell: m["level"] if (m := compiled.fullmatch(cell)) else "")


def likely_pattern(texts: Sequence[str]) -> str:
    """Write the pattern that finds another number in each text of one kind, if there is one.

    Examples
    --------
    >>> likely_pattern(["faces/m_30.png", "faces/m_60.png", "+"])
    'faces/m_{level}.png'
    """
    numbered = [text for text in texts if re.search(r"\d", text)]
    for number in re.finditer(r"\d+(\.\d+)?", "".join(numbered[:1])):
        before, after = numbered[0][: number.start()], numbered[0][number.end() :]
        for start in (before, f"*{before[-1:]}" if before else ""):
            pattern = f"{start}{{level}}{after}"
            found = extract_level(pd.Series(numbered, dtype=object), pattern)
            if all(map(is_number, found)) and found.nunique() > 1:
                return pattern
    return "*_{level}.png" if any("." in text for text in texts) else "*_{level}"
