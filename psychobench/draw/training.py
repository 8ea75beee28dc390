"""How a network's training went: loss and accuracy over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from psychobench.draw.figures import new_figure
from psychobench.draw.style import STYLE, add_legend, series_style


@dataclass(frozen=True)
class Curve:
    """One training: mean loss of its images and accuracy on held-out ones, epoch by epoch."""

    label: str
    loss: Sequence[float]
    accuracy: Sequence[float]


def draw_training(curves: Sequence[Curve]) -> Figure:
    """Draw loss and accuracy side by side; a ring marks the epoch that is kept.

    Parameters
    ----------
    curves : sequence of Curve
        One for each training; the epoch that is kept is its first of the highest accuracy, or
        its last where no accuracy was measured.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with mpl.rc_context(STYLE):
        figure = new_figure((7.2, 2.9))
        left, right = figure.subplots(1, 2)
        handles = []
        for number, curve in enumerate(curves):
            colour = series_style(number)["color"]
            epochs = np.arange(1, len(curve.loss) + 1)
            measured = np.isfinite(curve.accuracy).any()
            kept = int(np.nanargmax(curve.accuracy)) if measured else len(curve.loss) - 1
            handles += left.plot(epochs, curve.loss, color=colour, label=curve.label)
            right.plot(epochs, curve.accuracy, color=colour)
            for axes, values in ((left, curve.loss), (right, curve.accuracy)):
                axes.plot(kept + 1, values[kept], "o", mfc="none", color=colour, clip_on=False)
        left.set_ylabel("training loss (nats per image)")
        right.set_ylabel("validation accuracy")
        for axes in (left, right):
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        left.set_ylim(bottom=0)
        if len(curves) > 1:
            add_legend(figure, handles)
        return figure
