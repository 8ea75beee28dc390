"""Images in the wrong place: the same one twice, mirrored ones, neighbours swapped."""

from __future__ import annotations

import itertools
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float64]
Pair = tuple[int, int]

_SAME = 0.05  # of the median step between neighbours: a smaller one is none
_MIRRORED = -0.1  # correlation of what is asymmetric in neighbours, below which one is mirrored
_SYMMETRIC = 0.3  # grey levels: a face without more asymmetry than that looks the same mirrored
_SAVED = 0.15  # of the median step: by how much an exchange must shorten the path


def distances(grey: Grey) -> Grey:
    """Compute the root mean square difference between any two images, shape (n, n)."""
    flat = grey.reshape(len(grey), -1)
    flat = flat - flat.mean(axis=0)  # keeps the products small, and so their rounding
    squares = np.einsum("ij,ij->i", flat, flat)
    apart = squares[:, None] + squares[None] - 2.0 * flat @ flat.T
    return np.asarray(np.sqrt(np.maximum(apart, 0.0) / flat.shape[1]))


def find_copies(apart: Grey) -> list[Pair]:
    """Find pairs of images that are the same.

    Parameters
    ----------
    apart : ndarray of float64, shape (n, n)
        What `distances` gave, in the order of the level.
    """
    if len(apart) < 2:
        return []
    step = float(np.median(np.diagonal(apart, 1)))
    return [
        pair
        for pair in itertools.combinations(range(len(apart)), 2)
        if apart[pair] <= max(_SAME * step, 1e-3)
    ]


def find_mirrored(grey: Grey) -> list[int]:
    """Find images whose left and right are exchanged.

    What is asymmetric in a face, its left half minus its right, changes little from level to
    level; in a mirrored image it has the opposite sign.

    Parameters
    ----------
    grey : ndarray of float64, shape (n, height, width)
        Grey levels, in the order of the level.
    """
    if len(grey) < 3:
        return []
    uneven = (grey - grey[..., ::-1]).reshape(len(grey), -1)
    size = np.sqrt((uneven**2).mean(axis=1))
    if (size < _SYMMETRIC).any():
        return []
    likeness = [
        float(np.mean(here * there) / (a * b))
        for (here, there), (a, b) in zip(
            itertools.pairwise(uneven), itertools.pairwise(size), strict=True
        )
    ]
    turned = [value < _MIRRORED for value in likeness]
    # runs between two turns are mirrored to one another: the shorter ones are the mirrored
    sides = np.concatenate([[0], np.cumsum(turned)]) % 2
    odd = 1 if sides.sum() <= len(sides) / 2 else 0
    return [int(index) for index in np.flatnonzero(sides == odd)] if any(turned) else []


def find_swapped(apart: Grey, leave_out: Collection[int] = ()) -> list[Pair]:
    """Find neighbours whose exchange makes the path through the images shorter.

    Parameters
    ----------
    apart : ndarray of float64, shape (n, n)
        What `distances` gave, in the order of the level.
    leave_out : collection of int
        Images that are odd for another reason and would lengthen any path.
    """
    order = [index for index in range(len(apart)) if index not in leave_out]
    if len(order) < 3:
        return []
    step = float(np.median([apart[pair] for pair in itertools.pairwise(order)]))
    found: list[Pair] = []
    while len(found) < len(order) // 2:
        saved = [_saved(apart, order, k) for k in range(len(order) - 1)]
        best = int(np.argmax(saved))
        if saved[best] <= _SAVED * step:
            break
        found.append((order[best], order[best + 1]))
        order[best], order[best + 1] = order[best + 1], order[best]
    return found


def _saved(apart: Grey, order: list[int], k: int) -> float:
    """Return by how much the path is shorter with images k and k + 1 exchanged."""
    before, after = order[k], order[k + 1]
    saved = 0.0
    if k > 0:
        saved += float(apart[order[k - 1], before] - apart[order[k - 1], after])
    if k + 2 < len(order):
        saved += float(apart[after, order[k + 2]] - apart[before, order[k + 2]])
    return saved
