"""Faces of a morph spec: photographs with their templates, or the renderer's parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, cast

from psychobench.stimuli.faces import Identity, View
from psychobench.stimuli.toml_specs import (
    read_parameters,
    read_section,
    read_whole,
)
from psychobench.toml_files import is_number, unknown_keys

_RENDERED_SIZES = (64, 2048)
_PHOTOGRAPH = ("image", "template", "images", "templates")
_RENDERED = ("valence", "identity", "view", "size")
_DEFAULT_SIZE = 512


@dataclass(frozen=True)
class FaceSource:
    """Where one face of a spec comes from: photographs with templates, or the renderer.

    Attributes
    ----------
    place : str
        Where it stands in the spec, for messages.
    level : float
        Where it lies on the continuum.
    images, templates : tuple of pathlib.Path
        Photographs and their landmarks, in the same order; several are averaged.
    rendered : bool
        Whether it is drawn, with what follows.
    valence, identity, view, size
        What `psychobench.stimuli.faces.render_face` takes.
    """

    place: str
    level: float
    images: tuple[Path, ...] = ()
    templates: tuple[Path, ...] = ()
    rendered: bool = False
    valence: float = 0.0
    identity: Identity = field(default_factory=Identity)
    view: View = field(default_factory=View)
    size: int = _DEFAULT_SIZE


def read_face(
    table: Mapping[str, Any],
    place: str,
    folder: Path,
    faults: list[str],
    *,
    needs_image: bool = True,
) -> FaceSource:
    """Read one face; what is wrong with it joins the faults."""
    faults += unknown_keys(f"{place}.", table, ["level", *_PHOTOGRAPH, *_RENDERED])
    level = table.get("level")
    if not is_number(level):
        faults.append(f"{place}.level must be a number: it is {level!r}")
        level = 0.0
    both = [key for key in _PHOTOGRAPH if key in table], [key for key in _RENDERED if key in table]
    if all(both):
        faults.append(
            f"{place} must be a photograph or rendered, not both: it has {both[0][0]} and "
            f"{both[1][0]}; delete one of them"
        )
    if both[1] and not both[0]:
        return _read_rendered(table, place, float(level or 0), faults)
    images = _read_files(table, "image", place, folder, faults)
    templates = _read_files(table, "template", place, folder, faults)
    given = [any(key in table for key in (kind, f"{kind}s")) for kind in ("image", "template")]
    if not given[1] or (needs_image and not given[0]):
        faults.append(
            f"{place} must have an image and its template, or a valence for the renderer; add them"
        )
    elif images and templates and len(images) != len(templates):
        faults.append(
            f"{place} must have one template for each image: it has {len(images)} images and "
            f"{len(templates)} templates"
        )
    return FaceSource(place, float(level or 0), images, templates)


def _read_rendered(
    table: Mapping[str, Any], place: str, level: float, faults: list[str]
) -> FaceSource:
    valence = table.get("valence")
    if not (is_number(valence) and -1 <= cast(float, valence) <= 1):
        faults.append(f"{place}.valence must be a number from -1 (sad) to 1: it is {valence!r}")
        valence = 0.0
    parts = {
        key: read_section({f"{place}.{key}": table.get(key, {})}, f"{place}.{key}", faults)
        for key in ("identity", "view")
    }
    size = read_whole(table, "size", _RENDERED_SIZES, faults, place=f"{place}.") or _DEFAULT_SIZE
    identity = read_parameters(Identity, f"{place}.identity", parts["identity"], faults)
    view = read_parameters(View, f"{place}.view", parts["view"], faults)
    return FaceSource(
        place,
        level,
        rendered=True,
        valence=float(cast(float, valence)),
        identity=identity,
        view=view,
        size=size,
    )


def real_path(path: Path) -> Path:
    """Follow symbolic links as far as they lead; a loop of them leads nowhere and is no error."""
    return Path(os.path.realpath(path))


def _read_files(
    table: Mapping[str, Any], key: str, place: str, folder: Path, faults: list[str]
) -> tuple[Path, ...]:
    """Read ``image`` or ``images``: paths that stay within the spec's folder."""
    if key in table and f"{key}s" in table:
        faults.append(f"{place} must have {key} or {key}s: delete one of them")
    value = table.get(f"{key}s", table.get(key))
    names = value if f"{key}s" in table else [value]
    if value is None:
        return ()
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        faults.append(f"{place}.{key} must be the name of a file: it is {value!r}")
        return ()
    paths = []
    for name in names:
        leaves = "\0" in name or PureWindowsPath(name).anchor or PurePosixPath(name).is_absolute()
        if leaves or not real_path(folder / name).is_relative_to(real_path(folder)):
            faults.append(
                f"{place}.{key} must lie in the spec's folder or below: {name!r} leaves it; "
                "copy the file there"
            )
        else:
            paths.append(folder / name)
    return tuple(paths)
