"""Nostrils and the shadow below the nose."""

from __future__ import annotations

import numpy as np

from psychobench.stimuli.faces.anatomy import Anatomy
from psychobench.stimuli.faces.canvas import ALL, Array, Canvas, lay_over, ridge
from psychobench.stimuli.faces.identity import Identity
from psychobench.stimuli.faces.skin import skin_tone


def paint_nose(canvas: Canvas, image: Array, face: Anatomy, who: Identity) -> None:
    """Paint what shading alone does not give: nostrils, the wings' edges, the base's shadow."""
    nose = face.nose
    window = canvas.window(-nose.wing - 6, nose.wing + 6, nose.tip - 12, nose.base + 8)
    part = canvas.crop(window)
    region = image[:, window[0], window[1]]
    x, y = abs(part.x), part.y
    dark = 0.13 * skin_tone(who) * np.array([1.0, 0.55, 0.5], dtype=np.float32)
    centre = 0.47 * nose.wing
    height = y - (nose.tip + 6.0) + 0.16 * (x - centre)
    form = np.hypot((x - centre) / (4.6 * nose.scale), height / 1.9)
    lay_over(region, ALL, dark, 0.80 * part.soft(1.0 - form, 0.30))
    off = np.hypot((x - 0.70 * nose.wing) / (0.36 * nose.wing), (y - nose.tip - 1.5) / 6.0)
    outer = (x > 0.70 * nose.wing) * ((y - nose.tip + 5.0) / 6.0).clip(0.0, 1.0)
    lay_over(region, ALL, 2.4 * dark, 0.34 * ridge(off - 1.0, 0.13) * outer)
