"""Faults planted in a clean set, one at a time, and the words by which a check names each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import affine_transform, gaussian_filter, shift

from psychobench.images import decode_srgb, encode_srgb
from psychobench.stimuli.faces import Identity, frl_points, render_face
from psychobench.stimuli.landmarks.template_files import Template, write_template

Images = NDArray[np.uint8]
Fault = Callable[[Images, NDArray[np.float64], int], Images]


def rendered_faces(
    who: Identity, n_levels: int, size: int = 224
) -> tuple[Images, NDArray[np.float64]]:
    """Return images of a face from sad to happy, and their landmarks."""
    valences = np.linspace(-1.0, 1.0, n_levels)
    images = np.stack([render_face(who, valence=float(v), size=size) for v in valences])
    return images, np.stack([frl_points(who, valence=float(v), size=size) for v in valences])


def write_images(folder: Path, images: Images, points: NDArray[np.float64] | None = None) -> Path:
    """Write a set: images, their levels from 0 to 1, and templates where there are points."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["stimulus,level"]
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"f{number:02d}.png", compress_level=1)
        rows.append(f"f{number:02d}.png,{number / (len(images) - 1)!r}")
        if points is not None:
            template = write_template(Template(points[number]))
            (folder / f"f{number:02d}.tem").write_text(template)
    (folder / "levels.csv").write_text("\n".join(rows))
    return folder


def _bytes(values: NDArray[np.float64]) -> Images:
    return np.rint(values.clip(0, 255)).astype(np.uint8)


def _lit(images: Images, factors: NDArray[np.float64]) -> Images:
    """Multiply the light of each image, or of each of its channels."""
    light = decode_srgb(images) * factors.reshape(len(images), 1, 1, -1)
    return _bytes(255.0 * encode_srgb(light.clip(0.0, 1.0)))


def _course(images: Images) -> NDArray[np.float64]:
    return np.linspace(0.0, 1.0, len(images))


def luminance_linear(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    return _lit(images, 0.98 + 0.04 * _course(images))


def luminance_quadratic(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    return _lit(images, 0.97 + 0.06 * (1.0 - (2.0 * _course(images) - 1.0) ** 2))


def contrast(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    gain = (0.95 + 0.10 * _course(images))[:, None, None, None]
    mean = images.mean(axis=(1, 2), keepdims=True)
    return _bytes(mean + gain * (images - mean))


def one_brighter(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    factors = np.ones(len(images))
    factors[odd] = 1.05
    return _lit(images, factors)


def one_mirrored(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    changed = images.copy()
    changed[odd] = images[odd, :, ::-1]
    return changed


def one_blurred(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    changed = images.copy()
    changed[odd] = _bytes(gaussian_filter(images[odd].astype(float), (1.0, 1.0, 0.0)))
    return changed


def two_swapped(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    other = partner(len(images), odd)
    changed = images.copy()
    changed[[odd, other]] = images[[other, odd]]
    return changed


def one_twice(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    changed = images.copy()
    changed[odd] = images[partner(len(images), odd)]
    return changed


def drifting(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    rows = np.moveaxis(images, -1, 1).astype(float)  # the colours as further rows: a plane is fast
    moved = [
        shift(plane.reshape(-1, plane.shape[-1]), (0.0, 0.5 * number), order=3, mode="nearest")
        for number, plane in enumerate(rows)
    ]
    return _bytes(np.moveaxis(np.stack(moved).reshape(rows.shape), 1, -1))


def growing(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    middle = 0.5 * (np.array(images.shape[1:3]) - 1.0)
    result = np.empty(images.shape)
    for number, factor in enumerate(1.0 + 0.01 * _course(images)):
        for channel in range(3):
            result[number, ..., channel] = affine_transform(
                images[number, ..., channel].astype(float),
                np.full(2, 1.0 / factor),
                middle - middle / factor,
                order=3,
                mode="nearest",
            )
    return _bytes(result)


def hue(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    gains = 1.0 + 0.03 * (_course(images)[:, None, None, None] - 0.5) * np.array([1.0, 0.0, 0.0])
    return _bytes(images * gains)


def seam(images: Images, points: NDArray[np.float64], odd: int) -> Images:
    """Add up to 8 grey levels within an oval round the face, more with every level."""
    inner = points.reshape(-1, 2)
    centre, half = inner.mean(axis=0), 0.36 * np.ptp(inner, axis=0)
    down, across = np.indices(images.shape[1:3]) + 0.5
    oval = ((across - centre[0]) / half[0]) ** 2 + ((down - centre[1]) / half[1]) ** 2 <= 1.0
    return _bytes(images + 8.0 * _course(images)[:, None, None, None] * oval[..., None])


FAULTS: Mapping[str, tuple[Fault, str]] = {
    "luminance linear 4%": (luminance_linear, "luminance changes over the levels"),
    "luminance quadratic 6%": (luminance_quadratic, "luminance changes over the levels"),
    "contrast 10%": (contrast, "RMS contrast changes over the levels"),
    "one image 5% brighter": (one_brighter, "{odd} is brighter than its neighbours"),
    "one mirrored": (one_mirrored, "{odd} is mirrored"),
    "one blurred by 1 px": (one_blurred, "{odd} is less sharp (blurred)"),
    "two neighbours swapped": (two_swapped, "{pair} seem to be swapped"),
    "one image twice": (one_twice, "{pair} are the same image"),
    "drifting .5 px a level": (drifting, "the face moves to the right over the levels"),
    "growing 1%": (growing, "the face grows over the levels"),
    "hue shift of 3%": (hue, "colour: the share of red changes over the levels"),
    "a seam of 8 grey levels": (seam, "has a seam"),
}


def partner(n_levels: int, odd: int) -> int:
    """Return the neighbour with which an image is exchanged."""
    return odd + 1 if odd + 1 < n_levels else odd - 1


def plant(fault: str, images: Images, points: NDArray[np.float64], odd: int) -> tuple[Images, str]:
    """Return images with one fault, and the words that name it."""
    change, words = FAULTS[fault]
    first, second = sorted((odd, partner(len(images), odd)))
    pair = f"f{first:02d}.png and f{second:02d}.png"
    return change(images, points, odd), words.format(odd=f"f{odd:02d}.png", pair=pair)
