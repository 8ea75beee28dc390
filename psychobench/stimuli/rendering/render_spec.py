"""Specs: the TOML file that a rendered stimulus set is made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psychobench.stimuli.faces import Identity, View
from psychobench.stimuli.masks import MASK_NAMES
from psychobench.stimuli.toml_specs import (
    raise_faults,
    read_levels_key,
    read_parameters,
    read_section,
    read_spec_file,
    read_titles,
)
from psychobench.toml_files import unknown_keys

SPEC_FILE = "spec.toml"
_KEYS = ("kind", "name", "title", "source", "target", "masks", "levels", "image")
_OPTIONAL = ("identity", "view")
_LIMITS = {"size": (64, 2048), "supersample": (1, 8)}


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


def read_render_spec(path: Path) -> RenderSpec:
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
    text, found = read_spec_file(path)
    faults = unknown_keys("", found, [*_KEYS, *_OPTIONAL])
    faults += [f"it must have {key}; add it" for key in _KEYS if key not in found]
    words = read_titles(found, faults)
    _check_kind_and_masks(found, faults)
    levels = _read_hundredths(found, faults)
    image = read_section(found, "image", faults)
    if "image" in found:
        _check_image(image, faults)
    identity = read_parameters(
        Identity, "identity", read_section(found, "identity", faults), faults
    )
    view = read_parameters(View, "view", read_section(found, "view", faults), faults)
    raise_faults(path, faults)
    return RenderSpec(
        **words,
        **image,
        levels=levels,
        masks=tuple(found["masks"]),
        identity=identity,
        view=view,
        text=text,
    )


def _check_kind_and_masks(found: Mapping[str, Any], faults: list[str]) -> None:
    if found.get("kind", "rendered") != "rendered":
        faults.append(
            f'kind must be "rendered": it is {found["kind"]!r}; '
            "`psychobench.morph_stimuli()` takes the other kinds"
        )
    masks = found.get("masks", [])
    if not isinstance(masks, list) or any(mask not in MASK_NAMES for mask in masks):
        faults.append(f"masks must be a list of {', '.join(MASK_NAMES)}: it is {masks!r}")


def _read_hundredths(found: Mapping[str, Any], faults: list[str]) -> tuple[float, ...]:
    """Read levels that the names of rendered images can hold: hundredths."""
    levels = read_levels_key(found, faults)
    wrong = [x for x in levels if not 0 <= x <= 1 or abs(x * 100 - round(x * 100)) > 1e-9]
    if wrong:
        faults.append(
            f"levels must be whole hundredths from 0 to 1: {wrong[0]:g} is not; change it"
        )
        return ()
    return tuple(round(level, 2) for level in levels)


def _check_image(section: Mapping[str, Any], faults: list[str]) -> None:
    faults += unknown_keys("image.", section, list(_LIMITS))
    for key, (low, high) in _LIMITS.items():
        value = section.get(key)
        if not isinstance(value, int) or not low <= value <= high:
            faults.append(f"image.{key} must be a whole number from {low} to {high}: it is {value}")
