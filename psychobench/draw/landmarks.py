"""Contact sheets of landmarks: each face with its points and the lines between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure

_PER_LINE = 4
_SIDE = 3.2  # inches
_MARGIN = 0.12  # of the face's extent
_COLOUR = "#00d5ff"

Face = tuple[NDArray[np.uint8], NDArray[np.float64], Sequence[Sequence[int]]]


def draw_landmarks(faces: Mapping[str, Face], *, ax: Axes | None = None) -> Figure:
    """Draw faces side by side with their landmarks.

    Parameters
    ----------
    faces : mapping of str to (image, points, lines)
        By the label above; points in pixels from the top left corner, shape (n_points, 2), lines
        as indices of points.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    across = min(len(faces), _PER_LINE)
    down = -(-len(faces) // across)
    if ax is None:
        ax = new_figure((across * _SIDE, down * 1.2 * _SIDE)).add_subplot()
    ax.set_axis_off()
    for number, (label, (image, points, lines)) in enumerate(faces.items()):
        row, column = divmod(number, across)
        inset = ax.inset_axes((column / across, 1.0 - (row + 1) / down, 0.97 / across, 0.92 / down))
        _draw_face(inset, image, points, lines)
        inset.set_title(label, fontsize=8, parse_math=False)
    return cast(Figure, ax.get_figure(root=True))


def _draw_face(
    ax: Axes,
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    lines: Sequence[Sequence[int]],
) -> None:
    height, width = image.shape[:2]
    ax.imshow(image, extent=(0.0, width, height, 0.0))
    for line in lines:
        ax.plot(*points[list(line)].T, color=_COLOUR, linewidth=0.5)
    ax.plot(*points.T, ".", color=_COLOUR, markersize=1.5)
    low, high = points.min(axis=0), points.max(axis=0)
    spare = _MARGIN * float((high - low).max())
    ax.set_xlim(max(low[0] - spare, 0.0), min(high[0] + spare, width))
    ax.set_ylim(min(high[1] + spare, height), max(low[1] - spare, 0.0))
    ax.set_axis_off()
