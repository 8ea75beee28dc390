"""Matching: equate images in luminance or in their histograms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import check_choice
from psychobench.images import decode_srgb, encode_srgb
from psychobench.stimuli.checking.trends import level_trends
from psychobench.stimuli.image_statistics import Pixels, image_statistics, luminance
from psychobench.stimuli.image_threads import map_images

MATCHES = ("none", "luminance", "histogram")
_ROUNDS = 4
_FEATHERED_ROUNDS = 12
_FEATHER = 0.12  # of the square root of a region's area
_ROUNDING = 1e-6  # of a step: a byte that is decoded and encoded again stays as it is
_SPREAD = (0.7548776662466927, 0.5698402909980532)  # an additive recurrence without stripes


def match_images(images: Pixels, how: str, region: NDArray[np.bool_] | None = None) -> Pixels:
    """Make the images of a set alike.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        sRGB.
    how : {"none", "luminance", "histogram"}
        ``luminance`` gives every image the mean luminance and the RMS contrast that the images
        have on average: each pixel's linear light is multiplied by one factor and shifted by one
        amount, the same for all pixels of an image. ``histogram`` gives each colour channel of
        every image the same histogram, the average one, exactly; the order of the pixels by
        brightness is kept. Both follow the ideas of the SHINE toolbox [1]_.
    region : ndarray of bool, shape (height, width), optional
        Match within these pixels and leave the others as they are; all of the image by default.
        For a flat background, that of the face: a background that is shifted by less than one
        step of 8 bits would jump by a whole one at some level. The change fades towards the
        border of the region, which would otherwise show as a seam: luminance is still equal over
        the whole region, histograms nearly so.

    Returns
    -------
    ndarray of uint8, shape (n, height, width, 3)

    Raises
    ------
    OptionError
        If `how` is another word.

    References
    ----------
    .. [1] Willenbockel, V., Sadr, J., Fiset, D., Horne, G. O., Gosselin, F., & Tanaka, J. W.
       (2010). Controlling low-level image properties: The SHINE toolbox. Behavior Research
       Methods, 42(3), 671-684.

    Examples
    --------
    >>> dark = np.random.default_rng(0).integers(30, 120, (16, 16, 3), dtype=np.uint8)
    >>> matched = match_images(np.stack([dark, dark + 60]), "luminance")
    >>> bool(abs(np.diff(luminance(matched).mean(axis=(1, 2))))[0] < 1e-3)
    True
    """
    if check_choice(how, "how", MATCHES) == "none":
        return images
    chosen = np.ones(images.shape[1:3], dtype=bool) if region is None else region
    weight = None if region is None else feather_inwards(region)
    if how == "luminance":
        return _match_luminance(images, chosen, weight)
    matched = images.copy()
    for channel in range(3):
        matched[..., channel] = _match_channel(images[..., channel], chosen)
    if weight is None:
        return matched
    kept = weight[..., None] * (matched - images.astype(np.float64))
    faded = np.rint(images + kept).astype(np.uint8)
    return _match_luminance(faded, chosen, weight)  # where the edit fades, histograms stay apart


def feather_inwards(region: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute how much of an edit shows: 0 outside a region, rising to 1 within it.

    Returns
    -------
    ndarray of float64, shape (height, width)
        Half a cosine over a width in proportion to the region's size.

    Examples
    --------
    >>> feather_inwards(np.ones((1, 5), dtype=bool) & (np.arange(5) > 0)).round(2).tolist()
    [[0.0, 0.07, 0.5, 0.93, 1.0]]
    """
    from scipy.ndimage import distance_transform_edt

    if region.all():
        return np.ones(region.shape)
    width = max(_FEATHER * float(np.sqrt(np.count_nonzero(region))), 3.0)
    depth = np.minimum((distance_transform_edt(region) - 0.5 * region) / width, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * depth))


def matching_effect(
    before: Pixels,
    after: Pixels,
    levels: NDArray[np.float64],
    region: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Measure what matching did.

    Parameters
    ----------
    before, after : ndarray of uint8, shape (n, height, width, 3)
        The images without and with it.
    levels : ndarray of float64, shape (n,)
        The level of each.
    region : ndarray of bool, shape (height, width), optional
        Where they were matched; everywhere by default.

    Returns
    -------
    pandas.DataFrame
        One row per property: ``property`` and, both ``_before`` and ``_after``, ``mean``,
        ``range``, ``course`` (in percent of the mean) and ``flagged`` of `level_trends`.
    """
    kept = ["mean", "range", "course", "flagged"]
    tables = [
        level_trends(image_statistics(images, levels.tolist(), region)).set_index("property")[kept]
        for images in (before, after)
    ]
    return tables[0].add_suffix("_before").join(tables[1].add_suffix("_after")).reset_index()


def _match_luminance(
    images: Pixels, chosen: NDArray[np.bool_], weight: NDArray[np.float64] | None
) -> Pixels:
    wanted = np.mean([_moments(image[chosen]) for image in images], axis=0)
    thresholds = _thresholds(chosen)
    share = None if weight is None else weight[chosen][:, None]
    rescaled = map_images(lambda image: _rescale(image[chosen], wanted, thresholds, share), images)
    matched = images.copy()
    for image, pixels in zip(matched, rescaled, strict=True):
        image[chosen] = pixels
    return matched


def _thresholds(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return thresholds that are spread evenly from 0 to 1 over the pixels, shape (n, 1).

    Bytes that are shifted by less than half a step and then rounded are not shifted at all. With
    these as the places where rounding goes up, as many pixels change as the shift asks for.
    """
    rows, columns = np.nonzero(chosen)
    return np.asarray((columns * _SPREAD[0] + rows * _SPREAD[1]) % 1.0)[:, None]


def _rescale(
    pixels: Pixels,
    wanted: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    share: NDArray[np.float64] | None,
) -> Pixels:
    """Aim a little beyond the target until clipping and feathering no longer matter."""
    codes = decode_srgb(np.arange(256, dtype=np.uint8))
    mean, deviation = _moments(pixels)
    aim, result = wanted.copy(), pixels
    for _ in range(_ROUNDS if share is None else _FEATHERED_ROUNDS):
        factor = aim[1] / deviation if deviation > 0 else 1.0
        edited = _encode(aim[0] + factor * (codes - mean)).take(pixels)
        if share is not None:
            edited = pixels + share * (edited - pixels) + _ROUNDING
        result = (edited + thresholds).clip(0, 255).astype(np.uint8)
        aim += wanted - _moments(result)
    return result


def _moments(pixels: Pixels) -> NDArray[np.float64]:
    light = luminance(pixels)
    return np.array([light.mean(), light.std()])


def _encode(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Encode light as sRGB from 0 to 255, not yet rounded."""
    return np.asarray(255.0 * encode_srgb(linear.clip(0.0, 1.0)) + _ROUNDING)


def _match_channel(planes: Pixels, chosen: NDArray[np.bool_]) -> Pixels:
    """Match planes, shape (n, height, width), to their average histogram within a region."""
    wanted = np.mean([np.sort(plane[chosen]) for plane in planes], axis=0, dtype=np.float64)
    values = (wanted + 0.5).astype(np.uint8)
    orders = map_images(lambda plane: np.argsort(_ranked(plane)[chosen], kind="stable"), planes)
    result = planes.copy()
    for matched, order in zip(result, orders, strict=True):
        ordered = np.empty_like(values)
        ordered[order] = values
        matched[chosen] = ordered
    return result


def _ranked(plane: Pixels) -> NDArray[np.float64]:
    """Return values that order pixels by brightness, and equal ones by their surroundings."""
    from scipy.ndimage import uniform_filter

    value = plane.astype(np.float64)
    near, wide = uniform_filter(value, 3), uniform_filter(value, 9)
    return np.asarray(value + near / 512.0 + wide / 2.0**18)
