"""Contact sheets: every image of a set, under every mask, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from psychobench.draw.figures import new_figure

IMAGES_PER_LINE = 11
DPI = 144
_THUMBNAIL = 160  # pixels, the longer side
_GAP = 4
_BETWEEN = 18  # between one line of images and the next
_LABEL = 26  # height of a line of text
_SIZE, _TITLE_SIZE = 8, 10  # points
_LETTER = 0.62 * _SIZE * DPI / 72  # pixels: about the width of a letter


def draw_sheet(
    images: Mapping[str, NDArray[np.uint8]],
    labels: Sequence[str],
    *,
    title: str,
    ax: Axes | None = None,
) -> Figure:
    """Draw images side by side, one row per mask; long rows go on below, in lines of one length.

    Parameters
    ----------
    images : mapping of str to ndarray of uint8, shape (n, height, width, 3)
        By the row's label; all of one shape.
    labels : sequence of str, length n
        Stand above the images.
    title : str
        Stands above the sheet.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default, as large as the sheet.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = {name: _shrink(stack) for name, stack in images.items()}
    height, width = next(iter(rows.values())).shape[1:3]
    lines = -(-len(labels) // IMAGES_PER_LINE)
    per_line = -(-len(labels) // lines)
    margin = round(max(map(len, rows)) * _LETTER) + 4 * _GAP
    block = _LABEL + len(rows) * (height + _GAP) + _BETWEEN
    across = margin + per_line * (width + _GAP)
    across = max(across, round(len(title) * 1.3 * _LETTER) + 4 * _GAP)
    sheet = np.full((2 * _LABEL + lines * block, across, 3), 255, dtype=np.uint8)
    if ax is None:
        size = (sheet.shape[1] / DPI, sheet.shape[0] / DPI)
        ax = new_figure(size, layout=None, dpi=DPI).add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    scale = _text_scale(ax, sheet)
    ax.text(
        *(across / 2, _LABEL), title,
        ha="center", va="center", size=scale * _TITLE_SIZE, parse_math=False,
    )  # fmt: skip
    for number in range(lines):
        part = slice(number * per_line, (number + 1) * per_line)
        shown = {name: stack[part] for name, stack in rows.items()}
        corner = (margin, 2 * _LABEL + number * block)
        _draw_block(ax, sheet, shown, labels[part], corner, scale * _SIZE)
    ax.imshow(sheet, interpolation="none", aspect="equal")
    return cast(Figure, ax.get_figure(root=True))


def _text_scale(ax: Axes, sheet: NDArray[np.uint8]) -> float:
    """Compute by how much text must shrink to keep its place where the sheet is shrunk."""
    figure = cast(Figure, ax.get_figure(root=True))
    box = ax.get_window_extent()
    height, width = sheet.shape[:2]
    return float(min(1.0, DPI / figure.dpi * min(box.width / width, box.height / height)))


def _draw_block(
    axis: Axes,
    sheet: NDArray[np.uint8],
    rows: Mapping[str, NDArray[np.uint8]],
    labels: Sequence[str],
    corner: tuple[int, int],
    size: float,
) -> None:
    """Copy one line of images per mask onto the sheet, and write their labels onto the axes."""
    margin, top = corner
    height, width = next(iter(rows.values())).shape[1:3]
    lefts = [margin + column * (width + _GAP) for column in range(len(labels))]
    for left, label in zip(lefts, labels, strict=True):
        place = (left + width / 2, top + _LABEL / 2)
        axis.text(*place, label, ha="center", va="center", size=size, parse_math=False)
    for row, (name, stack) in enumerate(rows.items()):
        down = top + _LABEL + row * (height + _GAP)
        place = (margin - 2 * _GAP, down + height / 2)
        axis.text(*place, name, ha="right", va="center", size=size, parse_math=False)
        for left, image in zip(lefts, stack, strict=True):
            sheet[down : down + height, left : left + width] = image


def _shrink(stack: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale images so that they fit into a thumbnail; small ones stay as they are."""
    height, width = stack.shape[1:3]
    factor = min(1.0, _THUMBNAIL / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    pictures = (Image.fromarray(image).resize(size, Image.Resampling.LANCZOS) for image in stack)
    return np.stack([np.asarray(picture) for picture in pictures])
