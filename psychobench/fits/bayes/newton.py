"""Newton's method with numerical derivatives, for smooth functions of a few unbounded variables.

Each step fits a paraboloid to the values around a point, modifies it to be concave, and tries
several step lengths towards its top (eq. 27 of docs/dev/fitting.md).

This is a second optimiser beside `psychobench.fits.ml.scoring`, for functions that one cannot
maximise: posteriors in coordinates in which the prior is normal, or in angles between the bounds.
They have no bounds, and their derivatives would lead through quantiles that are tabulated. This one
in turn cannot replace scoring, whose optima often lie on a bound. They share no step control:
scoring damps its steps and ends them on bounds, this one tries five lengths side by side. What was
measured stands in docs/dev/fitting.md, section 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats

Evaluate = Callable[[NDArray[np.intp], Floats], Floats]
STEP_LENGTHS = np.array([1.0, 0.5, 0.2, 0.05, 0.01])  # shares of a step, tried together
# of finite differences, in a variable's scale: far enough that rounding of the value does not
# matter, near enough to stay on one hill
DIFFERENCE = 0.15
LEAST_SCALE, MOST_SCALE = 1e-3, 1.0
LONGEST = 3.0  # step, in scales
LEAST_CURVATURE = 0.05  # of a direction, relative to the scales: flatter ones count as this
MAX_STEPS = 40
TOLERANCE = 1e-7  # gain at which a maximisation has converged


class Maximum(NamedTuple):
    """Where maximisation ended: `x` (n, d), `value` (n,) and the negative Hessian (n, d, d)."""

    x: Floats
    value: Floats
    negative_hessian: Floats


def maximise(evaluate: Evaluate, start: Floats, scale: Floats) -> Maximum:
    """Maximise a function of each row from its start.

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
    Maximum
    """
    n, d = start.shape
    x, scale, hessian = start.copy(), scale.copy(), np.empty((n, d, d))
    value = evaluate(np.arange(n), x[:, :, None])[:, 0]
    if d == 0:
        return Maximum(x, value, hessian)
    active, stencil = np.arange(n), _stencil(d)
    for _ in range(MAX_STEPS):
        h = DIFFERENCE * scale[active]
        around = evaluate(active, x[active, :, None] + stencil * h[:, :, None])
        gradient, curvature = _differences(value[active], around, h)
        hessian[active] = curvature
        scale[active], step = _newton_step(gradient, curvature, scale[active])
        ahead = evaluate(active, x[active, :, None] + STEP_LENGTHS * step[:, :, None])
        ahead, best = ahead.max(axis=1), ahead.argmax(axis=1)
        gain = ahead - value[active]
        better = active[gain > 0]
        x[better] += (STEP_LENGTHS[best][:, None] * step)[gain > 0]
        value[better] = ahead[gain > 0]
        active = active[gain > TOLERANCE]
        if not len(active):
            break
    return Maximum(x, value, hessian)


def _stencil(d: int) -> Floats:
    """Return points at plus and minus one on each axis, and at (1, 1) of each pair of axes.

    Shape (d, 2 d + d (d - 1) / 2): the fewest from which, with the centre, a paraboloid follows.
    """
    eye = np.eye(d)
    pairs = [eye[i] + eye[j] for i in range(d) for j in range(i)]
    return np.array([*eye, *-eye, *pairs]).T


def _differences(value: Floats, around: Floats, h: Floats) -> tuple[Floats, Floats]:
    """Compute gradient (n, d) and negative Hessian (n, d, d) from the stencil's values (n, p)."""
    d = h.shape[1]
    plus, minus = around[:, :d], around[:, d : 2 * d]
    gradient = (plus - minus) / (2 * h)
    curvature = np.empty((len(value), d, d))
    for i in range(d):
        curvature[:, i, i] = (2 * value - plus[:, i] - minus[:, i]) / h[:, i] ** 2
    pairs = ((i, j) for i in range(d) for j in range(i))
    for number, (i, j) in enumerate(pairs):
        mixed = plus[:, i] + plus[:, j] - value - around[:, 2 * d + number]
        curvature[:, i, j] = curvature[:, j, i] = mixed / (h[:, i] * h[:, j])
    return gradient, curvature


def _newton_step(gradient: Floats, curvature: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Compute new scales and the step to the paraboloid's top, both (n, d)."""
    diagonal = np.einsum("nii->ni", curvature)
    own = 1 / np.sqrt(np.maximum(diagonal, 1e-12))
    # scales change by no more than a factor of 8, for one odd curvature
    scale = np.clip(own, np.maximum(scale / 8, LEAST_SCALE), np.minimum(scale * 8, MOST_SCALE))
    size, axes = np.linalg.eigh(curvature * scale[:, :, None] * scale[:, None, :])
    # a convex direction is taken as if it were concave: its gradient still points uphill
    size = np.maximum(np.abs(size), LEAST_CURVATURE)
    along = np.einsum("nij,ni->nj", axes, gradient * scale) / size
    step = np.einsum("nij,nj->ni", axes, along)
    length = np.abs(step).max(axis=1, keepdims=True)
    return scale, step * scale * np.minimum(1.0, LONGEST / np.maximum(length, 1e-300))
