"""Differences between conditions with their intervals, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from psychobench.draw.figures import new_figure
from psychobench.draw.style import ONE_COLUMN, SMALL, series_style, shorten

LABEL = 34  # characters


@dataclass(frozen=True)
class Difference:
    """One difference and its interval; nan where there is none."""

    label: str
    value: float
    low: float
    high: float


def draw_differences(
    differences: Sequence[Difference],
    *,
    x_label: str,
    axis: Axes | None = None,
    color: str | None = None,
) -> Figure:
    """Draw differences from top to bottom, with a line at no difference.

    Parameters
    ----------
    differences : sequence of Difference
        At least one.
    x_label : str
        What differs, and what the intervals are.
    axis : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    color : str, optional
        Of the marks and intervals.
    """
    if axis is not None:
        _draw(axis, differences, x_label, color)
        return cast("Figure", axis.get_figure(root=True))
    with mpl.rc_context(SMALL):
        size = (ONE_COLUMN, 0.6 + 0.22 * len(differences))
        figure = new_figure(size)
        _draw(figure.subplots(), differences, x_label, color)
    return figure


def _draw(axis: Axes, differences: Sequence[Difference], x_label: str, color: str | None) -> None:
    color = color or series_style(0)["color"]
    axis.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    for row, each in enumerate(differences):
        axis.plot([each.low, each.high], [row, row], color=color, linewidth=1.5)
        axis.plot(each.value, row, "o", color=color, markersize=4, markeredgecolor="white")
    labels = [shorten(each.label, LABEL) for each in differences]
    axis.set_yticks(range(len(differences)), labels)
    axis.set_ylim(len(differences) - 0.4, -0.6)
    axis.set_xlabel(x_label)
