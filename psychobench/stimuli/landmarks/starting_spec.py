"""A spec to start from: photographs morphed from the first to the last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from psychobench.errors import OptionError

_HEAD = """\
# The first photograph becomes the last in eleven levels. Correct the templates first where
# landmarks.png shows points in the wrong place.
kind = "morph"
name = {name}
title = {title}
source = {source}
target = {target}
levels = {{ start = 0.0, stop = 1.0, step = 0.1 }}
align = true  # shifts, turns and scales all faces onto the first
"""
_ANCHOR = """
[[anchors]]
level = {level!r}
image = {image}
template = {template}
"""
_MASKS = "".join(f"\n[masks.{name}]\n" for name in ("eyes", "nose", "mouth"))


def starting_spec(spec: Path, templates: Mapping[Path, Path]) -> str:
    """Write a spec that morphs photographs, masks of eyes, nose and mouth included.

    Parameters
    ----------
    spec : pathlib.Path
        Where it will stand; it names files relative to its folder.
    templates : mapping of pathlib.Path to pathlib.Path
        The template of each photograph, in the order of the levels.

    Raises
    ------
    OptionError
        If there are fewer than two photographs, or a file does not lie in the spec's folder or
        below.
    """
    photos = list(templates)
    if len(photos) < 2:
        raise OptionError(
            f"`spec` needs two photographs to morph: {len(photos)} is given; name another"
        )
    first, last = photos[0].stem, photos[-1].stem
    words = {
        "name": f"{first}-to-{last}",
        "title": f"{first} to {last}, photographs",
        "source": first,
        "target": last,
    }
    parts = [_HEAD.format(**{key: _quoted(text) for key, text in words.items()})]
    for number, (photo, template) in enumerate(templates.items()):
        image, points = (_quoted(_relative(path, spec)) for path in (photo, template))
        level = round(number / (len(photos) - 1), 6)
        parts.append(_ANCHOR.format(level=level, image=image, template=points))
    return "".join(parts) + _MASKS


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _relative(path: Path, spec: Path) -> str:
    home = spec.parent.resolve()
    try:
        return (path.parent.resolve() / path.name).relative_to(home).as_posix()
    except ValueError:
        raise OptionError(
            f"`spec` must lie in the folder of its photographs and templates, or above: {path} "
            f"does not lie in {home}; choose another place for the spec, or for the templates "
            "with `out`"
        ) from None
