"""The open mouth: line, cavity and teeth over the lit lips."""

from __future__ import annotations

import numpy as np

from psychobench.stimuli.faces.anatomy import Anatomy, Mouth
from psychobench.stimuli.faces.canvas import ALL, Array, Canvas, lay_over, ridge
from psychobench.stimuli.faces.identity import Identity
from psychobench.stimuli.faces.skin import skin_tone

_TOOTH = (8.3, 14.4, 20.2, 25.2)  # mm: borders between the upper teeth
_ENAMEL = np.array([0.75, 0.71, 0.63], dtype=np.float32)
_CAVITY = np.array([0.045, 0.012, 0.012], dtype=np.float32)


def paint_mouth(canvas: Canvas, image: Array, face: Anatomy, who: Identity) -> None:
    """Paint what lies between the lips over a lit face."""
    mouth = face.mouth
    reach = mouth.half_width + 3.0
    window = canvas.window(-reach, reach, 50.0, 100.0)
    part = canvas.crop(window)
    region = image[:, window[0], window[1]]
    line, below = mouth.line(part.x), mouth.below(part.x)
    if mouth.gap > 0.0:
        inside = part.soft(part.y - line) * part.soft(below - part.y)
        inside *= part.soft(mouth.half_width - abs(part.x), 0.8) * _opening(mouth)
        teeth = _teeth(part, mouth, line)
        paint = _CAVITY[:, None, None] + _ENAMEL[:, None, None] * teeth
        lay_over(region, ALL, paint, inside)
    _paint_line(part, region, mouth, line, who)


def _opening(mouth: Mouth) -> float:
    """Return 0 while the lips touch and 1 once they are well apart."""
    return mouth.gap / (mouth.gap + 0.5)


def _teeth(canvas: Canvas, mouth: Mouth, line: Array) -> Array:
    """Return the brightness of the upper teeth; less light falls in through a narrow gap."""
    x = abs(canvas.x)
    bottom = line + (8.6 - 2.6 * (x / 24.0) ** 2).clip(2.0, None)
    rows = canvas.soft(bottom - canvas.y, 0.5)
    borders = sum(ridge(x - place, 0.5) for place in (0.0, *_TOOTH))
    arch = np.exp(-((x / (0.74 * mouth.half_width)) ** 4))
    lip_shadow = 0.55 + 0.45 * ((canvas.y - line) / 2.6).clip(0.0, 1.0)
    light = mouth.gap / (mouth.gap + 2.2)
    return np.asarray(rows * arch * lip_shadow * (1.0 - 0.15 * np.asarray(borders)) * light)


def _paint_line(canvas: Canvas, image: Array, mouth: Mouth, line: Array, who: Identity) -> None:
    """Paint the shadow where the lips meet, and in the corners."""
    skin = skin_tone(who)
    ends = canvas.soft(mouth.half_width + 0.8 - abs(canvas.x), 0.8)
    shut = 1.0 - 0.5 * _opening(mouth)
    dark = 0.16 * skin * np.array([1.0, 0.5, 0.5], dtype=np.float32)
    lay_over(image, ALL, dark, 0.80 * shut * ends * ridge(canvas.y - line, 0.85))
