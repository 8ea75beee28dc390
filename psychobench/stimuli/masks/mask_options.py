"""Masks as a call or a command asks for them: regions by name, polygons, or a file of specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from psychobench.errors import OptionError, StimulusError
from psychobench.stimuli.masks.mask_spec import MaskSpec, as_region, read_mask_specs
from psychobench.stimuli.toml_specs import read_spec_file

Masks = str | Iterable[str | MaskSpec] | Mapping[str, str | Sequence[int]] | None
"""Regions as text, ``NAME=REGION``, ``NAME=I,J,K``, a mapping of the same, or specs."""


def choose_masks(
    masks: Masks, spec: str | Path | None, settings: Mapping[str, Any]
) -> tuple[MaskSpec, ...]:
    """Read which masks are wanted.

    Parameters
    ----------
    masks : str, iterable of str or MaskSpec, or mapping
        What to hide.
    spec : path-like or None
        A TOML file with tables ``[masks.NAME]``, in place of `masks`.
    settings : mapping
        What all of `masks` share, by the names of `MaskSpec`.

    Returns
    -------
    tuple of MaskSpec

    Raises
    ------
    OptionError
        If both or neither of `masks` and `spec` are given, or a mask comes twice.
    StimulusError
        If a mask cannot be made as asked: one line per fault.

    Examples
    --------
    >>> [mask.region for mask in choose_masks("mouth", None, {"feather": 4})]
    ['mouth']
    >>> [mask.name for mask in choose_masks({"cheek": [164, 165, 166]}, None, {})]
    ['cheek']
    """
    wanted: Mapping[str, Any] | list[str | MaskSpec]
    if isinstance(masks, str):
        wanted = [masks]
    else:
        wanted = masks if isinstance(masks, Mapping) else list(masks or ())
    for each in wanted:
        if not isinstance(each, str | MaskSpec):
            raise OptionError(
                f'`masks` must be text, a mapping or specs: {each!r} is none; write `masks="eyes"`'
            )
    if bool(wanted) == (spec is not None):
        raise OptionError(
            f"masks must come from `masks` or from `spec`: {'both are' if wanted else 'neither is'}"
            ' given; write for example `masks="eyes"`'
        )
    faults: list[str] = []
    if spec is not None:
        specs = _read_file(Path(spec), settings, faults)
    else:
        ready = (mask for mask in wanted if isinstance(mask, MaskSpec))
        specs = (*ready, *read_mask_specs(_tables(wanted, settings), faults))
    if faults:
        raise StimulusError(*faults)
    return specs


def _read_file(path: Path, settings: Mapping[str, Any], faults: list[str]) -> tuple[MaskSpec, ...]:
    if settings:
        raise OptionError(
            f"`{next(iter(settings))}` belongs to `masks`: with `spec`, write it into {path}"
        )
    _, found = read_spec_file(path)
    specs = read_mask_specs(found.get("masks", {}), faults)
    if not specs and not faults:
        faults.append(f"a spec must have masks: {path} has none; write [masks.NAME]")
    return specs


def _tables(
    wanted: Mapping[str, Any] | Sequence[str | MaskSpec], settings: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the tables that a file of specs would hold for regions, polygons and their names."""
    if isinstance(wanted, Mapping):
        pairs = list(wanted.items())
    else:
        pairs = [_split(text) for text in wanted if not isinstance(text, MaskSpec)]
    tables: dict[str, dict[str, Any]] = {}
    for name, what in pairs:
        if name in tables:
            raise OptionError(
                f'each mask must be given once: `masks="{name}"` is there twice; delete one of them'
            )
        points = _points(what)
        tables[name] = {**({"region": what} if points is None else {"points": points}), **settings}
    return tables


def _split(text: str) -> tuple[str, str]:
    name, separator, what = text.partition("=")
    return (name, what) if separator else (as_region(text).replace("+", "-"), text)


def _points(what: str | Sequence[int]) -> Any:
    """Return the numbers of a polygon's landmarks; None for the name of a region."""
    if not isinstance(what, str):
        return np.asarray(what).tolist()
    words = [word.strip() for word in what.split(",")]
    if not words[0].lstrip("-").isdigit():
        return None
    return [int(word) if word.lstrip("-").isdigit() else word for word in words]
