"""Maps laid over images: a row for each observer and mask, a column for each level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import SMALL, shorten

ColourScale = Literal["figure", "row", "map"]
SCALES = {
    "figure": "one colour scale for the whole figure",
    "row": "one colour scale for each row: colours cannot be compared between rows",
    "map": "each map has a colour scale of its own: colours cannot be compared between maps",
}
PANEL = 1.05  # inches, the width of an image
_LABEL = 26  # characters of a line of a row's label
_COLOURS = "plasma"  # colour-blind readers can read it, and it grows lighter with the value
_OPACITY = 0.72  # opacity of the highest value: the face stays visible under it


@dataclass(frozen=True)
class MapRow:
    """One row of the figure.

    Attributes
    ----------
    label : str
        Left of the row, over as many lines as it has.
    images : ndarray of uint8, shape (n, height, width, 3)
        What was seen.
    maps : ndarray of float, shape (n, height, width)
        Not negative, on the images' pixels.
    """

    label: str
    images: NDArray[np.uint8]
    maps: NDArray[np.floating]


def draw_maps(
    rows: Sequence[MapRow],
    columns: Sequence[str],
    *,
    title: str,
    x_label: str,
    unit: str,
    colour_scale: ColourScale = "figure",
) -> Figure:
    """Draw maps over grey images.

    A value of 0 leaves the image as it is; higher ones cover it with lighter and more opaque
    colours. An empty map is labelled.

    Parameters
    ----------
    rows : sequence of MapRow
        At least one, all with as many images as there are columns.
    columns : sequence of str
        Above the images.
    title : str
        Above the figure.
    x_label : str
        What the columns are.
    unit : str
        What the maps' values are.
    colour_scale : {"figure", "row", "map"}
        What shares a colour scale; the figure states it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height, width = rows[0].images.shape[1:3]
    tall = PANEL * height / width
    n_rows, n_columns = len(rows), len(columns)
    with mpl.rc_context(SMALL):
        size = (max(4.2, 1.5 + PANEL * n_columns + 0.7), 1.1 + (tall + 0.06) * n_rows)
        # compressed: images keep their shape, which leaves room in their cells
        tight = ConstrainedLayoutEngine(w_pad=0.015, h_pad=0.015, wspace=0, hspace=0, compress=True)
        figure = new_figure(size, layout=tight)
        axes = figure.subplots(n_rows, n_columns, squeeze=False)
        whole = max(float(row.maps.max()) for row in rows)
        for line, row in zip(axes, rows, strict=True):
            highest = float(row.maps.max()) if colour_scale == "row" else whole
            for axis, image, values in zip(line, row.images, row.maps, strict=True):
                top = float(values.max()) if colour_scale == "map" else highest
                _draw_map(axis, image, values, top)
                if colour_scale == "map" and top > 0:
                    _note(axis, f"{top:.2g}")
            label = "\n".join(shorten(part, _LABEL) for part in row.label.splitlines())
            line[0].set_ylabel(label, rotation=0, ha="right", va="center")
            if colour_scale == "row":
                _note(line[-1], f"up to {highest:.2g}")
        for axis, name in zip(axes[0], columns, strict=True):
            axis.set_title(name)
        figure.supxlabel(f"{x_label}\n{SCALES[colour_scale]}", fontsize=7)
        figure.suptitle(title, fontsize=8)
        _colour_bar(figure, axes, whole if colour_scale == "figure" else None, unit)
    return figure


def _draw_map(axis: Axes, image: NDArray[np.uint8], values: NDArray[Any], highest: float) -> None:
    grey = image @ np.array([0.299, 0.587, 0.114])
    axis.imshow(grey, cmap="gray", vmin=0, vmax=255, interpolation="none")
    if values.max() > 0:
        axis.imshow(values / highest, cmap=_overlay(), vmin=0, vmax=1, interpolation="none")
    else:
        _note(axis, "empty map")
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)


def _note(axis: Axes, text: str) -> None:
    axis.text(
        0.97,
        0.03,
        text,
        transform=axis.transAxes,
        ha="right",
        va="bottom",
        fontsize=5.5,
        color="white",
        bbox={"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 1},
    )


def _overlay() -> ListedColormap:
    """Return a colour map that is transparent at 0 and grows more opaque with the value."""
    colours = mpl.colormaps[_COLOURS](np.linspace(0, 1, 256))
    colours[:, 3] = _OPACITY * np.linspace(0, 1, 256) ** 0.7
    return ListedColormap(colours, name="overlay")


def _colour_bar(figure: Figure, axes: Any, highest: float | None, unit: str) -> None:
    """Show the colours as they look on mid-grey."""
    top = 1.0 if highest is None or highest <= 0 else highest
    mappable = ScalarMappable(Normalize(0, top), _overlay())
    bar = figure.colorbar(mappable, ax=axes, fraction=0.03, pad=0.02, aspect=30, shrink=0.9)
    bar.ax.set_facecolor("0.5")
    bar.outline.set_linewidth(0.4)
    if highest is None:
        bar.set_ticks([0, 1], labels=["0", "highest"])
    bar.set_label(unit)
