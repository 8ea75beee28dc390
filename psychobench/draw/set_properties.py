"""Properties of the images of a set over the levels: what an observer could go by instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import GREY, STYLE, series_style


def draw_set_properties(
    levels: NDArray[np.float64],
    properties: Mapping[str, NDArray[np.float64]],
    flagged: Collection[str],
    *,
    ax: Axes | None = None,
) -> Figure:
    """Draw how far each property is from its mean at each level.

    Parameters
    ----------
    levels : ndarray of float64, shape (n,)
        The level of each image.
    properties : mapping of str to ndarray of float64, shape (n,)
        Values by the property's name. A property whose mean is 0 is left out.
    flagged : collection of str
        The properties that stand out in colour; the others are grey.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
    """
    order = np.argsort(levels, kind="stable")
    with mpl.rc_context(STYLE):
        if ax is None:
            ax = new_figure((5.2, 3.2)).subplots()
        ax.axhline(0.0, color=GREY, linewidth=0.6)
        number = 0
        for name, values in properties.items():
            mean = values.mean()
            if mean == 0 or not np.isfinite(mean):
                continue
            percent = 100.0 * (values[order] / mean - 1.0)
            if name in flagged:
                style = {**series_style(number), "label": name, "zorder": 3}
                number += 1
            else:
                style = {"color": GREY, "alpha": 0.5, "linewidth": 0.8}
            ax.plot(levels[order], percent, markersize=3, **style)
        ax.set_xlabel("level")
        ax.set_ylabel("difference from the mean (%)")
        if number:
            ax.legend(title="flagged", loc="best")
    return cast(Figure, ax.get_figure(root=True))
