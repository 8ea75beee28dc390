"""Morph specs: the TOML file that a continuum of photographs is made from."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from psychobench.messages import nearest
from psychobench.stimuli.masks import MaskSpec, read_mask_specs
from psychobench.stimuli.matching import MATCHES
from psychobench.stimuli.morphing.face_specs import FaceSource, read_face
from psychobench.stimuli.morphing.frame import Frame, read_frame
from psychobench.stimuli.morphing.texture import BLENDS, Blend
from psychobench.stimuli.toml_specs import (
    raise_faults,
    read_choice,
    read_levels_key,
    read_section,
    read_spec_file,
    read_titles,
    read_whole,
)
from psychobench.toml_files import is_number, unknown_keys

KINDS = ("morph", "transform", "average")
LIPS = ("keep", "free")
MATCH_REGIONS = ("image", "face")
_WARPS = {
    "morph": ("both", "shape", "colour"),
    "transform": ("shape", "both", "colour"),
    "average": ("both",),
}
_KEYS = ("kind", "name", "title", "source", "target", "levels", "anchors")
_KEYS_OF_AVERAGE = ("kind", "name", "title", "face")
_OPTIONAL_OF_AVERAGE = ("blend", "align", "image", "masks", "seed")
_OPTIONAL = (
    "base",
    "warp",
    "hold",
    "lips",
    "blend",
    "align",
    "image",
    "masks",
    "match",
    "match_region",
    "seed",
)


@dataclass(frozen=True)
class MorphSpec:
    """Everything that determines the pixels of a morphed set.

    Attributes
    ----------
    kind : {"morph", "transform", "average"}
        Whether the anchors are blended, or their differences are added to `base`, or there is one
        anchor alone: the average of several faces.
    name, title, source, target : str
        As in `psychobench.stimuli.rendering.render_spec.RenderSpec`.
    levels : tuple of float
        Ascending, within those of the anchors.
    anchors : tuple of FaceSource
        At least two, ascending by level; of an average, one.
    base : FaceSource or None
        The face that a transform changes, and the level at which it is left as it is.
    warp : {"both", "shape", "colour"}
        What changes along the continuum.
    hold : float or None
        The level at which that which does not change is held; None is the middle.
    lips : {"keep", "free"}
        Whether lips that touch in a transform's base keep touching.
    blend : {"srgb", "linear"}
        Whether bytes or light are added up.
    align : bool
        Whether faces are first shifted, turned and scaled onto the first.
    frame : Frame
        What is shown.
    masks : tuple of MaskSpec
        What is hidden.
    match : {"none", "luminance", "histogram"}
        What is made equal over the set.
    match_region : {"image", "face"}
        Where that is measured and changed.
    seed : int
        For masks filled with noise.
    text : str
        The file as it was read; it becomes part of the set.
    path : pathlib.Path
        Where it was read from.
    """

    kind: str
    name: str
    title: str
    source: str
    target: str
    levels: tuple[float, ...]
    anchors: tuple[FaceSource, ...]
    base: FaceSource | None
    warp: str
    hold: float | None
    lips: str
    blend: Blend
    align: bool
    frame: Frame
    masks: tuple[MaskSpec, ...]
    match: str
    match_region: str
    seed: int
    text: str = field(repr=False)
    path: Path = field(repr=False)

    @property
    def faces(self) -> tuple[FaceSource, ...]:
        """The faces, the one whose image is the frame first."""
        return (*([self.base] if self.base else []), *self.anchors)


def read_morph_spec(path: Path) -> MorphSpec:
    """Read and check a morph spec; images and templates are not opened yet.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file whose ``kind`` is "morph", "transform" or "average". The files it names must
        lie in its folder or below.

    Returns
    -------
    MorphSpec

    Raises
    ------
    StimulusError
        If it cannot be read or anything in it is wrong: one line per fault.
    """
    text, found = read_spec_file(path)
    faults: list[str] = []
    kind = _read_kind(found, faults)
    average = kind == "average"
    needed, optional = (_KEYS_OF_AVERAGE, _OPTIONAL_OF_AVERAGE) if average else (_KEYS, _OPTIONAL)
    faults += unknown_keys("", found, [*needed, *optional])
    faults += [f"it must have {key}; add it" for key in needed if key not in found]
    words = read_titles(found, faults)
    levels = (0.0,) if kind == "average" else read_levels_key(found, faults)
    anchors = _read_anchors(found, path.parent, kind, faults)
    base = _read_base(found, path.parent, kind, faults)
    seed = read_whole(found, "seed", (0, 2**63 - 1), faults) or 0
    spec = MorphSpec(
        **words,
        kind=kind,
        levels=levels,
        anchors=anchors,
        base=base,
        warp=read_choice(found, "warp", _WARPS[kind], faults),
        hold=_read_hold(found, faults),
        lips=_read_lips(found, kind, faults),
        blend=cast(Blend, read_choice(found, "blend", BLENDS, faults)),
        align=_read_align(found, faults),
        frame=read_frame(read_section(found, "image", faults), faults),
        masks=_read_masks(found.get("masks", {}), seed, faults),
        match=read_choice(found, "match", MATCHES, faults),
        match_region=read_choice(found, "match_region", MATCH_REGIONS, faults),
        seed=seed,
        text=text,
        path=path,
    )
    if not faults:
        faults += _check_levels(spec) + _check_faces(spec)
    raise_faults(path, faults)
    return spec


def _read_kind(found: Mapping[str, Any], faults: list[str]) -> str:
    kind = found.get("kind", KINDS[0])
    if kind in KINDS:
        return str(kind)
    hint = nearest(str(kind), KINDS)
    if kind == "rendered":
        hint = "; `psychobench.render_stimuli()` takes that kind"
    faults.append(f"kind must be {', '.join(KINDS[:-1])} or {KINDS[-1]}: it is {kind!r}{hint}")
    return KINDS[0]


def _read_anchors(
    found: Mapping[str, Any], folder: Path, kind: str, faults: list[str]
) -> tuple[FaceSource, ...]:
    if kind == "average":
        return _read_averaged(found, folder, faults)
    tables = found.get("anchors", [])
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        faults.append(f"anchors must be sections, each [[anchors]]: they are {tables!r}")
        return ()
    if "anchors" in found and len(tables) < 2:
        faults.append(
            f"there must be at least two [[anchors]]: there are {len(tables)}; add another"
        )
    return tuple(
        read_face(table, f"anchors[{number}]", folder, faults, needs_image=kind == "morph")
        for number, table in enumerate(tables, 1)
    )


def _read_averaged(
    found: Mapping[str, Any], folder: Path, faults: list[str]
) -> tuple[FaceSource, ...]:
    """Read the one face of an average, which has no level."""
    section = read_section(found, "face", faults)
    if "face" not in found or not section:
        return ()
    faults += unknown_keys("face.", section, ["images", "templates"])
    face = read_face({**section, "level": 0}, "face", folder, faults)
    if len(face.images) == 1:
        faults.append(
            "face.images must be at least two: an average of one image is that image; add another"
        )
    return (face,)


def _read_base(
    found: Mapping[str, Any], folder: Path, kind: str, faults: list[str]
) -> FaceSource | None:
    if kind != "transform":
        if kind == "morph" and "base" in found:
            faults.append('base has no effect in a morph: delete it, or write kind = "transform"')
        return None
    if "base" not in found:
        faults.append("it must have [base], the face that the transform changes; add it")
        return None
    return read_face(read_section(found, "base", faults), "base", folder, faults)


def _read_hold(found: Mapping[str, Any], faults: list[str]) -> float | None:
    hold = found.get("hold")
    if hold is None or is_number(hold):
        return hold
    faults.append(f"hold must be a level: it is {hold!r}")
    return None


def _read_lips(found: Mapping[str, Any], kind: str, faults: list[str]) -> str:
    if kind == "morph" and "lips" in found:
        faults.append('lips has no effect in a morph: delete it, or write kind = "transform"')
    return read_choice(found, "lips", LIPS, faults)


def _read_align(found: Mapping[str, Any], faults: list[str]) -> bool:
    align = found.get("align", False)
    if not isinstance(align, bool):
        faults.append(f"align must be true or false: it is {align!r}")
    return align is True


def _read_masks(section: object, seed: int, faults: list[str]) -> tuple[MaskSpec, ...]:
    """Read the masks; one without a seed of its own takes the spec's."""
    if isinstance(section, Mapping):
        section = {
            name: {"seed": seed, **table} if isinstance(table, Mapping) else table
            for name, table in section.items()
        }
    return read_mask_specs(section, faults)


def _check_levels(spec: MorphSpec) -> list[str]:
    marks = [anchor.level for anchor in spec.anchors]
    if any(a >= b for a, b in itertools.pairwise(marks)):
        return [f"the levels of the anchors must ascend: they are {_listed(marks)}; reorder them"]
    faults = []
    checked = [(f"level {level:g}", level) for level in spec.levels]
    checked += [("hold", spec.hold)] if spec.hold is not None else []
    checked += [("base.level", spec.base.level)] if spec.base else []
    for what, level in checked:
        if not marks[0] - 1e-9 <= level <= marks[-1] + 1e-9:
            faults.append(
                f"levels must lie within those of the anchors, {marks[0]:g} to {marks[-1]:g}: "
                f"{what} {'is' if what.startswith('level') else f'is {level:g}, which is'} "
                "outside; change it, or move an anchor"
            )
    if len(spec.levels) < 2 and spec.kind != "average":
        faults.append(
            f"a continuum needs at least two levels: there is {_listed(spec.levels)}; add another"
        )
    return faults


def _check_faces(spec: MorphSpec) -> list[str]:
    faults = []
    if spec.kind == "transform" and spec.warp != "shape":
        faults += [
            f'{face.place}.image is needed: with warp = "{spec.warp}" the difference in colour is '
            'applied too; add it, or write warp = "shape"'
            for face in spec.anchors
            if not face.rendered and not face.images
        ]
    if spec.warp == "both" and spec.hold is not None:
        faults.append('hold has no effect with warp = "both"; delete it')
    if spec.kind == "transform" and spec.hold is not None:
        faults.append("hold has no effect in a transform, which keeps what the base has; delete it")
    return faults


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
