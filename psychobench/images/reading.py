"""Read images as they look: upright, in sRGB, eight bits per channel."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError

if TYPE_CHECKING:
    from PIL import Image, ImageCms

_OPAQUE = 255
# what Pillow raises on damaged files of one format or another
UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error)


def read_image(path: Path, *, transparent: bool = True) -> NDArray[np.uint8]:
    """Decode one image to RGB as it looks: upright, in sRGB.

    The camera's note which side is up is followed; a colour profile is turned into sRGB; grey and
    palette images become RGB; an alpha channel is laid over mid-grey.

    Parameters
    ----------
    path : pathlib.Path
        PNG, JPEG or whatever Pillow reads, with 8 bits per channel.
    transparent : bool, optional
        Whether pixels may be transparent; an alpha channel that is opaque everywhere always may
        be there.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    StimulusError
        If the file is missing, cannot be decoded, is unreasonably large, has more than 8 bits per
        channel or colours that cannot be turned into sRGB, or is transparent where it must not be.
    """
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                refusal = _refusal(image)
                upright = image if refusal else _in_srgb(ImageOps.exif_transpose(image))
        except FileNotFoundError:
            raise StimulusError(
                f"every image must exist: {path} is missing; add it, or correct its name"
            ) from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise StimulusError(
                f"an image must have a reasonable size: {path}: {error}; scale it down"
            ) from None
        except UNDECODABLE as error:
            raise StimulusError(
                f"every image must be readable: {path} cannot be decoded ({error}); "
                "save it again as PNG"
            ) from None
    if refusal:
        raise StimulusError(f"an image must have {refusal[0]}: {path} has {refusal[1]}")
    lowest = np.asarray(upright.getchannel("A")).min()
    if not transparent and lowest < _OPAQUE:
        raise StimulusError(
            f"an image must be opaque: {path} has transparent pixels (alpha down to {lowest}), "
            "which have no colour of their own; place it on a background and save it without alpha"
        )
    grey = Image.new("RGBA", upright.size, (128, 128, 128, 255))
    return np.asarray(Image.alpha_composite(grey, upright).convert("RGB"))


def conversions(path: Path) -> list[str]:
    """List what `read_image` does to an image besides decoding it.

    Parameters
    ----------
    path : pathlib.Path
        An image that it does not refuse.

    Returns
    -------
    list of str
        Such as "turned upright"; empty where the pixels are taken as they are.
    """
    from PIL import ExifTags, Image

    done = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as image:
            if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
                done.append("turned upright, as its EXIF orientation says")
            if _own_profile(image) is not None:
                done.append("converted from its colour profile to sRGB")
            if image.mode not in {"RGB", "RGBA"}:
                done.append(f"converted to RGB from mode {image.mode}")
    return done


def _refusal(image: Image.Image) -> tuple[str, str] | None:
    """Return what an image must have and has instead, where it cannot be shown as 8-bit sRGB."""
    raw = " ".join(str(tile[3]) for tile in getattr(image, "tile", []))
    if image.mode[0] in "IF" or ";16" in raw:
        return "8 bits per channel", f"more (mode {image.mode}); save it as an 8-bit PNG"
    if image.mode in {"CMYK", "LAB"}:
        return "RGB colours", (
            f"{image.mode}, whose look depends on a printer's profile; convert it to sRGB in an "
            "image editor and save it as PNG"
        )
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        return "one picture", f"{frames} frames; save the frame you need as PNG"
    return None


def _in_srgb(image: Image.Image) -> Image.Image:
    """Turn an image into RGBA; colours with a profile of their own are converted."""
    from PIL import ImageCms

    try:
        own = _own_profile(image)
        if own is None:
            return image.convert("RGBA")
        converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError) as error:
        raise ValueError(f"its colour profile is damaged: {error}") from None
    return (converted or image).convert("RGBA")


def _own_profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """Return the colour profile of an RGB image where it is not sRGB."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA"}:
        return None
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return None if "srgb" in ImageCms.getProfileDescription(own).lower() else own
