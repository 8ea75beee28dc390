"""Every person's curve behind the mean one, a panel for each condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.cells import ONE_COLUMN, SMALL
from psychobench.draw.curves import COLOURS, GREY

PER_ROW = 2


@dataclass(frozen=True)
class People:
    """The people of one panel.

    Attributes
    ----------
    title : str
        Above the panel.
    grid : ndarray of float64, shape (m,)
        Levels.
    psi : ndarray of float64, shape (people, m)
        One curve per person.
    levels, proportions : ndarray of float64, shape (k,)
        The mean proportion of target answers over people, level by level.
    pse, low, high : float
        Mean PSE and its interval in level units; NaN where there is none.
    """

    title: str
    grid: NDArray[np.float64]
    psi: NDArray[np.float64]
    levels: NDArray[np.float64]
    proportions: NDArray[np.float64]
    pse: float
    low: float
    high: float


def draw_crowds(panels: Sequence[People], *, x_label: str, y_label: str) -> Figure:
    """Draw people, their mean curve, mean data and mean PSE.

    Parameters
    ----------
    panels : sequence of People
        At least one.
    x_label, y_label : str
        The stimulus level and the response.
    """
    columns = min(PER_ROW, len(panels))
    rows = -(-len(panels) // columns)
    with mpl.rc_context(SMALL):
        figure = Figure(figsize=(ONE_COLUMN, 0.5 + 1.55 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axis, people in zip(axes.ravel(), panels, strict=False):
            fade = float(np.clip(5 / max(1, len(people.psi)), 0.08, 0.5))
            axis.axhline(0.5, color="0.8", linewidth=0.6, zorder=0)
            axis.plot(people.grid, people.psi.T, color=GREY, linewidth=0.5, alpha=fade)
            axis.plot(people.grid, np.nanmean(people.psi, axis=0), color=COLOURS[0], linewidth=1.8)
            axis.plot(people.levels, people.proportions, "o", color=COLOURS[0], markersize=2.5)
            axis.plot([people.low, people.high], [0.5, 0.5], color="black", linewidth=2.5)
            axis.plot(people.pse, 0.5, "o", color="black", markersize=4, markeredgecolor="white")
            axis.set_title(people.title, fontsize=7)
            axis.set_ylim(-0.03, 1.03)
            axis.set_yticks([0, 0.5, 1])
        for axis in axes.ravel()[len(panels) :]:
            axis.set_axis_off()
        figure.supxlabel(x_label, fontsize=7)
        figure.supylabel(y_label, fontsize=7)
    return figure
