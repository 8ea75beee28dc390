"""Figures: made in one place, shown by notebooks, written as PNG, SVG and PDF."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from psychobench.draw.style import STYLE

_NOTEBOOK_DPI = 150  # a journal's column fills about half the width of a notebook


class NotebookFigure(Figure):
    """A figure that a notebook shows without pyplot."""

    def _repr_png_(self) -> bytes:
        """Return the figure as a PNG file, with room for what lies outside its axes."""
        image = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.savefig(image, format="png", dpi=_NOTEBOOK_DPI, bbox_inches="tight")
        return image.getvalue()


def new_figure(size: tuple[float, float], *, layout: Any = "constrained", **options: Any) -> Figure:
    """Return an empty figure that belongs to no window and that a notebook shows.

    Parameters
    ----------
    size : tuple of float
        Width and height in inches.
    layout : str or matplotlib.layout_engine.LayoutEngine, optional
        What makes room for labels.
    **options
        Of `matplotlib.figure.Figure`.

    Examples
    --------
    >>> new_figure((2, 1))._repr_png_()[1:4]
    b'PNG'
    """
    return NotebookFigure(figsize=size, layout=layout, **options)


def save_figure(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as NAME.png (300 dpi), NAME.svg and NAME.pdf into an existing folder."""
    fix_layout(figure)
    with mpl.rc_context(STYLE):
        figure.savefig(folder / f"{name}.png", dpi=300)
        # no date, so that the same results give the same bytes
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        figure.savefig(folder / f"{name}.pdf", dpi=300, metadata={"CreationDate": None})


def svg_text(figure: Figure) -> str:
    """Return a figure as an SVG document whose letters are drawn, so that it needs no font."""
    fix_layout(figure)
    text = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", dpi=150, metadata={"Date": None})
    return text.getvalue()


def fix_layout(figure: Figure) -> None:
    """Fix the layout of a figure: computing it for many panels takes longer than drawing."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
