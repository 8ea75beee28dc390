"""The head as a height field (mm): its ground form and what bone, flesh, age and muscle add."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from psychobench.stimuli.faces.anatomy import Anatomy
from psychobench.stimuli.faces.canvas import Array, Canvas, ridge
from psychobench.stimuli.faces.identity import Identity

_DEPTH = 74.0


@dataclass(frozen=True)
class Ground:
    """Where a canvas's pixels lie with respect to the head's contour."""

    inside: Array  # signed distance (mm) to the contour, positive within
    fraction: Array  # distance from the origin in units of the contour's distance


def ground(canvas: Canvas, face: Anatomy) -> Ground:
    """Measure every pixel against the head's contour."""
    reach = np.hypot(canvas.x, canvas.y)
    radius = face.head.radius(np.arctan2(abs(canvas.x), -canvas.y))
    return Ground(radius - reach, reach / radius)


def relief(canvas: Canvas, place: Ground, face: Anatomy, who: Identity) -> Array:
    """Return the height field of a head.

    Parameters
    ----------
    canvas : Canvas
        Pixels that cover the head.
    place : Ground
        Those pixels against the head's contour.
    face : Anatomy
        Where everything lies.
    who : Identity
        For age, sex and fullness.

    Returns
    -------
    ndarray of float32, shape of the canvas
    """
    rest = 1.0 - place.fraction**2.5
    steep = 0.1 + (rest - 0.01) / 0.2  # the tangent where the root would grow too steep
    height = _DEPTH * np.where(rest > 0.01, np.sqrt(np.maximum(rest, 0.01)), steep)
    _add_bones(canvas, height, face, who)
    _add_nose(canvas, height, face)
    _add_cheeks(canvas, height, face, who)
    _add_mouth(canvas, height, face)
    _add_chin(canvas, height, face, who)
    _add_folds(canvas, height, face, who)
    _add_wrinkles(canvas, height, face, who)
    return height


def _add_bones(canvas: Canvas, height: Array, face: Anatomy, who: Identity) -> None:
    """Add sockets, eyeballs, brow ridges and the forehead."""
    x = face.eye.centre
    canvas.add_pair(height, x - 2.0, -6.0, 16.0, 10.0, -5.6)
    canvas.add_pair(height, 14.5, -1.0, 4.5, 7.0, -1.8)
    canvas.add_pair(height, x, 0.0, 10.5, 7.5, 4.4)
    canvas.add_pair(height, 32.0, -21.0, 17.0, 5.5, 1.7 + 0.9 * who.sex)
    canvas.add_bump(height, 0.0, -22.0, 9.0, 8.0, 0.9 + 0.5 * who.sex)
    canvas.add_bump(height, 0.0, -55.0, 38.0, 22.0, 1.5)


def _add_nose(canvas: Canvas, height: Array, face: Anatomy) -> None:
    nose = face.nose
    window = canvas.window(-32.0, 32.0, -26.0, nose.base + 14.0)
    x, y = canvas.x[window], canvas.y[window]
    down = ((y + 8.0) / (nose.tip + 8.0)).clip(0.0, 1.1)
    width = (4.9 + 4.0 * down) * nose.scale
    root = 0.5 + 0.5 * np.tanh((y + 9.0) / 7.0)
    end = 0.5 - 0.5 * np.tanh((y - nose.tip - 4.8) / 3.0)
    height[window] += ridge(x / width, 1.0) * (2.8 + 8.6 * down * down) * root * end
    canvas.add_bump(height, 0.0, nose.tip, 6.4 * nose.scale, 5.8, 4.6)
    canvas.add_pair(height, 0.72 * nose.wing, nose.tip + 1.6, 4.2 * nose.scale, 4.4, 5.2)
    canvas.add_pair(height, 1.12 * nose.wing, nose.tip + 1.0, 2.0, 4.6, -1.3)


def _add_cheeks(canvas: Canvas, height: Array, face: Anatomy, who: Identity) -> None:
    lift = face.units.cheek
    old = max(who.age, 0.0)
    canvas.add_pair(height, 41.0 + 1.5 * lift, 25.0 - 6.0 * lift, 15.0, 12.5, 3.2 + 5.6 * lift)
    canvas.add_pair(height, 50.0, 58.0, 8.0, 17.0, -1.6 + 1.0 * who.cheeks - 0.4 * old)
    canvas.add_pair(height, 24.0, 12.5, 8.0, 2.6, -0.7 - 0.7 * old, 0.25)
    canvas.add_pair(height, 31.0, 9.2, 9.0, 2.7, 0.4 + 0.9 * lift + 0.6 * old, 0.08)
    canvas.add_pair(height, 43.0, 85.0, 8.0, 8.0, 1.3 * old)


def _add_mouth(canvas: Canvas, height: Array, face: Anatomy) -> None:
    """Add lips on the curve of the teeth."""
    mouth, units = face.mouth, face.units
    canvas.add_bump(height, 0.0, 66.0, 24.0, 17.0, 4.6)
    window = canvas.window(-mouth.half_width - 2, mouth.half_width + 2, 48.0, 100.0)
    x, y = canvas.x[window], canvas.y[window]
    line, below = mouth.line(x), mouth.below(x)
    upper = ((line - y) / (line - mouth.top(x) + 0.4)).clip(-0.6, 1.6)
    lower = ((y - below) / (mouth.bottom(x) - below + 0.4)).clip(-0.6, 1.6)
    fade = 1.0 - mouth.along(x) ** 3
    height[window] += fade * (1.7 * ridge(upper - 0.42, 0.38) + 2.6 * ridge(lower - 0.45, 0.36))
    philtrum = 0.5 * (face.nose.base + mouth.middle - mouth.upper_lip)
    canvas.add_bump(height, 0.0, philtrum, 2.3, 4.2, -0.9)
    depth = -0.7 - 1.5 * units.cheek - 1.2 * units.frown
    canvas.add_pair(height, mouth.half_width + 1.8, mouth.corner, 2.8, 3.0, depth)


def _add_chin(canvas: Canvas, height: Array, face: Anatomy, who: Identity) -> None:
    mouth, pout = face.mouth, face.units.pout
    lip = mouth.middle + mouth.gap + mouth.lower_lip
    canvas.add_bump(height, 0.0, lip + 4.5, 13.0, 3.4, -1.5 - 0.9 * pout)
    canvas.add_bump(height, 0.0, face.head.chin - 16.0, 15.0, 10.0, 3.4 + 0.6 * who.sex + pout)


def _add_folds(canvas: Canvas, height: Array, face: Anatomy, who: Identity) -> None:
    """Add nasolabial folds: a crease with the cheek's roll beside it."""
    units, nose, mouth = face.units, face.nose, face.mouth
    old = max(who.age + 0.3, 0.0)
    window = canvas.window(-62.0, 62.0, nose.tip - 20.0, mouth.corner + 26.0)
    x, y = abs(canvas.x[window]), canvas.y[window]
    start, end = nose.tip - 3.0, mouth.corner + 7.0
    down = (y - start) / (end - start)
    path = nose.wing + 1.5 + (mouth.half_width + 6.0 - nose.wing) * down.clip(-0.3, 1.4)
    path = path + (2.0 + 3.0 * units.cheek) * np.sin(np.pi * down.clip(0.0, 1.0))
    aside = (x - path) * 0.8
    fade = (1.0 - ((down - 0.46) / 0.72) ** 2).clip(0.0, 1.0) ** 2
    strength = 0.30 + 0.45 * old + 1.9 * units.cheek + 0.35 * units.frown
    height[window] += strength * fade * (0.75 * ridge(aside - 5.5, 4.6) - 0.75 * ridge(aside, 2.1))
    drop = 0.9 * units.frown + 0.45 * old
    canvas.add_pair(height, mouth.half_width + 5.0, mouth.corner + 9.0, 1.7, 7.0, -drop, -0.35)


def _add_wrinkles(canvas: Canvas, height: Array, face: Anatomy, who: Identity) -> None:
    """Add furrows on the forehead, between the brows and beside the eyes."""
    units, old = face.units, max(who.age, 0.0)
    for row in range(3):
        depth = -0.16 * old - 0.42 * units.brow
        canvas.add_bump(height, 0.0, -43.0 - 8.0 * row, 15.0 + 3.0 * row, 1.5, depth)
    for side in (0.5, 1.0):
        canvas.add_pair(height, 20.0 * side + 8.0, -42.0 - 8.0 * side, 9.0, 1.4, -0.2 * old)
    canvas.add_pair(height, 4.8, -22.0, 1.7, 5.0, -0.15 * old - 0.75 * units.brow, -0.15)
    for fan in (-1.0, 0.0, 1.0):
        depth = -0.30 * old * (1 + units.cheek) - 0.22 * units.cheek
        canvas.add_pair(
            height, face.eye.outer[0] + 6.0, 0.5 + 4.0 * fan, 4.0, 0.9, depth, 0.38 * fan
        )
