"""Eyes and eyebrows."""

from __future__ import annotations

import math

import numpy as np

from psychobench.stimuli.faces.anatomy import Anatomy
from psychobench.stimuli.faces.canvas import ALL, Array, Canvas, lay_over, noise, ridge, to_linear
from psychobench.stimuli.faces.hair import hair_colour
from psychobench.stimuli.faces.identity import Identity, View
from psychobench.stimuli.faces.skin import darkness, direction, skin_tone

_IRIS = 5.9  # mm
_PUPIL = 2.3
_IRISES = np.array(
    [[0.16, 0.09, 0.055], [0.30, 0.19, 0.10], [0.38, 0.40, 0.30], [0.36, 0.47, 0.58]]
)


def paint_eyes(canvas: Canvas, image: Array, face: Anatomy, who: Identity, view: View) -> None:
    """Paint both eyes, their lids and lashes over a lit face."""
    for side in (-1.0, 1.0):
        left, right = sorted((side * (face.eye.inner[0] - 5), side * (face.eye.outer[0] + 14)))
        window = canvas.window(left, right, -15.0, 14.0)
        part = canvas.crop(window)
        region = image[:, window[0], window[1]]
        x = side * part.x
        _paint_ball(part, region, x, face, who, view, side)
        _paint_lids(part, region, x, face, who)


def _paint_ball(
    canvas: Canvas, image: Array, x: Array, face: Anatomy, who: Identity, view: View, side: float
) -> None:
    eye, y = face.eye, canvas.y
    upper, lower = eye.upper(x), eye.lower(x)
    u = eye.along(x)
    ends = canvas.soft(4.0 * (u * (1.0 - u)) * 14.0 - 0.8)
    opening = canvas.soft(y - upper) * canvas.soft(lower - y) * ends
    shadow = (0.42 + 0.58 * ((y - upper) / 3.6).clip(0.0, 1.0)) * (
        0.75 + 0.25 * ((lower - y) / 2.0).clip(0.0, 1.0)
    )
    dx, dy = x - eye.pupil[0], y - eye.pupil[1]
    round_ = 1.0 - 0.30 * (dx / 15.0) ** 2
    level = 0.52 + 0.36 * float(direction(view)[2])
    white = np.array([0.66, 0.60, 0.57], dtype=np.float32)[:, None, None] * (
        shadow * round_ * level
    )
    lay_over(image, ALL, white, opening)
    reach = np.hypot(dx, dy)
    _paint_iris(canvas, image, (dx, dy, reach), opening, shadow * level, who)
    pupil = canvas.soft(_PUPIL - reach)
    lay_over(image, ALL, np.full(3, 0.006, dtype=np.float32), opening * pupil)
    _paint_glints(canvas, image, dx * side, dy, opening, view)
    corner = canvas.soft(2.6 - np.hypot(x - eye.inner[0] - 0.8, (y - eye.inner[1]) * 1.3), 0.7)
    flesh = skin_tone(who) * np.array([0.80, 0.42, 0.40], dtype=np.float32)
    lay_over(image, ALL, flesh, opening * corner * 0.75)


def _paint_iris(
    canvas: Canvas,
    image: Array,
    place: tuple[Array, Array, Array],
    opening: Array,
    shadow: Array,
    who: Identity,
) -> None:
    dx, dy, reach = place
    tone = np.clip(1.0 + 0.9 * who.iris, 0.0, 3.0)
    colour = to_linear([np.interp(tone, range(4), _IRISES[:, channel]) for channel in range(3)])
    angle = np.arctan2(dy, dx)
    fibres = 1.0 + 0.16 * np.sin(angle * 31 + 2.6 * np.sin(angle * 9)) * (reach / _IRIS).clip(0, 1)
    limbus = 1.0 - 0.62 * ((reach / _IRIS - 0.74) / 0.26).clip(0.0, 1.0)
    caustic = 0.95 + 0.5 * (dy / _IRIS).clip(-0.8, 1.0)
    paint = colour[:, None, None] * (shadow * fibres * limbus * caustic * 1.5)
    lay_over(image, ALL, paint, opening * canvas.soft(_IRIS - reach, 0.45))


def _paint_glints(
    canvas: Canvas, image: Array, dx: Array, dy: Array, opening: Array, view: View
) -> None:
    light = direction(view)
    glint = np.hypot(dx - 4.6 * float(light[0]), dy - 4.6 * float(light[1]))
    bright = np.full(3, 0.95, dtype=np.float32)
    lay_over(image, ALL, bright, opening * canvas.soft(1.15 - glint, 0.35) * 0.9)
    low = np.hypot(dx + 2.2 * float(light[0]) - 0.6, dy - 2.6)
    lay_over(image, ALL, bright, opening * canvas.soft(0.8 - low, 0.5) * 0.10)


def _paint_lids(canvas: Canvas, image: Array, x: Array, face: Anatomy, who: Identity) -> None:
    """Paint the lash lines, the lid's crease and the rim of the lower lid."""
    eye, y, skin = face.eye, canvas.y, skin_tone(who)
    u = (x - eye.inner[0]) / (eye.outer[0] - eye.inner[0])
    upper, lower = eye.upper(x), eye.lower(x)
    inside = canvas.soft((u + 0.02) * 28.0, 0.7) * canvas.soft((1.05 - u) * 28.0, 1.2)
    lashes = 1.15 - 0.20 * who.sex
    thick = lashes * (0.55 + 0.75 * u.clip(0.0, 1.0))
    dark = 0.10 * skin + 0.004
    line = ridge((y - upper + 0.25 * thick) / thick, 0.85)
    lay_over(image, ALL, dark, (0.92 * inside * line).clip(0.0, 1.0))
    rim = ridge(y - lower - 0.2, 0.75) * inside
    lay_over(image, ALL, 0.36 * skin, (0.50 - 0.06 * who.sex) * rim)
    lift = 3.0 + 0.6 * face.units.cheek - 0.4 * max(who.age, 0.0)
    crease = ridge(y - upper + lift + 0.9 * np.sin(math.pi * u.clip(0.0, 1.0)), 0.95)
    lay_over(image, ALL, 0.42 * skin, 0.50 * crease * inside)


def paint_brows(canvas: Canvas, planes: Array, face: Anatomy, who: Identity) -> None:
    """Paint both eyebrows into the skin's colours."""
    brow = face.brow
    colour = 0.55 * hair_colour(who, grey=0.5) + 0.05 * skin_tone(who) * (1 - darkness(who))
    for side in (-1.0, 1.0):
        left, right = sorted((side * (brow.inner - 5), side * (brow.outer + 5)))
        window = canvas.window(left, right, -48.0, -6.0)
        part = canvas.crop(window)
        x, y = side * part.x, part.y
        u = brow.along(x)
        half = brow.half_thickness(x)
        off = (y - brow.centre(x)) / half
        ends = ((u + 0.04) / 0.24).clip(0.0, 1.0) * ((1.04 - u) / 0.30).clip(0.0, 1.0)
        hairs = noise(
            x * 0.30 + off * 1.2,
            (y * 0.9 + x * 0.55 * (1 - u)) * 1.5,
            0.8,
            who.texture + int(50 + 20 * side),
        )
        body = part.soft(1.0 - abs(off) + 0.10 * hairs, 0.34)
        cover = (body * ends * (0.90 + 0.08 * hairs)).clip(0.0, 0.96)
        lay_over(planes, window, colour, cover * (0.86 + 0.06 * who.sex))
