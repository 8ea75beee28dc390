"""Compare: every observer's PSE, mask by mask, tested over a family that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from psychobench.comparison.cohorts import TESTED, CohortPSE, HasFrame, match_cohorts
from psychobench.comparison.corrections import bonferroni
from psychobench.comparison.tests import OneSampleT, one_sample_t
from psychobench.errors import OptionError

Family = Literal["valid", "planned"]

FAMILIES = {
    "valid": "the fits that have a PSE",
    "planned": "every planned fit, with a PSE or without",
}
# a fit of one of these statuses has no PSE in the tables, unless it was asked for
UNREPORTED = ("failed", "never", "outside")


@dataclass(frozen=True)
class Comparison:
    """Observers against a cohort.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per observer x mask: ``observer, mask, pse, pse_low, pse_high, jnd, status, reason,
        crossings, cohort_condition, t, df, p, p_bonferroni, d``; what does not exist is missing.
    cohorts : Mapping of str to CohortPSE
        Mask to the people it was tested against.
    family : {"valid", "planned"}
        Which fits the correction counts.
    family_size : int
        How many these are.
    tested : tuple of str
        The statuses whose PSEs count, for people and observers alike.
    """

    table: pd.DataFrame
    cohorts: Mapping[str, CohortPSE]
    family: Family
    family_size: int
    tested: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def compare(
    observers: HasFrame,
    cohort: HasFrame,
    *,
    match: Mapping[str, str] | None = None,
    family: Family = "valid",
    tested: Sequence[str] = TESTED,
) -> Comparison:
    """Test every observer's PSE, mask by mask, against a cohort's.

    Parameters
    ----------
    observers, cohort : Fits
        What `psychobench.fit` gave for the observers' and for the people's table. An observer's
        condition is its mask.
    match : Mapping of str to str, optional
        The cohort's condition to the mask that it is tested against, never guessed from names.
        Without it, a cohort of a single condition stands for all masks, as in the paper.
    family : {"valid", "planned"}
        The fits that the Bonferroni correction counts: those with a PSE (the paper's), or all.
    tested : sequence of str
        The statuses whose PSEs count.

    Returns
    -------
    Comparison

    Raises
    ------
    ComparisonError
        If a mask has no cohort, or the cohort fewer than two participants with a PSE.
    OptionError
        If `family` or `tested` names something that does not exist.

    References
    ----------
    Ying, Li & Chen (2023), arXiv:2310.13674, section 2 and tables 1 to 3.
    """
    masks = list(dict.fromkeys(observers.to_frame()["condition"]))
    cohorts = match_cohorts(masks, cohort, match=match, tested=tested)
    return compare_with(observers, cohorts, family=family, tested=tested)


def compare_with(
    observers: HasFrame,
    cohorts: Mapping[str, CohortPSE],
    *,
    family: Family = "valid",
    tested: Sequence[str] = TESTED,
) -> Comparison:
    """Test every observer's PSE against the cohort of its mask; parameters as for `compare`."""
    if family not in FAMILIES:
        raise OptionError(f"the family must be one of {', '.join(FAMILIES)}: not '{family}'")
    rows = _hide_unreported(observers.to_frame().rename(columns={"condition": "mask"}), tested)
    has_test = (rows["status"].isin(tested) & rows["pse"].notna()).to_numpy()
    size = int(has_test.sum()) if family == "valid" else len(rows)
    tests = [
        one_sample_t(pse, cohorts[mask].pses) if tests_it else None
        for pse, mask, tests_it in zip(rows["pse"], rows["mask"], has_test, strict=True)
    ]
    return Comparison(_table(rows, cohorts, tests, size), cohorts, family, size, tuple(tested))


def _hide_unreported(rows: pd.DataFrame, tested: Sequence[str]) -> pd.DataFrame:
    hidden = rows["status"].isin(set(UNREPORTED) - set(tested))
    columns = ["pse", "pse_low", "pse_high"]
    return rows.assign(**{name: rows[name].astype(float).mask(hidden) for name in columns})


def _table(
    rows: pd.DataFrame,
    cohorts: Mapping[str, CohortPSE],
    tests: Sequence[OneSampleT | None],
    family_size: int,
) -> pd.DataFrame:
    kept = [
        "observer",
        "mask",
        "pse",
        "pse_low",
        "pse_high",
        "jnd",
        "status",
        "reason",
        "crossings",
    ]
    table = rows[kept].reset_index(drop=True)
    table["cohort_condition"] = [cohorts[mask].condition for mask in table["mask"]]
    results = pd.DataFrame(
        [{} if test is None else asdict(test) for test in tests],
        columns=["t", "df", "p", "d"],
        dtype=np.float64,
    )
    results["df"] = results["df"].astype("Int64")
    corrected = bonferroni(results["p"].to_numpy(), family_size)
    results.insert(3, "p_bonferroni", corrected)
    return table.join(results)
