"""Quick looks at fits: data with their curves, and residuals against level and order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.curves import COLOURS, GREY, MARKERS, STYLE

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """One observer's data and curve.

    Attributes
    ----------
    label : str
        Name in the legend.
    levels, proportions : ndarray, shape (k,)
        The data.
    grid, psi : ndarray, shape (m,)
        The curve; nan where there is no fit.
    pse, low, high : float
        PSE and its interval in level units; nan where there is none.
    """

    label: str
    levels: Points
    proportions: Points
    grid: Points
    psi: Points
    pse: float
    low: float
    high: float


def draw_panels(panels: Sequence[tuple[str, Sequence[Fit]]], *, columns: int = 4) -> Figure:
    """Draw one panel per title, with one legend where all have the same fits.

    Parameters
    ----------
    panels : sequence of (str, sequence of Fit)
        At least one.
    columns : int, default 4
        Panels side by side.
    """
    columns = min(len(panels), columns)
    rows = -(-len(panels) // columns)
    with mpl.rc_context(STYLE):
        size = (max(3.6, 2.6 * columns), max(2.8, 2.3 * rows))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for axis in axes.ravel()[len(panels) :]:
            axis.remove()
        shared = len(panels) > 1 and len({tuple(f.label for f in fits) for _, fits in panels}) == 1
        for axis, (title, fits) in zip(axes.ravel(), panels, strict=False):
            draw_fits(axis, fits, legend=not shared)
            axis.set_title(title, fontsize=9)
        if shared and len(panels[0][1]) > 1:
            handles, labels = axes[0, 0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        for axis in axes[:, 1:].ravel():
            axis.set_ylabel("")
    return figure


def draw_fits(axis: Axes, fits: Sequence[Fit], *, legend: bool = True) -> None:
    """Draw data, curves and PSEs with their intervals on axes that exist.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Where to draw.
    fits : sequence of Fit
        What to draw.
    legend : bool, default True
        Whether a legend tells them apart where there are several.
    """
    axis.axhline(0.5, color="0.8", linewidth=0.8, zorder=0)
    for number, fit in enumerate(fits):
        look: dict[str, Any] = {
            "color": COLOURS[number % len(COLOURS)],
            "marker": MARKERS[number % len(MARKERS)],
        }
        axis.plot(fit.levels, fit.proportions, linestyle="none", markersize=3.5, alpha=0.7, **look)
        axis.plot(fit.grid, fit.psi, markevery=[], label=fit.label, **look)
        axis.plot([fit.low, fit.high], [0.5, 0.5], color=look["color"], linewidth=2)
        axis.plot(fit.pse, 0.5, markersize=7, mec="white", zorder=4, **look)
    if not any(len(fit.levels) for fit in fits):
        axis.text(0.5, 0.25, "not fitted", ha="center", transform=axis.transAxes)
        axis.set_xticks([])
    axis.set_ylim(-0.03, 1.03)
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axis.set_xlabel("level")
    axis.set_ylabel("P(target)")
    if legend and len(fits) > 1:
        axis.legend(fontsize=7, loc="best")


def draw_residuals(points: Mapping[str, Points]) -> Figure:
    """Draw deviance residuals and their means against what they may depend on.

    Parameters
    ----------
    points : mapping
        From what is on the horizontal axis to its value and the residual, shape (m, 2).
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(max(3.6, 3.2 * len(points)), 2.8), layout="constrained")
        axes = figure.subplots(1, len(points), squeeze=False)[0]
        for axis, (label, pairs) in zip(axes, points.items(), strict=True):
            axis.axhline(0, color="0.8", linewidth=0.8, zorder=0)
            fade = float(np.clip(40 / len(pairs), 0.1, 0.8))
            axis.plot(*pairs.T, ".", color=GREY, alpha=fade, markeredgewidth=0)
            places = np.unique(pairs[:, 0])
            means = [pairs[pairs[:, 0] == place, 1].mean() for place in places]
            axis.plot(places, means, "o-", color=COLOURS[0], markersize=4, label="mean")
            axis.set_xlabel(label)
        axes[0].set_ylabel("deviance residual")
        axes[0].legend()
    return figure
