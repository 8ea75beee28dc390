"""Masks in files: the same ones for the program that shows them and for networks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.images import read_image
from psychobench.stimuli.encoding import encode_image, encode_images
from psychobench.stimuli.masks.fills import Pixels
from psychobench.stimuli.masks.mask_making import MID_GREY, Mask

OPACITIES = "masks"
FILLED = "fills"
MASKED = "masked"
ABOUT = "masks.json"
UNMASKED = "none"
MASK_FOLDERS = (f"{OPACITIES}/", f"{FILLED}/")
"""How the paths of the files begin that a mask is read from."""
_UNLIKE_OURS = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_USUAL_MASKS = ("eyes", "nose", "mouth")  # in the order of the published tables


def mask_files(masks: Mapping[str, Mask], files: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of masks by their path in the folder of the set.

    ``masks/NAME.png`` is how much is hidden, from black (nothing) to white (all);
    ``fills/NAME.png`` is what is seen there instead, mid-grey where there is no such file. A mask
    or a fill that differs from image to image has a folder of that name with one file per image.
    ``masks.json`` says of each mask what it is, where it lies and how large it is.

    Parameters
    ----------
    masks : mapping of str to Mask
        By name.
    files : sequence of str
        The names of the images, in the order of the masks' layers.

    Yields
    ------
    tuple of str and bytes
        The path, with forward slashes, and what belongs into the file.
    """
    for name, mask in masks.items():
        for folder, layers, plain in ((OPACITIES, mask.opacity, 2), (FILLED, mask.fill, 3)):
            if layers is None:
                continue
            paths = _paths(folder, name, files if layers.ndim > plain else None)
            for path, layer in zip(paths, layers if layers.ndim > plain else [layers], strict=True):
                yield path, encode_image(layer)
    described = {name: dict(mask.about) for name, mask in masks.items()}
    yield ABOUT, (json.dumps({"masks": described}, indent=1, allow_nan=False) + "\n").encode()


def masked_files(
    masks: Mapping[str, Mask], files: Sequence[str], pixels: Pixels
) -> Iterator[tuple[str, bytes]]:
    """Yield the masked images, ready to be shown: ``masked/NAME/STIMULUS.png``.

    Parameters
    ----------
    masks : mapping of str to Mask
        By name.
    files : sequence of str
        The names of the images.
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The images, in the same order.

    Yields
    ------
    tuple of str and bytes
        The path, with forward slashes, and the PNG.
    """
    for name, mask in masks.items():
        paths = _paths(MASKED, name, files)
        yield from zip(paths, encode_images(mask.apply(pixels)), strict=True)


def read_masks(
    folder: Path, files: Sequence[str], pixels: Pixels, faults: list[str]
) -> tuple[dict[str, Mask], list[str]]:
    """Read the masks of a set.

    Parameters
    ----------
    folder : pathlib.Path
        The set's.
    files : sequence of str
        The names of its images.
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The images, in the same order; empty where they could not be read.
    faults : list of str
        Grows by one line per fault.

    Returns
    -------
    masks : dict of str to Mask
        The usual ones first, then by name.
    paths : list of str
        The files that they were read from.
    """
    whole = {path.stem: None for path in folder.glob(f"{OPACITIES}/*.png")}
    parts = {path.name: files for path in folder.glob(f"{OPACITIES}/*") if path.is_dir()}
    about = _read_about(folder, faults)
    masks, used = {}, []
    for name, images in sorted((whole | parts).items(), key=lambda item: _order(item[0])):
        if name in whole and name in parts:
            faults.append(
                f"a mask must be one file or a folder with one file per image: {folder / OPACITIES}"
                f" has both {name}.png and {name}/; delete one of them"
            )
            continue
        opacities = _paths(OPACITIES, name, images)
        fills = [path for path in _paths(FILLED, name, None) if (folder / path).is_file()]
        if not fills and (folder / FILLED / name).is_dir():
            fills = _paths(FILLED, name, files)
        layers = _read_layers(folder, opacities, pixels, faults)
        colours = _read_layers(folder, fills, pixels, faults)
        if layers is None or (fills and colours is None):
            continue
        _check(name, folder / opacities[0], layers[..., 0], faults)
        opacity = layers[..., 0] if images else layers[0, ..., 0]
        fill = colours if colours is None or len(fills) > 1 else colours[0]
        masks[name] = Mask(opacity, fill, about.get(name, {}))
        used += opacities + fills
    return masks, used


def _read_about(folder: Path, faults: list[str]) -> dict[str, dict[str, Any]]:
    """Read the descriptions of the masks, where there are any."""
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))["masks"]
        return {name: dict(about) for name, about in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, *_UNLIKE_OURS) as error:
        faults.append(
            f"{ABOUT} must be as it was written: {folder / ABOUT} cannot be read ({error!r}); "
            "make the masks again, or delete it"
        )
        return {}


def _paths(folder: str, name: str, files: Sequence[str] | None) -> list[str]:
    if files is None:
        return [f"{folder}/{name}.png"]
    return [f"{folder}/{name}/{Path(file).stem}.png" for file in files]


def _read_layers(
    folder: Path, paths: Sequence[str], pixels: Pixels, faults: list[str]
) -> Pixels | None:
    """Decode files of one size, or report why that cannot be done."""
    layers = []
    for path in paths:
        try:
            layer = read_image(folder / path)
        except StimulusError as error:
            faults.extend(error.faults)
            continue
        if len(pixels) and layer.shape != pixels.shape[1:]:
            faults.append(
                f"a mask must have the images' size: {folder / path} has {_size(layer)} pixels, "
                f"the images {_size(pixels[0])}; scale the mask"
            )
            continue
        layers.append(layer)
    if not layers or len(layers) < len(paths) or len({layer.shape for layer in layers}) > 1:
        return None
    return np.stack(layers)


def _check(name: str, path: Path, opacity: NDArray[np.uint8], faults: list[str]) -> None:
    if name == UNMASKED:
        faults.append(f"no mask may be called {UNMASKED!r}: rename {path}")
    hidden = opacity > MID_GREY
    if hidden.all() or not hidden.any():
        faults.append(
            f"a mask must hide a part of the image: {path} hides "
            f"{'all' if hidden.all() else 'nothing'}; paint that part white, the rest black"
        )


def _order(name: str) -> tuple[int, str]:
    usual = name in _USUAL_MASKS
    return (_USUAL_MASKS.index(name) if usual else len(_USUAL_MASKS), name)


def _size(image: NDArray[np.generic]) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"
