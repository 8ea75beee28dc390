"""Where two faces show the same tissue, so that a difference in colour can be transferred.

Within an eye, iris and white lie elsewhere on another face; between the lips are teeth on one face
and nothing on the other. The difference of such colours would paint specks and stripes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.landmarks.face_geometry import FaceGeometry, Points
from psychobench.stimuli.landmarks.point_layouts import FEATURES
from psychobench.stimuli.masks.regions import fill_polygon, soften
from psychobench.stimuli.morphing.shapes import keep_lips_closed
from psychobench.stimuli.morphing.warp import Size

# lips that are closed on one face and open on another do not correspond either
_OPENINGS = ("left_eye", "right_eye", "mouth")
_OUTLINED = (*_OPENINGS, "mouth_inner")
_FEATHER = 0.05  # pupil distances over which the colour fades in round an opening
_PARTED = 0.02  # pupil distances: lips that part by less stay a line


def same_tissue(shape: Points, size: Size) -> NDArray[np.float32]:
    """Compute where colour may be transferred: 1 on skin and hair, 0 in eyes and mouth.

    Parameters
    ----------
    shape : ndarray of float64, shape (n_points, 2)
        Landmarks in pixels of the image.
    size : tuple of int
        Width and height of the image.

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    features, pixels = FEATURES[len(shape)], (size[1], size[0])
    hidden = np.zeros(pixels, dtype=bool)
    for name in _OPENINGS:
        hidden |= fill_polygon(shape[list(features[name])], pixels)
    feather = _FEATHER * FaceGeometry.of([shape]).pupil_distance
    return np.asarray(1.0 - soften(hidden, feather) / 255.0, dtype=np.float32)


def colour_faults(base: Points, ends: NDArray[np.float64], lips: str) -> list[str]:
    """Find reasons why colour cannot be transferred to a face.

    Parameters
    ----------
    base : ndarray of float64, shape (n_points, 2)
        Landmarks of the face that a transform changes.
    ends : ndarray of float64, shape (n_anchors, n_points, 2)
        What the shape becomes at each anchor.
    lips : {"keep", "free"}
        Whether lips that touch in the base keep touching.
    """
    features = FEATURES.get(len(base), {})
    if any(name not in features for name in _OUTLINED):
        known = " or ".join(str(n) for n, named in FEATURES.items() if "mouth_inner" in named)
        return [
            f"colour can be transferred only where faces show the same tissue: {len(base)} "
            f'landmarks do not outline eyes and lips; use {known}, or write warp = "shape"'
        ]
    closed = keep_lips_closed(ends, base)
    parted = float(np.linalg.norm(ends - closed, axis=2).max())
    if lips == "free" and parted > _PARTED * FaceGeometry.of([base]).pupil_distance:
        return [
            "colour can be transferred only where faces show the same tissue: the lips of the base "
            f"touch and would part by {parted:.1f} pixels, where it has nothing to show; delete "
            'lips = "free", or take a base with its mouth open'
        ]
    return []
