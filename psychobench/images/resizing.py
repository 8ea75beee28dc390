"""Resize planes of numbers bilinearly, pixel centres on pixel centres."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)


def resize_bilinear(
    planes: NDArray[Float], height: int, width: int, *, antialias: bool = True
) -> NDArray[Float]:
    """Resize planes bilinearly; beyond the outermost pixel centres, their values are continued.

    Parameters
    ----------
    planes : ndarray of float, shape (..., h, w)
        In any unit.
    height, width : int
        Of the result in pixels.
    antialias : bool, optional
        Whether each pixel averages all that it covers where planes shrink, as Pillow does. Without
        it, two values are interpolated along each axis whatever the size, as by torch's
        ``interpolate(mode="bilinear", align_corners=False)``. Planes that grow are the same
        either way.

    Returns
    -------
    ndarray of float, shape (..., height, width)
        Of the type of `planes`, computed in single precision.

    Examples
    --------
    >>> resize_bilinear(np.array([[0.0, 1.0]]), 1, 4).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    >>> resize_bilinear(np.array([[0.0, 0.0, 6.0, 0.0]]), 1, 2).round(2).tolist()
    [[0.86, 2.57]]
    >>> resize_bilinear(np.array([[0.0, 0.0, 6.0, 0.0]]), 1, 2, antialias=False).tolist()
    [[0.0, 3.0]]
    """
    if planes.shape[-2:] == (height, width):
        return planes
    values = planes.astype(np.float32)
    if not antialias:  # Pillow has no such mode, and scipy's zoom is ten times as slow
        down, across = _weights(values.shape[-2], height), _weights(values.shape[-1], width)
        return np.asarray(down @ values @ across.T).astype(planes.dtype)
    from PIL import Image

    flat = values.reshape(-1, *values.shape[-2:])
    resized = np.empty((len(flat), height, width), dtype=np.float32)
    for plane, result in zip(flat, resized, strict=True):
        image = Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR)
        result[:] = np.asarray(image)
    return resized.reshape(*values.shape[:-2], height, width).astype(planes.dtype)


def _weights(source: int, target: int) -> NDArray[np.float32]:
    """Return the matrix, shape (target, source), that interpolates along one axis."""
    places = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = np.floor(places).astype(int)
    high = np.minimum(low + 1, source - 1)
    part = (places - low).astype(np.float32)
    weights = np.zeros((target, source), dtype=np.float32)
    rows = np.arange(target)
    np.add.at(weights, (rows, low), 1 - part)
    np.add.at(weights, (rows, high), part)
    return weights
