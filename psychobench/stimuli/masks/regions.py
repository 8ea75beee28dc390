"""Regions: which pixels a mask hides, found from a face's landmarks.

Here and beside, scipy is imported where it is used: to load a set takes less time than to load it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.landmarks.face_geometry import FaceGeometry, Landmarks, Points, Shape

Region = NDArray[np.bool_]

MASK_NAMES = ("eyes", "nose", "mouth")
_PARTS = {
    "eyes": (("left_eye",), ("right_eye",)),
    "nose": (("nose",),),
    "mouth": (("mouth",),),
    "eyes+brows": (("left_eye", "left_brow"), ("right_eye", "right_brow")),
}
REGIONS = (*_PARTS, "upper-half", "lower-half", "inner-face")
"""The regions that have a name; any other is a polygon of landmarks."""
_ROUNDING = 1e-6  # pixels: a centre on the edge is inside, on either side of the face
# of the pupil distance; five points mark places without an extent, and need more
_REACH = {"eyes": 0.075, "nose": 0.035, "mouth": 0.06, "eyes+brows": 0.06}
_REACH_OF_PLACES = {"eyes": 0.30, "nose": 0.30, "mouth": 0.18, "eyes+brows": 0.30}
_BEFORE = {"eyes": ("mouth",), "nose": ("eyes", "mouth")}  # who keeps a pixel that two claim


def face_masks(landmarks_per_level: Sequence[Landmarks], size: int) -> dict[str, Region]:
    """Make one fixed mask per feature of a face.

    A mask that followed each level's own features would show the expression in its outline. So
    every mask covers its feature at all levels at once: the convex hull of the feature's landmarks
    over the levels, with a reach. The hull over a frown and a broad smile would still be curved
    like a grin, and grin at every level: the mouth's points are therefore mirrored up and down
    first, which leaves a patch without a bend. A pixel that two masks claim goes to the mouth
    before the eyes and to the eyes before the nose.

    Parameters
    ----------
    landmarks_per_level : sequence of dict or ndarray
        For each level, what `face_landmarks` gave or the points of a template, all for one
        identity, view and size.
    size : int
        Width and height of the images in pixels.

    Returns
    -------
    dict of str to ndarray of bool, shape (size, size)
        ``eyes``, ``nose`` and ``mouth``; true where the face is hidden.

    Examples
    --------
    >>> from psychobench.stimuli.faces import face_landmarks
    >>> masks = face_masks([face_landmarks(valence=v, size=64) for v in (-1, 0, 1)], 64)
    >>> [name for name, mask in masks.items() if mask.any()]
    ['eyes', 'nose', 'mouth']
    """
    face = FaceGeometry.of(landmarks_per_level)
    return {name: named_region(name, face, (size, size)) for name in MASK_NAMES}


def named_region(
    name: str, face: FaceGeometry, shape: Shape, reach: float | None = None, *, evened: bool = True
) -> Region:
    """Find the pixels of one of `REGIONS`.

    Parameters
    ----------
    name : str
        One of `REGIONS`.
    face : FaceGeometry
        Where the features are; a feature is covered at all its levels.
    shape : tuple of int
        Height and width of the images.
    reach : float, optional
        How far beyond the landmarks, in pupil distances.
    evened : bool, optional
        Whether the mouth's patch is made to bend neither up nor down.

    Returns
    -------
    ndarray of bool, shape (height, width)
    """
    if name in _PARTS:
        region = _feature(name, face, shape, reach, evened)
        for other in _BEFORE.get(name, ()):
            region &= ~_feature(other, face, shape, None, evened)
        return region
    x, y = face.grid(shape)
    if name == "inner-face":
        centre, half = _oval(face, reach or 0.0)
        return np.asarray(((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2 <= 1)
    border = 0.5 * float(face.place(face.points("mouth"))[:, 1].mean())
    beyond = (y - border) * (-1.0 if name == "upper-half" else 1.0)
    return np.asarray(beyond >= -(reach or 0.0))


def polygon_region(points_per_level: Sequence[Points], shape: Shape, reach: float) -> Region:
    """Find the pixels within a polygon at any of several levels, and those near it.

    Parameters
    ----------
    points_per_level : sequence of ndarray, shape (n, 2)
        The corners in order, in pixels; the last is joined to the first.
    shape : tuple of int
        Height and width of the images.
    reach : float
        How far beyond the polygon, in pixels.

    Returns
    -------
    ndarray of bool, shape (height, width)
    """
    from scipy.ndimage import distance_transform_edt

    region = np.zeros(shape, dtype=bool)
    for points in points_per_level:
        region |= fill_polygon(points, shape)
    if reach > 0.0 and region.any():
        region = distance_transform_edt(~region) <= reach
    return region


def fill_polygon(points: Points, shape: Shape) -> Region:
    """Find the pixels whose centres lie in a polygon, by the even-odd rule.

    Examples
    --------
    >>> fill_polygon(np.array([(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0)]), (4, 4)).sum()
    np.int64(4)
    """
    down, across = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    inside = np.zeros(shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        rows = np.flatnonzero((y0 <= down) != (y1 <= down))
        if len(rows):
            crossing = x0 + (down[rows] - y0) / (y1 - y0) * (x1 - x0)
            inside[rows] ^= across[None, :] > crossing[:, None]
    return inside


def face_region(face: FaceGeometry, shape: Shape) -> Region:
    """Find the pixels of the face: within its outline and below the hair."""
    oval = named_region("inner-face", face, shape)
    if face.only_places or "face" not in face.levels[0]:
        return oval
    outline = fill_polygon(np.mean([level["face"] for level in face.levels], axis=0), shape)
    if "left_pupil" not in face.levels[0]:
        return outline | oval  # of 68 points: it ends at the brows
    if "left_iris" in face.levels[0]:
        return outline  # of 189 points: it runs along the hairline
    return outline & (face.grid(shape)[1] >= face.forehead)


def features_region(face: FaceGeometry, shape: Shape) -> Region:
    """Find the pixels of eyes, brows, nose and mouth at any level."""
    region = np.zeros(shape, dtype=bool)
    for name in ("eyes+brows", "nose", "mouth"):
        region |= _feature(name, face, shape, None, True)
    return region


def soften(region: Region, feather: float) -> NDArray[np.uint8]:
    """Compute the opacity: 255 within the region, falling to 0 over `feather` pixels beyond it.

    Examples
    --------
    >>> soften(np.array([[True, False, False, False, False]]), 2.0).tolist()
    [[255, 191, 64, 0, 0]]
    """
    from scipy.ndimage import distance_transform_edt

    if feather <= 0.0 or not region.any():
        return region.astype(np.uint8) * np.uint8(255)
    border = int(feather) + 2
    box = bounding_box(region, border)
    far = distance_transform_edt(~region[box])
    fall = 0.5 + 0.5 * np.cos(np.pi * np.minimum(far / (feather + 1.0), 1.0))
    opacity = np.zeros(region.shape, dtype=np.uint8)
    opacity[box] = (255.0 * fall + 0.5).astype(np.uint8)
    return opacity


def bounding_box(region: Region, border: int = 0) -> tuple[slice, slice]:
    """Return the smallest rectangle round the pixels of a region, with a border, as slices."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return (
        slice(max(int(rows[0]) - border, 0), int(rows[-1]) + 1 + border),
        slice(max(int(columns[0]) - border, 0), int(columns[-1]) + 1 + border),
    )


def _feature(
    name: str, face: FaceGeometry, shape: Shape, reach: float | None, evened: bool
) -> Region:
    if reach is None:
        reach = (_REACH_OF_PLACES if face.only_places else _REACH)[name]
    region = np.zeros(shape, dtype=bool)
    for parts in _PARTS[name]:
        points = face.points(*parts)
        if name == "mouth" and evened:
            points = _evened(points, face.axes[1])
        region |= _hull(points, max(reach * face.pupil_distance, 0.5), shape)
    return region


def _oval(face: FaceGeometry, reach: float) -> tuple[Points, Points]:
    """Return centre and half axes of the inner face, in face axes."""
    top = face.forehead
    if face.only_places or "face" not in face.levels[0]:
        bottom = float(face.place(face.points("mouth"))[:, 1].max()) + 0.55
        left, right = -1.02, 1.02
    else:
        outline = face.place(face.points("face"))
        bottom = float(outline[:, 1].max()) - 0.04
        middle, half = outline[:, 0].mean(), 0.455 * np.ptp(outline[:, 0])
        left, right = float(middle - half), float(middle + half)
    low, high = np.array([left, top]), np.array([right, bottom])
    return 0.5 * (low + high), 0.5 * (high - low) + reach


def _evened(points: Points, down: Points) -> Points:
    """Add the points' mirror images in the line across the face through their middle height."""
    heights = points @ down
    middle = 0.5 * (heights.min() + heights.max())
    return np.concatenate([points, points - 2.0 * np.outer(heights - middle, down)])


def _hull(points: Points, reach: float, shape: Shape) -> Region:
    """Return the pixels whose centres lie in the points' convex hull or within `reach` of it."""
    from scipy.spatial import ConvexHull

    turn = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
    disc = reach * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    widened = (points[:, None] + disc).reshape(-1, 2)
    (left, top), (right, bottom) = widened.min(axis=0) - 1.0, widened.max(axis=0) + 1.0
    rows = slice(*np.clip([top, bottom], 0, shape[0]).astype(int).tolist())
    columns = slice(*np.clip([left, right], 0, shape[1]).astype(int).tolist())
    x, y = np.arange(shape[1])[columns] + 0.5, np.arange(shape[0])[rows] + 0.5
    inside = np.ones((len(y), len(x)), dtype=bool)
    for across, down, offset in ConvexHull(widened).equations:
        inside &= across * x[None, :] + down * y[:, None] + offset <= _ROUNDING
    region = np.zeros(shape, dtype=bool)
    region[rows, columns] = inside
    return region
