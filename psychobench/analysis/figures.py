"""The figures of an analysis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from psychobench.analysis.data import AnalysisData, measure_name
from psychobench.analysis.figure_data import FigureData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PER_PAGE, COLUMNS = 24, 4  # participants


def analysis_figures(analysis: AnalysisData) -> Iterator[tuple[str, Figure]]:
    """Draw people's curves, their values by condition, residuals, and every participant.

    Yields
    ------
    (str, matplotlib.figure.Figure)
        ``groups``, ``measures`` where two people have a value, ``goodness`` where it was checked,
        ``participants-1`` and on.
    """
    from psychobench.draw.condition_means import draw_condition_means
    from psychobench.draw.fits import draw_panels
    from psychobench.draw.mean_curves import draw_mean_curves

    data = FigureData(analysis)
    target = analysis.original_name("response")
    axes = {"x_label": analysis.original_name("level"), "y_label": f"P({target})"}
    yield (
        "groups",
        draw_mean_curves(
            data.mean_curves(),
            columns=data.columns,
            place=f"mean {measure_name(analysis.location)}, {data.axis_texts['interval']}",
            height=data.height,
            **axes,
        ),
    )
    if measures := data.measures():
        yield (
            "measures",
            draw_condition_means(list(measures.values()), data.ticks, **data.axis_texts),
        )
    if analysis.fits.goodness is not None:
        yield "goodness", analysis.fits.goodness.plot()
    panels = data.participants()
    pages = [panels[start : start + PER_PAGE] for start in range(0, len(panels), PER_PAGE)]
    for number, page in enumerate(pages, start=1):
        figure = draw_panels(page, columns=COLUMNS, labels=data.conditions, **axes)
        yield f"participants-{number}", figure


def page_of(participants: Sequence[str], number: int) -> tuple[str, str]:
    """Return the first and the last participant on a page of figures, counted from 1."""
    page = participants[(number - 1) * PER_PAGE : number * PER_PAGE]
    return page[0], page[-1]
