"""Maps on images: resized, placed where the observer looked, and only then normalised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.images import resize_bilinear
from psychobench.observers.attention_protocol import AttentionMaps

Maps = NDArray[np.float32]


def on_image(found: AttentionMaps, height: int, width: int) -> Maps:
    """Place attention maps on their images.

    Parameters
    ----------
    found : AttentionMaps
        Raw maps.
    height, width : int
        Of the images in pixels.

    Returns
    -------
    ndarray of float32, shape (n, height, width)
        In the maps' own unit; 0 where the observer did not look.

    Examples
    --------
    >>> ones = AttentionMaps(np.ones((1, 2, 2), np.float32), "cam", "conv5", "happy",
    ...                      window=(0.0, 0.25, 1.0, 0.75))
    >>> on_image(ones, 2, 8)[0, 0].tolist()
    [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    """
    top, left, bottom, right = found.window
    rows = slice(round(top * height), round(bottom * height))
    columns = slice(round(left * width), round(right * width))
    placed = np.zeros((len(found.maps), height, width), dtype=np.float32)
    placed[:, rows, columns] = resize_bilinear(
        found.maps, rows.stop - rows.start, columns.stop - columns.start, antialias=False
    )
    return placed


def positive(maps: NDArray[np.floating]) -> Maps:
    """Keep what speaks for the target: negative values become 0."""
    return np.maximum(np.asarray(maps, np.float32), 0)


def normalise_maps(maps: NDArray[np.floating]) -> Maps:
    """Divide each map by its maximum; negative values and maps of zeros become 0.

    Examples
    --------
    >>> normalise_maps(np.array([[[2.0, -1.0, 4.0]], [[0.0, 0.0, 0.0]]])).tolist()
    [[[0.5, 0.0, 1.0]], [[0.0, 0.0, 0.0]]]
    """
    kept = positive(maps)
    highest = kept.max(axis=(1, 2), keepdims=True, initial=0)
    normalised: Maps = np.divide(kept, highest, out=np.zeros_like(kept), where=highest > 0)
    return normalised
