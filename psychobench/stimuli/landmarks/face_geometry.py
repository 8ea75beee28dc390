"""The geometry of a face: its features at one level or at several, and its own axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.landmarks.point_layouts import FEATURES

Points = NDArray[np.float64]
Landmarks = Mapping[str, Points] | Points
Shape = tuple[int, int]

_BROW = 0.35  # pupil distances from an eye up to its brow, where that is not marked


@dataclass(frozen=True)
class FaceGeometry:
    """Where the features of a face are, at one level or at several.

    Parameters
    ----------
    levels : tuple of dict of str to ndarray, shape (n, 2)
        For each level, the points of each feature in pixels, as `name_features` gives them.
    """

    levels: tuple[Mapping[str, Points], ...]

    @classmethod
    def of(cls, landmarks: Sequence[Landmarks]) -> FaceGeometry:
        """Make it from landmarks by number or by feature, one item for each level."""
        return cls(tuple(name_features(level) for level in landmarks))

    def points(self, *parts: str) -> Points:
        """Return the points of some features at all levels, shape (n, 2)."""
        known = [level[part] for level in self.levels for part in parts if part in level]
        return np.concatenate(known)

    @property
    def only_places(self) -> bool:
        """Whether the landmarks mark places alone, as five points do."""
        return len(self.levels[0]["left_eye"]) < 3

    @cached_property
    def pupils(self) -> tuple[Points, Points]:
        """Return the places of both pupils, averaged over the levels."""
        left, right = (
            np.mean([_centre(level, f"{side}_pupil", f"{side}_eye") for level in self.levels], 0)
            for side in ("left", "right")
        )
        return left, right

    @cached_property
    def axes(self) -> tuple[Points, Points]:
        """Return the unit vectors along the line of the pupils and down the face."""
        left, right = self.pupils
        across = (right - left) / self.pupil_distance
        return across, np.array([-across[1], across[0]])

    @property
    def pupil_distance(self) -> float:
        """Return the distance between the pupils in pixels."""
        left, right = self.pupils
        return float(np.linalg.norm(right - left))

    def place(self, points: Points) -> Points:
        """Return points in face axes: pupil distances from between the pupils, across and down."""
        left, right = self.pupils
        return (points - 0.5 * (left + right)) @ np.array(self.axes).T / self.pupil_distance

    def grid(self, shape: Shape) -> tuple[Points, Points]:
        """Return the pixel centres in face axes, two arrays of shape (height, width)."""
        down, across = np.mgrid[: shape[0], : shape[1]] + 0.5
        x, y = self.place(np.stack([across.ravel(), down.ravel()], axis=1)).T
        return x.reshape(shape), y.reshape(shape)

    @cached_property
    def forehead(self) -> float:
        """Return the height in face axes up to which there certainly is skin."""
        if self.only_places:
            return -0.90
        return float(self.place(self.points("left_brow", "right_brow"))[:, 1].min()) - 0.50


def name_features(landmarks: Landmarks) -> Mapping[str, Points]:
    """Return landmarks by feature.

    Parameters
    ----------
    landmarks : ndarray of float64, shape (n_points, 2), or dict of str to ndarray
        By number, as templates have them (478, 189, 68 or 5), or by feature already, as the
        renderer gives them.

    Returns
    -------
    dict of str to ndarray, shape (n, 2)

    Examples
    --------
    >>> sorted(name_features(np.zeros((5, 2))))
    ['left_brow', 'left_eye', 'mouth', 'nose', 'right_brow', 'right_eye']
    """
    if isinstance(landmarks, np.ndarray):
        features = FEATURES[len(landmarks)]
        named = {name: landmarks[list(indices)] for name, indices in features.items()}
        if "left_brow" not in named:
            across = landmarks[features["right_eye"][0]] - landmarks[features["left_eye"][0]]
            up = _BROW * np.array([across[1], -across[0]])
            named |= {f"{side}_brow": named[f"{side}_eye"] + up for side in ("left", "right")}
        return named
    renamed = {"mouth_outer": "mouth"}
    return {renamed.get(name, name): points for name, points in landmarks.items()}


def _centre(level: Mapping[str, Points], *names: str) -> Points:
    """Return the middle of the first of these features that there is."""
    return np.asarray(next(level[name] for name in names if name in level).mean(axis=0))
