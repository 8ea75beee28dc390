"""What a training needs to know of its images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Decoded images and their labels, n in all.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, side, side, 3)
        RGB squares; may be a memory map.
    labels : ndarray of int64, shape (n,)
        Indices into `classes`.
    classes : tuple of str
        Names of the classes; for valence ``("sad", "happy")`` or ``("negative", "positive")``.
    origin : str
        In words, for tables and model cards: ``3,200 rendered faces``.
    sha256 : str
        Of all that determines images, labels and split; part of the keys of caches.
    group : ndarray of int64, shape (n,), optional
        Who is on an image; nobody may be in both training and validation.
    validation : ndarray of bool, shape (n,), optional
        Where the data come with a split of their own; else a training splits them by its seed.
    notes : tuple of str
        What was left out, drawn or decided on the way, one line each.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    origin: str
    sha256: str
    group: NDArray[np.int64] | None = None
    validation: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
