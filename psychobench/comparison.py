"""Comparison: test each observer's PSE against a cohort's, over a family that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from psychobench.errors import ComparisonError, OptionError

Family = Literal["valid", "planned"]

STATUSES = ("ok", "outside", "never", "reversed", "step", "failed")
TESTED = ("ok", "step")
FAMILIES = {
    "valid": "the fits that have a PSE",
    "planned": "every planned fit, with a PSE or without",
}
# a fit of one of these statuses has no PSE in the tables, unless it was asked for
UNREPORTED = ("failed", "never", "outside")


class HasFrame(Protocol):
    """Whatever gives a table of fits; `psychobench.pse.Fits` does."""

    def to_frame(self) -> pd.DataFrame:
        """One row per fit."""
        ...


@dataclass(frozen=True)
class CohortPSE:
    """The PSEs of one cohort in one condition.

    Attributes
    ----------
    condition : str
        The condition that the people answered in.
    pses : ndarray of float64, shape (n,)
        The participants' PSEs in level units, those with a tested status only.
    left_out : Mapping of str to str
        Participant to the status that left them out.
    """

    condition: str
    pses: NDArray[np.float64]
    left_out: Mapping[str, str]

    @property
    def n(self) -> int:
        """Number of participants with a PSE."""
        return len(self.pses)

    @property
    def mean(self) -> float:
        """Mean PSE, in level units."""
        return float(self.pses.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of the PSEs over participants (n - 1)."""
        return float(self.pses.std(ddof=1))

    @property
    def sem(self) -> float:
        """Standard error of the mean PSE."""
        return self.sd / float(np.sqrt(self.n))


@dataclass(frozen=True)
class OneSampleT:
    """One-sample t of a cohort's PSEs against one observer's PSE.

    Attributes
    ----------
    t : float
        (observer - cohort mean) / SEM: positive where the observer's PSE is the higher one.
    df : int
        Participants - 1.
    p : float
        Two-sided.
    d : float
        The same difference in standard deviations of the cohort.
    """

    t: float
    df: int
    p: float
    d: float


def one_sample_t(pse: float, pses: NDArray[np.float64]) -> OneSampleT:
    """Ask whether a cohort's mean PSE differs from one observer's PSE.

    Parameters
    ----------
    pse : float
        The observer's PSE, in level units.
    pses : ndarray of float64, shape (n,)
        The cohort's, n > 1 and not all alike.

    Raises
    ------
    ComparisonError
        If there are fewer than two PSEs or they do not vary.

    References
    ----------
    Ying, Li & Chen (2023), arXiv:2310.13674, tables 1 to 3.

    Examples
    --------
    >>> test = one_sample_t(0.7, np.array([0.4, 0.5, 0.6]))
    >>> round(test.t, 3), test.df, round(test.d, 3)
    (3.464, 2, 2.0)
    """
    if len(pses) < 2:
        raise ComparisonError(f"a t-test needs two participants with a PSE: there are {len(pses)}")
    sd = float(np.std(pses, ddof=1))
    if sd <= 1e-12 * max(1.0, float(np.abs(pses).max())):
        raise ComparisonError(
            f"a t-test needs PSEs that vary: all {len(pses)} participants have {pses[0]:.4g}"
        )
    # scipy's sign is (cohort - observer); the paper's is the reverse
    result = stats.ttest_1samp(pses, pse)
    d = (pse - float(np.mean(pses))) / sd
    return OneSampleT(t=-float(result.statistic), df=len(pses) - 1, p=float(result.pvalue), d=d)


def bonferroni(p: NDArray[np.float64], family_size: int) -> NDArray[np.float64]:
    """Correct p-values for `family_size` tests: multiply, and stop at 1.

    Examples
    --------
    >>> bonferroni(np.array([0.01, 0.4]), 4)
    array([0.04, 1.  ])
    """
    return np.minimum(1.0, p * family_size)


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


def cohort_pses(fits: pd.DataFrame, tested: Sequence[str] = TESTED) -> dict[str, CohortPSE]:
    """Gather a cohort's PSEs, condition by condition.

    Parameters
    ----------
    fits : pandas.DataFrame
        One row per participant x condition, with ``observer, condition, pse, status``.
    tested : sequence of str
        The statuses whose PSEs count.
    """
    gathered = {}
    for condition, rows in fits.groupby("condition", sort=False):
        counts = rows["status"].isin(tested) & rows["pse"].notna()
        gathered[str(condition)] = CohortPSE(
            condition=str(condition),
            pses=rows.loc[counts, "pse"].to_numpy(dtype=np.float64),
            left_out=dict(
                zip(rows.loc[~counts, "observer"], rows.loc[~counts, "status"], strict=True)
            ),
        )
    return gathered


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


def match_cohorts(
    masks: Sequence[str],
    cohort: HasFrame,
    *,
    match: Mapping[str, str] | None = None,
    tested: Sequence[str] = TESTED,
) -> dict[str, CohortPSE]:
    """Find for every mask the people whom it is tested against; parameters as for `compare`.

    Raises
    ------
    ComparisonError
        If a mask has no cohort, or the cohort fewer than two participants with a PSE.
    """
    if unknown := [status for status in tested if status not in STATUSES]:
        raise OptionError(
            f"a tested status must be one of {', '.join(STATUSES)}: not '{unknown[0]}'"
        )
    cohorts = _cohort_of_each(masks, cohort_pses(cohort.to_frame(), tested), match)
    _check_sizes(cohorts)
    return cohorts


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


def _cohort_of_each(
    masks: Sequence[str], pses: Mapping[str, CohortPSE], match: Mapping[str, str] | None
) -> dict[str, CohortPSE]:
    found = ", ".join(pses)
    if match is None:
        if len(pses) != 1:
            raise ComparisonError(
                f"a cohort of several conditions must be matched to masks: it has {found}; "
                "choose one with --where condition=NAME or match them with --match NAME=none,..."
            )
        return dict.fromkeys(masks, next(iter(pses.values())))
    if unknown := [condition for condition in match if condition not in pses]:
        raise ComparisonError(
            f"--match must name the cohort's conditions: '{unknown[0]}' is not among {found}"
        )
    of_mask = {mask: condition for condition, mask in match.items()}
    if missing := [mask for mask in masks if mask not in of_mask]:
        raise ComparisonError(
            f"--match must name a condition for every mask: '{missing[0]}' has none; "
            "add it to --match or leave that mask out with --mask"
        )
    return {mask: pses[of_mask[mask]] for mask in masks}


def _check_sizes(cohorts: Mapping[str, CohortPSE]) -> None:
    for cohort in cohorts.values():
        if cohort.n < 2:
            left_out = ", ".join(f"{who} ({why})" for who, why in cohort.left_out.items())
            raise ComparisonError(
                "a cohort needs two participants with a PSE: condition "
                f"'{cohort.condition}' has {cohort.n}; without one: {left_out or 'nobody'}"
            )


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
