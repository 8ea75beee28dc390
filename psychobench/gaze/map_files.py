"""Maps that wait to be compared: one folder per source, one file per image."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import ResourceError
from psychobench.images import UNDECODABLE

SUFFIXES = (".npz", ".npy", ".png")


@dataclass(frozen=True)
class MapFile:
    """One map on disk.

    Parameters
    ----------
    source : str
        Whose map it is: its folder below the one that was named, ``vgg16/layercam``.
    image : str
        The image's name without its ending.
    path : pathlib.Path
        Where it is.
    """

    source: str
    image: str
    path: Path

    def read(self) -> NDArray[np.float64]:
        """Read the map, shape (height, width).

        Raises
        ------
        ResourceError
            If it cannot be read, is not a plane of numbers, or holds NaN or infinity.
        """
        values = self._values()
        if values.ndim > 2:
            values = np.squeeze(values)
        if values.ndim != 2 or not np.issubdtype(values.dtype, np.number):
            raise ResourceError(
                f"a map must be a plane of numbers: {self.path} has {values.dtype} of shape "
                f"{values.shape}"
            )
        if np.iscomplexobj(values) or not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ResourceError(
                f"a map must hold finite numbers: {self.path} (image '{self.image}') has {bad} "
                "that are NaN or infinite; make it again"
            )
        return values.astype(np.float64)

    def _values(self) -> NDArray[np.generic]:
        try:
            if self.path.suffix == ".png":
                from PIL import Image

                try:
                    with Image.open(self.path) as image:
                        return np.asarray(image.convert("F"))
                except Image.DecompressionBombError as error:
                    raise ValueError(error) from None
            loaded = np.load(self.path, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            with loaded:
                if "map" not in loaded:
                    raise ValueError(f"it holds {', '.join(loaded) or 'nothing'}, and no 'map'")
                values: NDArray[np.generic] = loaded["map"]
                return values
        except (*UNDECODABLE, zipfile.BadZipFile) as error:
            raise ResourceError(f"a map must be readable: {self.path} is not ({error})") from None


def find_maps(folder: Path) -> list[MapFile]:
    """Find the maps below a folder: ``SOURCE/IMAGE.npz``, ``.npy`` or grey ``.png``.

    An ``.npz`` holds its map under the name ``map``. Sources may be nested; files in the folder
    itself are of the source that the folder is called.

    Raises
    ------
    ResourceError
        If there is no such folder, no map in it, or two maps of one source and image.
    """
    if not folder.is_dir():
        raise ResourceError(f"--maps must name a folder of maps: there is none at {folder}")
    found = sorted(_maps(folder), key=lambda each: (each.source, each.image))
    if not found:
        raise ResourceError(
            f"a folder of maps must hold SOURCE/IMAGE.npz, .npy or .png: {folder} holds none; "
            "psychobench attention maps writes them"
        )
    counts = Counter((each.source, each.image) for each in found)
    if twice := [name for name, n in counts.items() if n > 1]:
        raise ResourceError(
            f"a source must have one map of an image: '{twice[0][0]}' has several of "
            f"'{twice[0][1]}' in {folder}"
        )
    return found


def map_sizes(folder: Path, maps: Sequence[MapFile]) -> dict[str, tuple[int, int]]:
    """Find the photographs' sizes without the photographs.

    Parameters
    ----------
    folder : pathlib.Path
        Of the maps; its ``maps.json`` has the sizes, where ``attention maps`` wrote it.
    maps : sequence of MapFile
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
    try:
        told = json.loads((folder / "maps.json").read_text("utf-8"))["photographs"]["sizes"]
        return {name: (int(width), int(height)) for name, (width, height) in told.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    sizes: dict[str, tuple[int, int]] = {}
    for each in maps:
        height, width = each.read().shape
        if sizes.setdefault(each.image, (width, height)) != (width, height):
            raise ResourceError(
                f"without --images maps must have the pixels of their photographs: those of "
                f"'{each.image}' have {' x '.join(map(str, sizes[each.image]))} and {width} x "
                f"{height} ({each.path}); name the folder of the photographs with --images"
            )
    return sizes


def weights_notes(folder: Path) -> tuple[str, ...]:
    """Say which maps are of networks that never saw ImageNet, where ``maps.json`` tells.

    Returns
    -------
    tuple of str
        Empty where nothing is known of the maps.
    """
    try:
        other: dict[str, list[str]] = {}
        for each in json.loads((folder / "maps.json").read_text("utf-8"))["networks"]:
            if each["pretraining"] != "imagenet":
                other.setdefault(str(each["origin"]), []).append(str(each["network"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(
        f"{', '.join(networks)} {_saw(origin)}: these maps are not those of the paper"
        for origin, networks in other.items()
    )


def _saw(origin: str) -> str:
    """Say what weights saw; what those in a file saw may be anything."""
    if origin.startswith("the file "):
        return f"with the weights in {Path(origin).name}, not torchvision's for ImageNet"
    return f"saw {origin}, not ImageNet"


def _maps(folder: Path) -> Iterator[MapFile]:
    for path in folder.rglob("*"):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            inside = path.parent.relative_to(folder)
            source = inside.as_posix() if inside.parts else folder.resolve().name
            yield MapFile(source, path.stem, path)
