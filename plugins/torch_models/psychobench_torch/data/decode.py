"""One image file to a square of pixels, quickly."""

from __future__ import annotations

import errno
import math
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from psychobench.plugins import ResourceError

DECODER_VERSION = "1"  # raise it where the same file gives other pixels
LARGEST = 100_000_000  # pixels
# what Pillow raises on damaged files of one format or another
UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error)

Box = tuple[float, float, float, float]


class BrokenImage(Exception):  # noqa: N818  # caught and told, never shown as it is
    """An image that cannot be decoded, and why."""


def decode_square(path: str, size: int, box: Box | None = None) -> NDArray[np.uint8]:
    """Decode an image, take its central square, scale that to `size`.

    Turned upright as its EXIF note says; grey, palette and CMYK become RGB; an alpha channel is
    laid over mid-grey. A large JPEG is decoded at a half, quarter or eighth, never below `size`.

    Parameters
    ----------
    path : str
        The file.
    size : int
        Width and height of the result in pixels.
    box : tuple of float, optional
        Left, top, width and height of the part to use; its square has the longer side, as far
        as the image reaches.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)

    Raises
    ------
    BrokenImage
        If the file is no image, is cut short, is huge, or has more than 8 bits per channel.
    ResourceError
        If the system cannot read it, which says nothing about the image.
    """
    try:
        with Image.open(path) as image:
            full = image.size
            _refuse(image)
            side = min(full) if box is None else min(*full, max(box[2:]))
            share = min(1.0, size / side)
            image.draft("RGB", (math.ceil(full[0] * share), math.ceil(full[1] * share)))
            drafted = image.size[0] / full[0]
            upright = _rgb(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise BrokenImage(str(error)) from None
    except UNDECODABLE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise ResourceError(
                f"every image must be readable: {path} is not ({error.strerror}); check the "
                "file, its disk and its permissions, and try again: images decoded so far are kept"
            ) from None
        # Pillow's own have no number; places before a file's start, in damaged ones, EINVAL
        raise BrokenImage(str(error).replace(path, "it") or type(error).__name__) from None
    square = _square(upright.size, box if box is None else _scaled(box, drafted))
    resized = upright.resize((size, size), Image.Resampling.BILINEAR, box=square)
    return np.asarray(resized)


def _refuse(image: Image.Image) -> None:
    if image.width * image.height > LARGEST:
        raise BrokenImage(f"{image.width} x {image.height} pixels; scale it down")
    if image.mode[0] in "IF":
        raise BrokenImage(f"more than 8 bits per channel (mode {image.mode})")
    if getattr(image, "n_frames", 1) > 1 and image.format not in ("MPO", "JPEG"):
        raise BrokenImage("several pictures in one file")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        grey = Image.new("RGBA", image.size, (128, 128, 128, 255))
        return Image.alpha_composite(grey, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _scaled(box: Box, factor: float) -> Box:
    left, top, width, height = box
    return left * factor, top * factor, width * factor, height * factor


def _square(size: tuple[int, int], box: Box | None) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the square to use, inside the image."""
    wide, high = size
    left, top, width, height = (0.0, 0.0, float(wide), float(high)) if box is None else box
    side = min(wide, high) if box is None else min(wide, high, max(width, height))
    x = min(max(left + (width - side) / 2, 0.0), wide - side)
    y = min(max(top + (height - side) / 2, 0.0), high - side)
    return x, y, x + side, y + side
