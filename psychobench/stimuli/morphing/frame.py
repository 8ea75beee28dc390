"""Frames: what part of the first image a morph shows, how large and in which format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.stimuli.encoding import SUFFIXES
from psychobench.stimuli.morphing.warp import Size
from psychobench.stimuli.toml_specs import read_choice, read_whole
from psychobench.toml_files import is_number, unknown_keys

SIZES = (64, 4096)
_MOST_PIXELS = 1_000_000_000


@dataclass(frozen=True)
class Frame:
    """What part of the first face's image is shown, how large and in which format.

    Attributes
    ----------
    crop : tuple of float or None
        Left, top, right and bottom in pixels of the first image; None is all of it.
    width, height : int or None
        Of the result; None follows from the other, or is as large as the crop.
    format : {"png", "tiff", "webp"}
        All of them without loss.
    """

    crop: tuple[float, float, float, float] | None = None
    width: int | None = None
    height: int | None = None
    format: str = "png"


def read_frame(section: Mapping[str, Any], faults: list[str]) -> Frame:
    """Read the section ``[image]``; what is wrong with it joins the faults."""
    faults += unknown_keys("image.", section, ["crop", "width", "height", "format"])
    crop = section.get("crop")
    if crop is not None and not (
        isinstance(crop, list)
        and len(crop) == 4
        and all(map(is_number, crop))
        and 0 <= crop[0] < crop[2]
        and 0 <= crop[1] < crop[3]
    ):
        faults.append(f"image.crop must be [left, top, right, bottom] in pixels: it is {crop!r}")
        crop = None
    return Frame(
        crop=(crop[0], crop[1], crop[2], crop[3]) if crop else None,
        width=read_whole(section, "width", SIZES, faults, place="image."),
        height=read_whole(section, "height", SIZES, faults, place="image."),
        format=read_choice(section, "format", tuple(SUFFIXES), faults, place="image."),
    )


def place_frame(frame: Frame, whole: Size, levels: int) -> tuple[NDArray[np.float64], Size]:
    """Find out what part of the first image is shown, and how large.

    Parameters
    ----------
    frame : Frame
        What the spec says.
    whole : tuple of int
        Width and height of the first image.
    levels : int
        How many images there will be.

    Returns
    -------
    tuple
        The window's corners in pixels of the first image, shape (2, 2), and the result's width and
        height.

    Raises
    ------
    StimulusError
        If that is not in the image, would be distorted, or would fill the memory.
    """
    width, height = whole
    left, top, right, bottom = frame.crop or (0.0, 0.0, float(width), float(height))
    if right > width or bottom > height:
        raise StimulusError(
            f"image.crop must lie within the image: right is {right:g} and bottom {bottom:g}, "
            f"the first image has {width} x {height} pixels; crop less"
        )
    shape = (bottom - top) / (right - left)
    if frame.width is None and frame.height is None:
        size = max(1, round(right - left)), max(1, round(bottom - top))
    else:
        wide = frame.width or round((frame.height or 0) / shape)
        size = wide, frame.height or round(wide * shape)
    if abs(size[1] - size[0] * shape) > 1.0:
        raise StimulusError(
            f"image.width and image.height must keep the proportions: {size[0]} x {size[1]} "
            f"would distort what is {right - left:g} x {bottom - top:g}; give one of them, or crop"
        )
    if levels * size[0] * size[1] > _MOST_PIXELS:
        raise StimulusError(
            f"a set must fit into memory: {levels} levels of {size[0]} x {size[1]} pixels are more "
            f"than {_MOST_PIXELS / 1e6:g} million pixels; give image.width, or fewer levels"
        )
    return np.array([[left, top], [right, bottom]]), size
