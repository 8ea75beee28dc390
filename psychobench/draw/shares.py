"""Shares of regions over levels, and faithfulness curves beside those of random maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import COLOURS, GREY, SMALL, add_legend, series_style, wrap
from psychobench.errors import OptionError

PER_ROW = 3
_TITLE = 34  # characters
_RATIO = "share of the map / share of the area"
_ENTRY = 1.35  # inches of the widest entry of the legend


@dataclass(frozen=True)
class ShareLine:
    """One region.

    Attributes
    ----------
    label : str
        Its name.
    levels : ndarray of float64, shape (k,)
        In order.
    ratios : ndarray of float64, shape (units, k)
        Its share of the map over its share of the image; NaN where there is none.
    """

    label: str
    levels: NDArray[np.float64]
    ratios: NDArray[np.float64]


@dataclass(frozen=True)
class SharePanel:
    """One observer under one mask."""

    title: str
    lines: Sequence[ShareLine]


@dataclass(frozen=True)
class CurvePair:
    """One observer's two curves.

    Attributes
    ----------
    label : str
        Of the row.
    x : ndarray of float64, shape (k,)
        Of all curves.
    curves : ndarray of float64, shape (2, k)
        One for each panel.
    chance : ndarray of float64, shape (2, n, k)
        What chance gives, n times.
    """

    label: str
    x: NDArray[np.float64]
    curves: NDArray[np.float64]
    chance: NDArray[np.float64]


def draw_shares(
    panels: Sequence[SharePanel], *, title: str, unit: str, ax: Axes | None = None
) -> Figure:
    """Draw over levels how much of the map a region gets for its area; 1 is an even map.

    Parameters
    ----------
    panels : sequence of SharePanel
        At least one, with the same regions.
    title : str
        Above the figure.
    unit : str
        What the thin lines are, where there are several.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single panel, with a legend of its own.

    Raises
    ------
    OptionError
        If several panels are to be drawn on one axis.
    """
    if ax is not None:
        return _draw_alone(ax, panels, unit)
    columns = min(len(panels), PER_ROW)
    rows = -(-len(panels) // columns)
    with mpl.rc_context(SMALL):
        size = (0.6 + 2.3 * columns + 0.6 * (columns == 1), 1.2 + 1.9 * rows)
        figure = new_figure(size)
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axis, panel in zip(axes, panels, strict=False):
            _draw_panel(axis, panel)
        for axis in axes[len(panels) :]:
            axis.remove()
        axes[0].set_ylim(bottom=0)
        figure.supylabel(_RATIO, fontsize=7)
        handles = _legend(panels, unit)
        fitting = int(size[0] // _ENTRY)
        figure.legend(handles=handles, loc="outside lower center", ncols=fitting)
        figure.suptitle(title, fontsize=7)
    return figure


def draw_curve_pairs(
    rows: Sequence[CurvePair], *, panels: tuple[str, str], x_label: str, y_label: str
) -> Figure:
    """Draw two panels per row: a curve, and in grey those of chance.

    Parameters
    ----------
    rows : sequence of CurvePair
        At least one.
    panels : tuple of str
        Titles of the two panels.
    x_label, y_label : str
        Of all panels.
    """
    with mpl.rc_context(SMALL):
        figure = new_figure((5.2, 0.8 + 1.5 * len(rows)))
        axes = figure.subplots(len(rows), 2, sharex=True, sharey=True, squeeze=False)
        for line, row in zip(axes, rows, strict=True):
            for axis, curve, chance in zip(line, row.curves, row.chance, strict=True):
                axis.plot(row.x, chance.T, color=GREY, linewidth=0.5, alpha=0.5)
                axis.plot(row.x, chance.mean(axis=0), color=GREY, linewidth=1.4, linestyle="--")
                axis.plot(row.x, curve, color=COLOURS[0], linewidth=1.6)
                axis.set_ylim(-0.03, 1.03)
            line[0].set_ylabel(f"{wrap(row.label, 26)}\n{y_label}")
        for axis, name in zip(axes[0], panels, strict=True):
            axis.set_title(name)
        figure.supxlabel(x_label, fontsize=7)
        add_legend(
            figure,
            [
                Line2D([], [], color=COLOURS[0], linewidth=1.6, label="map, mean over images"),
                Line2D(
                    [], [], color=GREY, linewidth=1.4, linestyle="--", label="random maps, mean"
                ),
                Line2D([], [], color=GREY, linewidth=0.5, label="one set of random maps"),
            ],
        )
    return figure


def _draw_alone(ax: Axes, panels: Sequence[SharePanel], unit: str) -> Figure:
    if len(panels) > 1:
        raise OptionError(
            f"one axis takes one observer under one mask: there are {len(panels)}; leave out `ax`"
        )
    _draw_panel(ax, panels[0])
    ax.set_ylim(bottom=0)
    ax.set_ylabel(_RATIO)
    ax.legend(handles=_legend(panels, unit), fontsize="small")
    return cast(Figure, ax.get_figure(root=True))


def _draw_panel(axis: Axes, panel: SharePanel) -> None:
    for number, line in enumerate(panel.lines):
        _draw_line(axis, line, number)
    axis.set_title(wrap(panel.title, _TITLE))
    axis.axhline(1, color="0.3", linewidth=0.7, linestyle=(0, (2, 2)))
    axis.set_xlabel("stimulus level")


def _draw_line(axis: Axes, line: ShareLine, number: int) -> None:
    style = series_style(number)
    if len(line.ratios) > 1:
        fade = float(np.clip(3 / len(line.ratios), 0.1, 0.4))
        axis.plot(line.levels, line.ratios.T, color=style["color"], linewidth=0.4, alpha=fade)
    known = np.isfinite(line.ratios)
    mean = np.divide(
        np.where(known, line.ratios, 0).sum(axis=0),
        known.sum(axis=0),
        out=np.full(line.ratios.shape[1], np.nan),
        where=known.any(axis=0),
    )
    axis.plot(line.levels, mean, markersize=2.5, linewidth=1.2, **style)


def _legend(panels: Sequence[SharePanel], unit: str) -> list[Line2D]:
    handles = [
        Line2D([], [], label=line.label, markersize=3, linewidth=1.2, **series_style(number))
        for number, line in enumerate(panels[0].lines)
    ]
    dashes = "as much as its area"
    handles.append(Line2D([], [], color="0.3", linewidth=0.7, linestyle=(0, (2, 2)), label=dashes))
    if any(len(line.ratios) > 1 for panel in panels for line in panel.lines):
        handles.append(Line2D([], [], color="0.5", linewidth=0.4, label=f"one {unit}"))
    return handles
