"""Maps to be compared: files, one folder per source and one file per image, or arrays."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import OptionError, ResourceError
from psychobench.images import UNDECODABLE

SUFFIXES = (".npz", ".npy", ".png")


MapsByImage = Mapping[str, NDArray[np.number]]


@dataclass(frozen=True, eq=False)
class ImageMap:
    """One map of one image: an array, or a file that is read when it is needed.

    Parameters
    ----------
    source : str
        Whose map it is; of a file its folder below the one that was named, ``vgg16/layercam``.
    image : str
        The image's name without its ending.
    path : pathlib.Path, optional
        The file.
    values : ndarray of float, shape (height, width), optional
        The map, where there is no file.
    """

    source: str
    image: str
    path: Path | None = None
    values: NDArray[np.number] | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Where the map is, for messages."""
        return str(self.path) if self.path else f"the map of '{self.source}'"

    def read(self) -> NDArray[np.float64]:
        """Read the map, shape (height, width).

        Raises
        ------
        ResourceError
            If it cannot be read, is not a plane of numbers, or holds NaN or infinity.
        """
        values = np.asarray(self.values) if self.path is None else _read_values(self.path)
        if values.ndim > 2:
            values = np.squeeze(values)
        if values.ndim != 2 or not np.issubdtype(values.dtype, np.number):
            raise ResourceError(
                f"a map must be a plane of numbers: {self.place} has {values.dtype} of shape "
                f"{values.shape}"
            )
        if np.iscomplexobj(values) or not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ResourceError(
                f"a map must hold finite numbers: {self.place} (image '{self.image}') has {bad} "
                "that are NaN or infinite; make it again"
            )
        return values.astype(np.float64)


def given_maps(maps: Mapping[str, MapsByImage]) -> list[ImageMap]:
    """Return the maps of a mapping from sources to arrays by image.

    Raises
    ------
    OptionError
        If there is none, or a source holds no mapping from images to arrays.

    Examples
    --------
    >>> given_maps({"mine": {"street.jpg": np.eye(3)}})
    [ImageMap(source='mine', image='street', path=None)]
    """
    if strange := [name for name, by_image in maps.items() if not isinstance(by_image, Mapping)]:
        raise OptionError(
            "`maps` must hold arrays by source and image, such as {'mine': {'street': array}}: "
            f"'{strange[0]}' has {type(maps[strange[0]]).__name__}"
        )
    given = [
        ImageMap(str(source), Path(image).stem, None, values)
        for source, by_image in maps.items()
        for image, values in by_image.items()
    ]
    if not given:
        raise OptionError("`maps` must hold at least one map: it is empty")
    return given


def find_maps(folder: Path) -> list[ImageMap]:
    """Find the maps below a folder: ``SOURCE/IMAGE.npz``, ``.npy`` or grey ``.png``.

    An ``.npz`` holds its map under the name ``map``. Sources may be nested; files in the folder
    itself are of the source that the folder is called.

    Raises
    ------
    ResourceError
        If there is no such folder, no map in it, or two maps of one source and image.
    """
    if not folder.is_dir():
        raise ResourceError(f"`maps` must name a folder of maps: there is none at {folder}")
    found = sorted(_maps(folder), key=lambda each: (each.source, each.image))
    if not found:
        raise ResourceError(
            f"a folder of maps must hold SOURCE/IMAGE.npz, .npy or .png: {folder} holds none"
        )
    counts = Counter((each.source, each.image) for each in found)
    if twice := [name for name, n in counts.items() if n > 1]:
        raise ResourceError(
            f"a source must have one map of an image: '{twice[0][0]}' has several of "
            f"'{twice[0][1]}' in {folder}"
        )
    return found


def map_sizes(folder: Path | None, maps: Sequence[ImageMap]) -> dict[str, tuple[int, int]]:
    """Find the photographs' sizes without the photographs.

    Parameters
    ----------
    folder : pathlib.Path or None
        Of the maps; its ``maps.json`` has the sizes, where there is one.
    maps : sequence of ImageMap
        Whose own pixels are the photographs' otherwise.

    Returns
    -------
    dict of str to tuple of int
        Width and height in pixels, by the image's name.

    Raises
    ------
    ResourceError
        If maps of one image have different sizes, and nothing else tells the photograph's.
    """
    if noted := _noted_sizes(folder):
        return noted
    sizes: dict[str, tuple[int, int]] = {}
    for each in maps:
        height, width = each.read().shape
        if sizes.setdefault(each.image, (width, height)) != (width, height):
            raise ResourceError(
                f"without `images` maps must have the pixels of their photographs: those of "
                f"'{each.image}' have {' x '.join(map(str, sizes[each.image]))} and {width} x "
                f"{height} ({each.place}); name the folder of the photographs as `images`"
            )
    return sizes


def weights_notes(folder: Path) -> tuple[str, ...]:
    """Return notes on networks that never saw ImageNet, where ``maps.json`` says so.

    Returns
    -------
    tuple of str
        Empty where nothing is known about the maps.
    """
    try:
        other: dict[str, list[str]] = {}
        for each in json.loads((folder / "maps.json").read_text("utf-8"))["networks"]:
            if each["pretraining"] != "imagenet":
                other.setdefault(str(each["origin"]), []).append(str(each["network"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()
    return tuple(
        f"{', '.join(networks)} {_saw(origin)}: these maps are not those of the paper"
        for origin, networks in other.items()
    )


def _read_values(path: Path) -> NDArray[np.generic]:
    try:
        if path.suffix == ".png":
            from PIL import Image

            try:
                with Image.open(path) as image:
                    return np.asarray(image.convert("F"))
            except Image.DecompressionBombError as error:
                raise ValueError(error) from None
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            if "map" not in loaded:
                raise ValueError(f"it holds {', '.join(loaded) or 'nothing'}, and no 'map'")
            values: NDArray[np.generic] = loaded["map"]
            return values
    except (*UNDECODABLE, zipfile.BadZipFile) as error:
        raise ResourceError(f"a map must be readable: {path} is not ({error})") from None


def _noted_sizes(folder: Path | None) -> dict[str, tuple[int, int]]:
    """Read the photographs' sizes that were noted beside maps, if they were."""
    if folder is None:
        return {}
    try:
        noted = json.loads((folder / "maps.json").read_text("utf-8"))["photographs"]["sizes"]
        return {name: (int(width), int(height)) for name, (width, height) in noted.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _saw(origin: str) -> str:
    """Describe what weights saw; what those in a file saw may be anything."""
    if origin.startswith("the file "):
        return f"with the weights in {Path(origin).name}, not torchvision's for ImageNet"
    return f"saw {origin}, not ImageNet"


def _maps(folder: Path) -> Iterator[ImageMap]:
    for path in folder.rglob("*"):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            inside = path.parent.relative_to(folder)
            source = inside.as_posix() if inside.parts else folder.resolve().name
            yield ImageMap(source, path.stem, path)
