"""The style of figures: colours, markers, sizes, labels of any length, one legend."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

# Okabe & Ito's colours, told apart by colour-blind readers; markers repeat the distinction
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
GREY = "#555555"
STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "psychobench",
    "pdf.fonttype": 42,
}
ONE_COLUMN = 3.35  # inches: the width of one column of a journal
SMALL: Any = {**STYLE, "font.size": 7, "axes.titlesize": 7, "axes.linewidth": 0.6}
LEGEND_LABEL = 40  # characters


def series_style(number: int) -> dict[str, Any]:
    """Return the colour and marker of the condition, group or observer with that number."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        # when the colours repeat, the markers are shifted, so that no pair repeats
        "marker": MARKERS[(number + number // len(COLOURS)) % len(MARKERS)],
    }


def shorten(text: str, most: int) -> str:
    """Shorten a long label in its middle, where names of participants and conditions differ least.

    Examples
    --------
    >>> shorten("participant_0000017_session", 15)
    'partici…session'
    """
    keep = (most - 1) // 2
    return text if len(text) <= most else f"{text[: most - 1 - keep]}…{text[-keep:]}"


def wrap(text: str, width: int, lines: int = 2) -> str:
    r"""Break a long label into lines, and cut what does not fit into them.

    Examples
    --------
    >>> wrap("upper half of the face hidden", 16)
    'upper half of\nthe face hidden'
    """
    return "\n".join(
        shorten(line, width) for line in textwrap.wrap(text, width, max_lines=lines) or [""]
    )


def add_legend(figure: Figure, handles: Sequence[Line2D]) -> None:
    """Add a legend on top, in as many columns as the figure's width allows."""
    for handle in handles:
        handle.set_label(shorten(str(handle.get_label()), LEGEND_LABEL))
    widest = max(len(str(handle.get_label())) for handle in handles)
    fitting = int(figure.get_figwidth() // (0.45 + 0.065 * widest))
    columns = max(1, min(len(handles), fitting))
    figure.legend(handles=handles, loc="outside upper center", ncols=columns)
