"""Psychometric curves of observers over those of a cohort, one panel per mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import COLOURS, GREY, MARKERS, STYLE, wrap

OTHERS = "other trainings; bar: next one (95%)"
PANELS_PER_ROW = 4
LEGEND_ENTRY = 3.1  # width of the widest entry, in inches
LETTERS = 11  # of a title in an inch


@dataclass(frozen=True)
class Curve:
    """One observer's data and fit in one panel.

    Attributes
    ----------
    label : str
        Name in the legend.
    levels, proportions : ndarray of float64, shape (k,)
        The data.
    psi : ndarray of float64, shape (m,)
        The fitted curve over the panel's grid; NaN where there is no fit.
    pse, low, high : float
        In level units, or NaN; the ends of the PSE's interval, where it has one.
    others : ndarray of float64, shape (n, m)
        Curves of the same observer trained from other seeds.
    other_pses : ndarray of float64, shape (n,)
        Their PSEs in level units, or NaN.
    colour : str, optional
        Of everything that is drawn of it; by default the next of `COLOURS`.
    """

    label: str
    levels: NDArray[np.float64]
    proportions: NDArray[np.float64]
    psi: NDArray[np.float64]
    pse: float
    low: float = np.nan
    high: float = np.nan
    others: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    other_pses: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    colour: str | None = None


@dataclass(frozen=True)
class CohortCurves:
    """A cohort's fitted curves and PSEs in one panel.

    Attributes
    ----------
    label : str
        Name in the legend.
    psi : ndarray of float64, shape (n, m)
        One curve per participant over the panel's grid.
    mean, sd, sem : float
        Of the PSEs, in level units.
    """

    label: str
    psi: NDArray[np.float64]
    mean: float
    sd: float
    sem: float


@dataclass(frozen=True)
class Panel:
    """One mask: a cohort and the observers over one grid of levels."""

    title: str
    grid: NDArray[np.float64]
    cohort: CohortCurves
    curves: Sequence[Curve]


def draw_curves(panels: Sequence[Panel], *, title: str, x_label: str, y_label: str) -> Figure:
    """Draw the panels side by side with one shared legend.

    Parameters
    ----------
    panels : sequence of Panel
        At least one.
    title : str
        Stands above the panels, over as many lines as it has.
    x_label, y_label : str
        The stimulus level and the response, with their units.
    """
    columns = min(len(panels), PANELS_PER_ROW)
    rows = -(-len(panels) // columns)
    with mpl.rc_context(STYLE):
        size = (max(6.4, 2.5 * columns + 0.6), 2.9 * rows + 1.3)
        figure = new_figure(size)
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axis, panel in zip(axes, panels, strict=False):
            _draw_panel(axis, panel)
            axis.set_xlabel(x_label)
        axes[0].set_xlim(_limits(panels))
        for axis in axes[::columns]:
            axis.set_ylabel(y_label)
        for axis in axes[len(panels) :]:
            axis.remove()
        handles, labels = axes[0].get_legend_handles_labels()
        fitting = min(len(handles), int(size[0] // LEGEND_ENTRY))
        figure.legend(handles, labels, loc="outside lower center", ncols=fitting)
        wide = int(size[0] * LETTERS)
        lines = [wrap(line, wide) for line in title.splitlines()]
        figure.suptitle("\n".join(lines), fontsize=10)
    return figure


def draw_panel(axis: Axes, panel: Panel, *, x_label: str, y_label: str) -> None:
    """Draw one panel with its own legend into axes of one's own."""
    with mpl.rc_context(STYLE):
        _draw_panel(axis, panel)
        axis.set(xlabel=x_label, ylabel=y_label, xlim=_limits([panel]))
        axis.legend(fontsize="small")


def _draw_panel(axis: Axes, panel: Panel) -> None:
    axis.axhline(0.5, color="0.8", linewidth=0.8, zorder=0)
    _draw_cohort(axis, panel)
    for number, curve in enumerate(panel.curves):
        _draw_curve(axis, panel.grid, curve, number)
        _draw_others(axis, panel.grid, curve, number)
    axis.set_title(panel.title, fontsize=9)
    axis.set_ylim(-0.03, 1.03)
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1])


def _draw_cohort(axis: Axes, panel: Panel) -> None:
    cohort = panel.cohort
    fade = float(np.clip(6 / max(1, len(cohort.psi)), 0.03, 0.4))
    axis.plot(panel.grid, cohort.psi.T, color=GREY, linewidth=0.6, alpha=fade)
    axis.plot(
        panel.grid, np.nanmean(cohort.psi, axis=0), color=GREY, linewidth=2, label=cohort.label
    )
    axis.plot(
        [cohort.mean - cohort.sd, cohort.mean + cohort.sd],
        [0.5, 0.5],
        color="black",
        linewidth=1,
        solid_capstyle="butt",
        zorder=3,
        label="cohort's PSE: mean, SEM (thick), SD (thin)",
    )
    axis.plot(
        [cohort.mean - cohort.sem, cohort.mean + cohort.sem],
        [0.5, 0.5],
        color="black",
        linewidth=4,
        solid_capstyle="butt",
        zorder=3,
    )


def _draw_curve(axis: Axes, grid: NDArray[np.float64], curve: Curve, number: int) -> None:
    colour, marker = _colour(curve, number), MARKERS[number % len(MARKERS)]
    axis.plot(
        curve.levels,
        curve.proportions,
        linestyle="none",
        marker=marker,
        markersize=3.5,
        color=colour,
        alpha=0.7,
    )
    axis.plot(grid, curve.psi, color=colour, marker=marker, markevery=[], label=curve.label)
    if np.isfinite(curve.pse):
        axis.plot([curve.pse, curve.pse], [0, 0.5], color=colour, linewidth=1, linestyle=":")
        axis.plot(curve.pse, 0.5, marker=marker, color=colour, markersize=7, mec="white", zorder=4)
    if np.isfinite([curve.low, curve.high]).all():
        # under the cohort's mark, which it may be wider than
        axis.plot([curve.low, curve.high], [0.5, 0.5], color=colour, linewidth=2.5, zorder=2.5)


def _colour(curve: Curve, number: int) -> str:
    return curve.colour or COLOURS[number % len(COLOURS)]


def _draw_others(axis: Axes, grid: NDArray[np.float64], curve: Curve, number: int) -> None:
    """Draw thin lines for the same observer trained from other seeds, and ticks for their PSEs."""
    if not len(curve.others):
        return
    style: Any = {"color": _colour(curve, number), "linewidth": 0.7, "zorder": 2}
    lines = axis.plot(grid, curve.others.T, alpha=0.4, **style)
    heights = np.full(len(curve.other_pses), 0.5)
    axis.plot(curve.other_pses, heights, "|", markersize=8, **{**style, "zorder": 4})
    if not any(line.get_label() == OTHERS for line in axis.lines):
        lines[0].set_label(OTHERS)


def _limits(panels: Sequence[Panel]) -> tuple[float, float]:
    """Show the levels and all PSEs; an interval may end beyond."""
    curves = [curve for panel in panels for curve in panel.curves]
    places = [*(panel.grid for panel in panels), *(curve.other_pses for curve in curves)]
    shown = np.concatenate([*places, [curve.pse for curve in curves]])
    low, high = np.nanmin(shown), np.nanmax(shown)
    margin = 0.05 * (high - low) or 0.5
    return float(low - margin), float(high + margin)
