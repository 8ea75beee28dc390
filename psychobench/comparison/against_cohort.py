"""Test every observer's PSE and JND, mask by mask, against a cohort, over a named family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from psychobench.arguments import Names, Pairs, check_choice
from psychobench.comparison.cohort_measures import (
    DEFAULT_STATUSES,
    CohortMeasures,
    HasFrame,
    check_statuses,
    counted,
    match_cohorts,
)
from psychobench.comparison.equivalence import check_margin
from psychobench.comparison.family import run_tests
from psychobench.tables.frames import as_rows
from psychobench.tables.notebook import ShownAsTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Family = Literal["valid", "planned"]

FAMILIES = {
    "valid": "all fits with a PSE",
    "planned": "all planned fits, with or without a PSE",
}
KEPT = [
    "observer", "mask", "pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high",
    "status", "reason", "crossings",
]  # fmt: skip
# fits with these statuses have no PSE in the tables unless the statuses are included
UNREPORTED = ("failed", "never", "outside")


@dataclass(frozen=True)
class Comparison(ShownAsTable):
    """Observers tested against a cohort.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per observer x mask: ``observer, mask, pse, pse_low, pse_high, jnd, jnd_low,
        jnd_high, status, reason, crossings, cohort_condition``, the tests of the PSE
        (`psychobench.comparison.family.COLUMNS`) and, with the prefix ``jnd_``, those of the JND;
        missing values are NaN or None.
    cohorts : Mapping of str to CohortMeasures
        The people that each mask was tested against.
    family : {"valid", "planned"}
        Which tests the corrections count.
    family_size, jnd_family_size : int
        The number of tests in the family, for the PSE and for the JND.
    statuses : tuple of str
        The statuses whose PSEs were included, for people and observers alike. The JND of a
        ``step`` never is.
    margin : float or None
        The equivalence margin in level units.
    """

    table: pd.DataFrame
    cohorts: Mapping[str, CohortMeasures]
    family: Family
    family_size: int
    jnd_family_size: int
    statuses: tuple[str, ...]
    margin: float | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def plot(self, ax: Axes | None = None, *, people: str = "people") -> Figure:
        """Draw each observer's PSE, with its interval, among those of the people.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        people : str
            What the cohort is called, such as "simulated people" for the bundled one.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from psychobench.draw.pses import Mark, PSERow, draw_pses

        shown = self.table[["observer", "pse", "pse_low", "pse_high"]]
        rows = [
            PSERow(
                mask,
                cohort.pses,
                [Mark(*each) for each in shown[self.table["mask"] == mask].itertuples(index=False)],
            )
            for mask, cohort in self.cohorts.items()
        ]
        return draw_pses(rows, ax, people=people, x_label="PSE, in units of the level")


FIT_COLUMNS = ("observer", "condition", "pse", "jnd", "status")


def compare(
    observers: HasFrame | pd.DataFrame,
    cohort: HasFrame | pd.DataFrame,
    *,
    match: Pairs = None,
    family: Family = "valid",
    statuses: Names = DEFAULT_STATUSES,
    margin: float | None = None,
) -> Comparison:
    """Test every observer's PSE and JND, mask by mask, against a cohort's.

    Three questions are asked separately: whether the observer could be one of these people
    (`psychobench.comparison.single_case_t`), whether it differs from the average person
    (`one_sample_t`, the paper's test, with `jzs_bayes_factor`), and whether it is equivalent to the
    average person (`equivalence`). The observer's value is treated as known without error.

    Parameters
    ----------
    observers, cohort : Fits or DataFrame
        Fits of the observers' and of the people's answers, from `psychobench.fit`. The condition
        of an observer is its mask.
    match : mapping or str, optional
        The mask that each of the cohort's conditions is compared with, ``{"whole": "none"}`` or
        ``"whole=none"``; never guessed from names. Without it, a cohort with a single condition
        stands for all masks, as in the paper.
    family : {"valid", "planned"}
        The tests that the Bonferroni and Holm corrections count, separately for each question:
        those of fits with a value (as in the paper), or of all planned fits.
    statuses : str or sequence of str
        The statuses whose values are included.
    margin : float, optional
        The equivalence margin in level units, for PSE and JND alike. Without it, equivalence is
        not tested.

    Returns
    -------
    Comparison

    Raises
    ------
    ComparisonError
        If a mask has no cohort, or the cohort has fewer than two participants with a PSE.
    OptionError
        If `family` or `statuses` names something that does not exist, or `margin` is not
        positive.

    References
    ----------
    Ying, Li & Chen (2023), arXiv:2310.13674, section 2 and tables 1 to 3.
    """
    fits, people = (
        as_rows(observers, "observers", FIT_COLUMNS),
        as_rows(cohort, "cohort", FIT_COLUMNS),
    )
    masks = list(dict.fromkeys(fits.to_frame()["condition"]))
    cohorts = match_cohorts(masks, people, match=match, statuses=statuses)
    return compare_with(fits, cohorts, family=family, statuses=statuses, margin=margin)


def compare_with(
    observers: HasFrame,
    cohorts: Mapping[str, CohortMeasures],
    *,
    family: Family = "valid",
    statuses: Names = DEFAULT_STATUSES,
    margin: float | None = None,
) -> Comparison:
    """Test every observer against the cohort of its mask; parameters as for `compare`."""
    check_choice(family, "family", FAMILIES)
    statuses = check_statuses(statuses)
    if margin is not None:
        check_margin(margin)
    rows = _hide_unreported(observers.to_frame().rename(columns={"condition": "mask"}), statuses)
    people = [cohorts[mask] for mask in rows["mask"]]
    table = rows[KEPT].reset_index(drop=True)
    table["cohort_condition"] = [each.condition for each in people]
    sizes = {}
    for measure, prefix in (("pse", ""), ("jnd", "jnd_")):
        samples = [getattr(each, measure) for each in people]
        has_test = counted(rows, measure, statuses) & [sample is not None for sample in samples]
        sizes[measure] = int(has_test.sum()) if family == "valid" else len(rows)
        values = np.where(has_test, rows[measure].to_numpy(dtype=np.float64), np.nan)
        tests = run_tests(values, samples, family_size=sizes[measure], margin=margin)
        table = table.join(tests.add_prefix(prefix))
    return Comparison(table, cohorts, family, sizes["pse"], sizes["jnd"], statuses, margin)


def _hide_unreported(rows: pd.DataFrame, statuses: Sequence[str]) -> pd.DataFrame:
    hidden = rows["status"].isin(set(UNREPORTED) - set(statuses))
    columns = ["pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high"]
    return rows.assign(**{name: rows[name].astype(float).mask(hidden) for name in columns})
