"""Equations of joint fits, solved in time proportional to their rows.

Given the parameters that all rows of a group have in common, each row's own ones depend on no other
row: the matrix is block diagonal but for a border. The own parameters are eliminated row by row,
which leaves a small system for the common ones (the Schur complement).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.joint import JointProblem
from psychobench.fits.ml.problem import GUESS, LAPSE

RIDGE = 1e-12  # keeps a direction without data solvable


def solve_bordered(
    joint: JointProblem,
    information: Floats,
    right: Floats,
    free: NDArray[np.bool_],
    damping: Floats,
) -> Floats:
    """Solve for the free parameters, with the diagonal damped.

    Parameters
    ----------
    joint : JointProblem
        Of n groups with m rows in all.
    information : ndarray, shape (m, 4, 4) or (m, 5, 5)
        Of each row's parameters, in the group's units; the last one is overdispersion.
    right : ndarray, shape (n, p)
        Right-hand sides.
    free : ndarray of bool, shape (n, p)
        Parameters that may move; the others get 0.
    damping : ndarray, shape (n,)
        By which the diagonal is multiplied, plus 1.

    Returns
    -------
    ndarray, shape (n, p)
    """
    owner, size = joint.owner, information.shape[1]
    information = _tied(information) if joint.tied else information
    slots = joint.slots[:, :size]
    place = (owner[:, None], slots)
    usable = free[place]
    if joint.tied:  # the first of the two columns stands for both
        usable[:, LAPSE] = False
    single = ~joint.common[slots]
    inner = np.flatnonzero(single.any(axis=0))  # columns that some row has for itself
    own = (usable & single)[:, inner]
    block = np.where(own[:, :, None] & own[:, None, :], information[:, inner[:, None], inner], 0.0)
    axis = np.arange(len(inner))
    diagonal = block[:, axis, axis]
    block[:, axis, axis] = np.where(own, diagonal * (1 + damping[owner, None]) + RIDGE, 1.0)
    columns = np.flatnonzero(joint.common)
    # where each row's common parameters stand in the border: (m, size, c)
    where = ((slots[:, :, None] == columns) & (usable & ~single)[:, :, None]).astype(np.float64)
    beside = information @ where
    cross = beside[:, inner] * own[:, :, None]
    known = (right[place][:, inner] * own)[..., None]
    solved = np.linalg.solve(block, np.concatenate([known, cross], axis=2))
    # what is left for the common parameters, with what rows say of them as a first column
    turned = where.transpose(0, 2, 1) @ beside
    reduced = np.add.reduceat(cross.transpose(0, 2, 1) @ solved, joint.first, axis=0)
    total = np.add.reduceat(turned, joint.first, axis=0)
    line, kept = np.arange(len(columns)), free[:, columns]
    extra = total[:, line, line] * damping[:, None]
    total -= reduced[:, :, 1:]
    total[:, line, line] += extra + RIDGE
    total *= kept[:, :, None] & kept[:, None, :]
    total[:, line, line] += ~kept
    rest = (right[:, columns] - reduced[:, :, 0]) * kept
    step = np.zeros_like(right)
    step[:, columns] = np.linalg.solve(total, rest[..., None])[..., 0]
    each = np.zeros(slots.shape)
    drawn = (solved[:, :, 1:] @ step[:, columns][owner][..., None])[..., 0]
    each[:, inner] = (solved[:, :, 0] - drawn) * own
    return step + joint.add_up(each)


def _tied(information: Floats) -> Floats:
    """Fold what is known of lapse into guess, where both are one parameter."""
    folded = information.copy()
    folded[:, GUESS] += folded[:, LAPSE]
    folded[:, :, GUESS] += folded[:, :, LAPSE]
    folded[:, LAPSE] = folded[:, :, LAPSE] = 0.0
    return folded
