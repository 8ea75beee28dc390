"""The photographs that people looked at: which there are, and how large."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from psychobench.errors import ResourceError, StimulusError
from psychobench.images import UNDECODABLE

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
_VOC = "JPEGImages"  # of PASCAL VOC: VOC2007/JPEGImages/000005.jpg beside Annotations, ImageSets


def find_images(folder: Path) -> list[Path]:
    """Find the images of a folder, or of a PASCAL VOC folder, sorted by name.

    Parameters
    ----------
    folder : pathlib.Path
        With images in it, or ``VOC2007`` or the ``VOCdevkit`` around it.

    Raises
    ------
    ResourceError
        If there is no such folder, no image in it, or two that differ in their endings alone.
    """
    if not folder.is_dir():
        raise ResourceError(f"`images` must name a folder of images: there is none at {folder}")
    inner = [folder / _VOC, *sorted(folder.glob(f"VOC*/{_VOC}"))]
    place = next((each for each in inner if each.is_dir()), folder)
    images = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
    if not images:
        raise ResourceError(
            f"a folder of images must hold {', '.join(SUFFIXES)}: {place} holds none"
        )
    by_stem(path.name for path in images)
    return images


def by_stem(names: Iterable[str]) -> dict[str, str]:
    """Return image names by their names without the ending, which are the names of maps.

    Raises
    ------
    ResourceError
        If two differ in their endings alone.

    Examples
    --------
    >>> by_stem(["street.jpg"])
    {'street': 'street.jpg'}
    """
    known: dict[str, str] = {}
    for name in names:
        if (other := known.setdefault(Path(name).stem, name)) != name:
            raise ResourceError(
                f"images must differ in more than their endings, which maps do not have: there are "
                f"{other} and {name}; rename or remove one"
            )
    return known


def image_sizes(images: list[Path]) -> dict[str, tuple[int, int]]:
    """Read width and height of every image, by name, in the orientation that its file states.

    Raises
    ------
    StimulusError
        If one cannot be opened.
    """
    from PIL import Image

    sizes = {}
    for path in images:
        try:
            with Image.open(path) as image:
                rotated = image.getexif().get(0x0112, 1) >= 5  # lies on its side
                sizes[path.name] = image.size[::-1] if rotated else image.size
        except (*UNDECODABLE, Image.DecompressionBombError) as error:
            raise StimulusError(f"an image must be readable: {path} is not ({error})") from None
    return sizes
