"""The cells of our columns, as they are meant."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.imports.column_mapping import places
from psychobench.imports.options import Options
from psychobench.imports.patterns import compile_pattern
from psychobench.imports.reader import NeededError, Source
from psychobench.messages import shown
from psychobench.tables.cells import as_number, as_text, is_blank, with_points
from psychobench.trials.columns import CANONICAL, TRIAL_COLUMNS

FROM_NAME = ("observer", "session", "condition")
_LISTED = re.compile(r"""\[\s*(['"]?)(?P<item>[^,\[\]]*?)\1\s*\]""")
_SECONDS = 60.0  # a median reaction time above this is in milliseconds


def cells_of(
    source: Source, options: Options, path: Path
) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """Pick our columns out of a file, their cells still text.

    Returns
    -------
    cells : DataFrame
        Our columns and those of `Options.also`; indexed as the file's rows.
    origin : dict of str to str
        The file's column behind each of ours.
    notes : list of str
        What was changed.
    """
    found = places(source, options, path)
    cells = pd.DataFrame(index=source.rows.index)
    notes = []
    for ours in [name for name in TRIAL_COLUMNS if name in found]:
        cells[ours] = source.rows[found[ours]].str.strip()
    for column, pattern in options.level_from.items():
        found["level"] = f"{column} by '{pattern}'"
        cells["level"] = _extracted(cells["level"], pattern)
    if source.delimiter not in (",", ""):
        pointed = [found[ours] for ours in ("level", "rt") if _point(cells, ours)]
        if pointed:
            notes.append(f"{path}: decimal commas are read as points in {shown(pointed)}")
            dotted = [found[n] for n in ("level", "rt") if n in cells and found[n] not in pointed]
            dotted = [n for n in dotted if source.rows[n].str.contains(r"\d\.\d").any()]
            if dotted:
                notes.append(f"{path}: points in {shown(dotted)} are read as decimal points, too")
    if options.observer_from is not None:
        for name, value in from_name(options.observer_from, path).items():
            cells[name], found[name] = value, "the file's name"
    for name in options.also:
        if found.get(name) != name:
            kept = f"{name}_file" if name in CANONICAL else name
            cells[kept] = source.rows[name].str.strip()
            notes += [f"{path}: its own column '{name}' is kept as '{kept}'"] * (kept != name)
    return cells, found, notes


def _point(cells: pd.DataFrame, ours: str) -> bool:
    """Write points for decimal commas in one column; tell whether there were any."""
    texts = list(cells[ours]) if ours in cells else []
    pointed = with_points(texts)
    if pointed is not texts:
        cells[ours] = pointed
    return pointed is not texts


def _extracted(column: pd.Series[str], pattern: str) -> pd.Series[str]:
    compiled = compile_pattern(pattern, ("level",), "--level-from")
    return column.map(lambda cell: m["level"] if (m := compiled.fullmatch(cell)) else "")


def from_name(pattern: str, path: Path) -> dict[str, str]:
    """Read who answered, and when, from a file's name.

    Raises
    ------
    TableError
        If the name does not fit the pattern.
    """
    match = compile_pattern(pattern, FROM_NAME, "--observer-from").fullmatch(path.name)
    if match is None:
        raise TableError(
            f"a file's name must fit --observer-from: '{path.name}' does not fit '{pattern}'; "
            "* stands for anything, like '{observer}_*'"
        )
    return match.groupdict()


def check_level(level: pd.Series[str], source: pd.Series[str], path: Path) -> None:
    """Check that a column of levels holds numbers at all, before its cells are looked at.

    Raises
    ------
    NeededError
        If none of them is one; with the column they come from and a pattern that might find them.
    """
    texts = list(dict.fromkeys(level))
    if len(texts) > 1 and not any(map(_is_number, texts)):
        whole = list(dict.fromkeys(source.str.strip()))
        pattern = _likely_pattern(whole)
        raise NeededError(
            "level_from",
            f"levels must be numbers: {source.name} of {path} holds {shown(whole[:5])}; name "
            "another column, or say where in these texts the level stands, like --level-from "
            f"'{source.name}={pattern}'",
            choices=(str(source.name), pattern),
        )


def _likely_pattern(texts: list[str]) -> str:
    """Write the pattern that finds another number in each text of one kind, if there is one."""
    numbered = [text for text in texts if re.search(r"\d", text)]
    for number in re.finditer(r"\d+(\.\d+)?", "".join(numbered[:1])):
        before, after = numbered[0][: number.start()], numbered[0][number.end() :]
        for start in (before, f"*{before[-1:]}" if before else ""):
            pattern = f"{start}{{level}}{after}"
            found = _extracted(pd.Series(numbered, dtype=object), pattern)
            if all(map(_is_number, found)) and found.nunique() > 1:
                return pattern
    return "*_{level}.png" if any("." in text for text in texts) else "*_{level}"


def _is_number(text: str) -> bool:
    return not math.isnan(as_number(text))


def key_of(cell: str) -> str:
    """Write a key in one way: out of its list, case ignored, 80.0 as 80.

    Examples
    --------
    >>> key_of("['Up']"), key_of("80.0"), key_of("['a', 'b']")
    ('up', '80', "['a', 'b']")
    """
    if listed := _LISTED.fullmatch(cell):
        cell = listed["item"]
    number = as_number(cell)
    return as_text(number) if number == number else cell.casefold()


def seconds_of(
    cells: pd.Series[str], place: str, source: Source, options: Options, path: Path
) -> tuple[pd.Series[float], str]:
    """Read reaction times and turn them into seconds.

    Raises
    ------
    NeededError
        If their unit is unknown.
    OptionError
        If the user's unit is not that of the program.
    TableError
        If a cell is no number.
    """
    values = cells.map(lambda cell: as_number(key_of(cell)))
    bad = values.isna() & ~cells.map(is_blank)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise TableError(
            f"rt must be a number or empty: row {cells.index[row]} of {path} has "
            f"{place}={cells.iloc[row]!r}; "
            "correct it, or name another column with --columns rt=NAME"
        )
    median = values.median()
    ruled = source.rt_unit if place in source.names.get("rt", ()) else ""
    if ruled == "s" and median > _SECONDS:
        ruled = ""
    if options.rt_unit and ruled and options.rt_unit != ruled:
        raise OptionError(
            f"--rt-unit is for times whose unit is not known: {place} of {path} is in {ruled}; "
            "leave it out"
        )
    unit = options.rt_unit or ruled or _unit_in(place)
    if not unit or (unit == "s" and median > _SECONDS and not options.rt_unit):
        raise NeededError(
            "rt_unit",
            f"the unit of reaction times must be known: {place} of {path} has a median of "
            f"{median:g}; write --rt-unit ms or --rt-unit s",
            choices=("ms", "s"),
        )
    return (
        ((values / 1000).round(9), f"{place} (ms to s)")
        if unit == "ms"
        else (values, f"{place} (s)")
    )


def _unit_in(name: str) -> str:
    if re.search(r"(?i)(_|\b)(ms|msec|milliseconds?)\b|[a-z]Ms$", name.replace("_", " ")):
        return "ms"
    return "s" if name == "rt" or re.search(r"(?i)\b(s|secs?|seconds)\b", name) else ""
