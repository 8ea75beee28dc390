"""The people whom an observer is tested against: their PSEs, and which mask they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import ComparisonError, OptionError
from psychobench.fits.status import STATUSES

TESTED = ("ok", "step")


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
