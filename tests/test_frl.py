"""The 189 points on rendered faces lie where the renderer draws what they name."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Delaunay

from psychobench.stimuli.faces import Identity, View, face_landmarks, frl_points

SIZE = 1000
VALENCES = (-1.0, -0.4, 0.0, 0.4, 1.0)
UPPER_LIP = [87, 88, 89, 90, 91, 92, 93]


def people(number: int) -> list[Identity]:
    rng = np.random.default_rng(5)
    return [Identity(), *(Identity.random(rng) for _ in range(number))]


def to_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Distance of each point to the nearest edge of a closed contour."""
    start, step = polygon, np.roll(polygon, -1, axis=0) - polygon
    off = points[:, None] - start
    along = ((off * step).sum(axis=2) / np.maximum((step**2).sum(axis=1), 1e-12)).clip(0, 1)
    return np.linalg.norm(off - along[..., None] * step, axis=2).min(axis=1)


@pytest.mark.parametrize(
    ("feature", "indices"),
    [
        ("left_eye", [*range(18, 23), *range(28, 31)]),
        ("right_eye", [*range(23, 28), *range(31, 34)]),
        ("left_brow", [72, 73, 74, 75, 76, 83, 84]),
        ("right_brow", [77, 78, 79, 80, 81, 85, 86]),
        ("mouth_outer", [*UPPER_LIP, *range(104, 109)]),
        ("mouth_inner", [*range(94, 104)]),
        ("face", [109, 185, 110, 186, 111, *range(125, 134), 112, 187, 113, 188, 114]),
    ],
)
def test_each_group_of_points_lies_on_the_contour_that_is_drawn(
    feature: str, indices: list[int]
) -> None:
    for who in people(4):
        for valence in VALENCES:
            points = frl_points(who, valence, size=SIZE)[indices]
            drawn = face_landmarks(who, valence, size=SIZE)[feature]
            assert to_polygon(points, drawn).max() < 1.0  # of 1000 pixels


def test_the_face_of_the_image_s_left_is_the_mirror_image_of_its_right() -> None:
    points = frl_points(size=SIZE)
    for left, right in ((0, 1), (18, 27), (71, 82), (87, 93), (63, 68), (125, 133), (164, 167)):
        assert points[left] * [-1, 1] + [SIZE, 0] == pytest.approx(points[right])


def test_the_irises_stay_between_the_lids() -> None:
    for who in people(4):
        for valence in VALENCES:
            points = frl_points(who, valence, size=SIZE)
            assert points[2:10, 1].min() > points[19:22, 1].min() - 1.0
            assert points[2:10, 1].max() < points[28:31, 1].max() + 1.0


@pytest.mark.slow
def test_no_triangle_between_the_points_turns_over_as_the_expression_changes() -> None:
    def areas(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        a, b, c = (points[triangles[:, corner]] for corner in range(3))
        (x, y), (u, v) = (b - a).T, (c - a).T
        return x * v - y * u

    border = (
        SIZE * np.array([(x, y) for x in (-1, 0.5, 2) for y in (-1, 0.5, 2)])[[0, 1, 2, 6, 7, 8]]
    )
    for who in people(30):
        faces = [np.concatenate([frl_points(who, v, size=SIZE), border]) for v in VALENCES]
        triangles = Delaunay(np.mean(faces, axis=0), qhull_options="QJ").simplices
        sign = np.sign(areas(np.mean(faces, axis=0), triangles))
        for points in faces:
            assert (areas(points, triangles) * sign).min() > -60.0  # slivers of the closed lips


def test_the_points_follow_the_view() -> None:
    plain = frl_points(size=SIZE)
    moved = frl_points(view=View(dx=0.05, dy=-0.02), size=SIZE)
    assert moved == pytest.approx(plain + np.array([50.0, -20.0]))
    assert frl_points(size=100) == pytest.approx(plain / 10)
