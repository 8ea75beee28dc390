"""Climb smooth functions of a few variables, many side by side, without derivatives.

Each step fits a paraboloid to the values around a point and tries several steps towards its peak.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats

Evaluate = Callable[[NDArray[np.intp], Floats], Floats]
STRIDES = np.array([1.0, 0.5, 0.2, 0.05, 0.01])  # shares of a step that are tried together
NEAR = 0.15  # of a variable's scale, at which its slope and curvature are measured
LEAST_SCALE, MOST_SCALE = 1e-3, 1.0
LONGEST = 3.0  # scales by which one step moves
MAX_STEPS = 40
TOLERANCE = 1e-7  # gain at which a climb ends


class Top(NamedTuple):
    """Where a climb ended: `x` (n, d), `value` (n,) and minus its second derivatives (n, d, d)."""

    x: Floats
    value: Floats
    bend: Floats


def climb(evaluate: Evaluate, start: Floats, scale: Floats) -> Top:
    """Maximise each row from its start.

    Parameters
    ----------
    evaluate : callable
        From rows (m,) and points (m, d, p) to values (m, p).
    start : ndarray, shape (n, d)
        Where to begin.
    scale : ndarray, shape (n, d)
        How far each variable moves before the value changes by about .5; a guess will do.

    Returns
    -------
    Top
    """
    n, d = start.shape
    x, scale, bend = start.copy(), scale.copy(), np.empty((n, d, d))
    value = evaluate(np.arange(n), x[:, :, None])[:, 0]
    if d == 0:
        return Top(x, value, bend)
    active, stencil = np.arange(n), _stencil(d)
    for _ in range(MAX_STEPS):
        h = NEAR * scale[active]
        around = evaluate(active, x[active, :, None] + stencil * h[:, :, None])
        slope, curve = _differences(value[active], around, h)
        bend[active] = curve
        new, step = _step(slope, curve, scale[active])
        scale[active] = new
        ahead = evaluate(active, x[active, :, None] + STRIDES * step[:, :, None])
        ahead, best = ahead.max(axis=1), ahead.argmax(axis=1)
        gain = ahead - value[active]
        better = active[gain > 0]
        x[better] += (STRIDES[best][:, None] * step)[gain > 0]
        value[better] = ahead[gain > 0]
        active = active[gain > TOLERANCE]
        if not len(active):
            break
    return Top(x, value, bend)


def _stencil(d: int) -> Floats:
    """Lay out columns at plus and minus one on each axis, and at (1, 1) of each pair of axes."""
    eye = np.eye(d)
    pairs = [eye[i] + eye[j] for i in range(d) for j in range(i)]
    return np.array([*eye, *-eye, *pairs]).T


def _differences(value: Floats, around: Floats, h: Floats) -> tuple[Floats, Floats]:
    """Read slope (n, d) and minus second derivatives (n, d, d) off the stencil's values."""
    d = h.shape[1]
    plus, minus = around[:, :d], around[:, d : 2 * d]
    slope = (plus - minus) / (2 * h)
    curve = np.empty((len(value), d, d))
    for i in range(d):
        curve[:, i, i] = (2 * value - plus[:, i] - minus[:, i]) / h[:, i] ** 2
    pairs = ((i, j) for i in range(d) for j in range(i))
    for number, (i, j) in enumerate(pairs):
        mixed = plus[:, i] + plus[:, j] - value - around[:, 2 * d + number]
        curve[:, i, j] = curve[:, j, i] = mixed / (h[:, i] * h[:, j])
    return slope, curve


def _step(slope: Floats, curve: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Find the paraboloid's peak, no farther than `LONGEST`, and the new scales."""
    diagonal = np.einsum("nii->ni", curve)
    tight = 1 / np.sqrt(np.maximum(diagonal, 1e-12))
    scale = np.clip(tight, np.maximum(scale / 8, LEAST_SCALE), np.minimum(scale * 8, MOST_SCALE))
    size, axes = np.linalg.eigh(curve * scale[:, :, None] * scale[:, None, :])
    size = np.maximum(np.abs(size), 0.05)
    along = np.einsum("nij,ni->nj", axes, slope * scale) / size
    step = np.einsum("nij,nj->ni", axes, along)
    length = np.abs(step).max(axis=1, keepdims=True)
    return scale, step * scale * np.minimum(1.0, LONGEST / np.maximum(length, 1e-300))
