"""Continua: which shape and which mixture of textures each level has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from psychobench.errors import StimulusError
from psychobench.stimuli.image_threads import map_images
from psychobench.stimuli.morphing.face_loading import Face, Portrait
from psychobench.stimuli.morphing.frame import place_frame
from psychobench.stimuli.morphing.morph_spec import MorphSpec
from psychobench.stimuli.morphing.shapes import fit_similarity, keep_lips_closed, turn_vectors
from psychobench.stimuli.morphing.texture import Texture
from psychobench.stimuli.morphing.tissue import colour_faults, same_tissue
from psychobench.stimuli.morphing.warp import (
    Layer,
    Points,
    Size,
    border_points,
    fold_depths,
    paint,
    triangulate,
)

_DEEPEST = 0.015  # of a face's extent; closed lips and touching lids cross by less
_UNUSED = 1e-12
_SHRINK = 0.999


@dataclass(frozen=True, eq=False)
class Continuum:
    """All that is needed to paint the images of a set.

    Attributes
    ----------
    shapes : ndarray of float64, shape (n_levels, n_points, 2)
        The landmarks at each level, in pixels of the result.
    weights : ndarray of float64, shape (n_levels, n_textures)
        How much of each texture is seen; rows sum to 1.
    textures : tuple of Texture
        The images.
    places : tuple of ndarray of float64, shape (n_points + n_border, 2)
        The points in each texture.
    border : ndarray of float64, shape (n_border, 2)
        Where the border's points are in the result.
    triangles : ndarray of intp, shape (n_triangles, 3)
        One triangulation for all.
    size : tuple of int
        Width and height of the result.
    notes : tuple of str
        What is worth saying about it: the deepest fold, where there is any.
    transferred : int
        How many textures, the last ones, lend only the differences of their colours: these are
        seen where every face shows the same tissue.
    """

    shapes: NDArray[np.float64]
    weights: NDArray[np.float64]
    textures: tuple[Texture, ...]
    places: tuple[Points, ...]
    border: Points
    triangles: NDArray[np.intp]
    size: Size
    notes: tuple[str, ...] = field(default=())
    transferred: int = 0

    def paint(self, row: int) -> NDArray[np.uint8]:
        """Paint the image at one level: uint8, shape (height, width, 3)."""
        own = len(self.textures) - self.transferred
        where = same_tissue(self.shapes[row], self.size) if self.transferred else None
        layers = [
            Layer(texture, points, float(weight), where if number >= own else None)
            for number, (texture, points, weight) in enumerate(
                zip(self.textures, self.places, self.weights[row], strict=True)
            )
            if abs(weight) > _UNUSED
        ]
        shape = np.concatenate([self.shapes[row], self.border])
        return paint(shape, self.triangles, layers, self.size)

    def paint_all(self, *, cores: int | None = None, progress: bool = False) -> NDArray[np.uint8]:
        """Paint all levels, shape (n_levels, height, width, 3); the same on any number of cores."""
        from tqdm import tqdm

        width, height = self.size
        pixels = np.empty((len(self.shapes), height, width, 3), dtype=np.uint8)
        bar = tqdm(
            map_images(self.paint, range(len(pixels)), cores=cores),
            "morphing",
            total=len(pixels),
            unit="image",
            disable=None if progress else True,
        )
        for row, image in enumerate(bar):
            pixels[row] = image
        return pixels


Part = tuple[Portrait, float, NDArray[np.float64]]
"""A portrait, how much it is scaled, and its share at each level."""


class _Fold(NamedTuple):
    """How deep a fold is, as a share of the face's extent, and the words for it."""

    depth: float
    what: str


@dataclass(frozen=True, eq=False)
class _AveragedFace:
    """A face's average shape, and how much each of its portraits is scaled to get there."""

    face: Face
    shape: Points
    factors: tuple[float, ...]

    def parts(self, shares: NDArray[np.float64]) -> list[Part]:
        portraits = zip(self.face.portraits, self.factors, strict=True)
        return [(each, factor, shares / len(self.factors)) for each, factor in portraits]


def plan_continuum(spec: MorphSpec, faces: Sequence[Face]) -> Continuum:
    """Work out shapes and mixtures.

    Shapes change in straight lines from anchor to anchor, in proportion to the level, and so do
    mixtures. A transform takes the change of its anchors, turned and scaled as the base is to
    them (the least-squares similarity [1]_), and adds it to the base. Lips that touch in the base
    keep touching, unless they are free to part. Differences in colour are added where the faces
    show the same tissue: not within the eyes, nor between the lips.

    Parameters
    ----------
    spec : MorphSpec
        What is wanted.
    faces : sequence of Face
        As ``load_faces`` gives them.

    Returns
    -------
    Continuum

    Raises
    ------
    StimulusError
        If a shape folds over itself or leaves the image, or the crop does not fit: one line each.

    References
    ----------
    .. [1] Dryden & Mardia (2016). Statistical Shape Analysis, eq. 4.7 (ordinary Procrustes).
    """
    first = faces[0].portraits[0]
    window, size = place_frame(spec.frame, first.size, len(spec.levels))
    averaged = [_average_portraits(face, first.points if spec.align else None) for face in faces]
    anchors = averaged[1:] if spec.base else averaged
    marks = np.array([anchor.face.level for anchor in anchors])
    mixture = _anchor_shares(marks, np.array(spec.levels))
    held = np.repeat(
        _anchor_shares(marks, np.array([_held_level(spec, marks)])), len(mixture), axis=0
    )
    ends = np.stack([anchor.shape for anchor in anchors])
    parts: list[Part] = []
    if spec.base:
        base = averaged[0]
        rest = np.tensordot(held[0], ends, 1)
        turn = fit_similarity(rest, base.shape)[0]
        ends = base.shape + turn_vectors(ends - rest, turn)
        if spec.warp != "shape" and (faults := colour_faults(base.shape, ends, spec.lips)):
            raise StimulusError(*faults)
        if spec.lips == "keep":
            ends = keep_lips_closed(ends, base.shape)
        parts += base.parts(np.ones(len(mixture)))
    shapes = np.tensordot(held if spec.warp == "colour" else mixture, ends, 1)
    shares = held if spec.warp == "shape" else mixture
    if spec.base:
        shares = shares - held
    if spec.base is None or spec.warp != "shape":
        for anchor, share in zip(anchors, shares.T, strict=True):
            parts += anchor.parts(share)
    planned = _assemble(spec, first.size, window, size, shapes, ends, parts)
    if spec.base and spec.warp != "shape":
        return replace(planned, transferred=len(parts) - len(averaged[0].factors))
    return planned


def _assemble(
    spec: MorphSpec,
    whole: Size,
    window: NDArray[np.float64],
    size: Size,
    shapes: NDArray[np.float64],
    ends: NDArray[np.float64],
    parts: Sequence[Part],
) -> Continuum:
    """Convert everything to pixels of the result and check it."""
    scale = np.array(size) / (window[1] - window[0])
    faults = _outside(spec, shapes, whole)
    border = (border_points(whole) - window[0]) * scale
    shapes, ends = (shapes - window[0]) * scale, (ends - window[0]) * scale
    triangles = triangulate(np.concatenate([ends.mean(axis=0), border]))
    textures, places = [], []
    folds = [
        _find_folds(shape, border, triangles, f"at level {level:g}")
        for level, shape in zip(spec.levels, shapes, strict=True)
    ]
    for portrait, factor, _ in parts:
        image, points = _scale_down(portrait, factor * float(scale.mean()))
        edge = border_points((image.shape[1], image.shape[0]))
        folds.append(_find_folds(points, edge, triangles, f"on {portrait.name}"))
        textures.append(Texture.of(image, spec.blend))
        places.append(np.concatenate([points, edge]))
    found = sorted((fold for fold in folds if fold), reverse=True)
    faults += [
        f"a face must not fold over itself: {fold.what}; "
        "check that these points mean the same places on all faces"
        for fold in found
        if fold.depth > _DEEPEST
    ]
    if faults:
        raise StimulusError(*faults)
    weights = np.stack([weight for _, _, weight in parts], axis=1)
    return Continuum(
        shapes,
        weights,
        tuple(textures),
        tuple(places),
        border,
        triangles,
        size,
        tuple(fold.what for fold in found[:1]),
    )


def _held_level(spec: MorphSpec, marks: NDArray[np.float64]) -> float:
    """Return the level at which whatever does not change is held."""
    if spec.base:
        return spec.base.level
    return float(marks[[0, -1]].mean()) if spec.hold is None else spec.hold


def _anchor_shares(marks: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute each anchor's share at each level: 1 at its own, falling to 0 at its neighbours'."""
    return np.stack([np.interp(levels, marks, row) for row in np.eye(len(marks))], axis=1)


def _average_portraits(face: Face, onto: Points | None) -> _AveragedFace:
    """Average the shapes of a face's portraits, in their own places or brought onto another."""
    shapes, factors = [], []
    for portrait in face.portraits:
        shape, factor = portrait.points, 1.0
        if onto is not None:
            turn, shape = fit_similarity(shape, onto)
            factor = abs(turn)
        shapes.append(shape)
        factors.append(factor)
    return _AveragedFace(face, np.mean(shapes, axis=0), tuple(factors))


def _scale_down(portrait: Portrait, factor: float) -> tuple[NDArray[np.uint8], Points]:
    """Scale a portrait down, smoothly, where the result is coarser than it."""
    image = portrait.image
    if image is None:
        raise StimulusError(
            f"an image is needed for its colours: {portrait.name} has none; add it to the spec"
        )
    if factor >= _SHRINK:
        return image, portrait.points
    width, height = (max(2, round(side * factor)) for side in portrait.size)
    small = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(small), portrait.points * (np.array([width, height]) / portrait.size)


def _outside(spec: MorphSpec, shapes: NDArray[np.float64], whole: Size) -> list[str]:
    faults = []
    for level, shape in zip(spec.levels, shapes, strict=True):
        outside = np.flatnonzero(((shape < -1e-6) | (shape > np.array(whole) + 1e-6)).any(axis=1))
        if outside.size:
            faults.append(
                f"every shape must lie within the image: at level {level:g} {outside.size} points "
                f"lie outside, the first is point {outside[0]}; leave more room around the face"
            )
    return faults


def _find_folds(
    points: Points, border: Points, triangles: NDArray[np.intp], where: str
) -> _Fold | None:
    """Look for triangles that are turned over."""
    depths = fold_depths(np.concatenate([points, border]), triangles)
    if not depths.any():
        return None
    worst = int(depths.argmax())
    corners = [point for point in sorted(triangles[worst].tolist()) if point < len(points)]
    relative = float(depths[worst] / np.linalg.norm(np.ptp(points, axis=0)))
    what = (
        f"{where} {np.count_nonzero(depths)} of {len(triangles)} triangles are turned over, by up "
        f"to {depths[worst]:.2g} pixels (points {', '.join(map(str, corners))})"
    )
    return _Fold(relative, what)
