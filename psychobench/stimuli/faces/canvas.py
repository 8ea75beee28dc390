"""What faces are drawn with: pixel grids in face coordinates, soft edges, bumps, noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from psychobench.stimuli.faces.identity import View

Array = NDArray[Any]  # float32 on pixel grids, float64 along landmarks
Window = tuple[slice, slice]

ALL = (slice(None), slice(None))
FRAME = 268.0  # mm of face plane on the image's height at scale 1
CENTRE_Y = 2.0  # mm: the height in the face that falls on the image's centre
_TILE = 256


@dataclass(frozen=True)
class Projection:
    """From face coordinates to pixels and back.

    Face coordinates are millimetres: origin midway between the pupils, x to the image's right, y
    down. Pixel coordinates have their origin in the image's top left corner, so that the centre of
    the first pixel is (0.5, 0.5).
    """

    view: View
    size: int

    @property
    def pixels_per_mm(self) -> float:
        """Return the scale."""
        return self.size * self.view.scale / FRAME

    @property
    def _turn(self) -> tuple[float, float]:
        angle = math.radians(self.view.roll)
        return math.cos(angle), math.sin(angle)

    def to_pixels(self, points: ArrayLike) -> NDArray[np.float64]:
        """Project face points, shape (n, 2), to pixels."""
        x, y = np.atleast_2d(np.asarray(points, dtype=float)).T
        cos, sin = self._turn
        y = y - CENTRE_Y
        turned = np.stack([cos * x - sin * y, sin * x + cos * y], axis=1)
        shift = np.array([0.5 + self.view.dx, 0.5 + self.view.dy]) * self.size
        return np.asarray(turned * self.pixels_per_mm + shift)

    def box(self, x0: float, x1: float, y0: float, y1: float) -> tuple[float, ...]:
        """Return the pixel box round a rectangle of the face: centre x, y, half width, height."""
        cos, sin = self._turn
        scale = self.pixels_per_mm
        x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1) - CENTRE_Y
        wide, tall = 0.5 * (x1 - x0), 0.5 * (y1 - y0)
        return (
            (cos * x - sin * y) * scale + (0.5 + self.view.dx) * self.size,
            (sin * x + cos * y) * scale + (0.5 + self.view.dy) * self.size,
            (abs(cos) * wide + abs(sin) * tall) * scale,
            (abs(sin) * wide + abs(cos) * tall) * scale,
        )

    def canvas(self) -> Canvas:
        """Return the grid of all pixel centres in face coordinates."""
        cos, sin = self._turn
        pitch = 1.0 / self.pixels_per_mm
        pixels = np.arange(self.size) + 0.5
        across = ((pixels - (0.5 + self.view.dx) * self.size) * pitch)[None, :]
        down = ((pixels - (0.5 + self.view.dy) * self.size) * pitch)[:, None]
        x = (cos * across + sin * down).astype(np.float32)
        y = (cos * down - sin * across + CENTRE_Y).astype(np.float32)
        return Canvas(x, y, pitch, self)


@dataclass(frozen=True)
class Canvas:
    """Face coordinates of a rectangle of pixels."""

    x: Array
    y: Array
    pitch: float
    projection: Projection
    top: int = 0
    left: int = 0

    def window(self, x0: float, x1: float, y0: float, y1: float) -> Window:
        """Find the pixels that a rectangle of the face falls on, as slices of this canvas."""
        column, row, wide, tall = self.projection.box(x0, x1, y0, y1)
        rows, columns = self.x.shape
        return (
            _span(row - self.top, tall, rows),
            _span(column - self.left, wide, columns),
        )

    def crop(self, window: Window) -> Canvas:
        """Return the part of this canvas that `window` names."""
        rows, columns = window
        return Canvas(
            self.x[window],
            self.y[window],
            self.pitch,
            self.projection,
            self.top + rows.start,
            self.left + columns.start,
        )

    def pick(self, chosen: Array) -> Canvas:
        """Return the pixels with these flat indices, as a canvas of one dimension."""
        return Canvas(self.x.ravel()[chosen], self.y.ravel()[chosen], self.pitch, self.projection)

    def add_bump(
        self,
        field: Array,
        x: float,
        y: float,
        sx: float,
        sy: float,
        height: float,
        tilt: float = 0.0,
    ) -> None:
        """Add a bell of widths `sx`, `sy` (mm) to `field`; it ends smoothly at 3.2 widths."""
        reach_x = 3.17 * (sx if tilt == 0.0 else max(sx, sy))
        reach_y = 3.17 * (sy if tilt == 0.0 else max(sx, sy))
        window = self.window(x - reach_x, x + reach_x, y - reach_y, y + reach_y)
        dx, dy = self.x[window] - x, self.y[window] - y
        if tilt:
            cos, sin = math.cos(tilt), math.sin(tilt)
            dx, dy = dx * cos + dy * sin, dy * cos - dx * sin
        field[window] += bell((dx / sx) ** 2 + (dy / sy) ** 2) * height

    def add_pair(
        self,
        field: Array,
        x: float,
        y: float,
        sx: float,
        sy: float,
        height: float,
        tilt: float = 0.0,
    ) -> None:
        """Add the same bell on both sides of the face."""
        self.add_bump(field, -x, y, sx, sy, height, -tilt)
        self.add_bump(field, x, y, sx, sy, height, tilt)

    def soft(self, distance: Array, blur: float = 0.0) -> Array:
        """Cover from 0 to 1 as a signed distance (mm) goes from outside to inside."""
        width = max(0.55 * self.pitch, blur)
        step = (0.5 + distance * (1.0 / (3.0 * width))).clip(0.0, 1.0)
        return np.asarray(step * step * (3.0 - 2.0 * step))


def _span(centre: float, half: float, limit: int) -> slice:
    """Return the pixels from `centre` - `half` to `centre` + `half` that exist."""
    start = min(max(math.floor(centre - half), 0), limit)
    return slice(start, min(max(math.ceil(centre + half), start), limit))


def bell(squared: Array) -> Array:
    """Approximate exp(-squared / 2) by a polynomial that is exactly zero beyond sqrt(10)."""
    base = np.maximum(1.0 - squared * 0.1, 0.0)
    double = base * base
    return np.asarray(double * double * base)


def ridge(distance: Array, width: float) -> Array:
    """Return a bell across a line, at signed distance `distance` from it."""
    return bell((distance / width) ** 2)


def lay_over(image: Array, window: Window, colour: Array, cover: Array) -> None:
    """Paint `colour`, shape (3,) or (3, h, w), over planes `image` where `cover` is."""
    if colour.ndim == 1:
        colour = colour[:, None, None]
    part = image[:, window[0], window[1]]
    part += (colour - part) * cover


def to_linear(srgb: ArrayLike) -> Array:
    """Decode colours from 0 to 1 to linear light by the renderer's power law of 2.2.

    Not the sRGB curve of `psychobench.images`: the renderer's colours were set under this law, and
    its images are to stay the same bytes.
    """
    return np.power(np.asarray(srgb, dtype=np.float32), 2.2)


@lru_cache(maxsize=8)
def noise_tile(sigma: float) -> Array:
    """Return a seamless tile of Gaussian noise with unit variance, blurred by `sigma` cells."""
    white = np.random.default_rng(20231).standard_normal((_TILE, _TILE)).astype(np.float32)
    smooth = gaussian_filter(white, sigma, mode="wrap") if sigma else white
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def noise(u: Array, v: Array, sigma: float, seed: int) -> Array:
    """Sample the tile at cells (`u`, `v`), bilinearly, shifted by `seed`.

    By hand: scipy's ``map_coordinates`` is as quick but rounds differently, and rendered images
    are to stay the same bytes.
    """
    tile = noise_tile(sigma).ravel()
    u = u + seed % _TILE
    v = v + seed // _TILE % _TILE
    u0, v0 = np.floor(u), np.floor(v)
    fu, fv = u - u0, v - v0
    column, row = u0.astype(np.int32) & 255, v0.astype(np.int32) & 255
    beside, below = (column + 1) & 255, (row + 1) & 255
    row, below = row << 8, below << 8
    above = tile[row + column] * (1 - fu) + tile[row + beside] * fu
    under = tile[below + column] * (1 - fu) + tile[below + beside] * fu
    return np.asarray(above + (under - above) * fv, dtype=np.float32)
