"""How a network's training went: loss and accuracy over epochs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from psychobench.draw.figures import new_figure, save_figure
from psychobench.draw.style import STYLE, add_legend, series_style


def draw_training(trainings: Mapping[str, pd.DataFrame], *, folder: Path | None = None) -> Figure:
    """Draw loss and accuracy side by side; a ring marks the epoch that is kept.

    Parameters
    ----------
    trainings : mapping of str to pandas.DataFrame
        Under its label, each training with one row per epoch: ``loss`` (mean of its images) and
        ``accuracy`` (on held-out ones). The epoch that is kept is the first of the highest
        accuracy, or the last where no accuracy was measured.
    folder : pathlib.Path, optional
        An existing folder that gets the figure as curves.png (300 dpi), curves.svg and curves.pdf.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with mpl.rc_context(STYLE):
        figure = new_figure((7.2, 2.9))
        left, right = figure.subplots(1, 2)
        handles = []
        for number, (label, epochs) in enumerate(trainings.items()):
            colour = series_style(number)["color"]
            loss, accuracy = (epochs[name].to_numpy(np.float64) for name in ("loss", "accuracy"))
            x = np.arange(1, len(loss) + 1)
            kept = int(np.nanargmax(accuracy)) if np.isfinite(accuracy).any() else len(loss) - 1
            handles += left.plot(x, loss, color=colour, label=label)
            right.plot(x, accuracy, color=colour)
            for axes, values in ((left, loss), (right, accuracy)):
                axes.plot(kept + 1, values[kept], "o", mfc="none", color=colour, clip_on=False)
        left.set_ylabel("training loss (nats per image)")
        right.set_ylabel("validation accuracy")
        for axes in (left, right):
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        left.set_ylim(bottom=0)
        if len(trainings) > 1:
            add_legend(figure, handles)
    if folder is not None:
        save_figure(figure, folder, "curves")
    return figure
