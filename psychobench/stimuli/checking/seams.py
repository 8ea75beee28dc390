"""Seams: steps in grey level along the border of a region that was edited."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.checking.face_position import shrink
from psychobench.stimuli.masks.regions import Region

Grey = NDArray[np.float64]

_SIDE = 300  # pixels of the longer side on which seams are sought
_SMALLEST = 0.02  # share of the image that a region with a seam covers
_EDGE = 2.5  # grey levels by which a region must differ from its surroundings
_BAND = 2.0  # pixels on either side of the border over which grey levels are averaged
_MEDIAN = 5  # pixels: thin lines, as moved contours leave, are no regions
_ALIKE = 2.0  # grey levels that a step may vary along its border, as a median deviation


def measure_seams(grey: Grey, ignore: Region, face: Region | None = None) -> NDArray[np.float64]:
    """Measure the largest seam in each image.

    A seam shows in the difference between an image and the median one, with gain and offset and
    without: a region that differs from its surroundings by an abrupt step of the same size all
    round.

    Parameters
    ----------
    grey : ndarray of float64, shape (n, height, width)
        Grey levels, in the order of the level.
    ignore : ndarray of bool, shape (height, width)
        Where steps may come from the features themselves.
    face : ndarray of bool, shape (height, width), optional
        A region whose border is examined in any case.

    Returns
    -------
    ndarray of float64, shape (n,)
        In grey levels, 0 where there is none. A step at an end that grows over the levels is
        measured against the other end.
    """
    factor = -(-max(grey.shape[1:]) // _SIDE)
    small = np.stack([shrink(image, factor) for image in grey])
    hidden = shrink(ignore.astype(float), factor) > 0
    known = None if face is None else shrink(face.astype(float), factor) > 0.5
    usual = np.median(small, axis=0)
    sizes = np.array([_largest(image, usual, hidden, known) for image in small])
    across = _largest(small[-1], small[0], hidden, known)
    if across > sizes.max():
        ends = [sizes[0], sizes[-1]]
        sizes[0 if ends[0] > ends[1] else -1] = across
    return sizes


def seam_along(region: Region, image: Grey, *, ignore: Region | None = None) -> float:
    """Measure the step of an image across the border of a region, in grey levels.

    Grey levels next to the border are extrapolated to it from either side, so that a slope is no
    step; the median along the border counts.

    Examples
    --------
    >>> square = np.zeros((40, 40), dtype=bool)
    >>> square[10:30, 10:30] = True
    >>> seam_along(square, 100.0 + 8.0 * square)
    8.0
    """
    return _step(region, image, ignore)[0]


def _largest(image: Grey, usual: Grey, hidden: Region, face: Region | None) -> float:
    """Return the largest step that is one before gain and offset are taken away and after."""
    raw = image - usual
    changes = (raw, _without_gain(raw, usual))
    found = 0.0
    for region in (*_regions(changes[0]), *_regions(changes[1]), *([] if face is None else [face])):
        raw_step, spread = _step(region, changes[0], hidden)
        if abs(raw_step) < _EDGE:
            continue
        left_step, left_spread = _step(region, changes[1], hidden)
        size = min(abs(raw_step), abs(left_step))
        if raw_step * left_step > 0 and min(spread, left_spread) <= max(_ALIKE, 0.25 * size):
            found = max(found, size)
    return found


def _without_gain(change: Grey, usual: Grey) -> Grey:
    """Take away what a gain and an offset explain, robustly."""
    design = np.stack([usual.ravel(), np.ones(usual.size)], axis=1)
    weight = np.ones(usual.size)
    values = change.ravel()
    for _ in range(8):
        weighted = design * weight[:, None]
        found = np.linalg.lstsq(weighted.T @ design, weighted.T @ values, rcond=None)[0]
        error = values - design @ found
        weight = 1.0 / (1.0 + (error / (1.4826 * float(np.median(abs(error))) + 0.5)) ** 2)
    return np.asarray(error.reshape(change.shape))


def _regions(change: Grey) -> Iterator[Region]:
    """Yield connected regions that are brighter or darker than before."""
    from scipy.ndimage import binary_fill_holes, label, median_filter

    if np.count_nonzero(abs(change) > _EDGE) < _SMALLEST * change.size:
        return
    smooth = median_filter(change, _MEDIAN)
    for high in (smooth > _EDGE, smooth < -_EDGE):
        numbers, _ = label(high)
        counts = np.bincount(numbers.ravel())
        for number in np.flatnonzero(counts >= _SMALLEST * change.size):
            if number:
                yield np.asarray(binary_fill_holes(numbers == number))


def _step(region: Region, image: Grey, ignore: Region | None) -> tuple[float, float]:
    """Return the median step across a border, and its median deviation along the border."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    inside, outside = distance_transform_edt(region), distance_transform_edt(~region)
    border = region & (inside <= 1.0)
    border[[0, -1]] = border[:, [0, -1]] = False
    if ignore is not None:
        border &= ~ignore
    if np.count_nonzero(border) < 4 * _BAND:
        return 0.0, np.inf
    step = np.zeros(image.shape)
    for side, distance in ((1.0, inside), (-1.0, outside)):
        for factor, low in ((1.5, 0.0), (-0.5, _BAND)):
            band = (distance > low) & (distance <= low + _BAND)
            weight = gaussian_filter(band.astype(float), _BAND)
            value = gaussian_filter(image * band, _BAND)
            step += side * factor * value / np.maximum(weight, 1e-6)
    along = step[border]
    middle = float(np.median(along))
    return round(middle, 9), float(np.median(abs(along - middle)))
