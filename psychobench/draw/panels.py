"""Curves of several observers and of one cohort, in panels by row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import STYLE

Floats = NDArray[np.float64]
SIZE = (3.4, 2.3)  # of a panel, in inches
MARGIN = 1.5  # above and below all panels
PER_LINE = 4  # entries of the legend
SIGN: Any = {"markersize": 3.2, "linestyle": "none", "alpha": 0.75}


@dataclass(frozen=True)
class Appearance:
    """Appearance of one observer or of the cohort; colour, marker and dashes are redundant.

    Attributes
    ----------
    label : str
        Name in the legend.
    colour, marker : str
        As matplotlib takes them.
    dashed : bool
        Whether the curve is.
    """

    label: str
    colour: str
    marker: str
    dashed: bool = False

    @property
    def line(self) -> Any:
        """The style of the curve."""
        return "--" if self.dashed else "-"


@dataclass(frozen=True)
class Line:
    """One observer's answers and curve in one panel.

    Attributes
    ----------
    appearance : Appearance
        Its colour, marker and dashes.
    levels, proportions : ndarray of float64, shape (k,)
        The data.
    psi : ndarray of float64, shape (m,)
        The curve over the grid; NaN where there is none.
    others : ndarray of float64, shape (n, m)
        Its further curves, such as those of other trainings; drawn faintly.
    pse : float
        In level units; NaN where there is none.
    """

    appearance: Appearance
    levels: Floats
    proportions: Floats
    psi: Floats
    others: Floats
    pse: float


@dataclass(frozen=True)
class CohortCurves:
    """A cohort's mean curve, drawn in every panel.

    Attributes
    ----------
    appearance : Appearance
        Its colour, marker and dashes.
    levels, proportions : ndarray of float64, shape (k,)
        Mean data.
    psi, low, high : ndarray of float64, shape (m,)
        Mean curve over the grid, and the ends of the band that most of its curves lie in.
    mean, sem : float
        Of the PSEs, in level units.
    """

    appearance: Appearance
    levels: Floats
    proportions: Floats
    psi: Floats
    low: Floats
    high: Floats
    mean: float
    sem: float


def draw_panel_grid(
    panels: Sequence[Sequence[Sequence[Line]]],
    cohort: CohortCurves,
    grid: Floats,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    x_label: str,
    y_label: str,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw rows and columns of panels with one legend.

    Parameters
    ----------
    panels : sequence of sequences of sequences of Line
        Row by row, panel by panel, the observers of each.
    cohort : CohortCurves
        The cohort, drawn behind them.
    grid : ndarray of float64, shape (m,)
        Levels at which curves are given.
    rows, columns : sequence of str
        What each row and column is; an empty row's name is not written.
    title : str
        Stands above all, over as many lines as it has.
    x_label, y_label : str
        The stimulus level and the response, with their units.
    notes : sequence of str
        What the marks mean; above the legend, below the panels.
    """
    with mpl.rc_context({**STYLE, "font.size": 8}):
        size = (SIZE[0] * len(columns) + 0.6, SIZE[1] * len(rows) + MARGIN)
        figure = new_figure(size)
        axes = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
        for across, lines in zip(axes, panels, strict=True):
            for axis, here in zip(across, lines, strict=True):
                _draw_panel(axis, here, cohort, grid)
        for axis, name in zip(axes[0], columns, strict=True):
            axis.set_title(name, fontsize=9, loc="left")
        for axis, name in zip(axes[:, 0], rows, strict=True):
            axis.set_ylabel(f"{name}\n{y_label}" if name else y_label)
        for axis in axes[-1]:
            axis.set_xlabel(x_label)
        figure.suptitle(title, fontsize=9)
        handles = _legend([line for row in panels for each in row for line in each], cohort)
        legend = figure.legend(
            handles=handles,
            title="\n".join(notes),
            title_fontsize=7,
            loc="outside lower center",
            ncols=len(handles) if len(handles) <= PER_LINE else -(-len(handles) // 2),
        )
        legend.get_title().set_multialignment("center")
    return figure


def _draw_panel(axis: Axes, lines: Sequence[Line], cohort: CohortCurves, grid: Floats) -> None:
    appearance = cohort.appearance
    axis.axhline(0.5, color="0.8", linewidth=0.8, zorder=0)
    axis.fill_between(
        grid, cohort.low, cohort.high, color=appearance.colour, alpha=0.13, linewidth=0
    )
    axis.plot(grid, cohort.psi, color=appearance.colour, linestyle=appearance.line, linewidth=2)
    signs = {**SIGN, "markersize": 5, "alpha": 1}
    axis.plot(
        cohort.levels, cohort.proportions, appearance.marker, color=appearance.colour, **signs
    )
    for line in lines:
        _draw_line(axis, line, grid)
    ends = [cohort.mean - cohort.sem, cohort.mean + cohort.sem]
    axis.plot(
        ends, [0.5, 0.5], color=appearance.colour, linewidth=5, solid_capstyle="butt", zorder=4
    )
    axis.set_ylim(-0.03, 1.03)
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])


def _draw_line(axis: Axes, line: Line, grid: Floats) -> None:
    appearance = line.appearance
    colour, style = appearance.colour, appearance.line
    if len(line.others):
        axis.plot(grid, line.others.T, color=colour, linestyle=style, linewidth=0.6, alpha=0.35)
    axis.plot(line.levels, line.proportions, appearance.marker, color=colour, **SIGN)
    axis.plot(grid, line.psi, color=colour, linestyle=style, linewidth=1.5)
    if np.isfinite(line.pse):
        axis.plot([line.pse, line.pse], [0, 0.5], color=colour, linewidth=0.8, linestyle=":")
        big: Any = {"markersize": 7, "mec": "white", "zorder": 5}
        axis.plot(line.pse, 0.5, appearance.marker, color=colour, **big)


def _legend(lines: Sequence[Line], cohort: CohortCurves) -> list[Line2D]:
    appearances = dict.fromkeys([cohort.appearance, *(line.appearance for line in lines)])
    return [
        Line2D(
            [],
            [],
            color=appearance.colour,
            marker=appearance.marker,
            linestyle=appearance.line,
            markersize=4.5,
            label=appearance.label,
        )
        for appearance in appearances
    ]
