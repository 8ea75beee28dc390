"""Masks that hide the eyes, the nose or the mouth: one of each for all levels of a face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

MASK_NAMES = ("eyes", "nose", "mouth")
_PARTS = {"eyes": ("left_eye", "right_eye"), "nose": ("nose",), "mouth": ("mouth_outer",)}
_ROUNDING = 1e-6  # pixels: a centre on the edge is inside, on either side of the face
_MARGIN = {"eyes": 0.075, "nose": 0.035, "mouth": 0.06}  # of the pupil distance

Landmarks = Mapping[str, NDArray[np.float64]]


def face_masks(landmarks_per_level: Sequence[Landmarks], size: int) -> dict[str, NDArray[np.bool_]]:
    """Make one fixed mask per feature of a face.

    A mask that followed each level's own features would show the expression in its outline. So
    every mask covers its feature at all levels at once: the convex hull of the feature's landmarks
    over the levels, with a margin. The hull over a frown and a broad smile would still be curved
    like a grin, and grin at every level: the mouth's points are therefore mirrored up and down
    first, which leaves a patch without a bend. A pixel that two masks claim goes to the mouth
    before the eyes and to the eyes before the nose.

    Parameters
    ----------
    landmarks_per_level : sequence of dict
        For each level, what `face_landmarks` gave, all for one identity, view and size.
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
    first = landmarks_per_level[0]
    across = (first["right_pupil"] - first["left_pupil"])[0]
    masks = {name: np.zeros((size, size), dtype=bool) for name in MASK_NAMES}
    for name, mask in masks.items():
        for part in _PARTS[name]:
            points = np.concatenate([level[part] for level in landmarks_per_level])
            if name == "mouth":
                points = _evened(points, across)
            mask |= _hull(points, float(_MARGIN[name] * np.linalg.norm(across)), size)
    masks["eyes"] &= ~masks["mouth"]
    masks["nose"] &= ~(masks["eyes"] | masks["mouth"])
    return masks


def _evened(points: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add the points' mirror images in the line along `across` through their middle height."""
    down = np.array([-across[1], across[0]]) / np.linalg.norm(across)
    heights = points @ down
    middle = 0.5 * (heights.min() + heights.max())
    return np.concatenate([points, points - 2.0 * np.outer(heights - middle, down)])


def _hull(points: NDArray[np.float64], margin: float, size: int) -> NDArray[np.bool_]:
    """Give the pixels whose centres lie in the points' convex hull or within `margin` of it."""
    centres = np.arange(size) + 0.5
    turn = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
    disc = margin * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    widened = (points[:, None] + disc).reshape(-1, 2)
    inside = np.ones((size, size), dtype=bool)
    for across, down, offset in ConvexHull(widened).equations:
        inside &= across * centres[None, :] + down * centres[:, None] + offset <= _ROUNDING
    return inside
