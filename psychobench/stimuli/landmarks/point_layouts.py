"""Landmarks: what the points of a face mean, by how many there are.

Landmarks are float arrays of shape (n_points, 2) in pixels: x to the right and y down from the
image's top left corner, so that the first pixel's centre is (0.5, 0.5) and the far corner of the
image is (width, height). WebMorph counts so too, and so does the renderer. Left is the image's
left.

======  ==========================================================================================
points  convention
======  ==========================================================================================
478     MediaPipe's face mesh with irises, as `find_landmarks` gives it
189     FRL, the default template of WebMorph and Psychomorph
68      iBUG 300-W, as dlib and many detectors give it
5       eye, eye, nose tip, mouth corner, mouth corner, each pair from the left
======  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Indices = tuple[int, ...]


def _run(*ends: int) -> Indices:
    """Join stretches of indices: (first, last, first, last ...), each up or down."""
    pairs = zip(ends[::2], ends[1::2], strict=True)
    steps = (range(a, b + 1) if a <= b else range(a, b - 1, -1) for a, b in pairs)
    return tuple(chain.from_iterable(steps))


# of the mesh: both lips' edges from the left, and the outline of the face from the left ear down
_UPPER_EDGE = (191, 80, 81, 82, 13, 312, 311, 310, 415)
_LOWER_EDGE = (95, 88, 178, 87, 14, 317, 402, 318, 324)
_LOWEST_EDGE = (146, 91, 181, 84, 17, 314, 405, 321, 375)
_MESH_JAW = (
    234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
    377, 400, 378, 379, 365, 397, 288, 361, 323, 454,
)  # fmt: skip
_MESH: Mapping[str, Indices] = {
    "left_pupil": (468,),
    "right_pupil": (473,),
    "left_iris": _run(469, 472),
    "right_iris": _run(474, 477),
    "left_eye": (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    "right_eye": (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382),
    "left_brow": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "right_brow": (336, 296, 334, 293, 300, 276, 283, 282, 295, 285),
    "nose": (
        168, 351, 399, 437, 420, 429, 279, 358, 294, 327, 326,
        2, 97, 98, 64, 129, 49, 209, 198, 217, 174, 122,
    ),
    "mouth": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, *_LOWEST_EDGE[::-1]),
    "mouth_inner": (78, *_UPPER_EDGE, 308, *_LOWER_EDGE[::-1]),
    "jaw": _MESH_JAW,
    "face": (*_MESH_JAW, 356, 389, 251, 284, 332, 297, 338, 10, 109, 67, 103, 54, 21, 162, 127),
}  # fmt: skip

FEATURES: Mapping[int, Mapping[str, Indices]] = {
    478: _MESH,
    189: {
        "left_pupil": (0,),
        "right_pupil": (1,),
        "left_iris": _run(2, 9),
        "right_iris": _run(10, 17),
        "left_eye": (18, 19, 20, 21, 22, 30, 29, 28),
        "right_eye": (23, 24, 25, 26, 27, 33, 32, 31),
        "left_brow": (71, 72, 73, 74, 75, 76, 84, 83),
        "right_brow": (77, 78, 79, 80, 81, 82, 86, 85),
        "nose": (50, 61, 62, 63, 64, 180, 55, 181, 69, 68, 67, 66, 56),
        "mouth": _run(87, 93, 108, 104),
        "mouth_inner": _run(87, 87, 94, 98, 93, 93, 103, 99),
        "jaw": _run(125, 133),
        "face": (
            *_run(134, 144, 112, 112),
            *(187, 113, 188, 114),
            *_run(133, 125, 111, 111),
            *(186, 110, 185, 109),
        ),
    },
    68: {
        "left_eye": _run(36, 41),
        "right_eye": _run(42, 47),
        "left_brow": _run(17, 21),
        "right_brow": _run(22, 26),
        "nose": _run(27, 27, 35, 31),
        "mouth": _run(48, 59),
        "mouth_inner": _run(60, 67),
        "jaw": _run(0, 16),
        "face": _run(0, 16, 26, 17),
    },
    5: {"left_eye": (0,), "right_eye": (1,), "nose": (2,), "mouth": (3, 4)},
}
"""The points of each feature, by the number of points in the whole set.

Three or more points are a closed outline, in order and without the first point again at the end;
but ``jaw`` is an open line, and so are the brows of 68 points. One or two points mark a place and
enclose nothing.
"""

KNOWN_COUNTS = " or ".join(", ".join(map(str, FEATURES)).rsplit(", ", 1))
"""How many landmarks have a known meaning, for messages."""

LIPS: Mapping[int, tuple[Indices, Indices, Indices]] = {
    478: (_UPPER_EDGE, _LOWER_EDGE, _LOWEST_EDGE),
    189: (_run(94, 98), _run(99, 103), _run(104, 108)),
    68: ((61, 62, 63), (67, 66, 65), (58, 57, 56)),
}
"""From the left: the upper lip's lower edge, and the lower lip's upper and lower edges."""

_PAIRS: Mapping[int, tuple[tuple[Indices, Indices], ...]] = {
    189: (
        ((0,), (1,)),
        (_run(2, 9), (10, *_run(17, 11))),
        (_run(18, 22), _run(27, 23)),
        (_run(28, 30), _run(33, 31)),
        (_run(34, 38), _run(43, 39)),
        (_run(44, 46), _run(49, 47)),
        (_run(50, 54), _run(56, 60)),
        (_run(61, 65), _run(66, 70)),
        (_run(71, 76), _run(82, 77)),
        (_run(83, 84), _run(86, 85)),
        (_run(87, 89), _run(93, 91)),
        (_run(94, 95), _run(98, 97)),
        (_run(99, 100), _run(103, 102)),
        (_run(104, 105), _run(108, 107)),
        (_run(109, 111), _run(112, 114)),
        (_run(115, 119), _run(120, 124)),
        (_run(125, 128), _run(133, 130)),
        (_run(134, 138), _run(144, 140)),
        (_run(145, 150), _run(157, 152)),
        (_run(158, 160), _run(161, 163)),
        (_run(164, 166), _run(167, 169)),
        (_run(170, 171), _run(172, 173)),
        ((176,), (178,)),
        (_run(179, 180), _run(182, 181)),
        ((183,), (184,)),
        (_run(185, 186), _run(187, 188)),
    ),
    68: (
        (_run(0, 7), _run(16, 9)),
        (_run(17, 21), _run(26, 22)),
        (_run(31, 32), _run(35, 34)),
        (_run(36, 41), (*_run(45, 42), 47, 46)),
        (_run(48, 50), _run(54, 52)),
        (_run(58, 59), _run(56, 55)),
        (_run(60, 61), _run(64, 63)),
        ((67,), (65,)),
    ),
    5: (((0,), (1,)), ((3,), (4,))),
}


def _partners(count: int) -> Indices:
    places = np.arange(count)
    for left, right in _PAIRS[count]:
        places[list(left)], places[list(right)] = right, left
    return tuple(places.tolist())


MIRRORED: Mapping[int, Indices] = {count: _partners(count) for count in _PAIRS}
"""For each point, the one that lies in its place when the image is mirrored left to right."""

LINES: Mapping[int, tuple[Indices, ...]] = {
    189: (
        (0, 0),
        (1, 1),
        _run(2, 9, 2, 2),
        _run(10, 17, 10, 10),
        _run(18, 22),
        _run(23, 27),
        _run(18, 18, 28, 30, 22, 22),
        _run(23, 23, 31, 33, 27, 27),
        _run(34, 38),
        _run(39, 43),
        _run(44, 46),
        _run(47, 49),
        _run(50, 55),
        _run(56, 60, 55, 55),
        _run(61, 65, 179, 180, 55, 55),
        _run(66, 70, 182, 181, 55, 55),
        _run(71, 76),
        _run(77, 82),
        (71, 83, 84, 76),
        (77, 85, 86, 82),
        _run(87, 93),
        _run(87, 87, 94, 98, 93, 93),
        _run(87, 87, 99, 103, 93, 93),
        _run(87, 87, 104, 108, 93, 93),
        (109, 185, 110, 186, 111),
        (112, 187, 113, 188, 114),
        _run(109, 109, 115, 119, 111, 111),
        _run(112, 112, 120, 124, 114, 114),
        _run(109, 109, 134, 144, 112, 112),
        _run(145, 157),
        _run(158, 160),
        _run(161, 163),
        _run(164, 166),
        _run(167, 169),
        (170, 171),
        (172, 173),
        (174, 175),
        (176, 177, 178),
        (126, 145),
        (132, 157),
        (145, 183, 184, 157),
        (111, 125, 126),
        _run(126, 132),
        (132, 133, 114),
    ),
}
"""The lines that a template of so many points draws between them."""


def lines_of(count: int) -> tuple[Indices, ...]:
    """Return the lines between so many points: those of templates, or else the features' outlines.

    Examples
    --------
    >>> lines_of(5)
    ((0,), (1,), (2,), (3, 4))
    """
    if count in LINES:
        return LINES[count]
    outlines = FEATURES.get(count, {})
    return tuple(
        line if len(line) < 3 or name == "jaw" else (*line, line[0])
        for name, line in outlines.items()
    )


def mirror_points(points: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return the landmarks of an image mirrored left to right.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, 2)
        189, 68 or 5 points.
    width : float
        The image's width in pixels.

    Returns
    -------
    ndarray of float64, shape (n_points, 2)
        In the same order: a left eye stays a left eye.

    Raises
    ------
    ValueError
        If the convention for so many points is not known.

    Examples
    --------
    >>> face = np.array([[30, 40], [72, 41], [50, 60], [35, 80], [66, 81.0]])
    >>> mirror_points(face, 100)[:2].tolist()
    [[28.0, 41.0], [70.0, 40.0]]
    """
    if len(points) not in MIRRORED:
        known = ", ".join(map(str, MIRRORED))
        raise ValueError(f"only {known} points can be mirrored: there are {len(points)}")
    swapped: NDArray[np.float64] = points[list(MIRRORED[len(points)])]
    turned: NDArray[np.float64] = np.array([width, 0.0]) + swapped * np.array([-1.0, 1.0])
    return turned
