"""Patterns with ``{observer}`` or ``{level}`` in them, for names of files and stimuli."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.tables.cells import is_number

_IN_FILE_NAMES = ("observer", "session", "condition")
_LONGEST = 10_000  # characters of a text in which a pattern is looked for
_MOST = 20  # fields and stars of a pattern
# a date, perhaps with a time: 2024-05-01_14h11.44.866, 18-09-2014
_DATED = re.compile(
    r"((19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d|[0-3]?\d[-_.]([01]?\d|[A-Z][a-z]{2})[-_.](19|20)\d\d)"
    r"([_T -]+[0-2]?\dh?[-._:]?[0-5]\d([-._:]\d+)*)?"
)
_BEFORE_DIGITS = re.compile(r"(\d)[,p](?=\d)")


class Pattern:
    """A pattern in which ``{name}`` is what to find and ``*`` stands for anything.

    A star takes as much as it can, a name as little as it can but the last one. The time that it
    takes grows with the length of a text, whatever the pattern.

    Parameters
    ----------
    pattern : str
        As the user wrote it.
    option : str
        The parameter that it is, for messages.
    needed : tuple of str
        The names of which it must hold one; any names if empty.
    allowed : tuple of str
        The names that it may hold; any if empty.

    Raises
    ------
    OptionError
        If the pattern holds no name, a name twice, or two with nothing between them.

    Examples
    --------
    >>> found = Pattern("sub-{observer}_*.csv", "observer_from", allowed=("observer",))
    >>> found.match("sub-007_run2.csv")
    {'observer': '007'}
    """

    def __init__(
        self, pattern: str, option: str, needed: tuple[str, ...] = (), allowed: tuple[str, ...] = ()
    ) -> None:
        collapsed = re.sub(r"\*+", "*", pattern)
        self.parts = [part for part in re.split(r"(\{\w+\}|\*)", collapsed) if part]
        self.names = [part[1:-1] for part in self.parts if _is_field(part)]
        wrong = [name for name in self.names if allowed and name not in allowed]
        lacks = needed and not set(needed) & set(self.names)
        if not self.names or wrong or lacks or len(set(self.names)) < len(self.names):
            expected = " or ".join("{" + name + "}" for name in needed or allowed) or "{NAME}"
            raise OptionError(
                f"`{option}` must have {expected} in it, once: got '{pattern}'; * stands for "
                "anything"
            )
        wild = [_is_field(part) or part == "*" for part in self.parts]
        if sum(wild) > _MOST or any(map(all, itertools.pairwise(wild))):
            raise OptionError(
                f"`{option}` must have text between what it finds, and at most {_MOST} fields: got "
                f"'{pattern}'; write what stands between them"
            )

    def match(self, text: str) -> dict[str, str] | None:
        """Return what stands in a text for each name; None if it does not fit."""
        if len(text) > _LONGEST:
            return None
        spans = self._walk(text, 0, 0, {})
        return None if spans is None else {name: text[a:b] for name, a, b in spans}

    def _walk(
        self, text: str, part: int, start: int, failed: dict[int, int]
    ) -> list[tuple[str, int, int]] | None:
        """Fit the parts from one on to the text from `start` on.

        `failed` holds for each part the place from which on it need not end: nothing follows there.
        """
        if part == len(self.parts):
            return [] if start == len(text) else None
        piece = self.parts[part]
        field = _is_field(piece)
        if piece != "*" and not field:
            fits = text.startswith(piece, start)
            return self._walk(text, part + 1, start + len(piece), failed) if fits else None
        first = start + field
        ends = range(first, min(len(text) + 1, failed.get(part, len(text) + 1)))
        for end in ends if field else reversed(ends):
            rest = self._walk(text, part + 1, end, failed)
            if rest is not None:
                return [(piece[1:-1], start, end), *rest] if field else rest
        failed[part] = min(first, failed.get(part, first))
        return None


def _is_field(part: str) -> bool:
    return re.fullmatch(r"\{\w+\}", part) is not None


def match_file_name(pattern: str, path: Path) -> dict[str, str]:
    """Read who answered, and when, from a file's name.

    Raises
    ------
    TableError
        If the name does not fit the pattern.
    """
    compiled = Pattern(pattern, "observer_from", _IN_FILE_NAMES, _IN_FILE_NAMES)
    match = compiled.match(path.name)
    if match is None:
        raise TableError(
            f"a file's name must fit `observer_from`: '{path.name}' does not fit '{pattern}'; "
            "* stands for anything, like '{observer}_*'"
        )
    return match


def extract_fields(
    cells: pd.Series[str], pattern: str, option: str, needed: tuple[str, ...] = ()
) -> dict[str, pd.Series[str]]:
    """Read the names of a pattern out of texts; empty where a text does not fit.

    A level may be written with a decimal comma, or as ``0p5``.
    """
    compiled = Pattern(pattern, option, needed)
    found = {text: compiled.match(text) or {} for text in cells.unique()}
    fields = {name: cells.map(lambda c, n=name: found[c].get(n, "")) for name in compiled.names}
    if "level" in fields:
        fields["level"] = fields["level"].map(_number_format)
    return fields


def extract_level(cells: pd.Series[str], pattern: str) -> pd.Series[str]:
    """Read the level out of texts; empty where a text does not fit the pattern."""
    return extract_fields(cells, pattern, "level_from", ("level",))["level"]


def _number_format(text: str) -> str:
    """Write a number of a file's name plainly: 0,5 and 0p5 as 0.5, a long minus as -."""
    plain = _BEFORE_DIGITS.sub(r"\1.", text.strip().replace("\u2212", "-"), count=1)
    return plain if is_number(plain) else text


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


def likely_name_pattern(name: str) -> str:
    """Write the pattern that finds who answered in a file's name, whose dates are nobody.

    Examples
    --------
    >>> likely_name_pattern("p02_faces_2024-05-01.csv"), likely_name_pattern("2024-05-01_p02.csv")
    ('{observer}_*.csv', '*_{observer}.csv')
    >>> likely_name_pattern("anna.csv")
    '{observer}.csv'
    """
    path = Path(name)
    dated = _DATED.search(path.stem)
    if dated is None:
        return f"{{observer}}{path.suffix}"
    before, after = path.stem[: dated.start()], path.stem[dated.end() :]
    if first := re.match(r"[^_ -]+([_ -])", before):
        return f"{{observer}}{first[1]}*{path.suffix}"
    return f"*{after[0]}{{observer}}{path.suffix}" if after[1:] else f"{{observer}}_*{path.suffix}"
