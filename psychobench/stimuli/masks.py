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
    over the levels, with a margin. A pixel that two masks claim goes to neither nose nor eyes but
    to the mouth, and to the eyes before the nose.

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
    pupils = np.linalg.norm(first["left_pupil"] - first["right_pupil"])
    masks = {}
    for name in MASK_NAMES:
        margin = float(_MARGIN[name] * pupils)
        masks[name] = np.logical_or.reduce(
            [
                _hull(np.concatenate([level[part] for level in landmarks_per_level]), margin, size)
                for part in _PARTS[name]
            ]
        )
    masks["eyes"] &= ~masks["mouth"]
    masks["nose"] &= ~(masks["eyes"] | masks["mouth"])
    return masks


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
