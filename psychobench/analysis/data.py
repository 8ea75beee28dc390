"""The numbers of an analysis: what was fitted, described and tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison.cohort_measures import counted
from psychobench.comparison.conditions.condition_data import Family
from psychobench.comparison.conditions.condition_tests import ConditionTests
from psychobench.fits.pse import Fits
from psychobench.formatting import Scale, scale_of
from psychobench.plans import Followed, Plan
from psychobench.trials.screening import Exclusion, Screening

MEASURES = ("pse", "jnd")
FORCED_CHOICE_MEASURES = ("threshold", "jnd")  # a forced choice has no PSE
# the tables of a plan that an analysis carries out
TABLES = ("data", "design", "exclude", "fit", "tests")


@dataclass(frozen=True)
class AnalysisData:
    """The numbers of an analysis, without tables, figures or pages made of them.

    Attributes
    ----------
    table : pandas.DataFrame
        The trials, or counts, that were analysed.
    screening : Screening or None
        What the checks found, excluded participants among them; None where the table holds counts.
    exclude : tuple of Exclusion
        The rules by which participants were to be excluded.
    left_out : pandas.DataFrame
        Who was excluded: ``observer, rule, value, n_trials``.
    fits : Fits
        One curve per participant and condition.
    descriptives : pandas.DataFrame
        One row per measure and cell of the design: ``measure``, the factors, ``n, mean, sd, sem,
        low, high`` (the mean's interval), ``without`` (participants whose status excludes them) and
        ``missing`` (these by status).
    tests : dict of str to ConditionTests
        The tests of each measure; empty where nothing can be compared.
    within, between : tuple of str
        The columns that differ within participants, and between them.
    confidence : float
        Coverage of all intervals.
    statuses : tuple of str
        The PSE statuses that were included in means and tests.
    family : {"planned", "valid"}
        What corrections count: every planned pair, or every pair with a test.
    notes : tuple of str
        What a reader should know: what could not be done, and why.
    provenance : mapping
        What the analysis was made from: time, versions, options, seed and the file's hash.
    followed : Followed or None
        The plan that was followed, with each departure from it; None without a plan.
    """

    table: pd.DataFrame
    screening: Screening | None
    exclude: tuple[Exclusion, ...]
    left_out: pd.DataFrame
    fits: Fits
    descriptives: pd.DataFrame
    tests: dict[str, ConditionTests]
    within: tuple[str, ...]
    between: tuple[str, ...]
    confidence: float
    statuses: tuple[str, ...]
    family: Family = "planned"
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    followed: Followed | None = None

    @property
    def plan(self) -> Plan:
        """The choices of this analysis, with which it can be repeated."""
        made = Plan.of(self.provenance.get("options", {}), tables=TABLES)
        return made if self.followed is None else self.followed.plan.joined(made)

    @property
    def measures(self) -> tuple[str, str]:
        """What is described and tested: where the curve lies, and how steep it is."""
        return measures_of(self.fits)

    @property
    def location(self) -> str:
        """Which measure says where the curve lies: ``pse``, or a forced choice's ``threshold``."""
        return self.measures[0]

    @property
    def simulated(self) -> bool:
        """Whether the trials are marked as simulated."""
        return "simulated" in self.table and bool((self.table["simulated"] == 1).any())

    @property
    def factors(self) -> list[str]:
        """The columns of the design: within participants, then between them."""
        return [*self.within, *self.between]

    def original_name(self, column: str) -> str:
        """Return the name that a column has in the file from which the trials were read."""
        renamed = self.table.attrs.get("columns", {})
        return str(renamed.get(column, "target" if column == "response" else column))

    def scale(self, measure: str) -> Scale:
        """Return how values of a measure are written: as precise as what was compared."""
        if measure in self.tests:
            return self.tests[measure].scale
        rows = self.descriptives[self.descriptives["measure"] == measure]
        return scale_of(rows["sem"], self.fits.data["level"])

    def included(self, measure: str) -> NDArray[np.bool_]:
        """Return which fits enter the means and tests of a measure, shape (n_fits,)."""
        return counted(self.fits.table, measure, self.statuses)


def measures_of(fits: Fits) -> tuple[str, str]:
    """Return what is described and tested: where curves lie, and how steep they are."""
    return MEASURES if fits.options["task"] == "yes-no" else FORCED_CHOICE_MEASURES


def measure_name(measure: str) -> str:
    """Return a measure's name as it stands in a text: abbreviations in capitals."""
    return measure.upper() if measure in MEASURES else measure
