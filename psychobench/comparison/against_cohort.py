"""Compare: every observer's PSE and JND, mask by mask, tested over a family that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from psychobench.comparison.cohort_measures import (
    TESTED,
    CohortMeasures,
    HasFrame,
    counted,
    match_cohorts,
)
from psychobench.comparison.equivalence import check_margin
from psychobench.comparison.family import run_battery
from psychobench.errors import OptionError
from psychobench.tables.frames import as_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Family = Literal["valid", "planned"]

FAMILIES = {
    "valid": "the fits that have a PSE",
    "planned": "every planned fit, with a PSE or without",
}
KEPT = [
    "observer", "mask", "pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high",
    "status", "reason", "crossings",
]  # fmt: skip
# a fit of one of these statuses has no PSE in the tables, unless it was asked for
UNREPORTED = ("failed", "never", "outside")


@dataclass(frozen=True)
class Comparison:
    """Observers against a cohort.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per observer x mask: ``observer, mask, pse, pse_low, pse_high, jnd, jnd_low,
        jnd_high, status, reason, crossings, cohort_condition``, the tests of the PSE
        (`psychobench.comparison.family.COLUMNS`) and, with the prefix ``jnd_``, those of the JND;
        what does not exist is missing.
    cohorts : Mapping of str to CohortMeasures
        Mask to the people it was tested against.
    family : {"valid", "planned"}
        Which fits the corrections count.
    family_size, jnd_family_size : int
        How many these are, for the PSE and for the JND.
    tested : tuple of str
        The statuses whose PSEs count, for people and observers alike. A step's JND never does.
    margin : float or None
        The largest difference that counts as none, in level units.
    """

    table: pd.DataFrame
    cohorts: Mapping[str, CohortMeasures]
    family: Family
    family_size: int
    jnd_family_size: int
    tested: tuple[str, ...]
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
            What the cohort is called; say "simulated people" of the bundled one.

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
    match: Mapping[str, str] | None = None,
    family: Family = "valid",
    tested: Sequence[str] = TESTED,
    margin: float | None = None,
) -> Comparison:
    """Test every observer's PSE and JND, mask by mask, against a cohort's.

    Side by side, each with its own question: whether the observer could be one of these people
    (`psychobench.comparison.single_case_t`), whether it differs from the average person
    (`one_sample_t`, the paper's, with `jzs_bayes_factor`), and whether it is as good as equal to
    the average person (`equivalence`). The observer's value is taken as exact.

    Parameters
    ----------
    observers, cohort : Fits or DataFrame
        What `psychobench.fit` returned for the observers' and for the people's table. An observer's
        condition is its mask.
    match : Mapping of str to str, optional
        The cohort's condition to the mask that it is tested against, never guessed from names.
        Without it, a cohort of a single condition stands for all masks, as in the paper.
    family : {"valid", "planned"}
        The fits that Bonferroni's and Holm's corrections count, for each question apart: those
        with a value (the paper's), or all.
    tested : sequence of str
        The statuses whose values count.
    margin : float, optional
        The largest difference that counts as none, in level units; for PSE and JND alike. Without
        it nothing is tested for equivalence.

    Returns
    -------
    Comparison

    Raises
    ------
    ComparisonError
        If a mask has no cohort, or the cohort fewer than two participants with a PSE.
    OptionError
        If `family` or `tested` names something that does not exist, or the margin is not positive.

    References
    ----------
    Ying, Li & Chen (2023), arXiv:2310.13674, section 2 and tables 1 to 3.
    """
    observers = as_rows(observers, "observers", FIT_COLUMNS)
    cohort = as_rows(cohort, "cohort", FIT_COLUMNS)
    masks = list(dict.fromkeys(observers.to_frame()["condition"]))
    cohorts = match_cohorts(masks, cohort, match=match, tested=tested)
    return compare_with(observers, cohorts, family=family, tested=tested, margin=margin)


def compare_with(
    observers: HasFrame,
    cohorts: Mapping[str, CohortMeasures],
    *,
    family: Family = "valid",
    tested: Sequence[str] = TESTED,
    margin: float | None = None,
) -> Comparison:
    """Test every observer against the cohort of its mask; parameters as for `compare`."""
    if family not in FAMILIES:
        raise OptionError(f"the family must be one of {', '.join(FAMILIES)}: not '{family}'")
    if margin is not None:
        check_margin(margin)
    rows = _hide_unreported(observers.to_frame().rename(columns={"condition": "mask"}), tested)
    people = [cohorts[mask] for mask in rows["mask"]]
    table = rows[KEPT].reset_index(drop=True)
    table["cohort_condition"] = [each.condition for each in people]
    sizes = {}
    for measure, prefix in (("pse", ""), ("jnd", "jnd_")):
        samples = [getattr(each, measure) for each in people]
        has_test = counted(rows, measure, tested) & [sample is not None for sample in samples]
        sizes[measure] = int(has_test.sum()) if family == "valid" else len(rows)
        values = np.where(has_test, rows[measure].to_numpy(dtype=np.float64), np.nan)
        tests = run_battery(values, samples, family_size=sizes[measure], margin=margin)
        table = table.join(tests.add_prefix(prefix))
    return Comparison(table, cohorts, family, sizes["pse"], sizes["jnd"], tuple(tested), margin)


def _hide_unreported(rows: pd.DataFrame, tested: Sequence[str]) -> pd.DataFrame:
    hidden = rows["status"].isin(set(UNREPORTED) - set(tested))
    columns = ["pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high"]
    return rows.assign(**{name: rows[name].astype(float).mask(hidden) for name in columns})
