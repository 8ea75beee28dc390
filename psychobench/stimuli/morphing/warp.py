"""Piecewise-affine warps: one triangulation for all shapes, sampled backwards, so without holes.

The library's own code rather than scikit-image's ``PiecewiseAffineTransform`` or OpenCV's
``warpAffine`` per triangle: it keeps one triangulation for all levels, adds up any number of
textures in one pass in sRGB or linear light, detects folds, works in rows so that 21 images of
1350 x 1350 pixels need little memory, and gives the same bytes for any number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from psychobench.stimuli.morphing.texture import Texture

Points = NDArray[np.float64]
Size = tuple[int, int]  # width, height

_PER_SIDE = 8  # stretches between the border points of a side
_FLAT = 1e-9  # square pixels: less is a line
_EDGE = 1e-7  # in barycentric coordinates: a centre on an edge is inside
_ROWS = 32  # so few at a time that what is computed of them stays in the processor's cache


def border_points(size: tuple[float, float]) -> Points:
    """Place points along an image's border, corners included.

    Parameters
    ----------
    size : tuple of float
        Width and height.

    Returns
    -------
    ndarray of float64, shape (32, 2)
        The same fractions of the border for every size, so that borders fall on borders.

    Examples
    --------
    >>> border_points((80, 40))[:2].tolist()
    [[0.0, 0.0], [10.0, 0.0]]
    """
    along = np.arange(_PER_SIDE) / _PER_SIDE
    zero = np.zeros(_PER_SIDE)
    sides = [(along, zero), (zero + 1, along), (1 - along, zero + 1), (zero, 1 - along)]
    corners = np.concatenate([np.stack(side, axis=1) for side in sides])
    placed: Points = corners * np.asarray(size, dtype=np.float64)
    return placed


def triangulate(points: Points) -> NDArray[np.intp]:
    """Triangulate a shape (Delaunay), each triangle's points in the same turning sense.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 2)
        Landmarks and border points of the average shape.

    Returns
    -------
    ndarray of intp, shape (n_triangles, 3)
        Indices of `points`. Of points in one place, only one is used.
    """
    triangles = Delaunay(points).simplices.astype(np.intp)
    area = doubled_areas(points, triangles)
    triangles[area < 0] = triangles[area < 0][:, ::-1]
    kept: NDArray[np.intp] = triangles[np.abs(area) > _FLAT]
    return kept


def doubled_areas(points: Points, triangles: NDArray[np.intp]) -> NDArray[np.float64]:
    """Compute twice the signed area of each triangle: negative where a fold has turned it over."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    first, second = b - a, c - a
    areas: NDArray[np.float64] = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return areas


def fold_depths(points: Points, triangles: NDArray[np.intp]) -> NDArray[np.float64]:
    """Compute how deep each triangle is folded over: its height in pixels, 0 where it is not."""
    corners = points[triangles]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    area = doubled_areas(points, triangles)
    return np.where(area < 0, -area / np.maximum(edges.max(axis=1), _FLAT), 0.0)


def rasterise(points: Points, triangles: NDArray[np.intp], size: Size) -> NDArray[np.int32]:
    """Find the triangle in which each pixel's centre lies.

    Because the border's points stay where they are, the triangles that are not turned over cover
    every pixel, whatever the points within do.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 2)
        In pixels of the result; may lie outside.
    triangles : ndarray of intp, shape (n_triangles, 3)
        Indices of `points`.
    size : tuple of int
        Width and height of the result.

    Returns
    -------
    ndarray of int32, shape (height, width)
        Rows of `triangles`.
    """
    width, height = size
    labels = np.full((height, width), -1, dtype=np.int32)
    corners = points[triangles]
    low = np.maximum(np.floor(corners.min(axis=1)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=1)), size).astype(int)
    area = doubled_areas(points, triangles)
    seen = (area > _FLAT) & (low < high).all(axis=1)
    for number in np.flatnonzero(seen):
        (left, top), (right, bottom) = low[number], high[number]
        x, y = np.arange(left, right) + 0.5, np.arange(top, bottom)[:, None] + 0.5
        (ax, ay), (bx, by), (cx, cy) = corners[number]
        of_b = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area[number]
        of_c = ((y - ay) * (bx - ax) - (x - ax) * (by - ay)) / area[number]
        inside = (of_b >= -_EDGE) & (of_c >= -_EDGE) & (of_b + of_c <= 1.0 + _EDGE)
        labels[top:bottom, left:right][inside] = number
    return labels


@dataclass(frozen=True)
class Layer:
    """One texture's part in an image.

    Attributes
    ----------
    texture : Texture
        The colours.
    points : ndarray of float64, shape (n, 2)
        Where the texture has the points of the shape, border points included.
    weight : float
        How much of it goes into the sum.
    where : ndarray of float32, shape (height, width), or None
        How much of that counts at each pixel of the result; all of it everywhere by default.
    """

    texture: Texture
    points: Points
    weight: float
    where: NDArray[np.float32] | None = None


def paint(
    shape: Points, triangles: NDArray[np.intp], layers: Sequence[Layer], size: Size
) -> NDArray[np.uint8]:
    """Warp textures into one shape and add them up.

    Parameters
    ----------
    shape : ndarray of float64, shape (n, 2)
        Where the points come to lie, in pixels of the result.
    triangles : ndarray of intp, shape (n_triangles, 3)
        Indices of `shape`.
    layers : sequence of Layer
        What is brought there; all in one colour space.
    size : tuple of int
        Width and height of the result.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    width, height = size
    labels = rasterise(shape, triangles, size)
    maps = [_affine_maps(shape, layer.points, triangles) for layer in layers]
    out = np.empty((height, width, 3), dtype=np.uint8)
    x = np.arange(width) + 0.5
    for top in range(0, height, _ROWS):
        rows = labels[top : top + _ROWS]
        y = np.arange(top, top + len(rows))[:, None] + 0.5
        total = np.zeros((3, *rows.shape), dtype=np.float32)
        for layer, to_source in zip(layers, maps, strict=True):
            a, b, c, d, e, f = (column.take(rows) for column in to_source)
            share = None if layer.where is None else layer.where[top : top + len(rows)]
            layer.texture.add(a * x + b * y + c, d * x + e * y + f, layer.weight, total, share)
        out[top : top + len(rows)] = layers[0].texture.encode(total)
    return out


def _affine_maps(
    target: Points, source: Points, triangles: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Solve for each triangle's affine map from target to source: x' = ax+by+c, y' = dx+ey+f.

    A triangle without area in the target has no map and needs none.
    """
    maps = np.zeros((6, len(triangles)))
    covers = doubled_areas(target, triangles) > _FLAT
    corners = target[triangles[covers]]
    ones = np.ones((*corners.shape[:2], 1))
    solved = np.linalg.solve(np.concatenate([corners, ones], axis=2), source[triangles[covers]])
    maps[:, covers] = solved.transpose(2, 1, 0).reshape(6, -1)
    return maps
