"""People's values condition by condition: each person, joined by lines, and the means."""

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
from psychobench.draw.style import GREY, ONE_COLUMN, SMALL, add_legend, series_style, shorten, wrap

APART = 0.7  # of the distance between two conditions, taken by the groups side by side
ACROSS, TURNED = 46, 24  # characters: of all labels side by side, and of one that is turned


@dataclass(frozen=True)
class Group:
    """One group's values of one measure.

    Attributes
    ----------
    label : str
        Name in the legend.
    values : ndarray of float64, shape (people, conditions)
        NaN where a person has none.
    mean, low, high : ndarray of float64, shape (conditions,)
        The mean and its interval.
    """

    label: str
    values: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One measure in every group."""

    label: str
    groups: Sequence[Group]


def draw_condition_means(
    measures: Sequence[Measure], conditions: Sequence[str], *, x_label: str, interval: str
) -> Figure:
    """Draw one panel per measure, one above the other, as wide as a journal's column.

    Parameters
    ----------
    measures : sequence of Measure
        At least one, with the same groups.
    conditions : sequence of str
        Along the horizontal axis.
    x_label : str
        What the conditions are.
    interval : str
        What the bars show, for the legend.
    """
    with mpl.rc_context(SMALL):
        figure = new_figure((ONE_COLUMN, 0.7 + 2.1 * len(measures)))
        axes = figure.subplots(len(measures), 1, sharex=True, squeeze=False).ravel()
        for axis, measure in zip(axes, measures, strict=True):
            _draw_measure(axis, measure, len(conditions))
        _name_conditions(axes[-1], conditions, x_label)
        add_legend(figure, _legend(measures[0].groups, interval))
    return figure


def draw_measure(
    axis: Axes, measure: Measure, conditions: Sequence[str], *, x_label: str, interval: str
) -> None:
    """Draw one measure on axes that exist; parameters as for `draw_condition_means`."""
    _draw_measure(axis, measure, len(conditions))
    _name_conditions(axis, conditions, x_label)
    axis.legend(handles=_legend(measure.groups, interval))


def _name_conditions(axis: Axes, conditions: Sequence[str], x_label: str) -> None:
    """Write the conditions below the axis: on some lines, or turned where they are too long."""
    width = ACROSS // len(conditions)
    wrapped = [wrap(name, width, lines=3) for name in conditions]
    if any("…" in name or "[...]" in name for name in wrapped):
        turned = [shorten(name, TURNED) for name in conditions]
        axis.set_xticks(range(len(conditions)), turned, rotation=35, ha="right")
        axis.tick_params(axis="x", length=2)
    else:
        axis.set_xticks(range(len(conditions)), wrapped)
    axis.set_xlabel(x_label)
    axis.set_xlim(-0.6, len(conditions) - 0.4)


def _draw_measure(axis: Axes, measure: Measure, conditions: int) -> None:
    groups = measure.groups
    share = APART / len(groups)
    for number, group in enumerate(groups):
        centre = np.arange(conditions) + share * (number - (len(groups) - 1) / 2)
        style = series_style(number)
        people, mean = centre - share / 5, centre + share / 5
        fade = float(np.clip(8 / max(1, len(group.values)), 0.15, 0.6))
        axis.plot(people, group.values.T, color=GREY, linewidth=0.5, alpha=fade, zorder=1)
        axis.plot(
            people, group.values.T, ".", color=style["color"], markersize=3, alpha=0.5, zorder=2
        )
        ends = np.abs(np.stack([group.low, group.high]) - group.mean)
        axis.errorbar(
            mean,
            group.mean,
            yerr=ends,
            linestyle="none",
            **style,
            markersize=5,
            markeredgecolor="white",
            capsize=2,
            zorder=3,
        )
    axis.set_ylabel(measure.label)


def _legend(groups: Sequence[Group], interval: str) -> list[Line2D]:
    marks = [
        Line2D([], [], label=group.label, linestyle="none", markersize=4, **series_style(number))
        for number, group in enumerate(groups)
        if len(groups) > 1
    ]
    person = Line2D([], [], color=GREY, marker=".", linewidth=0.5, label="one person")
    mean = Line2D([], [], linewidth=1.5, markersize=4, label=f"mean, {interval}", **series_style(0))
    return [*marks, person, mean]
