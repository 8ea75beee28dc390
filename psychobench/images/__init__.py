"""Images as arrays: read, resized, decoded to linear light and encoded again."""

from psychobench.images.reading import UNDECODABLE, conversions, read_image
from psychobench.images.resizing import resize_bilinear
from psychobench.images.srgb import decode_srgb, encode_srgb

__all__ = [
    "UNDECODABLE",
    "conversions",
    "decode_srgb",
    "encode_srgb",
    "read_image",
    "resize_bilinear",
]
