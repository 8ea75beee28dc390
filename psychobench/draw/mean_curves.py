"""Every person's curve behind the mean one, a panel for each condition and group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import GREY, ONE_COLUMN, SMALL, add_legend, series_style, wrap

TALLEST = 6  # rows of panels that a column of a journal holds
TITLE = {1: 44, 2: 24, 3: 15}  # characters that a title may be wide, by panels side by side


@dataclass(frozen=True)
class People:
    """The people of one panel.

    Attributes
    ----------
    title : str
        Above the panel.
    number : int
        Of the condition; the same number has the same colour.
    grid : ndarray of float64, shape (m,)
        Levels.
    psi : ndarray of float64, shape (people, m)
        One curve per person; nan where there is none.
    levels, proportions : ndarray of float64, shape (k,)
        The mean proportion of target answers over people, level by level.
    place, low, high : float
        Mean PSE, or threshold of a forced choice, and its interval in level units; NaN where there
        is none.
    """

    title: str
    number: int
    grid: NDArray[np.float64]
    psi: NDArray[np.float64]
    levels: NDArray[np.float64]
    proportions: NDArray[np.float64]
    place: float
    low: float
    high: float


def draw_mean_curves(
    panels: Sequence[People],
    *,
    columns: int,
    x_label: str,
    y_label: str,
    place: str,
    height: float = 0.5,
) -> Figure:
    """Draw people, their mean curve, mean data and mean PSE.

    Parameters
    ----------
    panels : sequence of People
        At least one; row by row.
    columns : int
        Panels side by side; twice as many, over two columns of a journal, where these are too high.
    x_label, y_label : str
        The stimulus level and the response.
    place : str
        What the black mark is, for the legend.
    height : float, default 0.5
        Where on the curves that is.
    """
    wide = -(-len(panels) // columns) > TALLEST
    side_by_side = columns * (1 + wide)
    rows = -(-len(panels) // side_by_side)
    with mpl.rc_context(SMALL):
        size = (ONE_COLUMN * (1 + wide), 0.7 + (1.9 if columns == 1 else 1.4) * rows)
        figure = new_figure(size)
        axes = figure.subplots(rows, side_by_side, sharex=True, sharey=True, squeeze=False).ravel()
        for number, (axis, people) in enumerate(zip(axes, panels, strict=False)):
            _draw_people(axis, people, height)
            axis.set_title(f"{wrap(people.title, TITLE[min(columns, 3)])}\nn = {len(people.psi)}")
            axis.tick_params(labelbottom=number + side_by_side >= len(panels))
        for axis in axes[len(panels) :]:
            axis.remove()
        figure.supxlabel(x_label, fontsize=7)
        figure.supylabel(y_label, fontsize=7)
        add_legend(figure, _legend(place))
    return figure


def _draw_people(axis: Axes, people: People, height: float) -> None:
    fade = float(np.clip(5 / max(1, len(people.psi)), 0.12, 0.5))
    style = series_style(people.number)
    fitted = people.psi[np.isfinite(people.psi).all(axis=1)]
    axis.axhline(height, color="0.8", linewidth=0.6, zorder=0)
    axis.plot(people.grid, fitted.T, color=GREY, linewidth=0.5, alpha=fade)
    if len(fitted):
        axis.plot(people.grid, fitted.mean(axis=0), color=style["color"], linewidth=1.6)
    axis.plot(people.levels, people.proportions, linestyle="none", markersize=3, **style)
    ends = [height, height]
    axis.plot([people.low, people.high], ends, color="black", linewidth=2)
    axis.plot(people.place, height, "o", color="black", markersize=4, markeredgecolor="white")
    axis.set_ylim(-0.03, 1.03)
    axis.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    margin = 0.06 * (people.grid[-1] - people.grid[0]) or 0.5
    axis.set_xlim(people.grid[0] - margin, people.grid[-1] + margin)


def _legend(place: str) -> list[Line2D]:
    style = series_style(0)
    return [
        Line2D([], [], color=GREY, linewidth=0.5, label="one person"),
        Line2D([], [], linewidth=1.6, markersize=3, label="mean of all", **style),
        Line2D(
            [], [], color="black", marker="o", markersize=4, mec="white", linewidth=2, label=place
        ),
    ]
