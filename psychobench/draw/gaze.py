"""Scores of maps against people's fixations, and maps laid over photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import COLOURS, GREY, SMALL, shorten, wrap

COLOUR_MAP = "viridis"  # perceptually uniform, also for colour-blind readers
_LABEL = 44  # characters
_TITLE = 110
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}


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
    sources: Sequence[str],
    baselines: int,
    measures: Sequence[Measure],
    title: str,
    ax: Axes | None = None,
) -> Figure:
    """Draw the scores of all sources, baselines on top, with intervals.

    Parameters
    ----------
    sources : sequence of str
        Baselines first.
    baselines : int
        How many of them are baselines.
    measures : sequence of Measure
        The panels, at most three in a row.
    title : str
        What the maps are, and how they were normalised.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single measure; its title is then the measure's alone.
    """
    if ax is not None:
        _draw_measure(ax, measures[0], baselines)
        _name_sources(ax, sources)
        return cast(Figure, ax.get_figure(root=True))
    n_rows, n_columns = -(-len(measures) // 3), min(3, len(measures))
    with mpl.rc_context(SMALL):
        size = (7.2, n_rows * (0.8 + 0.17 * len(sources)) + 0.5)
        figure = new_figure(size)
        panels = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).ravel()
        for panel, measure in zip(panels, measures, strict=False):
            _draw_measure(panel, measure, baselines)
        for panel in panels[len(measures) :]:
            panel.set_visible(False)
        _name_sources(panels[0], sources)
        figure.suptitle(wrap(title, _TITLE, 3), fontsize=7)
        return figure


def _name_sources(panel: Axes, sources: Sequence[str]) -> None:
    panel.set_yticks(range(len(sources)), [shorten(each, _LABEL) for each in sources])
    panel.invert_yaxis()


def _draw_measure(panel: Axes, measure: Measure, baselines: int) -> None:
    rows = np.arange(len(measure.values))
    colours = [GREY if row < baselines else COLOURS[0] for row in rows]
    panel.hlines(rows, measure.low, measure.high, colors=colours, linewidth=1)
    panel.scatter(measure.values, rows, c=colours, s=14, marker="o", linewidths=0, zorder=3)
    panel.axhline(baselines - 0.5, color=GREY, linewidth=0.5, linestyle=":")
    panel.set_title(measure.title)
    panel.set_xlabel("nearer to people →" if measure.more_is_nearer else "← nearer to people")
    panel.margins(x=0.08)


@dataclass(frozen=True)
class GalleryRow:
    """One photograph, shape (height, width, 3), and its maps in [0, 1], shape (height, width).

    A map may be missing.
    """

    label: str
    photograph: NDArray[np.uint8]
    maps: Sequence[NDArray[np.float64] | None]


def draw_gallery(rows: Sequence[GalleryRow], titles: Sequence[str], note: str) -> Figure:
    """Draw photographs, one row each, and beside them maps laid over their grey copies.

    Parameters
    ----------
    rows : sequence of GalleryRow
        From top to bottom.
    titles : sequence of str
        Of the maps, from left to right.
    note : str
        What the colours mean.
    """
    with mpl.rc_context(SMALL):
        columns = 1 + len(titles)
        width = 9.0 if columns > 8 else 7.2
        height = sum(row.photograph.shape[0] / row.photograph.shape[1] for row in rows)
        figure = new_figure((width, height * width / columns + 0.8))
        panels = figure.subplots(len(rows), columns, squeeze=False)
        for line, row in zip(panels, rows, strict=True):
            line[0].imshow(row.photograph)
            line[0].set_ylabel(shorten(row.label, 12), fontsize=6)
            for panel, values in zip(line[1:], row.maps, strict=True):
                _overlay(panel, row.photograph, values)
        for panel, title in zip(panels[0], ["photograph", *titles], strict=True):
            panel.set_title(shorten(title, 16 if columns < 9 else 11), fontsize=6)
        for panel in panels.ravel():
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
        figure.suptitle(wrap(note, _TITLE, 3), fontsize=7)
        return figure


def _overlay(
    panel: Axes, photograph: NDArray[np.uint8], values: NDArray[np.float64] | None
) -> None:
    """Draw a map over the grey photograph, the more opaque the higher it is."""
    panel.imshow(photograph.mean(axis=2), cmap="gray", vmin=0, vmax=255)
    if values is None or not values.any():
        word = "none" if values is None else "empty"
        middle = {"ha": "center", "va": "center"}
        panel.text(0.5, 0.5, word, middle, transform=panel.transAxes, fontsize=6, bbox=_PAPER)
    else:
        panel.imshow(values, cmap=COLOUR_MAP, vmin=0, vmax=1, alpha=0.85 * values)
