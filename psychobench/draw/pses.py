"""PSEs of observers among those of people, one row per mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import COLOURS, GREY, MARKERS, STYLE

PEOPLE: Any = {
    "marker": "o", "markersize": 3, "color": GREY, "alpha": 0.5, "linestyle": "none",
    "markeredgewidth": 0,
}  # fmt: skip
MEAN: Any = {"marker": "|", "markersize": 9, "color": "black", "linestyle": "none"}


@dataclass(frozen=True)
class Mark:
    """One observer's PSE with its interval, in level units; ends NaN where there is none."""

    label: str
    pse: float
    low: float
    high: float


@dataclass(frozen=True)
class PSERow:
    """One mask: the people's PSEs, in level units, and the observers' marks."""

    label: str
    people: NDArray[np.float64]
    marks: Sequence[Mark]


def draw_pses(rows: Sequence[PSERow], ax: Axes | None, *, people: str, x_label: str) -> Figure:
    """Draw people as a row of dots with their mean and SD, and each observer's mark below.

    Parameters
    ----------
    rows : sequence of PSERow
        From top to bottom.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    people : str
        What the people are called.
    x_label : str
        What the PSE's unit is.
    """
    with mpl.rc_context(STYLE):
        if ax is None:
            size = (7.2, 1.2 + 0.8 * len(rows))
            ax = new_figure(size).subplots()
        names = list(dict.fromkeys(mark.label for row in rows for mark in row.marks))
        for place, row in enumerate(rows):
            _draw_people(ax, place, row.people)
            for mark in row.marks:
                _draw_mark(ax, place, mark, names.index(mark.label), len(names))
        ax.set_yticks(range(len(rows)), [row.label for row in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(x_label)
        ax.legend(handles=_legend(names, people), loc="center left", bbox_to_anchor=(1, 0.5))
    return cast(Figure, ax.get_figure(root=True))


def _draw_people(ax: Axes, place: int, people: NDArray[np.float64]) -> None:
    # neighbours in rank lie on different lines, so that dots do not hide each other
    ranks = people.argsort().argsort()
    heights = place - 0.3 + 0.05 * (ranks % 4)
    ax.plot(people, heights, **PEOPLE)
    mean, sd = people.mean(), people.std(ddof=1)
    ax.plot([mean - sd, mean + sd], [place, place], color="black", linewidth=1)
    ax.plot(mean, place, **MEAN)


def _draw_mark(ax: Axes, place: int, mark: Mark, number: int, total: int) -> None:
    height = place + 0.12 + 0.26 * number / max(1, total - 1)
    ax.plot([mark.low, mark.high], [height, height], color=_colour(number), linewidth=1.5)
    ax.plot(mark.pse, height, color=_colour(number), **_marker(number))


def _legend(names: Sequence[str], people: str) -> list[Line2D]:
    return [
        Line2D([], [], label=f"{people}, one dot each", **PEOPLE),
        Line2D([], [], label="their mean and SD", **{**MEAN, "linestyle": "-", "linewidth": 1}),
        *(
            Line2D([], [], label=name, color=_colour(number), **_marker(number))
            for number, name in enumerate(names)
        ),
    ]


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _marker(number: int) -> dict[str, Any]:
    marker = MARKERS[number % len(MARKERS)]
    return {"marker": marker, "markersize": 7, "markeredgecolor": "white", "linestyle": "none"}
