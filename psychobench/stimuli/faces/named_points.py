"""Named points of a face in pixels, exact because pixels and points share their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.faces.anatomy import Anatomy, Brow, Eye, Mouth, Nose, anatomy
from psychobench.stimuli.faces.canvas import Projection
from psychobench.stimuli.faces.identity import Identity, View

Points = NDArray[np.float64]
Curve = Callable[[Points], Points]
_SAMPLES = 25


def face_landmarks(
    identity: Identity | None = None,
    valence: float = 0.0,
    *,
    view: View | None = None,
    size: int = 224,
) -> dict[str, NDArray[np.float64]]:
    """Return the landmarks of a rendered face.

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
    dict of str to ndarray of float64, shape (n, 2)
        Pixel coordinates, x to the right and y down from the image's top left corner (the first
        pixel's centre is (0.5, 0.5)). Closed contours: ``left_eye``, ``right_eye``,
        ``left_brow``, ``right_brow``, ``nose``, ``mouth_outer``, ``mouth_inner``, ``face``. Points:
        ``left_pupil``, ``right_pupil``, ``mouth_centre`` (one each), ``mouth_corners`` (two).
        Left is the image's left.

    Examples
    --------
    >>> smile, frown = (face_landmarks(valence=v)["mouth_corners"][0, 1] for v in (1, -1))
    >>> bool(smile < frown)
    True
    """
    projection = Projection(view or View(), size)
    points = _points(anatomy(identity or Identity(), valence))
    return {name: projection.to_pixels(place) for name, place in points.items()}


def _points(face: Anatomy) -> dict[str, Points]:
    right_eye, right_brow = _eye(face.eye), _brow(face.brow)
    mouth, mirror = face.mouth, np.array([-1.0, 1.0])
    pupil = np.array([face.eye.pupil])
    zero = np.zeros(1)
    middle = float(0.5 * (mouth.line(zero) + mouth.below(zero))[0])
    return {
        "left_eye": right_eye * mirror,
        "right_eye": right_eye,
        "left_pupil": pupil * mirror,
        "right_pupil": pupil,
        "left_brow": right_brow * mirror,
        "right_brow": right_brow,
        "nose": _nose(face.nose),
        "mouth_outer": _lips(mouth, mouth.top, mouth.bottom),
        "mouth_inner": _lips(mouth, mouth.line, mouth.below),
        "mouth_corners": np.array(
            [[-mouth.half_width, mouth.corner], [mouth.half_width, mouth.corner]]
        ),
        "mouth_centre": np.array([[0.0, middle]]),
        "face": _contour(face),
    }


def _closed(x: Points, upper: Points, lower: Points) -> Points:
    """Join two curves over the same x into one contour."""
    there = np.stack([x, upper], axis=1)
    back = np.stack([x, lower], axis=1)[::-1]
    return np.concatenate([there, back])


def _eye(eye: Eye) -> Points:
    x = np.linspace(eye.inner[0], eye.outer[0], _SAMPLES)
    return _closed(x, eye.upper(x), eye.lower(x))


def _brow(brow: Brow) -> Points:
    x = np.linspace(brow.inner, brow.outer, _SAMPLES)
    centre, half = brow.centre(x), brow.half_thickness(x)
    return _closed(x, centre - half, centre + half)


def _lips(mouth: Mouth, upper: Curve, lower: Curve) -> Points:
    x = np.linspace(-mouth.half_width, mouth.half_width, 2 * _SAMPLES + 1)
    return _closed(x, upper(x), lower(x))


def _nose(nose: Nose) -> Points:
    right = [
        (6.0, 4.0),
        (8.5 * nose.scale, nose.tip - 16.0),
        (nose.wing, nose.tip - 1.0),
        (nose.wing - 1.5, nose.tip + 5.5),
        (0.0, nose.base),
    ]
    left = [(-x, y) for x, y in right[-2::-1]]
    return np.array(right + left)


def _contour(face: Anatomy) -> Points:
    turn = np.linspace(-math.pi, math.pi, 4 * _SAMPLES, endpoint=False)
    radius = face.head.radius(abs(turn))
    return np.stack([radius * np.sin(turn), -radius * np.cos(turn)], axis=1)
