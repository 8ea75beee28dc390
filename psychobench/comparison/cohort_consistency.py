"""Error consistency of observers with a cohort, by mask, and among the people of that cohort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from psychobench.comparison.agreement.error_consistency import ErrorConsistency, error_consistency
from psychobench.comparison.agreement.judgements import stimulus_names
from psychobench.comparison.cohort_measures import CohortMeasures
from psychobench.errors import ComparisonError

STATED = ["correct", "truth"]
COLUMNS = (
    "consistency", "consistency_low", "consistency_high", "consistency_stimuli",
    "consistency_people", "consistency_people_low", "consistency_people_high",
    "consistency_reason",
)  # fmt: skip


def compare_errors(
    answers: pd.DataFrame,
    people: pd.DataFrame,
    cohorts: Mapping[str, CohortMeasures],
) -> pd.DataFrame:
    """Measure the error consistency of every observer with the people of its mask.

    Parameters
    ----------
    answers : DataFrame
        The observers' trials; their condition is the mask.
    people : DataFrame
        The people's trials or counts.
    cohorts : Mapping of str to CohortMeasures
        The people that each mask is compared with, from `match_cohorts`.

    Returns
    -------
    pandas.DataFrame
        One row per observer and mask: `observer`, `mask` and `COLUMNS`: kappa with its interval
        between the observer and people, the number of stimuli, kappa among people for the same
        stimuli, and the reason where there is none.
    """
    rows = []
    among: dict[str, dict[str, Any]] = {}
    for (name, mask), mine in answers.groupby(["observer", "condition"], sort=False):
        condition = cohorts[str(mask)].condition
        # images have levels, from which observers and people are scored alike
        theirs = people[people["condition"] == condition].drop(columns=STATED, errors="ignore")
        row: dict[str, Any] = {"observer": name, "mask": mask}
        try:
            row |= _named("consistency", error_consistency(mine, theirs, bootstrap=0))
            if condition not in among:
                # all observers judge the same images
                among[condition] = _ceiling(theirs, mine)
            row |= among[condition]
        except ComparisonError as error:
            row["consistency_reason"] = error.faults[0]
        rows.append(row)
    return pd.DataFrame(rows, columns=["observer", "mask", *COLUMNS])


def _ceiling(theirs: pd.DataFrame, mine: pd.DataFrame) -> dict[str, Any]:
    shown = set(stimulus_names(mine["stimulus"]))
    both = theirs[stimulus_names(theirs["stimulus"]).isin(shown)]
    try:
        found = _named("consistency_people", error_consistency(both, bootstrap=0))
    except ComparisonError as error:
        return {"consistency_reason": f"among people: {error.faults[0]}"}
    del found["consistency_people_stimuli"]
    return found


def _named(name: str, found: ErrorConsistency) -> dict[str, Any]:
    return {
        name: found.kappa,
        f"{name}_low": found.kappa_low,
        f"{name}_high": found.kappa_high,
        f"{name}_stimuli": found.n_stimuli,
    }
