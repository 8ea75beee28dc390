"""The result of an analysis: numbers, and what can be made of them."""

from __future__ import annotations

from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from psychobench.analysis.brief import brief_text
from psychobench.analysis.data import AnalysisData
from psychobench.analysis.figure_data import FigureData
from psychobench.analysis.files import save_analysis
from psychobench.analysis.page import analysis_page
from psychobench.analysis.tables import analysis_document
from psychobench.analysis.text import analysis_text
from psychobench.errors import ComparisonError
from psychobench.messages import nearest
from psychobench.reports.page import Page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Analysis(AnalysisData):
    """The result of `psychobench.analyse`; `AnalysisData` describes its numbers."""

    def to_frame(self) -> pd.DataFrame:
        """Return the fits: one row per participant and condition."""
        return self.fits.to_frame()

    def curves(self) -> pd.DataFrame:
        """Return the fitted curves: ``observer, condition, level, p, low, high``, one row a point.

        See `psychobench.fits.pse.Fits.curves`.
        """
        return self.fits.curves()

    def sentences(self) -> list[str]:
        """Return every test in words, ready to paste."""
        return [line for tests in self.tests.values() for line in tests.sentences()]

    def summary(self, *, verbose: bool = False, width: int = 80) -> str:
        """Return the answer as text: verdict, means, tests, what deserves a look, method.

        Parameters
        ----------
        verbose : bool
            Whether to return everything of note: each flag, each reason, each test in words.
        width : int
            Characters of a line of the short text.
        """
        return analysis_text(self) if verbose else brief_text(self, width)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers, sentences and the provenance as native types, ready for JSON."""
        return analysis_document(self)

    def report(self) -> Page:
        """Return the report: one page with figures, tables, sentences and provenance."""
        return analysis_page(self)

    def save(self, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write report, summary, figures, tables and provenance into a folder.

        All files are written, or none. Files of an earlier analysis there are replaced, or removed
        where this one has none of that name, if they are as they were written; others stay.

        Parameters
        ----------
        folder : str or path
            Created if it does not exist.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        ResourceError
            If the folder cannot be created or written, or a file in it must not be replaced.
        """
        save_analysis(self, Path(folder), overwrite=overwrite)

    def plot(self, ax: Axes | None = None, *, measure: str | None = None) -> Figure:
        """Draw everybody's PSE and JND by condition, with the means and their intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw one measure; a new figure with all measures by default.
        measure : str, optional
            The only measure to draw, one of `measures`; into `ax` by default the first.

        Returns
        -------
        matplotlib.figure.Figure
            The one that was drawn into.

        Raises
        ------
        ComparisonError
            If there is no such measure, or no two people have a value of it.
        """
        from psychobench.draw.condition_means import draw_condition_means, draw_measure

        data = FigureData(self)
        drawn = data.measures()
        if measure is not None and measure not in drawn:
            known = ", ".join(drawn) or "none"
            raise ComparisonError(
                f"`measure` must be one that two people have: got '{measure}'"
                f"{nearest(measure, drawn)}; found: {known}"
            )
        if not drawn:
            raise ComparisonError(
                "a plot of means needs two people with a value: there are none; `fits.plot()` "
                "draws each participant's curves"
            )
        chosen = list(drawn.values()) if measure is None else [drawn[measure]]
        if ax is None:
            return draw_condition_means(chosen, data.ticks, **data.axis_texts)
        draw_measure(ax, chosen[0], data.ticks, **data.axis_texts)
        return cast("Figure", ax.get_figure(root=True))

    def _repr_html_(self) -> str:
        """Show means and sentences in a notebook."""
        means = self.descriptives.round(3).to_html(index=False, na_rep="")
        items = "".join(f"<li>{escape(line)}</li>" for line in self.sentences())
        return f"{means}<ul>{items}</ul>"
