"""Contact sheets: every image of a set, under every mask, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray
from PIL import Image

IMAGES_PER_LINE = 11
_INCH = 1.1
_PIXELS = 160


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
    lines = [(name, start) for start in range(0, len(labels), IMAGES_PER_LINE) for name in images]
    columns = min(len(labels), IMAGES_PER_LINE)
    height, width = next(iter(images.values())).shape[1:3]
    size = (_INCH * columns + 0.7, _INCH * (height / width + 0.16) * len(lines) + 0.5)
    with mpl.rc_context({"font.size": 8}):
        tight = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.0, hspace=0.0)
        figure = Figure(figsize=size, layout=tight)
        axes = figure.subplots(len(lines), columns, squeeze=False)
        for row, (name, start) in zip(axes, lines, strict=True):
            row[0].set_ylabel(name)
            for axis in row:
                axis.set(xticks=[], yticks=[], frame_on=False)
            shown = images[name][start : start + columns]
            for axis, image, label in zip(row, shown, labels[start:], strict=False):
                axis.imshow(_thumbnail(image), interpolation="none")
                axis.set_title(label, pad=2)
        figure.suptitle(title)
    return figure


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = Image.fromarray(image)
    picture.thumbnail((_PIXELS, _PIXELS), Image.Resampling.LANCZOS)
    return np.asarray(picture)
