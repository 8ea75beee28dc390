"""Find data files, check their hashes, read images, write files whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import secrets
import shutil
import struct
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import OptionError, ResourceError, StimulusError

if TYPE_CHECKING:
    from PIL import Image, ImageCms

PACKAGE = Path(__file__).parent
_OPAQUE = 255
# what Pillow raises on damaged files of one format or another
UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error)


def bundled(kind: str) -> Path:
    """Find the folder of one kind of bundled data.

    Looked for in this order: ``$PSYCHOBENCH_DATA``, the installed package, the checkout.

    Parameters
    ----------
    kind : {"stimuli", "human_data"}
        Which data.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    ResourceError
        If no place holds it.
    """
    roots = [PACKAGE / "_data", PACKAGE.parent]
    if chosen := os.environ.get("PSYCHOBENCH_DATA"):
        roots.insert(0, Path(chosen))
    for root in roots:
        if (root / kind).is_dir():
            return root / kind
    places = ", ".join(str(root / kind) for root in roots)
    raise ResourceError(
        f"bundled {kind} must be on disk: not found at {places}; "
        "reinstall psychobench or set PSYCHOBENCH_DATA to the folder that holds it"
    )


def sha256(path: Path) -> str:
    """Hash a file's bytes.

    Examples
    --------
    >>> sha256(PACKAGE / "py.typed")[:8]
    'e3b0c442'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
            raise StimulusError(f"every image must exist: {path} is missing") from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise StimulusError(
                f"an image must be of a sane size: {path}: {error}; scale it down"
            ) from None
        except UNDECODABLE as error:
            raise StimulusError(
                f"every image must decode: {path} does not ({error}); save it again as PNG"
            ) from None
    if refusal:
        raise StimulusError(f"an image must have {refusal[0]}: {path} has {refusal[1]}")
    lowest = np.asarray(upright.getchannel("A")).min()
    if not transparent and lowest < _OPAQUE:
        raise StimulusError(
            f"an image must be opaque: {path} has transparent pixels (alpha down to {lowest}), "
            "which have no colour of their own; lay it over a background and save it without alpha"
        )
    grey = Image.new("RGBA", upright.size, (128, 128, 128, 255))
    return np.asarray(Image.alpha_composite(grey, upright).convert("RGB"))


def conversions(path: Path) -> list[str]:
    """Say what `read_image` does to an image that it reads, beside decoding it.

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
    """Say what an image must have and has instead, where it cannot be shown as 8-bit sRGB."""
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
        return "one picture", f"{frames} frames; save the one you mean as PNG"
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
    """Give the colour profile of an image in RGB, where that is another one than sRGB."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA"}:
        return None
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return None if "srgb" in ImageCms.getProfileDescription(own).lower() else own


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, creating its folder.

    A link is followed; a device such as ``/dev/stdout`` is written to, never replaced.

    Raises
    ------
    ResourceError
        If the place cannot be written.
    """
    temporary = None
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not (target.is_file() or target.is_dir()):
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        # not tempfile: its files are private to the user whatever the umask says
        temporary = target.parent / f".partial-{secrets.token_hex(8)}"
        temporary.write_bytes(data)
        temporary.replace(target)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Give a scratch folder whose files reach `out` together, when the block ends without error.

    Files of the same name in `out` are replaced, others stay. If anything goes wrong, in the
    block or while the files are moved, `out` is as it was before.

    Parameters
    ----------
    out : pathlib.Path
        Created if it does not exist.

    Yields
    ------
    pathlib.Path
        An empty folder on the same disk as `out`.

    Raises
    ------
    ResourceError
        If `out` cannot be created or written: raised before the block runs where that can be
        known by then.
    """
    created = [place for place in (out, *out.parents) if not os.path.lexists(place)]
    try:
        out.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=out, prefix=".partial-"))
    except OSError as error:
        _remove_empty(created)
        raise _unwritable(out, error) from None
    try:
        staged = scratch / "new"
        staged.mkdir()
        yield staged
        _move_all(staged, out, scratch / "old")
    except OSError as error:
        # a file that the block only reads is no fault of the output folder
        if error.errno == errno.ENOSPC or str(scratch) in str(error.filename):
            raise _unwritable(out, error) from None
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _remove_empty(created)


def check_writable(out: Path) -> None:
    """Find out, before any work is done, whether files can be written into folder `out`.

    Nothing is left behind: where `out` did not exist, it does not afterwards.

    Raises
    ------
    ResourceError
        If they cannot.
    """
    try:
        places = (out, *out.parents)
        existing = next((place for place in places if os.path.lexists(place)), places[-1])
        if not existing.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{existing} is not a folder")
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise _unwritable(out, error) from None


def check_file_to_write(out: object, endings: Sequence[str]) -> Path:
    """Find out, before any work is done, whether a file can be written.

    Raises
    ------
    OptionError
        If `out` is no path, or has none of the `endings`.
    ResourceError
        If it is a folder, or its folder cannot be written to.
    """
    if not isinstance(out, (str, os.PathLike)) or Path(out).suffix.lower() not in endings:
        raise OptionError(f"`out` must be a file that ends in {' or '.join(endings)}: got {out}")
    path = Path(out)
    if path.is_dir():
        raise ResourceError(f"`out` must be a file: {path} is a folder; name a file in it")
    check_writable(path.parent)
    return path


def _move_all(source: Path, target: Path, old: Path) -> None:
    """Move every file below `source` into `target`; on an error, undo what was done."""
    names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    created: list[Path] = []
    moved: list[Path] = []
    try:
        for name in names:
            place = target / name
            if place.is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{place} is a folder")
            created[:0] = [folder for folder in place.parents if not folder.exists()]
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(place):
                (old / name).parent.mkdir(parents=True, exist_ok=True)
                place.replace(old / name)
            moved.append(name)
            (source / name).replace(place)
    except BaseException as error:
        for name in reversed(moved):
            (target / name).unlink(missing_ok=True)
            if os.path.lexists(old / name):
                (old / name).replace(target / name)
        _remove_empty(created)
        if isinstance(error, OSError):
            raise _unwritable(target, error) from None
        raise


def _remove_empty(folders: list[Path]) -> None:
    """Remove those folders, innermost first, that hold nothing."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _unwritable(path: Path, error: OSError) -> ResourceError:
    reason = error.strerror or str(error)
    return ResourceError(f"output must be writable: {path} is not ({reason}); choose another --out")
