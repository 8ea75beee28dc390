"""Control masks: as much of the face hidden, but no feature."""

from __future__ import annotations

import numpy as np

from psychobench.stimuli.landmarks.face_geometry import FaceGeometry
from psychobench.stimuli.masks.regions import Region, face_region, features_region, soften

_TOLERANCE = 0.01  # of the area
_EDGE = 0.03  # pupil distances between a control mask and the face's outline


def control_region(
    region: Region, face: FaceGeometry, feather: float
) -> tuple[Region, bool] | None:
    """Find a region of equal area on the face that touches no feature.

    The region itself is shifted, by as little as possible, to where it lies within the face and
    off all features. Where there is no such place, the control grows from the most open place of
    either side of the face until it is as large; its shape is then another one.

    Parameters
    ----------
    region : ndarray of bool, shape (height, width)
        What the mask hides.
    face : FaceGeometry
        Where the features are.
    feather : float
        Width of the soft edge in pixels, which stays off the features too.

    Returns
    -------
    tuple of ndarray of bool and bool, or None
        The control's pixels, as many as the region's (with the soft edge counted), and whether it
        has the region's shape; None where the free parts of the face are too small.
    """
    free = _free(region, face, feather)
    shifted = _shift_into(region, free)
    if shifted is not None:
        return shifted, True
    left_side = face.grid(region.shape)[0] < 0.0
    grown = _grow(free, region, left_side, feather)
    return None if grown is None else (grown, False)


def _free(region: Region, face: FaceGeometry, feather: float) -> Region:
    """Find where a control mask may lie."""
    from scipy.ndimage import distance_transform_edt

    taken = features_region(face, region.shape) | region
    inside = face_region(face, region.shape)
    off_features = distance_transform_edt(~taken) > feather + 1.0
    # half of the soft edge may lie beyond the face: less would leave no place for wide edges
    off_edge = distance_transform_edt(inside) > max(_EDGE * face.pupil_distance, 0.5 * feather)
    return np.asarray(off_features & off_edge)


def _shift_into(region: Region, free: Region) -> Region | None:
    from scipy.signal import fftconvolve

    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    top, left = rows[0], columns[0]
    shape = region[top : rows[-1] + 1, left : columns[-1] + 1]
    blocked = fftconvolve(~free * 1.0, shape[::-1, ::-1] * 1.0, mode="valid")
    places = np.argwhere(blocked < 0.5)
    if not len(places):
        return None
    far = ((places - [top, left]) ** 2).sum(axis=1)
    down, across = places[np.lexsort((places[:, 1], places[:, 0], far))[0]]
    shifted = np.zeros_like(region)
    shifted[down : down + shape.shape[0], across : across + shape.shape[1]] = shape
    return shifted


def _grow(free: Region, region: Region, left: Region, feather: float) -> Region | None:
    """Collect free pixels, nearest first to the most open place of either side."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(free)
    places = np.argwhere(free)
    near = np.full(len(places), np.inf)
    for side in (left, ~left):
        centre = np.unravel_index(int(np.argmax(depth * side)), free.shape)
        near = np.minimum(near, ((places - centre) ** 2).sum(axis=1))
    order = places[np.argsort(near, kind="stable")]
    wanted = _area(region, feather)
    low, high, best = 0, len(order), None
    while low <= high:  # the soft edge of another shape has another area
        number = (low + high) // 2
        grown = np.zeros_like(free)
        grown[tuple(order[:number].T)] = True
        missing = wanted - _area(grown, feather)
        if best is None or abs(missing) < abs(best[0]):
            best = (missing, grown)
        if abs(missing) < 0.5:
            break
        low, high = (number + 1, high) if missing > 0 else (low, number - 1)
    enough = best is not None and abs(best[0]) <= _TOLERANCE * wanted
    return best[1] if best is not None and enough else None


def _area(region: Region, feather: float) -> float:
    return float(soften(region, feather).sum(dtype=np.int64)) / 255.0
