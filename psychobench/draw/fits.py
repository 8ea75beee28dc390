"""Quick looks at fits: data with their curves, and residuals against level and order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import (
    COLOURS,
    GREY,
    ONE_COLUMN,
    SMALL,
    add_legend,
    series_style,
    shorten,
)

Points = NDArray[np.float64]
PANEL = (1.72, 1.35)  # inches; four panels fill a page's width
PANEL_TITLE, NOTE = 26, 22  # characters


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
        PSE, or threshold of a forced choice, and its interval in level units; nan where there is
        none.
    height : float, default 0.5
        Where on the curve that is.
    note : str
        What a reader must know of this fit; stands in the panel.
    colour : str, optional
        By default that of its label.
    """

    label: str
    levels: Points
    proportions: Points
    grid: Points
    psi: Points
    pse: float
    low: float
    high: float
    height: float = 0.5
    note: str = ""
    colour: str | None = None


def draw_panels(
    panels: Sequence[tuple[str, Sequence[Fit]]],
    *,
    columns: int = 4,
    labels: Sequence[str] | None = None,
    x_label: str = "level",
    y_label: str = "P(target)",
) -> Figure:
    """Draw one panel per title on shared axes, one colour per label, with one legend.

    Parameters
    ----------
    panels : sequence of (str, sequence of Fit)
        At least one.
    columns : int, default 4
        Panels side by side.
    labels : sequence of str, optional
        In the order of their colours; by default in that of their first appearance.
    x_label, y_label : str
        The stimulus level and the response.
    """
    columns = min(len(panels), columns)
    rows = -(-len(panels) // columns)
    labels = labels or list(dict.fromkeys(fit.label for _, fits in panels for fit in fits))
    with mpl.rc_context({**SMALL, "lines.linewidth": 1.1}):
        size = (max(ONE_COLUMN, PANEL[0] * columns), 0.6 + PANEL[1] * max(rows, 1.4))
        figure = new_figure(size)
        axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for place, axis in enumerate(axes.ravel()):
            axis.tick_params(labelbottom=place + columns >= len(panels))
            if place >= len(panels):
                axis.remove()
                continue
            title, fits = panels[place]
            draw_fits(axis, fits, labels=labels, legend=False)
            axis.set_title(shorten(title, PANEL_TITLE))
            axis.set(xlabel="", ylabel="")
        axes[0, 0].set_xlim(_span(fits for _, fits in panels))
        figure.supxlabel(x_label, fontsize=7)
        figure.supylabel(y_label, fontsize=7)
        if len(labels) > 1:
            colours = {fit.label: fit.colour for _, fits in panels for fit in fits}
            add_legend(figure, [_key(labels, label, colours.get(label)) for label in labels])
    return figure


def _style(label: str, labels: Sequence[str], colour: str | None) -> dict[str, Any]:
    """Return the marker of a label, and its colour unless another is wanted."""
    style = series_style(labels.index(label))
    return style if colour is None else {**style, "color": colour}


def _key(labels: Sequence[str], label: str, colour: str | None) -> Line2D:
    return Line2D([], [], label=label, markersize=4, **_style(label, labels, colour))


def _span(crowd: Iterable[Sequence[Fit]]) -> tuple[float, float] | None:
    """Return the range of all levels, with a margin."""
    levels = [fit.levels for fits in crowd for fit in fits if len(fit.levels)]
    if not levels:
        return None
    low, high = min(map(np.min, levels)), max(map(np.max, levels))
    margin = 0.06 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def draw_fits(
    axis: Axes,
    fits: Sequence[Fit],
    *,
    labels: Sequence[str] | None = None,
    legend: bool = True,
) -> None:
    """Draw data, curves and PSEs with their intervals on axes that exist.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Where to draw.
    fits : sequence of Fit
        What to draw.
    labels : sequence of str, optional
        In the order of their colours; by default that of the fits.
    legend : bool, default True
        Whether a legend tells them apart where there are several.
    """
    labels = labels or list(dict.fromkeys(fit.label for fit in fits))
    axis.axhline(0.5, color="0.8", linewidth=0.8, zorder=0)
    for fit in fits:
        style = _style(fit.label, labels, fit.colour)
        axis.plot(fit.levels, fit.proportions, linestyle="none", markersize=2.8, alpha=0.7, **style)
        axis.plot(fit.grid, fit.psi, markevery=[], label=fit.label, **style)
        ends = [fit.height, fit.height]
        axis.plot([fit.low, fit.high], ends, color=style["color"], linewidth=1.8)
        axis.plot(fit.pse, fit.height, markersize=5.5, mec="white", zorder=4, **style)
    colours = [_style(fit.label, labels, fit.colour)["color"] for fit in fits]
    _write_notes(axis, [shorten(fit.note, NOTE) for fit in fits], colours)
    if not any(len(fit.levels) for fit in fits):
        axis.text(0.5, 0.25, "not fitted", ha="center", transform=axis.transAxes)
    axis.set_ylim(-0.03, 1.03)
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    axis.set_xlabel("level")
    axis.set_ylabel("P(target)")
    if legend and len(fits) > 1:
        axis.legend(fontsize=7, loc="best")


def _write_notes(axis: Axes, notes: Sequence[str], colours: Sequence[str]) -> None:
    """Write notes into the corner that rising curves leave free, in their fits' colours."""
    written = [each for each in zip(notes, colours, strict=True) if each[0]]
    for line, (note, colour) in enumerate(written):
        axis.text(
            0.98,
            0.03 + 0.09 * line,
            note,
            ha="right",
            fontsize=5.5,
            color=colour,
            transform=axis.transAxes,
        )


def draw_residuals(points: Mapping[str, Points]) -> Figure:
    """Draw deviance residuals and their means against what they may depend on.

    Parameters
    ----------
    points : mapping
        From what is on the horizontal axis to its value and the residual, shape (m, 2).
    """
    with mpl.rc_context(SMALL):
        figure = new_figure((ONE_COLUMN, 0.3 + 1.8 * len(points)))
        axes = figure.subplots(len(points), 1, squeeze=False).ravel()
        for axis, (label, pairs) in zip(axes, points.items(), strict=True):
            axis.axhline(0, color="0.8", linewidth=0.8, zorder=0)
            fade = float(np.clip(40 / len(pairs), 0.1, 0.8))
            # so many dots would make a drawing of lines as large as a photograph
            dots = {"color": GREY, "alpha": fade, "markeredgewidth": 0, "rasterized": True}
            axis.plot(*pairs.T, ".", markersize=4, **dots)
            places = np.unique(pairs[:, 0])
            means = [pairs[pairs[:, 0] == place, 1].mean() for place in places]
            axis.plot(places, means, "o-", color=COLOURS[0], markersize=3, label="mean")
            axis.set_xlabel(label)
            axis.set_ylabel("deviance residual")
        axes[0].legend()
    return figure
