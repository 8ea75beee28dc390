"""Sections of a spec: what every TOML file that a stimulus set is made from has in common.

Read by hand rather than with pydantic: a prototype needed a table of its own for the words of each
error, named both branches of ``levels`` where one was wrong, and took 0.4 s to import, while what
makes these specs long, rules between keys and defaults that hang on other keys, stayed as long.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from psychobench.errors import StimulusError
from psychobench.messages import nearest
from psychobench.toml_files import is_number, read_toml, unknown_keys

_WORDS = ("name", "title", "source", "target")
_STRETCH = ("start", "stop", "step")
_MOST_LEVELS = 1000
_Parameters = TypeVar("_Parameters")


def read_spec_file(path: Path) -> tuple[str, dict[str, Any]]:
    """Read the text of a spec, and what it says; see `psychobench.toml_files.read_toml`."""
    return read_toml(path, "a spec", StimulusError)


def raise_faults(path: Path, faults: Sequence[str]) -> None:
    """Raise what was found wrong with a spec, if anything was: one line per fault."""
    if faults:
        raise StimulusError(*(f"a spec must be complete and valid: {path}: {f}" for f in faults))


def read_titles(found: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    """Read a set's name, its title and what its two ends are called."""
    for key in _WORDS:
        if key in found and not (isinstance(found[key], str) and found[key].strip()):
            faults.append(f"{key} must be a text: it is {found[key]!r}; write it in quotes")
    if isinstance(found.get("name"), str) and not re.fullmatch(r"[A-Za-z0-9_-]+", found["name"]):
        faults.append(
            f"name must consist of letters, digits and dashes: it is {found['name']!r}; "
            "choose another"
        )
    return {key: found.get(key, "") for key in _WORDS}


def read_section(found: Mapping[str, Any], key: str, faults: list[str]) -> Mapping[str, Any]:
    """Return a section; an empty one where there is none."""
    section = found.get(key, {})
    if isinstance(section, dict):
        return section
    faults.append(f"{key} must be a section, [{key}]: it is {section!r}")
    return {}


def read_levels_key(found: Mapping[str, Any], faults: list[str]) -> tuple[float, ...]:
    """Read ``levels``: a list, or a section with start, stop and step.

    Returns
    -------
    tuple of float
        Ascending; empty where there are none or there is a fault.
    """
    if "levels" not in found:
        return ()
    value = found["levels"]
    if isinstance(value, list):
        if len(value) >= 1 and all(map(is_number, value)) and _ascending(value):
            return tuple(map(float, value))
        faults.append(
            f"levels must be a list of numbers that ascend: it is {value!r}; "
            "write for example levels = [0, 0.5, 1], no two nearer than a millionth of their range"
        )
        return ()
    section = read_section(found, "levels", faults)
    faults += unknown_keys("levels.", section, _STRETCH)
    if not all(is_number(section.get(key)) for key in _STRETCH):
        faults.append(
            f"levels must have numbers for start, stop and step: it is {dict(section)}; "
            "write for example levels = { start = 0, stop = 1, step = 0.1 }"
        )
        return ()
    start, stop, step = (float(section[key]) for key in _STRETCH)
    if not start < stop:
        faults.append(
            f"levels.start must be below stop: {start:g} is not below {stop:g}; exchange them"
        )
        return ()
    if not 0 < step <= stop - start or (stop - start) / step > _MOST_LEVELS:
        faults.append(
            f"levels.step must be above 0 and at most stop - start, and give at most "
            f"{_MOST_LEVELS} levels: it is {step:g}"
        )
        return ()
    number = int((stop - start) / step + 1e-9) + 1
    return tuple(round(start + step * index, 10) for index in range(number))


def _ascending(values: Sequence[float]) -> bool:
    """Tell whether levels ascend by more than what makes two of them one."""
    least = 1e-6 * (max(values) - min(values))
    return all(b - a > least for a, b in itertools.pairwise(values))


def read_parameters(
    kind: type[_Parameters], name: str, section: Mapping[str, Any], faults: list[str]
) -> _Parameters:
    """Make a dataclass of a section; what it does not name keeps its default."""
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    wrong = unknown_keys(f"{name}.", section, list(defaults))
    values: dict[str, Any] = {}
    for key in section.keys() & defaults.keys():
        values[key] = tuple(section[key]) if isinstance(section[key], list) else section[key]
        if not _has_type_of(values[key], defaults[key]):
            wrong.append(
                f"{name}.{key} must be a value like {defaults[key]!r}: it is {section[key]!r}"
            )
    if not wrong:
        try:
            return kind(**values)
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    faults += wrong
    return kind()


def read_whole(
    table: Mapping[str, Any],
    key: str,
    limits: tuple[int, int],
    faults: list[str],
    *,
    place: str = "",
) -> int | None:
    """Read a whole number within limits; None where there is none."""
    value = table.get(key)
    low, high = limits
    if value is None or (type(value) is int and low <= value <= high):
        return value
    faults.append(f"{place}{key} must be a whole number from {low} to {high}: it is {value!r}")
    return None


def read_choice(
    found: Mapping[str, Any],
    key: str,
    choices: Sequence[str],
    faults: list[str],
    *,
    place: str = "",
) -> str:
    """Read one of a few words; the first of them is the default."""
    value = found.get(key, choices[0])
    if value in choices:
        return str(value)
    words = f"{', '.join(choices[:-1])} or {choices[-1]}"
    faults.append(f"{place}{key} must be {words}: it is {value!r}{nearest(str(value), choices)}")
    return choices[0]


def _has_type_of(value: object, default: object) -> bool:
    """Check whether a value has the type of a default; an int will do for a float."""
    if isinstance(default, tuple):
        return (
            isinstance(value, tuple)
            and len(value) == len(default)
            and all(map(_has_type_of, value, default))
        )
    if isinstance(default, float):
        return is_number(value)
    return type(value) is type(default)
