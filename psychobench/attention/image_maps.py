"""Maps on images: resized, placed where the observer looked, and only then normalised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.observers.attention_protocol import AttentionMaps

Maps = NDArray[np.float32]


def resize_maps(maps: NDArray[np.floating], height: int, width: int) -> Maps:
    """Resize maps bilinearly, corners not aligned, edges kept.

    The same as torch's ``interpolate(mode="bilinear", align_corners=False)`` without antialiasing.

    Parameters
    ----------
    maps : ndarray of float, shape (n, h, w)
        Any scale.
    height, width : int
        Of the result.

    Returns
    -------
    ndarray of float32, shape (n, height, width)

    Examples
    --------
    >>> resize_maps(np.array([[[0.0, 1.0]]]), 1, 4).tolist()
    [[[0.0, 0.25, 0.75, 1.0]]]
    """
    down = _weights(maps.shape[1], height)
    across = _weights(maps.shape[2], width)
    return np.asarray(down @ np.asarray(maps, np.float32) @ across.T)


def on_image(found: AttentionMaps, height: int, width: int) -> Maps:
    """Lay attention maps over their images.

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
    placed[:, rows, columns] = resize_maps(
        found.maps, rows.stop - rows.start, columns.stop - columns.start
    )
    return placed


def positive(maps: NDArray[np.floating]) -> Maps:
    """Keep what speaks for the target: negative values become 0."""
    return np.maximum(np.asarray(maps, np.float32), 0)


def normalise_maps(maps: NDArray[np.floating]) -> Maps:
    """Bring each map to [0, 1] by its maximum; negative values and maps of zeros become 0.

    Examples
    --------
    >>> normalise_maps(np.array([[[2.0, -1.0, 4.0]], [[0.0, 0.0, 0.0]]])).tolist()
    [[[0.5, 0.0, 1.0]], [[0.0, 0.0, 0.0]]]
    """
    kept = positive(maps)
    highest = kept.max(axis=(1, 2), keepdims=True, initial=0)
    normalised: Maps = np.divide(kept, highest, out=np.zeros_like(kept), where=highest > 0)
    return normalised


def _weights(source: int, target: int) -> Maps:
    """Give the matrix, shape (target, source), that interpolates along one axis."""
    places = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = np.floor(places).astype(int)
    high = np.minimum(low + 1, source - 1)
    part = (places - low).astype(np.float32)
    weights = np.zeros((target, source), dtype=np.float32)
    rows = np.arange(target)
    np.add.at(weights, (rows, low), 1 - part)
    np.add.at(weights, (rows, high), part)
    return weights
