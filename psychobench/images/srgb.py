"""The sRGB transfer curve: from bytes to linear light and back [1]_.

.. [1] IEC 61966-2-1:1999, Multimedia systems and equipment: default RGB colour space, sRGB.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)

_CODES = np.arange(256) / 255
_DECODED = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4)


def decode_srgb(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Decode sRGB bytes to linear light.

    Parameters
    ----------
    codes : ndarray of uint8
        Of any shape.

    Returns
    -------
    ndarray of float64
        From 0 to 1, of the same shape.

    Examples
    --------
    >>> decode_srgb(np.array([0, 128, 255], dtype=np.uint8)).round(3)
    array([0.   , 0.216, 1.   ])
    """
    return np.asarray(_DECODED[codes])


def encode_srgb(light: NDArray[Float]) -> NDArray[Float]:
    """Encode linear light as sRGB.

    Parameters
    ----------
    light : ndarray of float
        From 0 to 1; of any shape.

    Returns
    -------
    ndarray of float
        From 0 to 1, not rounded to bytes; of the same shape and type.

    Examples
    --------
    >>> codes = np.arange(256, dtype=np.uint8)
    >>> bool((np.rint(255 * encode_srgb(decode_srgb(codes))) == codes).all())
    True
    """
    curved = 1.055 * light ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, 12.92 * light, curved).astype(light.dtype, copy=False)
