"""Agreement with people: values beside a ceiling, and matrices of answers side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from psychobench.draw.figures import new_figure
from psychobench.draw.style import COLOURS, GREY, ONE_COLUMN, SMALL, shorten

LABEL = 28  # characters
MOST_LABELS = 40
_IN_ROW = 4


@dataclass(frozen=True)
class Mark:
    """One value with its interval; nan where there is none."""

    label: str
    value: float
    low: float
    high: float
    is_observer: bool


def draw_against_ceiling(
    marks: Sequence[Mark],
    ceiling: tuple[float, float, float] | None,
    *,
    x_label: str,
    chance: float = 0.0,
    ax: Axes | None = None,
) -> Figure:
    """Draw values from top to bottom, with a line at chance and the ceiling as a band.

    Parameters
    ----------
    marks : sequence of Mark
        At least one; people in grey, observers in colour.
    ceiling : tuple of float, or None
        The ceiling and its interval.
    x_label : str
        What is drawn, and what the intervals are.
    chance : float
        Where the line is.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    """
    if ax is not None:
        _draw_marks(ax, marks, ceiling, x_label, chance)
        return cast("Figure", ax.get_figure(root=True))
    with mpl.rc_context(SMALL):
        figure = new_figure((ONE_COLUMN, 0.8 + 0.16 * min(len(marks), 60)))
        _draw_marks(figure.subplots(), marks, ceiling, x_label, chance)
    return figure


def _draw_marks(
    ax: Axes,
    marks: Sequence[Mark],
    ceiling: tuple[float, float, float] | None,
    x_label: str,
    chance: float,
) -> None:
    ax.axvline(chance, color="0.8", linewidth=0.8, zorder=0)
    if ceiling is not None:
        ax.axvspan(*ceiling[1:], color="0.92", zorder=0)
        ax.axvline(ceiling[0], color="0.6", linewidth=1, linestyle="--", zorder=0)
    for row, mark in enumerate(marks):
        colour = COLOURS[0] if mark.is_observer else GREY
        ax.plot([mark.low, mark.high], [row, row], color=colour, linewidth=1.2)
        ax.plot(mark.value, row, "o", color=colour, markersize=3.5, markeredgecolor="white")
    labels = [shorten(mark.label, LABEL) for mark in marks]
    if len(marks) <= MOST_LABELS:
        ax.set_yticks(range(len(marks)), labels)
    ax.set_ylim(len(marks) - 0.4, -0.6)
    ax.set_xlabel(x_label)


def draw_matrices(
    matrices: Mapping[str, NDArray[Any]], *, x_names: Sequence[str], y_names: Sequence[str],
    x_label: str, y_label: str, ax: Axes | None = None,
) -> Figure:  # fmt: skip
    """Draw matrices of proportions side by side, with one scale from 0 to 1.

    Parameters
    ----------
    matrices : mapping of str to NDArray of float, shape (y_names, x_names)
        By title.
    x_names, y_names : sequence of str
        What columns and rows are called.
    x_label, y_label : str
        What columns and rows are.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single matrix; a new figure by default.
    """
    if ax is not None:
        _draw_matrix(ax, *next(iter(matrices.items())), x_names, y_names)
        ax.set(xlabel=x_label, ylabel=y_label)
        return cast("Figure", ax.get_figure(root=True))
    columns = min(len(matrices), _IN_ROW)
    rows = -(-len(matrices) // columns)
    side = max(1.6, 0.16 * len(x_names) + 0.6)
    with mpl.rc_context(SMALL):
        figure = new_figure((side * columns + 0.6, (side + 0.3) * rows + 0.4))
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        image: Any = None
        for axis, (title, matrix) in zip(axes, matrices.items(), strict=False):
            image = _draw_matrix(axis, title, matrix, x_names, y_names)
        for axis in axes[len(matrices) :]:
            axis.set_visible(False)
        figure.supxlabel(x_label)
        figure.supylabel(y_label)
        figure.colorbar(image, ax=axes.tolist(), label="proportion", shrink=0.8)
    return figure


def _draw_matrix(
    ax: Axes, title: str, matrix: NDArray[Any], x_names: Sequence[str], y_names: Sequence[str]
) -> Any:
    image = ax.imshow(matrix, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    ax.set_xticks(range(len(x_names)), [shorten(name, 14) for name in x_names], rotation=90)
    ax.set_yticks(range(len(y_names)), [shorten(name, 14) for name in y_names])
    if matrix.size <= 64:
        for (row, column), value in [(at, matrix[at]) for at in _cells(matrix)]:
            colour = "white" if value > 0.6 else "black"
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=5)
    ax.set_title(shorten(title, LABEL))
    return image


def _cells(matrix: NDArray[Any]) -> list[tuple[int, int]]:
    return [(row, column) for row in range(matrix.shape[0]) for column in range(matrix.shape[1])]
