"""The result of a study: its data with tables, figures, a report page and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psychobench.outputs import output_folder
from psychobench.reports.page import Page
from psychobench.studies.brief import brief_text
from psychobench.studies.data import StudyData
from psychobench.studies.files import KIND, study_inputs, study_json, write_study
from psychobench.studies.page import study_page
from psychobench.studies.text import study_text, summary_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Study(StudyData):
    """A comparison of observers with people, from `psychobench.study`.

    Its attributes are those of `psychobench.studies.data.StudyData`.
    """

    def plot(
        self,
        ax: Axes | None = None,
        *,
        mask: str | None = None,
        colours: Mapping[str, str] | Sequence[str] | None = None,
    ) -> Figure:
        """Draw curves, data and PSEs of the observers over those of the people.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw one mask; by default a new figure has a panel for each mask.
        mask : str, optional
            Which mask to draw; with `ax` needed if there are several.
        colours : mapping of str to str, or sequence of str, optional
            Colours of the observers, by name or in their order.

        Returns
        -------
        matplotlib.figure.Figure
            The figure that was drawn into.

        Raises
        ------
        OptionError
            If there is no such mask, or `ax` is to hold several.
        """
        from psychobench.studies.figure import draw_study

        return draw_study(self, ax, mask=mask, colours=colours)

    def report(self) -> Page:
        """Return the report as a page: figure, tables, sentences, hashes and versions."""
        return study_page(self)

    def save(self, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the report page, tables, figure, summary and provenance into a folder.

        The files are written whole or not at all: ``report.html``, ``tests.csv``, ``fits.csv``,
        ``trials.csv``, ``curves.png``, ``.svg`` and ``.pdf``, ``summary.txt``,
        ``comparison.json`` and ``provenance.json``.

        Parameters
        ----------
        folder : str or path
            Created if it does not exist; other files in it stay.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        ResourceError
            If the folder cannot be written, or a file in it must not be replaced.
        """
        inputs = study_inputs(self)
        with output_folder(Path(folder), kind=KIND, overwrite=overwrite, inputs=inputs) as staged:
            write_study(self, staged)

    def summary(self, *, verbose: bool = False, width: int = 80) -> str:
        """Return the answer as text: verdict, PSEs, tests, what deserves a look, method.

        Parameters
        ----------
        verbose : bool
            Whether to return everything: the fits, each question with its answers, all notes.
        width : int
            Characters of a line of the short text.
        """
        return study_text(self) if verbose else brief_text(self, width)

    def to_json(self) -> dict[str, Any]:
        """Return the study as one document of plain types, None where there is no value."""
        return study_json(self)

    def _repr_html_(self) -> str:
        """Return heading and answers as HTML; `to_frame` returns every number."""
        table = summary_frame(self).to_html(index=False, na_rep="")
        return f"<p>{escape(self.heading)}</p>{table}"
