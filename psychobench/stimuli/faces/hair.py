"""Hair: its outline round the head, its strands, its sheen and its shadow on the face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from psychobench.stimuli.faces.anatomy import Anatomy
from psychobench.stimuli.faces.canvas import ALL, Array, Canvas, lay_over, linear, noise
from psychobench.stimuli.faces.identity import Identity, View
from psychobench.stimuli.faces.skin import direction

# Stations round the head: degrees from the crown down to 90, then 90 + mm below the pupils.
_STATIONS = np.array([0, 15, 30, 45, 60, 75, 90, 100, 115, 140, 170, 200, 260], dtype=float)
_SKULL = np.array([113, 112, 106, 94, 82, 75, 72.5, 71.5, 70, 67, 64, 62, 62], dtype=float)
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


@dataclass(frozen=True)
class Style:
    """One way to wear hair; radii in mm at the stations round the head.

    Parameters
    ----------
    line : tuple of float
        Where the hair begins, seen from the face.
    stand : tuple of float
        How far its outside stands off the skull; negative where there is none.
    skew : float
        How much higher the line runs on the parted side.
    sweep : tuple of float
        Slope of the strands at the crown and at the sides: 0 along the outline, 90 across it.
    bottom : float
        Where the hair at the sides ends, mm below the pupils.
    part : float
        Where the strands part at the crown, radians to the image's right.
    curl : float
        0 straight to 1 tight curls.
    edge : float
        Softness of the line, mm.
    """

    line: tuple[float, ...]
    stand: tuple[float, ...]
    skew: float = 0.0
    sweep: tuple[float, float] = (40.0, 15.0)
    bottom: float = 30.0
    part: float = 0.0
    curl: float = 0.0
    edge: float = 2.2


_SHORT_SIDES = (68.0, 67.5, 68.0, 72.0, 80.0, 90.0, 90.0, 90.0)
STYLES = {
    "parted": Style(
        (70, 72, 73, 72, *(69.0, 68.0, 67.5, 68.5, 73.0, 80.0, 90.0, 90.0, 90.0)),
        (13, 13, 12.5, 11.5, 9, 6, 3.5, 2, -2, -5, -9, -9, -9),
        skew=7.0,
        part=-0.24,
        sweep=(24.0, 8.0),
    ),
    "short": Style(
        (75, 76, 78, 77, 71, *_SHORT_SIDES),
        (8, 8, 7.5, 7, 5.5, 3.5, 2.5, 1.5, -2, -5, -9, -9, -9),
        sweep=(80.0, 30.0),
        edge=2.6,
    ),
    "fringe": Style(
        (40, 42, 47, 55, 63, 66, 66, 67, 71, 80, 90, 90, 90),
        (13, 13, 12.5, 12, 10, 8, 6, 4, -1, -5, -9, -9, -9),
        sweep=(86.0, 22.0),
        edge=1.6,
    ),
    "bob": Style(
        (68, 71, 74, 74, 70, 66.5, 64, 63, 61.5, 59, 56, 54, 54),
        (14, 14, 14, 14, 14, 14.5, 15, 16, 17, 20, 19, 12, 4),
        skew=6.0,
        part=-0.24,
        sweep=(14.0, 0.0),
        bottom=92.0,
    ),
    "long": Style(
        (70, 73, 76, 76, 72, 68, 66, 65, 63.5, 61, 58, 56, 58),
        (12, 12, 12, 12, 12, 12, 12, 13, 15, 19, 25, 30, 34),
        skew=3.0,
        sweep=(12.0, 0.0),
        bottom=400.0,
    ),
    "curly": Style(
        (71, 72, 73, 72, 68, 66, 66, 68, 73, 80, 90, 90, 90),
        (24, 24, 25, 25, 23, 19, 15, 11, 5, -3, -9, -9, -9),
        curl=1.0,
        edge=3.0,
        bottom=34.0,
    ),
    "receding": Style(
        (84, 90, 99, 93, 75, *_SHORT_SIDES),
        (6, 6, 5.5, 5.5, 5, 4, 3, 1.5, -2, -5, -9, -9, -9),
        sweep=(60.0, 25.0),
        edge=4.0,
    ),
}


@dataclass(frozen=True)
class Hair:
    """One head's hair on one canvas: distances to its two outlines, and its strands' frame."""

    canvas: Canvas
    style: Style
    beyond_line: Array  # mm from the hairline, positive in the hair
    within: Array  # mm from the outside, positive in the hair
    depth: Array  # place between origin (0) and outside (1)
    across: Array  # mm across the strands
    along: Array  # mm along the strands


def hair_colour(who: Identity, *, grey: float = 1.0) -> Array:
    """Give the hair's colour in linear light; it greys with age, by `grey` of the full amount."""
    place = float(np.clip(1.6 + 0.95 * who.hair, 0.0, 4.0))
    tone = [np.interp(place, range(5), _COLOURS[:, channel]) for channel in range(3)]
    share = float(np.clip((who.age - 0.7) / 1.6, 0.0, 0.85)) * grey
    return linear(tone) * (1.0 - share) + linear(_GREY) * share


def lay_hair(canvas: Canvas, face: Anatomy, who: Identity) -> Hair | None:
    """Measure every pixel against the hair; None for a bald head."""
    if who.hairstyle == "bald":
        return None
    style = STYLES[who.hairstyle]
    breadth = float(face.head.radius(np.full(1, math.pi / 2, dtype=np.float32))[0]) / 72.5
    above = np.minimum(canvas.y, 0.0)
    reach = np.hypot(canvas.x, above)
    angle = np.arctan2(abs(canvas.x), -above)
    station = np.degrees(angle) + np.maximum(canvas.y, 0.0)
    stand = np.array(style.stand) * (1.0 + 0.18 * who.hair_volume)
    line = np.interp(station, _STATIONS, np.array(style.line) * breadth).astype(np.float32)
    outside = np.interp(station, _STATIONS, _SKULL * breadth + stand).astype(np.float32)
    if style.skew:
        line -= style.skew * np.tanh((canvas.x + 22.0) / 16.0) * (1 - station / 75.0).clip(0, 1)
    sweep = np.radians(np.interp(station, (20.0, 80.0), style.sweep)).astype(np.float32)
    turn = np.arctan2(canvas.x, -above) - style.part
    arc = np.sqrt(turn * turn + 0.03) * 85.0 + np.maximum(canvas.y, 0.0)
    across = (reach * np.cos(sweep) + arc * np.sin(sweep)) * (1.0 + 0.1 * np.tanh(turn / 0.12))
    along = arc * np.cos(sweep) - reach * np.sin(sweep)
    return Hair(canvas, style, reach - line, outside - reach, reach / outside, across, along)


def paint_hair(hair: Hair, image: Array, who: Identity, view: View) -> None:
    """Paint the hair in front of the head."""
    canvas, style = hair.canvas, hair.style
    strands = _strands(hair, who)
    fray = (1.2 + 2.2 * style.curl) * strands
    cover = canvas.soft(hair.beyond_line + fray, style.edge)
    cover *= canvas.soft(hair.within + 0.6 * fray, 0.8 + 1.4 * style.curl)
    cover *= canvas.soft(style.bottom - canvas.y + 2.5 * strands, 3.0)
    shade = _shade(hair, strands, view)
    colour = hair_colour(who)
    sheen = 0.030 + 0.35 * colour
    gloss = _sheen(hair, strands, view)
    paint = colour[:, None, None] * shade + sheen[:, None, None] * gloss
    lay_over(image, ALL, paint, cover)


def shadow_face(hair: Hair, window: tuple[slice, slice], image: Array) -> None:
    """Darken the face beside the hairline; `image` covers `window` of the hair's canvas."""
    beyond, within = hair.beyond_line[window], hair.within[window]
    below = hair.canvas.y[window]
    present = hair.canvas.soft(within, 3.0) * hair.canvas.soft(hair.style.bottom - below, 6.0)
    image *= 1.0 - 0.42 * np.exp(np.minimum(beyond + 1.0, 0.0) / 4.5) * present


def paint_back_hair(hair: Hair, image: Array, who: Identity) -> None:
    """Paint the hair behind the neck, where it is long."""
    style, canvas = hair.style, hair.canvas
    if style.bottom < 60.0:
        return
    cover = canvas.soft(hair.within, 1.5) * canvas.soft(style.bottom - canvas.y, 3.0)
    lay_over(image, ALL, 0.30 * hair_colour(who), cover)


def _strands(hair: Hair, who: Identity) -> Array:
    """Give strand noise, about unit variance: fine strands on coarse locks, or curls."""
    seed = who.texture
    if hair.style.curl:
        x, y = hair.canvas.x, hair.canvas.y
        warp = 2.0 * noise(x * 0.20, y * 0.20, 1.0, seed + 3)
        return 0.6 * noise(x * 0.42 + warp, y * 0.42 - warp, 1.0, seed) + 0.6 * noise(
            x * 0.9, y * 0.9, 0.8, seed + 9
        )
    drift = 1.2 * np.sin(hair.along / 17.0 + 0.07 * hair.across)
    across = hair.across + drift
    fine = noise(across * 1.25, hair.along * 0.030, 0.7, seed)
    locks = noise(across * 0.32, hair.along * 0.022, 0.9, seed + 41)
    return 0.65 * fine + 0.55 * locks


def _facing(hair: Hair, view: View) -> Array:
    """Give how far the hair, taken as a dome, faces the key light."""
    light = direction(view)
    depth = np.minimum(hair.depth, 0.985)
    reach = np.hypot(hair.canvas.x, np.minimum(hair.canvas.y, 0.0)) + 1e-3
    rise = np.sqrt(1.0 - depth**3)
    x, y = hair.canvas.x / reach * depth, np.minimum(hair.canvas.y, 0.0) / reach * depth
    return x * light[0] + y * light[1] + rise * light[2]


def _shade(hair: Hair, strands: Array, view: View) -> Array:
    facing = ((_facing(hair, view) + 0.5) / 1.5).clip(0.0, None)
    root = 0.55 + 0.45 * (hair.beyond_line / 9.0).clip(0.0, 1.0)
    rim = 0.6 + 0.4 * (hair.within / 7.0).clip(0.0, 1.0)
    return (0.30 + 0.85 * facing) * root * rim * (1.0 + 0.30 * strands).clip(0.25, None)


def _sheen(hair: Hair, strands: Array, view: View) -> Array:
    facing = _facing(hair, view).clip(0.0, None)
    band = np.exp(-(((hair.depth - 0.80) / 0.10) ** 2))
    gloss = facing**3 * band * (0.6 + 0.5 * strands).clip(0.0, None)
    return gloss * (1.0 - 0.6 * hair.style.curl)
