"""Contact sheets: every image of a set, under every mask, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

IMAGES_PER_LINE = 11
DPI = 144
_THUMBNAIL = 160  # pixels, the longer side
_GAP = 4
_LABEL = 26  # height of a line of text
_MARGIN = 70


def draw_sheet(
    images: Mapping[str, NDArray[np.uint8]], labels: Sequence[str], *, title: str
) -> Figure:
    """Draw images side by side, one row per mask; long rows go on below.

    Parameters
    ----------
    images : mapping of str to ndarray of uint8, shape (n, height, width, 3)
        By the row's label; all of one shape.
    labels : sequence of str, length n
        Stand above the images.
    title : str
        Stands above the sheet.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = {name: _shrink(stack) for name, stack in images.items()}
    height, width = next(iter(rows.values())).shape[1:3]
    starts = range(0, len(labels), IMAGES_PER_LINE)
    block = _LABEL + len(rows) * (height + _GAP) + _GAP
    across = _MARGIN + min(len(labels), IMAGES_PER_LINE) * (width + _GAP)
    sheet = np.full((2 * _LABEL + len(starts) * block, across, 3), 255, dtype=np.uint8)
    figure = Figure(figsize=(sheet.shape[1] / DPI, sheet.shape[0] / DPI), dpi=DPI)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_axis_off()
    axis.text(across / 2, _LABEL, title, ha="center", va="center")
    for number, start in enumerate(starts):
        part = slice(start, start + IMAGES_PER_LINE)
        shown = {name: stack[part] for name, stack in rows.items()}
        _draw_block(axis, sheet, shown, labels[part], top=2 * _LABEL + number * block)
    axis.imshow(sheet, interpolation="none", aspect="auto")
    return figure


def _draw_block(
    axis: Axes,
    sheet: NDArray[np.uint8],
    rows: Mapping[str, NDArray[np.uint8]],
    labels: Sequence[str],
    *,
    top: int,
) -> None:
    """Put one line of images per mask onto the sheet, and their labels onto the axes."""
    height, width = next(iter(rows.values())).shape[1:3]
    lefts = [_MARGIN + column * (width + _GAP) for column in range(len(labels))]
    for left, label in zip(lefts, labels, strict=True):
        axis.text(left + width / 2, top + _LABEL / 2, label, ha="center", va="center", size=8)
    for row, (name, stack) in enumerate(rows.items()):
        down = top + _LABEL + row * (height + _GAP)
        axis.text(_MARGIN - 2 * _GAP, down + height / 2, name, ha="right", va="center", size=8)
        for left, image in zip(lefts, stack, strict=True):
            sheet[down : down + height, left : left + width] = image


def _shrink(stack: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale images so that they fit into a thumbnail; small ones stay as they are."""
    height, width = stack.shape[1:3]
    factor = min(1.0, _THUMBNAIL / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    pictures = (Image.fromarray(image).resize(size, Image.Resampling.LANCZOS) for image in stack)
    return np.stack([np.asarray(picture) for picture in pictures])
