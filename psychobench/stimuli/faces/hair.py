"""Hair: its outline round the head, its strands, its sheen and its shadow on the face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from psychobench.stimuli.faces.anatomy import Anatomy
from psychobench.stimuli.faces.canvas import ALL, Array, Canvas, lay_over, noise, to_linear
from psychobench.stimuli.faces.hairstyles import SKULL, STATIONS, STYLES, Style
from psychobench.stimuli.faces.identity import Identity, View
from psychobench.stimuli.faces.skin import direction

_COLOURS = np.array(
    [
        [0.055, 0.045, 0.042],
        [0.12, 0.085, 0.065],
        [0.25, 0.165, 0.11],
        [0.44, 0.30, 0.18],
        [0.68, 0.52, 0.33],
    ]
)
_GREY = (0.62, 0.61, 0.60)
_RADIAL = 1.0  # rad: strands steeper than this at the crown have no parting
_FRINGE = 9.0  # mm: how far strands reach over an outline


@dataclass(frozen=True)
class Hair:
    """One head's hair, measured at some pixels."""

    canvas: Canvas
    style: Style
    line: Array  # mm from the head's middle to the hairline
    outside: Array  # mm from the head's middle to the hair's outside

    @property
    def reach(self) -> Array:
        """Return the distance from the head's middle; below the pupils, from the midline."""
        return np.hypot(self.canvas.x, np.minimum(self.canvas.y, 0.0))

    def pick(self, chosen: Array) -> Hair:
        """Return the same hair at the pixels with these flat indices."""
        return Hair(
            self.canvas.pick(chosen),
            self.style,
            self.line.ravel()[chosen],
            self.outside.ravel()[chosen],
        )


def hair_colour(who: Identity, *, grey: float = 1.0) -> Array:
    """Return the hair's colour in linear light; it greys with age, by `grey` of the full amount."""
    place = float(np.clip(1.6 + 0.95 * who.hair, 0.0, 4.0))
    tone = [np.interp(place, range(5), _COLOURS[:, channel]) for channel in range(3)]
    share = float(np.clip((who.age - 0.7) / 1.6, 0.0, 0.85)) * grey
    return to_linear(tone) * (1.0 - share) + to_linear(_GREY) * share


def measure_hair(canvas: Canvas, face: Anatomy, who: Identity) -> Hair | None:
    """Measure where a canvas lies in the hair; None for a bald head."""
    if who.hairstyle == "bald":
        return None
    style, breadth = STYLES[who.hairstyle], face.head.breadth
    above = np.minimum(canvas.y, 0.0)
    station = np.degrees(np.arctan2(abs(canvas.x), -above)) + np.maximum(canvas.y, 0.0)
    stand = np.array(style.stand) * (1.0 + 0.18 * who.hair_volume)
    line = np.interp(station, STATIONS, np.array(style.line) * breadth).astype(np.float32)
    outside = np.interp(station, STATIONS, SKULL * breadth + stand).astype(np.float32)
    if style.skew:
        line -= style.skew * np.tanh((canvas.x + 22.0) / 16.0) * (1 - station / 75.0).clip(0, 1)
    return Hair(canvas, style, line, outside)


def paint_back_hair(hair: Hair, image: Array, who: Identity) -> None:
    """Paint the hair behind the neck, where it is long."""
    style, canvas = hair.style, hair.canvas
    if style.bottom < 60.0:
        return
    cover = canvas.soft(hair.outside - hair.reach, 1.5) * canvas.soft(style.bottom - canvas.y, 3.0)
    lay_over(image, ALL, 0.30 * hair_colour(who), cover)


def paint_hair(hair: Hair, image: Array, who: Identity, view: View) -> None:
    """Paint the hair in front of the head, and before that its shadow on the face."""
    reach = hair.reach
    beyond, within = reach - hair.line, hair.outside - reach
    _shadow(hair, image, beyond, within)
    near = (beyond > -_FRINGE) & (within > -_FRINGE) & (hair.canvas.y < hair.style.bottom + _FRINGE)
    chosen = np.flatnonzero(near)
    flat = image.reshape(3, -1)
    paint, cover = _paint(hair.pick(chosen), who, view)
    under = flat[:, chosen]
    flat[:, chosen] = under + (paint - under) * cover


def _shadow(hair: Hair, image: Array, beyond: Array, within: Array) -> None:
    canvas = hair.canvas
    present = (within / 6.0).clip(0.0, 1.0) * canvas.soft(hair.style.bottom - canvas.y, 6.0)
    image *= 1.0 - 0.42 * np.exp(np.minimum(beyond + 1.0, 0.0) / 4.5) * present


def _paint(hair: Hair, who: Identity, view: View) -> tuple[Array, Array]:
    """Return the colours, shape (3, n), and the cover, shape (n,), of picked pixels."""
    canvas, style, reach = hair.canvas, hair.style, hair.reach
    beyond, within = reach - hair.line, hair.outside - reach
    strands = _strands(hair, reach, who)
    fray = (1.2 + 2.2 * style.curl) * strands
    cover = canvas.soft(beyond + fray, style.edge)
    cover *= canvas.soft(within + 0.6 * fray, 0.8 + 1.4 * style.curl)
    cover *= canvas.soft(style.bottom - canvas.y + 2.5 * strands, 3.0)
    facing = _facing(hair, reach, view)
    root = 0.55 + 0.45 * (beyond / 9.0).clip(0.0, 1.0)
    rim = 0.6 + 0.4 * (within / 7.0).clip(0.0, 1.0)
    light = 0.30 + 0.85 * np.maximum((facing + 0.5) / 1.5, 0.0)
    shade = light * root * rim * np.maximum(1.0 + 0.30 * strands, 0.25)
    band = np.exp(-(((reach / hair.outside - 0.80) / 0.10) ** 2))
    gloss = np.maximum(facing, 0.0) ** 3 * band * np.maximum(0.6 + 0.5 * strands, 0.0)
    gloss *= style.gloss
    colour = hair_colour(who)[:, None]
    return colour * shade + (0.030 + 0.35 * colour) * gloss, cover


def _strands(hair: Hair, reach: Array, who: Identity) -> Array:
    """Return strand noise, about unit variance: fine strands on coarse locks, or curls."""
    seed, x, y = who.texture, hair.canvas.x, hair.canvas.y
    if hair.style.curl:
        warp = 2.0 * noise(x * 0.20, y * 0.20, 1.0, seed + 3)
        return 0.6 * noise(x * 0.42 + warp, y * 0.42 - warp, 1.0, seed) + 0.6 * noise(
            x * 0.9, y * 0.9, 0.8, seed + 9
        )
    across, along = _flow(hair, reach)
    across = across + 1.2 * np.sin(along / 17.0 + 0.07 * across)
    fine = noise(across * 1.25, along * 0.030, 0.7, seed)
    locks = noise(across * 0.32, along * 0.022, 0.9, seed + 41)
    return 0.65 * fine + 0.55 * locks


def _flow(hair: Hair, reach: Array) -> tuple[Array, Array]:
    """Return places (mm) across and along the strands, which fall from the parting."""
    x, above, fallen = hair.canvas.x, -np.minimum(hair.canvas.y, 0.0), np.maximum(hair.canvas.y, 0)
    turn = np.arctan2(x, above)
    crown, sides = (math.radians(angle) for angle in hair.style.sweep)
    sweep = crown + (sides - crown) * ((abs(turn) - 0.35) / 1.05).clip(0.0, 1.0)
    turn = turn - hair.style.part
    cos, sin = np.cos(sweep), np.sin(sweep)
    arc = np.sqrt(turn * turn + 0.03) * 85.0 + fallen
    along = arc * cos - reach * sin
    if crown > _RADIAL:  # from the crown outwards: count to both sides, or the middle mirrors
        side = np.tanh(turn / 0.3)
        return side * (reach * cos + fallen * sin) + 85.0 * turn * sin, along
    return (reach * cos + arc * sin) * (1.0 + 0.1 * np.tanh(turn / 0.12)), along


def _facing(hair: Hair, reach: Array, view: View) -> Array:
    """Return how far the hair, taken as a dome, faces the key light."""
    light = direction(view)
    depth = np.minimum(reach / hair.outside, 0.985)
    tilt = depth / (reach + 1e-3)
    x, y = hair.canvas.x * tilt, np.minimum(hair.canvas.y, 0.0) * tilt
    return np.asarray(x * light[0] + y * light[1] + np.sqrt(1.0 - depth**3) * light[2])
