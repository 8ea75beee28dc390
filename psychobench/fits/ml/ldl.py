"""Small symmetric systems of equations, one per fit, solved for all fits at once.

With 4 or 5 unknowns this takes half the time of ``numpy.linalg.solve``, which factorises such a
stack one matrix after the other, and its pivots show which matrices are positive definite. Fits
lie along the last axis, so that each of the few dozen scalar operations of a factorisation is one
operation on whole arrays.

A symmetric matrix is stored as its lower half, row after row: shape (p (p + 1) / 2, n).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats

ROW_START = [row * (row + 1) // 2 for row in range(6)]  # where each row begins in a lower half
DIAGONAL = [start + row for row, start in enumerate(ROW_START)]


class Factors(NamedTuple):
    """``L D L'`` of n matrices: unit lower triangles `lower` (p, p, n) and `pivots` (p, n)."""

    lower: Floats
    pivots: Floats


def factorise(matrix: Floats, free: NDArray[np.bool_], damping: Floats) -> Factors:
    """Factorise damped matrices without square roots; held parameters are decoupled.

    Parameters
    ----------
    matrix : ndarray, shape (p (p + 1) / 2, n)
        Lower halves.
    free : ndarray of bool, shape (p, n)
        Parameters that may move; the others get a row and a column of the identity matrix.
    damping : ndarray, shape (n,)
        By which the diagonals are multiplied, plus 1 (eq. 13 of docs/dev/fitting.md).

    Returns
    -------
    Factors
        A pivot is at least 1e-14 of its diagonal, so that an indefinite matrix does not divide by
        0; whoever needs to know compares the pivots.
    """
    size = len(free)
    lower = np.zeros((size, *free.shape))
    scaled, pivots = np.zeros_like(lower), np.empty(free.shape)  # scaled: lower times pivots
    for row, start in enumerate(ROW_START[:size]):
        diagonal = matrix[start + row]
        # the absolute part matters where a parameter has no information at all
        pivot = diagonal * (1 + damping) + 1e-12 * (1 + diagonal)
        least = pivot * 1e-14
        for column in range(row):
            entry = np.where(free[row] & free[column], matrix[start + column], 0.0)
            for k in range(column):
                entry -= scaled[row, k] * lower[column, k]
            scaled[row, column], lower[row, column] = entry, entry / pivots[column]
            pivot -= entry * lower[row, column]
        pivots[row] = np.where(free[row], np.maximum(pivot, least), 1.0)
    return Factors(lower, pivots)


def solve(factors: Factors, right: Floats) -> Floats:
    """Solve ``L D L' x = right``; `right` and the result have shape (p, n)."""
    lower, pivots = factors
    solution = right.copy()
    for row in range(len(right)):  # forwards through L
        for k in range(row):
            solution[row] -= lower[row, k] * solution[k]
    solution /= pivots
    for row in reversed(range(len(right))):  # backwards through L'
        for k in range(row + 1, len(right)):
            solution[row] -= lower[k, row] * solution[k]
    return solution


def multiply_out(matrix: Floats, vector: Floats, right: Floats) -> Floats:
    """Subtract the off-diagonal part of ``matrix @ vector`` from `right`, (p, n) each."""
    left = right.copy()
    for row in range(len(right)):
        for column in range(row):
            entry = matrix[ROW_START[row] + column]
            left[row] -= entry * vector[column]
            left[column] -= entry * vector[row]
    return left
