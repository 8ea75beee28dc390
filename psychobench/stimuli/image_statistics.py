"""Image statistics: in what the images of a set differ besides the expression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.images import decode_srgb

Pixels = NDArray[np.uint8]

PROPERTIES = (
    "luminance", "rms_contrast", "red", "green", "blue", "edge_energy", "clipped",
)  # fmt: skip
"""What is measured of each image."""
FILE_SIZE = "file_bytes"
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
_LIGHT = decode_srgb(np.arange(256, dtype=np.uint8)) * _WEIGHTS[:, None]  # of each channel's bytes
_GREY = np.arange(256) * _WEIGHTS[:, None]


def luminance(pixels: Pixels) -> NDArray[np.float64]:
    """Compute the relative luminance of sRGB pixels, from 0 (black) to 1 (white).

    Parameters
    ----------
    pixels : ndarray of uint8, shape (..., 3)
        RGB.

    Returns
    -------
    ndarray of float64, shape (...)
        Linear in light: proportional to cd/m2 on a display that keeps to sRGB [1]_.

    References
    ----------
    .. [1] IEC 61966-2-1:1999, sRGB; weights of the primaries from ITU-R BT.709.

    Examples
    --------
    >>> luminance(np.array([[0, 0, 0], [255, 255, 255], [128, 128, 128]], dtype=np.uint8)).round(3)
    array([0.   , 1.   , 0.216])
    """
    return _look_up(_LIGHT, pixels)


def image_statistics(
    images: Sequence[Pixels] | Pixels,
    levels: Sequence[float],
    region: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Measure each image.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB.
    levels : sequence of float
        The level of each.
    region : ndarray of bool, shape (height, width), optional
        Measure these pixels only; all by default.

    Returns
    -------
    pandas.DataFrame
        One row per image, in the order given: ``level``; ``luminance`` (mean relative luminance,
        0 to 1); ``rms_contrast`` (its standard deviation over the image [1]_); ``red``, ``green``,
        ``blue`` (means, 0 to 255); ``edge_energy`` (mean squared gradient of the grey values, per
        pixel); ``clipped`` (share of pixels that are 0 or 255 in some channel).

    References
    ----------
    .. [1] Peli, E. (1990). Contrast in complex images. JOSA A, 7(10), 2032-2040, eq. 4.

    Examples
    --------
    >>> white = np.full((8, 8, 3), 255, dtype=np.uint8)
    >>> image_statistics([white // 2, white], [0.0, 1.0])["clipped"].tolist()
    [0.0, 1.0]
    """
    rows = [
        {"level": float(level), **_measure(image, region)}
        for image, level in zip(images, levels, strict=True)
    ]
    return pd.DataFrame(rows, columns=["level", *PROPERTIES])


def _measure(image: Pixels, region: NDArray[np.bool_] | None) -> dict[str, float]:
    chosen = image if region is None else image[region]
    light = luminance(chosen)
    extreme = chosen + np.uint8(1) < 2  # white wraps to 0, black is 1
    red, green, blue = (float(chosen[..., channel].mean()) for channel in range(3))
    return {
        "luminance": float(light.mean()),
        "rms_contrast": float(light.std()),
        "red": red,
        "green": green,
        "blue": blue,
        "edge_energy": _edge_energy(image, region),
        "clipped": float((extreme[..., 0] | extreme[..., 1] | extreme[..., 2]).mean()),
    }


def _edge_energy(image: Pixels, region: NDArray[np.bool_] | None) -> float:
    """Average the squared differences between neighbours, both of them in the region."""
    grey = _look_up(_GREY, image)
    energy = 0.0
    for axis in (0, 1):
        squares = np.moveaxis(np.diff(grey, axis=axis) ** 2, axis, 0)
        if region is not None:
            chosen = np.moveaxis(region, axis, 0)
            squares = squares[chosen[1:] & chosen[:-1]]
        energy += float(squares.mean()) if squares.size else 0.0
    return energy


def _look_up(table: NDArray[np.float64], pixels: Pixels) -> NDArray[np.float64]:
    """Add up what a table of shape (3, 256) says of each channel's bytes."""
    total = table[0].take(pixels[..., 0])
    for channel in (1, 2):
        total += table[channel].take(pixels[..., channel])
    return np.asarray(total)
