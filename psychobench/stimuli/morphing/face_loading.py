"""Load the faces of a morph spec, and collect everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.images import conversions, read_image
from psychobench.stimuli.faces import render_face
from psychobench.stimuli.faces.frl import frl_points
from psychobench.stimuli.landmarks.point_layouts import LINES
from psychobench.stimuli.landmarks.template_files import landmark_flaws, read_template
from psychobench.stimuli.morphing.face_specs import FaceSource
from psychobench.stimuli.morphing.morph_spec import MorphSpec

Points = NDArray[np.float64]
Lines = tuple[tuple[int, ...], ...]
_SUPERSAMPLE = 3  # a rendered face is to be as smooth as a photograph
_SMALLEST = 2  # pixels


@dataclass(frozen=True, eq=False)
class Portrait:
    """One image with its landmarks.

    Attributes
    ----------
    points : ndarray of float64, shape (n_points, 2)
        In pixels of `image`.
    image : ndarray of uint8, shape (height, width, 3), or None
        None where only the shape is wanted.
    name : str
        What to call it in messages.
    lines : tuple of tuple of int
        What its template draws.
    note : str
        How the image was converted; empty where it was taken as it is.
    """

    points: Points
    image: NDArray[np.uint8] | None
    name: str
    lines: Lines = ()
    note: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels; (0, 0) without an image."""
        return (0, 0) if self.image is None else (self.image.shape[1], self.image.shape[0])


@dataclass(frozen=True, eq=False)
class Face:
    """A face of a continuum: one portrait, or several to be averaged.

    Attributes
    ----------
    portraits : tuple of Portrait
        At least one.
    level : float
        Where it lies.
    """

    portraits: tuple[Portrait, ...]
    level: float

    @property
    def notes(self) -> list[str]:
        """What was done to its images before they were used."""
        return [portrait.note for portrait in self.portraits if portrait.note]


def load_faces(spec: MorphSpec) -> list[Face]:
    """Open the images and templates of a spec.

    Parameters
    ----------
    spec : MorphSpec
        Which faces.

    Returns
    -------
    list of Face
        In the order of ``spec.faces``.

    Raises
    ------
    StimulusError
        If an image or a template cannot be used, or they do not fit one another: one line per
        fault.
    """
    faults: list[str] = []
    needs_colour = spec.kind != "transform" or spec.warp != "shape"
    faces = [
        Face(
            tuple(
                _portraits(source, spec.path.parent, needs_colour or source is spec.base, faults)
            ),
            source.level,
        )
        for source in spec.faces
    ]
    portraits = [portrait for face in faces for portrait in face.portraits]
    if not faults:
        faults += _check_point_counts(portraits)
        # faces that are aligned, or only lend their differences, need no common size
        if spec.kind != "transform" and not spec.align:
            faults += _check_sizes(portraits)
        elif len(faces[0].portraits) > 1 and not spec.align:
            faults += _check_sizes(faces[0].portraits)
    if faults:
        raise StimulusError(*faults)
    return faces


def _portraits(source: FaceSource, home: Path, coloured: bool, faults: list[str]) -> list[Portrait]:
    if source.rendered:
        return [_render(source, coloured)]
    found = []
    for number, template in enumerate(source.templates):
        image = source.images[number] if source.images else None
        try:
            found.append(_read_portrait(template, image, home))
        except StimulusError as error:
            faults += [f"{source.place}: {fault}" for fault in error.faults]
    return found


def _render(source: FaceSource, coloured: bool) -> Portrait:
    who, size = source.identity, source.size
    points = frl_points(who, source.valence, view=source.view, size=size)
    image = None
    if coloured:
        image = render_face(
            who, source.valence, view=source.view, size=size, supersample=_SUPERSAMPLE
        )
    return Portrait(points, image, f"the rendered face of {source.place}", LINES[len(points)])


def _read_portrait(template_path: Path, image_path: Path | None, home: Path) -> Portrait:
    faults: list[str] = []
    image, template = None, None
    try:
        template = read_template(template_path)
    except StimulusError as error:
        faults += error.faults
    if image_path is not None:
        try:
            image = read_image(image_path, transparent=False)
        except StimulusError as error:
            faults += error.faults
    if template is None or faults:
        raise StimulusError(*faults)
    name = (image_path or template_path).relative_to(home).as_posix()
    note = ""
    if image_path is not None and (what := conversions(image_path)):
        note = f"{name} was {' and '.join(what)}"
    portrait = Portrait(template.points, image, name, template.lines, note)
    if image is not None and min(portrait.size) < _SMALLEST:
        raise StimulusError(
            f"an image must have at least 2 x 2 pixels: {image_path} has fewer; use a larger one"
        )
    flaw = landmark_flaws(template.points, portrait.size if image is not None else None)
    if flaw:
        raise StimulusError(
            f"landmarks must be places on the face: {template_path}: {flaw}; set them anew"
        )
    return portrait


def _check_point_counts(portraits: Sequence[Portrait]) -> list[str]:
    first = portraits[0]
    return [
        f"all templates must have the same points: {first.name} has {len(first.points)} and "
        f"{other.name} has {len(other.points)}; use the same kind of template for all"
        for other in portraits
        if len(other.points) != len(first.points)
    ]


def _check_sizes(portraits: Sequence[Portrait]) -> list[str]:
    first = portraits[0]
    return [
        f"all images must have one size: {first.name} has {_times(first.size)} pixels and "
        f"{other.name} {_times(other.size)}; crop or scale them with their templates, or write "
        "align = true"
        for other in portraits
        if other.size != first.size
    ]


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
