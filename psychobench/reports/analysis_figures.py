"""The figures of an analysis: its numbers laid out for drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from psychobench.analysis import Analysis
from psychobench.analysis.layout import Layout, named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PER_PAGE, COLUMNS = 24, 4  # participants


def analysis_figures(analysis: Analysis) -> Iterator[tuple[str, Figure]]:
    """Draw people's curves, their values by condition, residuals, and every participant.

    Yields
    ------
    (str, matplotlib.figure.Figure)
        ``groups``, ``measures`` where two people have a value, ``goodness`` where it was asked for,
        ``participants-1`` and on.
    """
    from psychobench.draw.condition_means import draw_cells
    from psychobench.draw.fits import draw_panels
    from psychobench.draw.mean_curves import draw_crowds

    drawn = Layout(analysis)
    axes = {"x_label": analysis.name("level"), "y_label": f"P({analysis.name('response')})"}
    yield (
        "groups",
        draw_crowds(
            drawn.crowds(),
            columns=drawn.side_by_side,
            place=f"mean {named(analysis.place)}, {drawn.words['interval']}",
            height=drawn.height,
            **axes,
        ),
    )
    if measures := drawn.measures():
        yield "measures", draw_cells(measures, drawn.ticks, **drawn.words)
    if analysis.fits.goodness is not None:
        yield "goodness", analysis.fits.goodness.plot()
    panels = drawn.participants()
    pages = [panels[start : start + PER_PAGE] for start in range(0, len(panels), PER_PAGE)]
    for number, page in enumerate(pages, start=1):
        figure = draw_panels(page, columns=COLUMNS, labels=drawn.conditions, **axes)
        yield f"participants-{number}", figure


def page_of(participants: Sequence[str], number: int) -> tuple[str, str]:
    """Name the first and the last participant of a page of figures, counted from 1."""
    page = participants[(number - 1) * PER_PAGE : number * PER_PAGE]
    return page[0], page[-1]
