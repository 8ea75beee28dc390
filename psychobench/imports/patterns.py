"""Patterns with ``{observer}`` or ``{level}`` in them, for names of files and stimuli."""

from __future__ import annotations

import re
from collections.abc import Mapping

from psychobench.errors import OptionError


def compile_pattern(pattern: str, allowed: tuple[str, ...], option: str) -> re.Pattern[str]:
    """Turn ``{name}`` into what is looked for and ``*`` into anything.

    Raises
    ------
    OptionError
        If the pattern names nothing, or something else than `allowed`.

    Examples
    --------
    >>> found = compile_pattern("sub-{observer}_*.csv", ("observer",), "--observer-from")
    >>> found.fullmatch("sub-007_run2.csv")["observer"]
    '007'
    """
    parts = re.split(r"(\{\w+\}|\*)", pattern)
    names = [part[1:-1] for part in parts if re.fullmatch(r"\{\w+\}", part)]
    wrong = [name for name in names if name not in allowed]
    if not names or wrong or len(set(names)) < len(names):
        raise OptionError(
            f"{option} must have {' or '.join('{' + name + '}' for name in allowed)} in it, once: "
            f"got '{pattern}'; * stands for anything"
        )
    last = len(parts) - 1
    return re.compile(
        "".join(
            ".*"
            if part == "*"
            else f"(?P<{part[1:-1]}>.+{'' if i == last else '?'})"
            if part[1:-1] in names and part.startswith("{")
            else re.escape(part)
            for i, part in enumerate(parts)
        )
    )


def parse_keys(pairs: Mapping[str, str]) -> dict[str, int]:
    """Read the option ``--map``: what each key means.

    Raises
    ------
    OptionError
        If a key means something else than 0 or 1, or no key means one of them.

    Examples
    --------
    >>> parse_keys({"a": "1", "s": "0"})
    {'a': 1, 's': 0}
    """
    for key, value in pairs.items():
        if str(value) not in ("0", "1"):
            raise OptionError(
                f"--map must give a key 0 or 1: got {key}={value}; 1 is the target category, "
                f"the one chosen more often as the level rises: --map {key}=1"
            )
    keys = {key: int(value) for key, value in pairs.items()}
    if keys and set(keys.values()) != {0, 1}:
        absent = 1 - next(iter(keys.values()))
        raise OptionError(
            f"--map must name a key for each answer: none of {', '.join(keys)} means {absent}; "
            f"add --map KEY={absent}"
        )
    return keys
