"""The people whom an observer is tested against: PSEs, JNDs, and which mask they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison.sample import Sample
from psychobench.errors import ComparisonError, OptionError
from psychobench.fits.status import STATUSES

TESTED = ("ok", "step")
BOUNDED_BY_STEPS = ("jnd", "width", "slope")  # of a step they are mere bounds


class HasFrame(Protocol):
    """Whatever gives a table of fits; `psychobench.fits.pse.Fits` does."""

    def to_frame(self) -> pd.DataFrame:
        """One row per fit."""
        ...


@dataclass(frozen=True)
class CohortMeasures:
    """The PSEs and JNDs of one cohort in one condition.

    Attributes
    ----------
    condition : str
        The condition that the people answered in.
    pses : ndarray of float64, shape (n,)
        The participants' PSEs in level units, those with a tested status only.
    jnds : ndarray of float64, shape (k,)
        Their JNDs in level units, without those of steps, which are mere bounds.
    left_out, jnd_left_out : Mapping of str to str
        Participant to the status that left them out, of the PSEs and of the JNDs.
    """

    condition: str
    pses: NDArray[np.float64]
    jnds: NDArray[np.float64]
    left_out: Mapping[str, str]
    jnd_left_out: Mapping[str, str]

    @cached_property
    def pse(self) -> Sample:
        """Mean, standard deviation and number of the PSEs, in level units."""
        return Sample.of(self.pses)

    @cached_property
    def jnd(self) -> Sample | None:
        """The same of the JNDs; None where fewer than two people have one, or all have the same."""
        try:
            return Sample.of(self.jnds)
        except ComparisonError:
            return None


def measure_cohort(fits: pd.DataFrame, tested: Sequence[str] = TESTED) -> dict[str, CohortMeasures]:
    """Gather a cohort's PSEs and JNDs, condition by condition.

    Parameters
    ----------
    fits : pandas.DataFrame
        One row per participant x condition, with ``observer, condition, pse, jnd, status``.
    tested : sequence of str
        The statuses whose values count.
    """
    gathered = {}
    for condition, rows in fits.groupby("condition", sort=False):
        pses, left_out = _values(rows, "pse", tested)
        jnds, jnd_left_out = _values(rows, "jnd", tested)
        gathered[str(condition)] = CohortMeasures(
            str(condition), pses, jnds, left_out, jnd_left_out
        )
    return gathered


def counting(measure: str, tested: Sequence[str]) -> list[str]:
    """Give the statuses whose values of a measure count: a step's never do where it is a bound."""
    return [status for status in tested if status != "step" or measure not in BOUNDED_BY_STEPS]


def counted(fits: pd.DataFrame, measure: str, tested: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which fits have a value that counts."""
    known = fits["status"].isin(counting(measure, tested)) & fits[measure].notna()
    return known.to_numpy(dtype=bool)


def tested_faults(tested: Sequence[str]) -> list[str]:
    """Give one line for each tested status that does not exist."""
    return [
        f"a tested status must be one of {', '.join(STATUSES)}: not '{status}'"
        for status in tested
        if status not in STATUSES
    ]


def check_tested(tested: Sequence[str]) -> None:
    """Check that the statuses whose values count exist.

    Raises
    ------
    OptionError
        If one does not.
    """
    if faults := tested_faults(tested):
        raise OptionError(*faults)


def _values(
    rows: pd.DataFrame, measure: str, tested: Sequence[str]
) -> tuple[NDArray[np.float64], dict[str, str]]:
    counts = counted(rows, measure, tested)
    lost = rows[~counts]
    return (
        rows.loc[counts, measure].to_numpy(dtype=np.float64),
        dict(zip(lost["observer"], lost["status"], strict=True)),
    )


def match_cohorts(
    masks: Sequence[str],
    cohort: HasFrame,
    *,
    match: Mapping[str, str] | None = None,
    tested: Sequence[str] = TESTED,
) -> dict[str, CohortMeasures]:
    """Find for every mask the people whom it is tested against; parameters as for `compare`.

    Raises
    ------
    ComparisonError
        If a mask has no cohort, or the cohort fewer than two participants with a PSE.
    """
    check_tested(tested)
    cohorts = _cohort_of_each(masks, measure_cohort(cohort.to_frame(), tested), match)
    _check_sizes(cohorts)
    return cohorts


def _cohort_of_each(
    masks: Sequence[str], people: Mapping[str, CohortMeasures], match: Mapping[str, str] | None
) -> dict[str, CohortMeasures]:
    found = ", ".join(people)
    if match is None:
        if len(people) != 1:
            raise ComparisonError(
                f"a cohort of several conditions must be matched to masks: it has {found}; "
                "choose one with --where condition=NAME or match them with --match NAME=none,..."
            )
        return dict.fromkeys(masks, next(iter(people.values())))
    if unknown := [condition for condition in match if condition not in people]:
        raise ComparisonError(
            f"--match must name the cohort's conditions: '{unknown[0]}' is not among {found}"
        )
    of_mask = {mask: condition for condition, mask in match.items()}
    if missing := [mask for mask in masks if mask not in of_mask]:
        raise ComparisonError(
            f"--match must name a condition for every mask: '{missing[0]}' has none; "
            "add it to --match or leave that mask out with --mask"
        )
    return {mask: people[of_mask[mask]] for mask in masks}


def _check_sizes(cohorts: Mapping[str, CohortMeasures]) -> None:
    for cohort in cohorts.values():
        if len(cohort.pses) < 2:
            left_out = ", ".join(f"{who} ({why})" for who, why in cohort.left_out.items())
            raise ComparisonError(
                "a cohort needs two participants with a PSE: condition "
                f"'{cohort.condition}' has {len(cohort.pses)}; without one: {left_out or 'nobody'}"
            )
        _ = cohort.pse  # says so where the PSEs do not vary
