"""What surrounds the face: background, neck, shirt and ears."""

from __future__ import annotations

import numpy as np

from psychobench.stimuli.faces.anatomy import Anatomy
from psychobench.stimuli.faces.canvas import ALL, Array, Canvas, lay_over, noise, ridge, to_linear
from psychobench.stimuli.faces.identity import Identity, View
from psychobench.stimuli.faces.relief import Ground
from psychobench.stimuli.faces.skin import direction, skin_tone

_BLURRED = 40  # samples across a background that is out of focus


def paint_background(canvas: Canvas, view: View) -> Array:
    """Return new planes of background, uniform or with an out-of-focus pattern."""
    size = len(canvas.x)
    image = np.empty((3, size, size), dtype=np.float32)
    image[:] = to_linear(view.background)[:, None, None]
    if view.clutter:
        u = np.linspace(0.0, 13.0, _BLURRED, dtype=np.float32)[None, :]
        v = u.T
        light = 0.30 * noise(u, v, 1.2, view.pattern)
        hues = np.stack([0.10 * noise(u, v, 1.2, view.pattern + k) for k in (301, 602, 903)])
        image *= _stretched(1.0 + view.clutter * (light + hues), size)
    return image


def _stretched(planes: Array, size: int) -> Array:
    """Stretch small square planes to `size` x `size`, bilinearly, corners on corners.

    The resizer of `psychobench.images` aligns pixel centres instead: these images would change.
    """
    place = np.linspace(0.0, planes.shape[-1] - 1.001, size, dtype=np.float32)
    low = place.astype(np.intp)
    share = place - low
    rows = planes[:, low] * (1.0 - share[:, None]) + planes[:, low + 1] * share[:, None]
    return np.asarray(rows[:, :, low] * (1.0 - share) + rows[:, :, low + 1] * share)


def paint_body(canvas: Canvas, image: Array, face: Anatomy, who: Identity, view: View) -> None:
    """Paint neck, shoulders and shirt."""
    light = direction(view)
    window = canvas.window(-190.0, 190.0, 50.0, 230.0)
    part = canvas.crop(window)
    region = image[:, window[0], window[1]]
    x, y = part.x, part.y
    half = 49.0 + 4.5 * who.sex + 0.8 * who.width + 26.0 * ((y - 104.0) / 40.0).clip(0, None) ** 2
    lean = (x / half).clip(-1.0, 1.0)
    round_ = np.sqrt(1.0 - 0.92 * lean * lean)
    facing = ((lean * light[0] + round_ * light[2] + 0.35) / 1.35).clip(0.0, None)
    reach = np.hypot(x, y)
    gap = reach - face.head.radius(np.arctan2(abs(x), -y))
    shadow = 1.0 - 0.62 * np.exp(-((gap.clip(0.0, None) / 20.0) ** 2))
    tendon = ridge(abs(x) - 24.0 + 0.35 * (y - 110.0), 5.0)
    shade = (0.16 + 0.72 * facing) * shadow * (1.0 + 0.06 * tendon)
    lay_over(region, ALL, skin_tone(who)[:, None, None] * shade, part.soft(half - abs(x)))
    _paint_shirt(part, region, view)


def _paint_shirt(canvas: Canvas, image: Array, view: View) -> None:
    x, y = abs(canvas.x), canvas.y
    neckline = 143.0 - 16.0 * (x / 62.0) ** 2
    shoulder = 118.0 + 0.16 * x + 0.0011 * (x - 60.0).clip(0.0, None) ** 2
    cover = canvas.soft(y - np.maximum(neckline, shoulder), 0.6)
    collar = ridge(y - neckline - 3.5, 1.0) * canvas.soft(66.0 - x, 2.0)
    light = direction(view)
    shade = (
        0.62
        + 0.25 * canvas.x / 140.0 * light[0]
        + 0.03 * noise(canvas.x * 0.05, canvas.y * 0.02, 1.2, 5)
    )
    paint = to_linear(view.shirt)[:, None, None] * (shade * (1.0 - 0.35 * collar))
    lay_over(image, ALL, paint, cover)


def paint_ears(canvas: Canvas, image: Array, face: Anatomy, who: Identity, view: View) -> None:
    """Paint both ears."""
    light = direction(view)
    edge = float(face.head.radius(np.full(1, 1.7, dtype=np.float32))[0])
    for side in (-1.0, 1.0):
        left, right = sorted((side * (edge - 10.0), side * (edge + 18.0)))
        window = canvas.window(left, right, -26.0, 50.0)
        part = canvas.crop(window)
        x, y = side * part.x - edge - 1.0, part.y - 11.0
        x = x - 0.16 * -y
        wide = 8.6 + 2.6 * (-y / 30.0).clip(-1.0, 1.0)
        form = np.hypot(x / wide, y / (27.0 + max(who.age, 0.0)))
        cover = part.soft((1.0 - form) * 9.0, 0.5)
        rim = ridge(form - 0.82, 0.10)
        bowl = ridge(form - 0.45, 0.22)
        shade = 0.62 + 0.16 * side * light[0] + 0.16 * rim - 0.24 * bowl
        tone = skin_tone(who) * np.array([1.04, 0.90, 0.88], dtype=np.float32)
        lay_over(image[:, window[0], window[1]], ALL, tone[:, None, None] * shade, cover)


def head_cover(canvas: Canvas, place: Ground) -> Array:
    """Return how much of each pixel the head covers."""
    return canvas.soft(place.inside, 0.7)
