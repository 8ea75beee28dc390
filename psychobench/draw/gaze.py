"""How near maps come to where people looked: one panel per measure, one row per source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.curves import COLOURS, GREY
from psychobench.draw.looks import SMALL, shorten, wrap

_LABEL = 34  # characters
_TITLE = 110


@dataclass(frozen=True)
class Measure:
    """One panel.

    Parameters
    ----------
    title : str
        What is measured.
    more_is_nearer : bool
        Which way the arrow on the axis points.
    values, low, high : ndarray of float64, shape (n,)
        One for each source; NaN where there is none.
    """

    title: str
    more_is_nearer: bool
    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def draw_gaze_scores(
    sources: Sequence[str], baselines: int, measures: Sequence[Measure], title: str
) -> Figure:
    """Draw the scores of all sources, baselines on top, with intervals.

    Parameters
    ----------
    sources : sequence of str
        Baselines first.
    baselines : int
        How many of them are baselines.
    measures : sequence of Measure
        The panels, three in a row.
    title : str
        What the maps are, and how they were normalised.
    """
    n_rows = -(-len(measures) // 3)
    with mpl.rc_context(SMALL):
        size = (7.2, n_rows * (0.8 + 0.17 * len(sources)) + 0.5)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(n_rows, 3, sharey=True, squeeze=False).ravel()
        for panel, measure in zip(panels, measures, strict=False):
            _draw_measure(panel, measure, baselines)
        for panel in panels[len(measures) :]:
            panel.set_visible(False)
        panels[0].set_yticks(range(len(sources)), [shorten(each, _LABEL) for each in sources])
        panels[0].invert_yaxis()
        figure.suptitle(wrap(title, _TITLE, 3), fontsize=7)
        return figure


def _draw_measure(panel: Axes, measure: Measure, baselines: int) -> None:
    rows = np.arange(len(measure.values))
    colours = [GREY if row < baselines else COLOURS[0] for row in rows]
    panel.hlines(rows, measure.low, measure.high, colors=colours, linewidth=1)
    panel.scatter(measure.values, rows, c=colours, s=14, marker="o", linewidths=0, zorder=3)
    panel.axhline(baselines - 0.5, color=GREY, linewidth=0.5, linestyle=":")
    panel.set_title(measure.title)
    panel.set_xlabel("nearer to people →" if measure.more_is_nearer else "← nearer to people")
    panel.margins(x=0.08)
