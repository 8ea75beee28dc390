"""The result of an analysis: what was fitted, described and tested."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison.cohort_measures import counted
from psychobench.comparison.conditions.condition_tests import ConditionTests
from psychobench.errors import ComparisonError
from psychobench.fits.pse import Fits
from psychobench.trials.screening import Exclusion, Screening

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEASURES = ("pse", "jnd")
MEASURES_OF_CHOICES = ("threshold", "jnd")  # a forced choice has no PSE


@dataclass(frozen=True)
class Analysis:
    """What `analyse` found.

    Attributes
    ----------
    table : pandas.DataFrame
        The trials, or counts, that were analysed.
    screening : Screening or None
        What the checks found, excluded participants among them; None where the table holds counts.
    rules : tuple of Exclusion
        By which participants were to be left out.
    left_out : pandas.DataFrame
        Who was: ``observer, rule, value, n_trials``.
    fits : Fits
        One curve per participant and condition.
    descriptives : pandas.DataFrame
        One row per measure and cell of the design: ``measure``, the factors, ``n, mean, sd, sem,
        low, high`` (the mean's interval), ``without`` (participants whose status leaves them out).
    tests : dict of str to ConditionTests
        From a measure to its tests; empty where nothing can be compared.
    within, between : str or None
        Columns that differ within participants, and between them.
    confidence : float
        Coverage of all intervals.
    tested : tuple of str
        The PSE statuses that count.
    notes : tuple of str
        What a reader should know: what could not be done, and why.
    """

    table: pd.DataFrame
    screening: Screening | None
    rules: tuple[Exclusion, ...]
    left_out: pd.DataFrame
    fits: Fits
    descriptives: pd.DataFrame
    tests: dict[str, ConditionTests]
    within: str | None
    between: str | None
    confidence: float
    tested: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def measures(self) -> tuple[str, str]:
        """What is described and tested: where the curve lies, and how steep it is."""
        return measures_of(self.fits)

    @property
    def place(self) -> str:
        """Where the curve lies: ``pse``, or ``threshold`` of a forced choice."""
        return self.measures[0]

    @property
    def simulated(self) -> bool:
        """Whether the trials say of themselves that nobody sat there."""
        return "simulated" in self.table and bool((self.table["simulated"] == 1).any())

    def name(self, column: str) -> str:
        """Give the name that a column has in the file that the trials were read from."""
        named = self.table.attrs.get("columns", {})
        return str(named.get(column, "target" if column == "response" else column))

    def counted(self, measure: str) -> NDArray[np.bool_]:
        """Tell which of the fits count in a measure's means and tests."""
        return counted(self.fits.table, measure, self.tested)

    def to_frame(self) -> pd.DataFrame:
        """Give the fits: one row per participant and condition."""
        return self.fits.to_frame()

    def sentences(self) -> list[str]:
        """Put every test into words, ready to paste."""
        return [line for tests in self.tests.values() for line in tests.sentences()]

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw everybody's PSE and JND by condition, with the means; into `ax` only the PSE.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.figure.Figure
            The one that was drawn into.

        Raises
        ------
        ComparisonError
            If no two people have a value.
        """
        from psychobench.analysis.layout import Layout
        from psychobench.draw.condition_means import draw_cells, draw_measure

        layout = Layout(self)
        measures = layout.measures()
        if not measures:
            raise ComparisonError("a plot of means needs two people with a value: there are none")
        if ax is None:
            return draw_cells(measures, layout.ticks, **layout.words)
        draw_measure(ax, measures[0], layout.ticks, **layout.words)
        return cast("Figure", ax.get_figure(root=True))

    def _repr_html_(self) -> str:
        """Show means and sentences in a notebook."""
        means = self.descriptives.round(3).to_html(index=False)
        said = "".join(f"<li>{escape(line)}</li>" for line in self.sentences())
        return f"{means}<ul>{said}</ul>"


def measures_of(fits: Fits) -> tuple[str, str]:
    """Say what is described and tested: where curves lie, and how steep they are."""
    return MEASURES if fits.options["task"] == "yes-no" else MEASURES_OF_CHOICES
