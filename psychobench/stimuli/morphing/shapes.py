"""Shapes: bring one face's landmarks onto another's, and keep lips together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.landmarks.point_layouts import FEATURES, LIPS
from psychobench.stimuli.morphing.warp import Points

_TOUCHING = 0.02  # of the mouth's extent


def fit_similarity(points: Points, onto: Points) -> tuple[complex, Points]:
    """Fit a shift, turn and scaling by least squares.

    Returns
    -------
    tuple
        Turn and scaling as one complex factor, and the points brought there.
    """
    here, there = (shape[:, 0] + 1j * shape[:, 1] for shape in (points, onto))
    centred = here - here.mean()
    turn = complex(np.vdot(centred, there) / np.vdot(centred, centred))
    moved = centred * turn + there.mean()
    return turn, np.stack([moved.real, moved.imag], axis=1)


def turn_vectors(vectors: NDArray[np.float64], turn: complex) -> NDArray[np.float64]:
    """Turn and scale vectors, shape (..., 2)."""
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.asarray(vectors @ matrix.T)


def keep_lips_closed(shapes: NDArray[np.float64], base: Points) -> NDArray[np.float64]:
    """Move lower lips up to where they touch the upper ones, wherever they do so in the base.

    A photograph with a closed mouth has nothing to show between parted lips.
    """
    if len(base) not in LIPS:
        return shapes
    upper, lower, under = (list(part) for part in LIPS[len(base)])
    mouth = base[list(FEATURES[len(base)]["mouth"])]
    gap = base[lower] - base[upper]
    closed = np.linalg.norm(gap, axis=1) < _TOUCHING * np.linalg.norm(np.ptp(mouth, axis=0))
    excess = (shapes[:, lower] - shapes[:, upper] - gap) * closed[:, None]
    kept = shapes.copy()
    kept[:, lower] -= excess
    kept[:, under] -= excess
    return kept
