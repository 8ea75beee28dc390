"""Seams: steps in grey level along the border of a region that was edited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.checking.face_position import robust_fit, shrink
from psychobench.stimuli.masks.regions import Region

Grey = NDArray[np.float64]

_SIDE = 300  # pixels of the longer side on which seams are sought
_SMALLEST = 0.02  # share of the image that a region with a seam covers
_EDGE = 2.5  # grey levels by which a region must differ from its surroundings
_BAND = 2.0  # pixels on either side of the border over which grey levels are averaged
_REACH = 4.0  # bands over which they are averaged along the border
_MEDIAN = 5  # pixels: thin lines, as moved contours leave, are no regions
_SPARSE = 2  # every how many pixels across and down are enough for a gain and an offset
_ALIKE = 2.0  # grey levels that a step may vary along its border, as a median deviation,
_ALIKE_SHARE = 0.35  # or this share of the step: an expression moves contours that cross a border


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
    borders = [] if known is None else [_Border.of(known, hidden)]
    usual = np.median(small, axis=0)
    sizes = np.array([_largest(image, usual, hidden, borders) for image in small])
    across = _largest(small[-1], small[0], hidden, borders)
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
    return _Border.of(region, ignore).step(image)[0]


@dataclass(frozen=True, eq=False)
class _Border:
    """The border of a region: where steps are measured, and the bands on either side of it.

    Attributes
    ----------
    window : tuple of slice
        The part of the image that holds the border and its bands.
    along : ndarray of bool
        The pixels of the border, in the window.
    bands : list of tuple of float, ndarray of bool and ndarray of float
        How each band counts for the step, where it is, and its smoothed shape.
    """

    window: tuple[slice, ...]
    along: Region
    bands: list[tuple[float, Region, Grey]]

    @classmethod
    def of(cls, region: Region, ignore: Region | None) -> _Border:
        from scipy.ndimage import distance_transform_edt

        window = _window(region)
        inside = distance_transform_edt(region[window])
        outside = distance_transform_edt(~region[window])
        frame = np.zeros(region.shape, dtype=bool)
        frame[1:-1, 1:-1] = True
        along = (inside > 0.0) & (inside <= 1.0) & frame[window]
        if ignore is not None:
            along &= ~ignore[window]
        bands = []
        for side, distance in ((1.0, inside), (-1.0, outside)):
            for factor, low in ((1.5, 0.0), (-0.5, _BAND)):
                band = (distance > low) & (distance <= low + _BAND)
                bands.append((side * factor, band, _blur(band.astype(float))))
        return cls(window, along, bands)

    def step(self, image: Grey) -> tuple[float, float]:
        """Return the median step across the border, and its median deviation along it."""
        if np.count_nonzero(self.along) < 4 * _BAND:
            return 0.0, np.inf
        part, along = image[self.window], self.along
        steps = np.zeros(np.count_nonzero(along))
        for factor, band, weight in self.bands:
            steps += factor * _blur(part * band)[along] / np.maximum(weight[along], 1e-6)
        middle = float(np.median(steps))
        return round(middle, 9), float(np.median(abs(steps - middle)))


def _window(region: Region) -> tuple[slice, ...]:
    """Return the part of an image round a region that its bands, blurred, do not leave."""
    margin = int(2 * _BAND + _REACH * _BAND) + 2
    sides = []
    for axis in (1, 0):
        used = np.flatnonzero(region.any(axis=axis))
        low, high = (int(used[0]), int(used[-1])) if used.size else (0, 0)
        sides.append(slice(max(low - margin, 0), high + margin + 1))
    return tuple(sides)


def _blur(image: Grey) -> Grey:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(image, _BAND, truncate=_REACH))


def _largest(image: Grey, usual: Grey, hidden: Region, borders: Sequence[_Border]) -> float:
    """Return the largest step that is one before gain and offset are taken away and after."""
    raw = image - usual
    left = _without_gain(raw, usual)
    found = 0.0
    regions = (*_regions(raw), *_regions(left))
    for border in (*(_Border.of(region, hidden) for region in regions), *borders):
        raw_step, spread = border.step(raw)
        if abs(raw_step) < max(_EDGE, found):
            continue
        left_step, left_spread = border.step(left)
        size = min(abs(raw_step), abs(left_step))
        alike = min(spread, left_spread) <= max(_ALIKE, _ALIKE_SHARE * size)
        if alike and raw_step * left_step > 0:
            found = max(found, size)
    return found


def _without_gain(change: Grey, usual: Grey) -> Grey:
    """Take away what a gain and an offset explain, robustly."""
    some = usual[::_SPARSE, ::_SPARSE].ravel()
    design = np.stack([some, np.ones(some.size)])
    values = change[::_SPARSE, ::_SPARSE].ravel()
    gain, offset = robust_fit(design, values, rounds=8, noise=0.5)
    return np.asarray(change - gain * usual - offset)


def _regions(change: Grey) -> Iterator[Region]:
    """Yield connected regions that are brighter or darker than before."""
    from scipy.ndimage import binary_fill_holes, label, uniform_filter

    for high in (change > _EDGE, change < -_EDGE):
        if np.count_nonzero(high) < _SMALLEST * change.size:
            continue
        # where most pixels of a square are, its median is: a median filter, and a faster one
        most = uniform_filter(high.astype(np.float32), _MEDIAN) > 0.5
        numbers, _ = label(most)
        counts = np.bincount(numbers.ravel())
        for number in np.flatnonzero(counts >= _SMALLEST * change.size):
            if number:
                yield np.asarray(binary_fill_holes(numbers == number))
