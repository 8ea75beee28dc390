"""What is measured of each image of a set: light, colour, sharpness, place, seams, masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.stimuli.checking.face_position import (
    position_from_images,
    position_from_landmarks,
)
from psychobench.stimuli.checking.seams import measure_seams
from psychobench.stimuli.checking.trends import (
    AREA,
    FACE,
    INSIDE,
    MASKED,
    OUTSIDE,
    UNCLIPPED,
)
from psychobench.stimuli.image_statistics import Pixels, image_statistics, luminance
from psychobench.stimuli.landmarks.face_geometry import FaceGeometry, Landmarks
from psychobench.stimuli.landmarks.point_layouts import FEATURES
from psychobench.stimuli.masks import Mask
from psychobench.stimuli.masks.regions import Region, face_region, features_region

_GREY = np.array([0.2126, 0.7152, 0.0722])
_OF_ZONES = ("luminance", "rms_contrast", "red_share", "green_share", "blue_share")
_OF_FACE = ("luminance", "rms_contrast", "red", "green", "blue")
# a movement of the whole image explains at least this share of what changes outside the features
_MOVED = 0.93
_ENOUGH = 0.05  # share of the pixels: fewer are no ground for a measure


@dataclass(frozen=True, eq=False)
class Zones:
    """Where the images of a set are measured.

    Attributes
    ----------
    inside : ndarray of bool, shape (height, width), or None
        The features that are judged: eyes, brows, nose and mouth at any level; None where no
        landmarks tell where they are.
    face : ndarray of bool, shape (height, width), or None
        The whole face.
    """

    inside: Region | None = None
    face: Region | None = None

    @classmethod
    def of(cls, landmarks: Sequence[Landmarks] | None, shape: tuple[int, int]) -> Zones:
        """Find them from landmarks, where their meaning is known."""
        if landmarks is None or not _has_meaning(landmarks[0]):
            return cls()
        geometry = FaceGeometry.of(landmarks)
        return cls(features_region(geometry, shape), face_region(geometry, shape))

    def outside(self, shape: tuple[int, int]) -> Region:
        """Return the pixels outside the features; all where those are not known."""
        return np.ones(shape, dtype=bool) if self.inside is None else ~self.inside


def measure_light(
    images: Sequence[Pixels], levels: Sequence[float], zones: Zones, matched_face: bool
) -> pd.DataFrame:
    """Measure light, colour and sharpness in each image, and in its zones.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB.
    levels : sequence of float
        The level of each.
    zones : Zones
        Where else to measure; of images of different sizes, none.
    matched_face : bool
        Whether the face was matched, and is therefore measured on its own, too.

    Returns
    -------
    pandas.DataFrame
        What `image_statistics` gives, shares of the three colours, ``sharpness`` (root mean square
        Laplacian of the grey levels), and light and colour inside and outside the features.
    """
    table = _with_shares(image_statistics(images, levels))
    table["sharpness"] = [_sharpness(image) for image in images]
    for place, region in _places(images, zones):
        part = _with_shares(image_statistics(images, levels, region))[list(_OF_ZONES)]
        table = table.join(part.add_suffix(place))
    if matched_face and zones.face is not None:
        of_face = image_statistics(images, levels, zones.face)[list(_OF_FACE)]
        table = table.join(of_face.add_suffix(FACE))
    return table


def measure_place(
    grey: NDArray[np.float64], landmarks: Sequence[Landmarks] | None, zones: Zones
) -> pd.DataFrame:
    """Measure place and size of the face in each image.

    Parameters
    ----------
    grey : ndarray of float64, shape (n, height, width)
        Grey levels, in the order of the level.
    landmarks : sequence of ndarray or dict, or None
        Of each image, in the same order.
    zones : Zones
        Where the features are.

    Returns
    -------
    pandas.DataFrame
        ``face_x``, ``face_y``, ``face_size`` by landmarks, where there are any, and ``shift_x``,
        ``shift_y``, ``growth`` by the images, where movements explain most of their differences.
    """
    tables = []
    if landmarks is not None and (zones.inside is not None or len(landmarks[0]) > 2):
        tables.append(position_from_landmarks(landmarks))
    found, explained = position_from_images(grey, zones.outside(grey.shape[1:]))
    if explained < _MOVED:
        found[:] = 0.0
    return pd.concat([*tables, found], axis=1)


def has_moved(placed: pd.DataFrame) -> bool:
    """Tell whether images have moved by half a pixel, or grown by .3 %, in `measure_place`."""
    moved = placed[["shift_x", "shift_y", "growth"]].apply(np.ptp)
    return bool(moved["growth"] > 0.3 or max(moved["shift_x"], moved["shift_y"]) > 0.5)


def measure_seam(grey: NDArray[np.float64], zones: Zones) -> NDArray[np.float64]:
    """Measure the largest seam in each image, in grey levels."""
    inside = zones.inside if zones.inside is not None else np.zeros(grey.shape[1:], dtype=bool)
    return measure_seams(grey, inside, zones.face)


def measure_masked(pixels: Pixels, masks: Mapping[str, Mask]) -> pd.DataFrame:
    """Measure what masks hide and what is seen under them.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The images.
    masks : mapping of str to Mask
        By name.

    Returns
    -------
    pandas.DataFrame
        For each mask the mean luminance of the masked image; for one that follows the features
        also its area in pixels.
    """
    columns = {}
    for name, mask in masks.items():
        columns[MASKED + name] = luminance(mask.apply(pixels)).mean(axis=(1, 2))
        if mask.opacity.ndim == 3:
            columns[AREA + name] = mask.opacity.sum(axis=(1, 2), dtype=np.int64) / 255.0
    return pd.DataFrame(columns)


def grey_levels(pixels: Pixels) -> NDArray[np.float64]:
    """Return grey levels from 0 to 255, shape (n, height, width)."""
    return np.asarray(pixels @ _GREY)


def _places(images: Sequence[Pixels], zones: Zones) -> Iterator[tuple[str, Region]]:
    """Yield where to measure beside the whole image, and how columns are called.

    A white background stays white when an image gets brighter: outside the features, pixels that
    are clipped in some image are left out.
    """
    if len({image.shape for image in images}) > 1:
        return
    clipped = np.zeros(images[0].shape[:2], dtype=bool)
    for image in images:
        clipped |= (image.min(axis=2) == 0) | (image.max(axis=2) == 255)
    if zones.inside is not None:
        yield INSIDE, zones.inside
        if (~zones.inside & ~clipped).mean() >= _ENOUGH:
            yield OUTSIDE, ~zones.inside & ~clipped
    elif clipped.any() and (~clipped).mean() >= _ENOUGH:
        yield UNCLIPPED, ~clipped


def _has_meaning(landmarks: Landmarks) -> bool:
    if isinstance(landmarks, np.ndarray):
        return len(landmarks) in FEATURES
    needed = ("eye", "brow")
    known = all(f"{side}_{part}" in landmarks for side in ("left", "right") for part in needed)
    return known and "nose" in landmarks and ("mouth" in landmarks or "mouth_outer" in landmarks)


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    channels = table[["red", "green", "blue"]]
    total = channels.sum(axis=1).replace(0.0, 1.0)
    return table.assign(**{f"{name}_share": channels[name] / total for name in channels})


def _sharpness(image: Pixels) -> float:
    from scipy.ndimage import laplace

    return float(np.sqrt(np.mean(laplace(image @ _GREY) ** 2)))
