"""Colour of the skin and its shading."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from psychobench.stimuli.faces.anatomy import Anatomy
from psychobench.stimuli.faces.canvas import Array, Canvas, noise, to_linear
from psychobench.stimuli.faces.identity import Identity, View

_TONES = np.array(
    [
        [0.94, 0.81, 0.73],
        [0.90, 0.735, 0.63],
        [0.79, 0.60, 0.47],
        [0.58, 0.41, 0.30],
        [0.38, 0.26, 0.19],
    ]
)
_FLUSH = np.array([0.04, -0.14, -0.13], dtype=np.float32)
_WRAP = (0.52, 0.40, 0.34)  # light that wanders under the skin reddens the edge of a shadow
_KEY, _FILL = 0.80, 0.36


def darkness(who: Identity) -> float:
    """Return the skin's place between the lightest (0) and the darkest tone (1)."""
    return float(np.clip(0.32 + 0.30 * who.skin, 0.0, 1.0))


def skin_tone(who: Identity) -> Array:
    """Return the skin's colour in linear light, shape (3,)."""
    place = 4.0 * darkness(who)
    tone = np.array([np.interp(place, range(5), _TONES[:, channel]) for channel in range(3)])
    return to_linear(tone * [1.0 + 0.008 * who.warmth, 1.0, 1.0 - 0.035 * who.warmth])


def albedo(canvas: Canvas, face: Anatomy, who: Identity) -> Array:
    """Return the skin's own colour, planes of linear light, shape (3, h, w)."""
    flush = _flush(canvas, face)
    shade = _shade(canvas, face, who)
    x, y = canvas.x, canvas.y
    grain = 0.020 * noise(x * 1.1, y * 1.1, 0.8, who.texture)
    shade = shade * (1.0 + grain + 0.020 * noise(x * 0.9, y * 0.9, 6.0, who.texture + 77))
    if who.freckles:
        spots = (noise(x * 0.8, y * 0.8, 1.0, who.texture + 999) - 1.1).clip(0.0, 1.0)
        cheeks = np.zeros_like(x)
        canvas.add_bump(cheeks, 0.0, 22.0, 34.0, 13.0, 0.42 * who.freckles * (1 - darkness(who)))
        shade = shade * (1.0 - spots * cheeks)
    tone = skin_tone(who)
    planes = np.stack([tone[c] * shade * (1.0 + _FLUSH[c] * flush) for c in range(3)])
    _paint_beard(canvas, planes, who)
    _paint_lips(canvas, planes, face, who)
    return planes


def _flush(canvas: Canvas, face: Anatomy) -> Array:
    """Redden the skin where blood shows: cheeks, nose, chin."""
    flush = np.zeros_like(canvas.x)
    canvas.add_pair(flush, 41.0, 28.0 - 4.0 * face.units.cheek, 16.0, 12.0, 0.7)
    canvas.add_bump(flush, 0.0, face.nose.tip + 1.0, 9.0, 7.0, 0.6)
    canvas.add_bump(flush, 0.0, 98.0, 13.0, 9.0, 0.3)
    return flush


def _shade(canvas: Canvas, face: Anatomy, who: Identity) -> Array:
    """Darken the skin round the eyes, below the nose and in the corners of the mouth."""
    shade = np.ones_like(canvas.x)
    x, old = face.eye.centre, max(who.age, 0.0)
    deep = 1.0 - 0.6 * darkness(who)
    canvas.add_pair(shade, x - 3.0, 9.5, 10.0, 4.0, -(0.09 + 0.05 * old) * deep)
    canvas.add_pair(shade, x, -8.5, 14.0, 4.0, -0.07 * deep)
    lift = face.units.cheek
    for fan in (-1.0, 0.0, 1.0):
        crow = face.eye.outer[0] + 6.5
        canvas.add_pair(shade, crow, 0.5 + 4.0 * fan, 3.6, 0.8, -0.13 * lift, 0.38 * fan)
    canvas.add_bump(shade, 0.0, face.nose.base + 1.5, 9.0, 2.6, -0.10)
    canvas.add_pair(shade, face.mouth.half_width + 0.5, face.mouth.corner, 2.4, 2.0, -0.30)
    return shade


def _paint_beard(canvas: Canvas, planes: Array, who: Identity) -> None:
    strength = (0.10 * max(who.sex, 0.0) + 0.55 * who.stubble) * (1.0 - 0.35 * darkness(who))
    if strength <= 0.0:
        return
    area = np.zeros_like(canvas.x)
    canvas.add_bump(area, 0.0, 94.0, 26.0, 13.0, 0.85)
    canvas.add_pair(area, 48.0, 76.0, 8.0, 17.0, 0.7, 0.45)
    canvas.add_bump(area, 0.0, 56.0, 15.0, 4.0, 0.7)
    hairs = 1.0 + 0.25 * noise(canvas.x * 1.6, canvas.y * 1.6, 0.6, who.texture + 5)
    cover = (strength * area * hairs).clip(0.0, 0.85)
    shadow = 0.22 * skin_tone(who) + np.array([0.010, 0.011, 0.013], dtype=np.float32)
    planes += (shadow[:, None, None] - planes) * cover


def _paint_lips(canvas: Canvas, planes: Array, face: Anatomy, who: Identity) -> None:
    mouth = face.mouth
    window = canvas.window(-mouth.half_width - 3, mouth.half_width + 3, 45.0, 102.0)
    part = canvas.crop(window)
    x, y = part.x, part.y
    ends = part.soft(mouth.half_width - abs(x), 1.0)
    upper = part.soft(y - mouth.top(x), 0.7) * part.soft(mouth.line(x) - y + 0.3)
    lower = part.soft(mouth.bottom(x) - y, 0.8) * part.soft(y - mouth.below(x) + 0.3)
    dark = darkness(who)
    red = np.array([0.76, 0.36, 0.36], dtype=np.float32) * (1.0 - 0.25 * dark)
    colour = skin_tone(who) * (red + np.array([0.0, 0.16, 0.16], dtype=np.float32) * dark)
    fade = 0.90 - 0.10 * who.sex - 0.06 * max(who.age, 0.0)
    creases = 1.0 + 0.05 * noise(x * 1.4, y * 0.25, 0.7, who.texture + 31)
    for cover, tone in ((upper, 0.86), (lower, 1.0)):
        paint = (tone * colour)[:, None, None] * creases
        planes[:, window[0], window[1]] += (paint - planes[:, window[0], window[1]]) * (
            fade * ends * cover
        )


def lit(canvas: Canvas, height: Array, planes: Array, who: Identity, view: View) -> Array:
    """Light a height field: key light with wrap, frontal fill, occlusion in hollows, gloss.

    Parameters
    ----------
    canvas : Canvas
        The field's pixels.
    height : ndarray of float32
        The field, mm.
    planes : ndarray of float32, shape (3, h, w)
        Its colours.
    who : Identity
        For the skin's gloss.
    view : View
        For the light.

    Returns
    -------
    ndarray of float32, shape (3, h, w)
    """
    x, y, z = normals(height, canvas.pitch)
    light = direction(view)
    facing = x * light[0] + y * light[1] + z * light[2]
    hollow = gaussian_filter(height, 5.0 / canvas.pitch, truncate=2.0) - height
    open_ = 1.0 - (0.13 * (1.0 - 0.35 * darkness(who)) * hollow).clip(0.0, 0.42)
    fill = _FILL * (0.62 + 0.38 * z - 0.10 * y) * open_
    key = _KEY * (0.35 + 0.65 * open_)
    result = np.empty_like(planes)
    for channel, wrap in enumerate(_WRAP):
        soft = ((facing + wrap) / (1.0 + wrap)).clip(0.0, None)
        result[channel] = planes[channel] * (key * soft**1.25 + fill)
    result += _gloss(x, y, z, light, who) * open_
    return result


def _gloss(x: Array, y: Array, z: Array, light: Array, who: Identity) -> Array:
    half = light + np.array([0.0, 0.0, 1.0], dtype=np.float32)
    half /= np.sqrt((half * half).sum())
    towards = (x * half[0] + y * half[1] + z * half[2]).clip(0.0, None)
    broad = towards * towards
    broad = broad * broad
    broad = broad * broad
    narrow = broad * broad
    narrow = narrow * narrow
    return np.asarray((0.020 * broad + 0.045 * narrow) * (1.0 - 0.35 * darkness(who)))


def normals(height: Array, pitch: float) -> tuple[Array, Array, Array]:
    """Return the unit normals of a height field, in the image's axes."""
    down, across = np.gradient(height, pitch)
    z = 1.0 / np.sqrt(across * across + down * down + 1.0)
    return -across * z, -down * z, z


def direction(view: View) -> Array:
    """Return the unit vector towards the key light."""
    light = np.array(view.light, dtype=np.float32)
    return np.asarray(light / np.sqrt((light * light).sum()), dtype=np.float32)
