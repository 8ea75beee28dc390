"""The 189 points of the FRL template on a rendered face, from the renderer's own geometry.

The template is the one of WebMorph and Psychomorph: the same point has the same number on every
face, so that a rendered face can be morphed with, or lend its expression to, a photographed one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.faces.anatomy import Anatomy, anatomy
from psychobench.stimuli.faces.canvas import Canvas, Projection
from psychobench.stimuli.faces.hair import measure_hair
from psychobench.stimuli.faces.identity import Identity, View
from psychobench.stimuli.landmarks.point_layouts import MIRRORED

Points = NDArray[np.float64]
N_POINTS = 189

# Points of the image's right half, from the nose outwards or downwards.
_RIGHT: dict[str, tuple[int, ...]] = {
    "pupil": (1,),
    "iris": (10, 17, 16, 15, 14, 13, 12, 11),
    "upper_lid": (23, 24, 25, 26, 27),
    "lower_lid": (31, 32, 33),
    "crease": (39, 40, 41, 42, 43),
    "trough": (47, 48, 49),
    "bridge": (56, 57, 58, 59, 60),
    "wing": (66, 67, 68, 69),
    "nostril": (70, 182, 181),
    "philtrum": (172, 173),
    "brow": (77, 78, 79, 80, 81, 82, 85, 86),
    "lips": (91, 92, 93, 97, 98, 102, 103, 107, 108),
    "side": (112, 187, 113, 188, 114),
    "ear": (120, 121, 122, 123, 124),
    "jaw": (133, 132, 131, 130),
    "fold": (161, 162, 163),
    "cheekbone": (167, 168, 169),
    "chin": (178,),
    "neck": (157, 184),
}
_MIDDLE = {"nose": (55,), "lips": (90, 96, 101, 106), "chin": (177, 174, 175, 129)}
_HAIRLINE = (139, 140, 141, 142, 143, 144)
_OUTLINE = (151, 152, 153, 154, 155, 156)
_RAY = np.linspace(20.0, 180.0, 1601)  # mm from the head's middle


def frl_points(
    identity: Identity | None = None,
    valence: float = 0.0,
    *,
    view: View | None = None,
    size: int = 224,
) -> NDArray[np.float64]:
    """Return the 189 FRL points of a rendered face.

    Parameters
    ----------
    identity : Identity, optional
        Who; the average face by default.
    valence : float, optional
        From -1 (sad) over 0 (neutral) to +1 (happy).
    view : View, optional
        Head size, position and tilt; the standard view by default.
    size : int, optional
        Width and height of the image in pixels.

    Returns
    -------
    ndarray of float64, shape (189, 2)
        Pixels, x to the right and y down from the top left corner, in the template's order. Points
        of one place stay apart only where the face keeps them apart: the edges of closed lips
        coincide, as they do in templates of photographs. A head without hair gets the hairline
        that short hair would have.

    References
    ----------
    .. [1] DeBruine, L., & Holzleitner, I. (2022). webmorphR: Reproducible Stimuli. Template FRL.

    Examples
    --------
    >>> points = frl_points(valence=1.0)
    >>> points.shape
    (189, 2)
    >>> bool(points[87, 1] < frl_points(valence=-1.0)[87, 1])  # a smile lifts the corners
    True
    """
    who, view = identity or Identity(), view or View()
    face = anatomy(who, valence)
    points = np.full((N_POINTS, 2), np.nan)
    for name, place in _right_half(face, who).items():
        points[list(_RIGHT[name])] = place
        points[_mirrored(_RIGHT[name])] = place * [-1.0, 1.0]
    for name, middle in _midline(face).items():
        points[list(_MIDDLE[name])] = middle
    points[_mirrored(_HAIRLINE)], points[_mirrored(_OUTLINE)] = _hair(face, who, -1.0)
    points[list(_HAIRLINE)], points[list(_OUTLINE)] = _hair(face, who, 1.0)
    return Projection(view, size).to_pixels(points)


def _mirrored(indices: Sequence[int]) -> list[int]:
    return [MIRRORED[N_POINTS][index] for index in indices]


def _right_half(face: Anatomy, who: Identity) -> dict[str, Points]:
    return {
        **_eye(face, who),
        **_nose(face),
        "brow": _brow(face),
        "lips": _lips(face),
        **_sides(face, who),
        **_flesh(face, who),
    }


def _eye(face: Anatomy, who: Identity) -> dict[str, Points]:
    eye = face.eye
    (inner, _), (outer, _) = eye.inner, eye.outer
    along = inner + (outer - inner) * np.array([0.0, 0.26, 0.52, 0.80, 1.0])
    turn = np.arange(8) * (math.pi / 4)
    iris_x = eye.pupil[0] + 5.9 * np.sin(turn)
    iris_y = eye.pupil[1] - 5.9 * np.cos(turn)
    seen = np.clip(iris_y, eye.upper(iris_x) + 0.1, eye.lower(iris_x) - 0.1)
    lift = 3.0 + 0.6 * face.units.cheek - 0.4 * max(who.age, 0.0)
    rise = lift + 0.9 * np.sin(math.pi * eye.along(along))
    ends = np.array([0.8, 0.0, 0.0, 0.0, 0.8])  # beyond the corners, as far as it is drawn
    return {
        "pupil": np.array([eye.pupil]),
        "iris": np.stack([iris_x, seen], axis=1),
        "upper_lid": np.stack([along, eye.upper(along)], axis=1),
        "lower_lid": np.stack([along[1:4], eye.lower(along[1:4])], axis=1),
        "crease": np.stack([along + ends, eye.upper(along) - rise], axis=1),
        "trough": np.array([[16.2, 10.5], [24.0, 12.5], [34.5, 15.2]]),
    }


def _nose(face: Anatomy) -> dict[str, Points]:
    nose = face.nose
    down = nose.tip * np.array([-0.13, 0.08, 0.34, 0.60, 0.88])
    width = (4.9 + 4.0 * ((down + 8.0) / (nose.tip + 8.0))) * nose.scale
    turn = np.radians([-60.0, 0.0, 50.0, 100.0])
    wing_x = nose.wing * (0.70 + 0.36 * np.cos(turn))
    middle, half = 0.47 * nose.wing, 4.6 * nose.scale
    nostril = [(middle + sign * half, nose.tip + 6.0 - 0.16 * sign * half) for sign in (1, -1)]
    top = float(face.mouth.top(np.zeros(1))[0]) - nose.base
    across = face.mouth.half_width
    return {
        "bridge": np.stack([0.75 * width, down], axis=1),
        "wing": np.stack([wing_x, nose.tip + 1.5 + 6.0 * np.sin(turn)], axis=1),
        "nostril": np.array([*nostril, (0.19 * nose.wing, nose.base - 0.6)]),
        "philtrum": np.array(
            [(0.17 * across, nose.base + 0.28 * top), (0.22 * across, nose.base + 0.72 * top)]
        ),
    }


def _brow(face: Anatomy) -> Points:
    brow = face.brow
    # inner end below and above, the upper edge outwards to the tail, then the lower edge
    along = np.array([0.03, 0.03, 0.38, 0.66, 0.86, 1.0, 0.38, 0.70])
    edge = np.array([1.0, -1.0, -1.0, -1.0, -1.0, 0.0, 1.0, 1.0])
    x = brow.inner + (brow.outer - brow.inner) * along
    return np.stack([x, brow.centre(x) + edge * brow.half_thickness(x)], axis=1)


def _lips(face: Anatomy) -> Points:
    mouth = face.mouth
    parts = (
        (mouth.top, (0.27, 0.64, 1.0)),
        (mouth.line, (0.31, 0.62)),
        (mouth.below, (0.31, 0.62)),
        (mouth.bottom, (0.38, 0.71)),
    )
    curves = [(curve, mouth.half_width * np.array(places)) for curve, places in parts]
    return np.concatenate([np.stack([x, curve(x)], axis=1) for curve, x in curves])


def _sides(face: Anatomy, who: Identity) -> dict[str, Points]:
    """Return the contour of the face, the ear's outside and the neck."""
    top, bottom = 11.0 - 25.0, 11.0 + 26.0
    y = np.linspace(top, bottom, 5)
    neck = face.head.chin + 3.0
    return {
        "side": np.stack([_contour_x(face, y), y], axis=1),
        "ear": _ear(face, who, np.radians([-72.0, -35.0, 5.0, 42.0, 74.0])),
        "jaw": _on_rays(face.head.radius(np.radians(_JAW)), np.radians(_JAW)),
        "neck": np.array([[_neck_x(neck, who), neck], [20.0, neck + 13.0]]),
    }


_JAW = [138.0, 148.0, 159.0, 169.5]


def _ear(face: Anatomy, who: Identity, turn: Points) -> Points:
    """Return points of the ear's outline: angle 0 points sideways, 90 degrees down."""
    edge = float(face.head.radius(np.full(1, 1.7))[0])
    y = (27.0 + max(who.age, 0.0)) * np.sin(turn)
    wide = 8.6 + 2.6 * (-y / 30.0).clip(-1.0, 1.0)
    return np.stack([edge + 1.0 + wide * np.cos(turn) - 0.16 * y, y + 11.0], axis=1)


def _neck_x(y: float, who: Identity) -> float:
    spread = 26.0 * max((y - 104.0) / 40.0, 0.0) ** 2
    return 49.0 + 4.5 * who.sex + 0.8 * who.width + spread


def _flesh(face: Anatomy, who: Identity) -> dict[str, Points]:
    """Return the folds beside the mouth, the cheekbones and the chin's dimple."""
    nose, mouth, units = face.nose, face.mouth, face.units
    start, end = nose.tip - 3.0, mouth.corner + 7.0
    down = np.array([0.28, 0.50, 0.72])
    fold = nose.wing + 1.5 + (mouth.half_width + 6.0 - nose.wing) * down
    fold = fold + (2.0 + 3.0 * units.cheek) * np.sin(math.pi * down)
    cheek = np.array([41.0 + 1.5 * units.cheek, 25.0 - 6.0 * units.cheek])
    lip = mouth.middle + mouth.gap + mouth.lower_lip
    return {
        "fold": np.stack([fold, start + (end - start) * down], axis=1),
        "cheekbone": cheek + np.array([[18.0, -6.5], [9.5, 3.0], [-3.0, 8.5]]),
        "chin": np.array([[11.5, lip + 6.5]]),
    }


def _midline(face: Anatomy) -> dict[str, Points]:
    mouth, zero = face.mouth, np.zeros(1)
    lips = [float(curve(zero)[0]) for curve in (mouth.top, mouth.line, mouth.below, mouth.bottom)]
    lip, chin = mouth.middle + mouth.gap + mouth.lower_lip, face.head.chin
    heights = {
        "nose": [face.nose.base],
        "lips": lips,
        "chin": [lip + 4.5, lip + 0.45 * (chin - lip), lip + 0.70 * (chin - lip), chin],
    }
    return {name: np.array([(0.0, y) for y in column]) for name, column in heights.items()}


def _hair(face: Anatomy, who: Identity, side: float) -> tuple[Points, Points]:
    """Return the hairline and the hair's outside on one side of the head, crown first."""
    styled = replace(who, hairstyle="short") if who.hairstyle == "bald" else who
    turn = np.radians([0.0, 16.0, 30.0, 43.0, 58.0, 73.0])
    line = _hairline(face, styled, side * turn)
    turn = np.radians([0.0, 22.5, 42.0, 64.0])
    outline = _on_rays(_hair_outside(face, who, side * turn), side * turn)
    ear = _ear(face, who, np.radians([-25.0]))[0, 0]
    below = _contour_x(face, np.array([66.0]))[0]
    x0, x66 = _hair_edge(face, who, 0.0), _hair_edge(face, who, 66.0)
    low = np.array([[side * max(ear + 4.0, x0), 0.0], [side * max(below + 15.0, x66), 66.0]])
    return line, np.concatenate([outline, low])


def _hairline(face: Anatomy, who: Identity, turn: Points) -> Points:
    """Follow rays from the head's middle to the first pixel that is hair, or to the contour."""
    hair = measure_hair(_rays(turn), face, who)
    if hair is None:
        raise ValueError("a bald head has no hairline")
    gap = hair.reach - hair.line
    start = np.array([np.interp(0.0, row, _RAY) for row in gap])
    return _on_rays(np.minimum(start, face.head.radius(abs(turn)) - 1.0), turn)


def _hair_outside(face: Anatomy, who: Identity, turn: Points) -> Points:
    """Return the radius of the head's outline with its hair at angles from the crown."""
    skull = face.head.radius(abs(turn)).astype(np.float64)
    hair = measure_hair(_rays(turn), face, who)
    return skull if hair is None else np.maximum(skull, hair.outside[:, 0])


def _hair_edge(face: Anatomy, who: Identity, y: float) -> float:
    """Return the hair's outside at a height below the crown's side; 0 where there is none."""
    place = np.full((1, 1), y)
    hair = measure_hair(_canvas(np.full((1, 1), 80.0), place), face, who)
    return 0.0 if hair is None or hair.style.bottom < y else float(hair.outside[0, 0])


def _rays(turn: Points) -> Canvas:
    x, y = _on_rays(_RAY, turn[:, None]).transpose(2, 0, 1)
    return _canvas(x, y)


def _canvas(x: Points, y: Points) -> Canvas:
    return Canvas(x, y, 1.0, Projection(View(), 1))


def _on_rays(radius: Points, turn: Points) -> Points:
    """Return the points at distances and angles (radians, 0 at the crown) from the middle."""
    return np.stack([radius * np.sin(turn), -radius * np.cos(turn)], axis=-1)


def _contour_x(face: Anatomy, y: Sequence[float] | Points) -> Points:
    """Return the contour's distance from the midline at heights."""
    turn = np.linspace(0.0, math.pi, 721)
    outline = _on_rays(face.head.radius(turn), turn)
    return np.asarray(np.interp(y, outline[:, 1], outline[:, 0]))
