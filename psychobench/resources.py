"""Find data files, check their hashes, read images, write files whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import ResourceError, StimulusError

PACKAGE = Path(__file__).parent
KINDS = ("stimuli", "human_data")


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


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode one image to RGB; an alpha channel is laid over mid-grey.

    Parameters
    ----------
    path : pathlib.Path
        PNG, JPEG or whatever Pillow reads.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    StimulusError
        If the file is missing or cannot be decoded.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                upright = ImageOps.exif_transpose(image).convert("RGBA")
    except FileNotFoundError:
        raise StimulusError(f"every image must exist: {path} is missing") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise StimulusError(
            f"every image must decode: {path} does not ({error}); save it again as PNG"
        ) from None
    except Image.DecompressionBombWarning as error:
        raise StimulusError(f"an image must be of a sane size: {path}: {error}") from None
    grey = Image.new("RGBA", upright.size, (128, 128, 128, 255))
    return np.asarray(Image.alpha_composite(grey, upright).convert("RGB"))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, creating its folder.

    Raises
    ------
    ResourceError
        If the place cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Give a scratch folder whose files reach `out` together, when the block ends without error.

    Files of the same name in `out` are replaced, others stay.

    Raises
    ------
    ResourceError
        If `out` cannot be created or written; raised before the block runs.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=out, prefix=".partial-"))
    except OSError as error:
        raise _unwritable(out, error) from None
    try:
        yield scratch
        for source in sorted(path for path in scratch.rglob("*") if path.is_file()):
            target = out / source.relative_to(scratch)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
    except OSError as error:
        raise _unwritable(out, error) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def check_writable(out: Path) -> None:
    """Find out, before any work is done, whether files can be written into folder `out`.

    Nothing is left behind: where `out` did not exist, it does not afterwards.

    Raises
    ------
    ResourceError
        If they cannot.
    """
    existing = next(place for place in (out, *out.parents) if place.exists())
    try:
        if not existing.is_dir():
            raise NotADirectoryError(20, "it is a file, not a folder")
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise _unwritable(out, error) from None


def _unwritable(path: Path, error: OSError) -> ResourceError:
    reason = error.strerror or str(error)
    return ResourceError(f"output must be writable: {path} is not ({reason}); choose another --out")
