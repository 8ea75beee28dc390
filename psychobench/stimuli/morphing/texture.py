"""Textures: photographs prepared for sampling between their pixels, in sRGB or linear light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from psychobench.images import decode_srgb, encode_srgb

Blend = Literal["srgb", "linear"]
BLENDS: tuple[Blend, ...] = ("srgb", "linear")

# steps per unit of a byte: fine enough that rounding is never seen, and doubled differences still
# fit into 16 bits
_STEPS = 32
_WHITE = 255.0


@dataclass(frozen=True)
class Texture:
    """Colours between the pixels of an image.

    Attributes
    ----------
    planes : tuple of ndarray of int16
        Red, green and blue on a grid twice as fine as the pixels, row after row.
    width, height : int
        Of the image, in pixels.
    blend : {"srgb", "linear"}
        What the numbers mean: the image's bytes, or light.
    """

    planes: tuple[NDArray[np.int16], ...]
    width: int
    height: int
    blend: Blend

    @classmethod
    def of(cls, image: NDArray[np.uint8], blend: Blend = "srgb") -> Texture:
        """Prepare an image.

        Values half-way between pixels are interpolated with a cubic kernel. What is read later,
        linearly, from the finer grid is then much sharper than a linear reading of the pixels, and
        the pixels themselves are kept.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB; at least 2 x 2 pixels.
        blend : {"srgb", "linear"}, optional
            Whether to add up the image's bytes or light.
        """
        decoded = _decoding(blend)[image]
        planes = tuple(
            np.rint(_refined(_refined(decoded[..., channel], 0), 1)).astype(np.int16).ravel()
            for channel in range(3)
        )
        return cls(planes, image.shape[1], image.shape[0], blend)

    def add(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        weight: float,
        total: NDArray[np.float32],
        where: NDArray[np.float32] | None = None,
    ) -> None:
        """Add the colours at some places to `total`.

        Parameters
        ----------
        x, y : ndarray of float64, shape (rows, columns)
            In pixels; beyond the border, the border's colour.
        weight : float
            Factor on the colours.
        total : ndarray of float32, shape (3, rows, columns)
            Is added to.
        where : ndarray of float32, shape (rows, columns), optional
            A factor of its own for each place.
        """
        stride = 2 * self.width - 1
        x = np.clip(2.0 * x - 1.0, 0.0, stride - 1.0)
        y = np.clip(2.0 * y - 1.0, 0.0, 2.0 * self.height - 2.0)
        column = np.minimum(x.astype(np.intp), stride - 2)
        row = np.minimum(y.astype(np.intp), 2 * self.height - 3)
        right, down = (x - column).astype(np.float32), (y - row).astype(np.float32)
        here = row * stride + column
        below = here + stride
        factor = np.float32(weight) if where is None else np.float32(weight) * where
        for plane, sums in zip(self.planes, total, strict=True):
            upper = _between(plane, here, right)
            lower = _between(plane, below, right)
            lower -= upper
            lower *= down
            lower += upper
            lower *= factor
            sums += lower

    def encode(self, total: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Turn sums of colours into bytes: (3, rows, columns) into (rows, columns, 3)."""
        value = (total / np.float32(_STEPS * _WHITE)).clip(0.0, 1.0)
        if self.blend == "linear":
            value = encode_srgb(value)
        return np.rint(value * np.float32(_WHITE)).astype(np.uint8).transpose(1, 2, 0)


def _decoding(blend: Blend) -> NDArray[np.float32]:
    """Return what each byte stands for, in steps."""
    codes = np.arange(256, dtype=np.uint8)
    value = decode_srgb(codes) if blend == "linear" else codes / _WHITE
    return (value * _WHITE * _STEPS).astype(np.float32)


def _between(
    plane: NDArray[np.int16], here: NDArray[np.intp], part: NDArray[np.float32]
) -> NDArray[np.float32]:
    start = plane.take(here)
    return start + (plane.take(here + 1) - start) * part


def _refined(plane: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Insert a value between each two along an axis: Catmull and Rom's cubic half-way."""
    plane = np.moveaxis(plane, axis, 0)
    padded = np.concatenate([plane[:1], plane, plane[-1:]])
    fine = np.empty((2 * len(plane) - 1, plane.shape[1]), dtype=np.float32)
    fine[::2] = plane
    fine[1::2] = (9.0 * (plane[:-1] + plane[1:]) - padded[:-3] - padded[3:]) / 16.0
    return np.moveaxis(fine, 0, axis)
