"""Images in the wrong place, found in the order of the level and named by their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.checking.image_order import (
    distances,
    find_copies,
    find_mirrored,
    find_swapped,
)

Pair = tuple[int, int]


@dataclass(frozen=True)
class OddImages:
    """Rows of images in the wrong place: equal pairs, mirrored ones, exchanged pairs."""

    copied: tuple[Pair, ...] = ()
    mirrored: tuple[int, ...] = ()
    swapped: tuple[Pair, ...] = ()

    def named(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield each fault with the names of its images."""
        rows: list[tuple[str, tuple[int, ...]]] = [("copied", pair) for pair in self.copied]
        rows += [("mirrored", (row,)) for row in self.mirrored]
        rows += [("swapped", pair) for pair in self.swapped]
        for fault, images in rows:
            yield {"fault": fault, "stimuli": [names[row] for row in images]}


NO_ODD_IMAGES = OddImages()


def find_odd_images(
    grey: NDArray[np.float64], order: NDArray[np.intp], outliers: Collection[int]
) -> OddImages:
    """Find images in the wrong place.

    Parameters
    ----------
    grey : ndarray of float64, shape (n, height, width)
        Grey levels.
    order : ndarray of intp, shape (n,)
        The rows in the order of the level.
    outliers : collection of int
        Rows of images that are odd for another reason.
    """
    ordered = grey[order]
    apart = distances(ordered)
    copied, mirrored = find_copies(apart), find_mirrored(ordered)
    if len(copied) == len(order) * (len(order) - 1) // 2:
        copied = []  # all are the same: there is nothing to single out
    ranks = {int(row): rank for rank, row in enumerate(order)}
    odd = {ranks[row] for row in outliers} | set(mirrored) | {pair[1] for pair in copied}
    swapped = find_swapped(apart, odd)
    return OddImages(
        tuple((int(order[a]), int(order[b])) for a, b in copied),
        tuple(int(order[rank]) for rank in mirrored),
        tuple((int(order[a]), int(order[b])) for a, b in swapped),
    )
