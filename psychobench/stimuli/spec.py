"""Specs: the TOML file that a rendered stimulus set is made from."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from psychobench.errors import StimulusError
from psychobench.stimuli.faces import Identity, View
from psychobench.stimuli.masks import MASK_NAMES

FILE = "spec.toml"
_KEYS = ("kind", "name", "title", "source", "target", "masks", "levels", "image")
_OPTIONAL = ("identity", "view")
_LIMITS = {"size": (64, 2048), "supersample": (1, 8)}
_Parameters = TypeVar("_Parameters", Identity, View)


@dataclasses.dataclass(frozen=True)
class RenderSpec:
    """Everything that determines a rendered set's pixels.

    Attributes
    ----------
    name, title : str
        The set's name (letters, digits, dashes) and what it shows, in human words.
    source, target : str
        The categories at levels 0 and 1.
    levels : tuple of float
        Ascending, whole hundredths from 0 to 1; the face's valence is 2 x level - 1.
    size, supersample : int
        Width and height in pixels, and how many samples per pixel and axis.
    masks : tuple of str
        The parts for which there is a mask.
    identity : Identity
        Who is seen.
    view : View
        Light, head size and position.
    text : str
        The file as it was read; it becomes part of the set.
    """

    name: str
    title: str
    source: str
    target: str
    levels: tuple[float, ...]
    size: int
    supersample: int
    masks: tuple[str, ...]
    identity: Identity
    view: View
    text: str = dataclasses.field(repr=False)


def read_spec(path: Path) -> RenderSpec:
    """Read and check a spec.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file with ``kind = "rendered"``; the bundled sets' ``spec.toml`` are examples.

    Returns
    -------
    RenderSpec

    Raises
    ------
    StimulusError
        If it cannot be read or anything in it is wrong: one line per fault.
    """
    text, found = _read_toml(path)
    faults = _unknown("", found, [*_KEYS, *_OPTIONAL])
    faults += [f"it must have {key}" for key in _KEYS if key not in found]
    sections = {key: found.get(key, {}) for key in ("levels", "image", *_OPTIONAL)}
    for key, section in sections.items():
        if not isinstance(section, dict):
            faults.append(f"{key} must be a section, [{key}]: it is {section!r}")
            sections[key] = {}
    _check_words(found, faults)
    levels = _read_levels(sections["levels"], faults) if "levels" in found else ()
    if "image" in found:
        _check_image(sections["image"], faults)
    identity = _parameters(Identity, "identity", sections["identity"], faults)
    view = _parameters(View, "view", sections["view"], faults)
    if faults:
        raise StimulusError(*(f"a spec must be complete and sound: {path}: {f}" for f in faults))
    words = {key: found[key] for key in ("name", "title", "source", "target")}
    return RenderSpec(
        **words,
        **sections["image"],
        levels=levels,
        masks=tuple(found["masks"]),
        identity=identity,
        view=view,
        text=text,
    )


def _read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        raise StimulusError(f"a spec must exist: {path} is missing") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StimulusError(f"a spec must be a TOML file: {path} is not ({error})") from None


def _unknown(section: str, found: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    faults = []
    for key in found:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            faults.append(f"{section}{key} means nothing here; {hint}")
    return faults


def _check_words(found: Mapping[str, Any], faults: list[str]) -> None:
    for key in ("name", "title", "source", "target"):
        if key in found and not (isinstance(found[key], str) and found[key].strip()):
            faults.append(f"{key} must be a text: it is {found[key]!r}")
    if isinstance(found.get("name"), str) and not re.fullmatch(r"[A-Za-z0-9_-]+", found["name"]):
        faults.append(f"name must consist of letters, digits and dashes: it is {found['name']!r}")
    if found.get("kind", "rendered") != "rendered":
        faults.append(f'kind must be "rendered": it is {found["kind"]!r}')
    masks = found.get("masks", [])
    if not isinstance(masks, list) or any(mask not in MASK_NAMES for mask in masks):
        faults.append(f"masks must be a list of {', '.join(MASK_NAMES)}: it is {masks!r}")


def _read_levels(section: Mapping[str, Any], faults: list[str]) -> tuple[float, ...]:
    keys = ("start", "stop", "step")
    faults += _unknown("levels.", section, keys)
    if not all(isinstance(section.get(key), int | float) for key in keys):
        faults.append(f"levels must have numbers for start, stop and step: it is {dict(section)}")
        return ()
    start, stop, step = (float(section[key]) for key in keys)
    if not 0 <= start < stop <= 1 or any(
        abs(x * 100 - round(x * 100)) > 1e-9 for x in (start, step)
    ):
        faults.append(
            "levels must be whole hundredths with 0 <= start < stop <= 1: "
            f"start is {start:g}, stop {stop:g}, step {step:g}"
        )
        return ()
    if not 0 < step <= stop - start:
        faults.append(f"levels.step must be above 0 and at most stop - start: it is {step:g}")
        return ()
    number = int((stop - start) / step + 1e-9) + 1
    return tuple(round(start + step * index, 2) for index in range(number))


def _check_image(section: Mapping[str, Any], faults: list[str]) -> None:
    faults += _unknown("image.", section, list(_LIMITS))
    for key, (low, high) in _LIMITS.items():
        value = section.get(key)
        if not isinstance(value, int) or not low <= value <= high:
            faults.append(f"image.{key} must be a whole number from {low} to {high}: it is {value}")


def _parameters(
    kind: type[_Parameters], name: str, section: Mapping[str, Any], faults: list[str]
) -> _Parameters:
    """Make an Identity or a View of a section; what it does not name keeps its default."""
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    wrong = _unknown(f"{name}.", section, list(defaults))
    values: dict[str, Any] = {}
    for key in section.keys() & defaults.keys():
        values[key] = tuple(section[key]) if isinstance(section[key], list) else section[key]
        if not _is_like(values[key], defaults[key]):
            wrong.append(f"{name}.{key} must be like {defaults[key]!r}: it is {section[key]!r}")
    if not wrong:
        try:
            return kind(**values)
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    faults += wrong
    return kind()


def _is_like(value: object, default: object) -> bool:
    """Whether a value has the type of a default; an int will do for a float."""
    if isinstance(default, tuple):
        return (
            isinstance(value, tuple)
            and len(value) == len(default)
            and all(map(_is_like, value, default))
        )
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
