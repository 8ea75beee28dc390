"""Model recovery of observers against a cohort, by mask."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from psychobench.comparison.agreement.recovery import recover_observers
from psychobench.comparison.cohort_measures import CohortMeasures
from psychobench.errors import ComparisonError

COLUMNS = (
    "recovery_score", "recovery_best", "recovered", "recovered_low", "recovered_high",
    "recovery_reason",
)  # fmt: skip


def recover_by_mask(
    answers: pd.DataFrame,
    people: pd.DataFrame,
    cohorts: Mapping[str, CohortMeasures],
    *,
    simulations: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate how often each observer would be found under each mask if it were the true one.

    Parameters
    ----------
    answers : DataFrame
        The observers' trials; their condition is the mask.
    people : DataFrame
        The people's trials or counts.
    cohorts : Mapping of str to CohortMeasures
        The people that each mask is compared with, from `match_cohorts`.
    simulations : int
        For each observer and mask.
    seed : int
        Seed of the simulations.

    Returns
    -------
    pandas.DataFrame
        One row per observer and mask: `observer`, `mask` and `COLUMNS`, from
        `psychobench.recover_observers`, with the reason where there is no recovery.
    """
    found = []
    for mask, cohort in cohorts.items():
        mine = answers[answers["condition"] == mask]
        theirs = people[people["condition"] == cohort.condition]
        try:
            recovery = recover_observers(mine, theirs, simulations=simulations, seed=seed)
        except ComparisonError as error:
            names = {"observer": mine["observer"].unique(), "recovery_reason": error.faults[0]}
            found.append(pd.DataFrame(names).assign(mask=mask))
            continue
        table = recovery.to_frame().rename(columns={"score": "recovery_score"})
        best = table["observer"] == recovery.best
        found.append(table.assign(mask=mask, recovery_best=best, recovery_reason=None))
    return pd.concat(found, ignore_index=True).reindex(columns=["observer", "mask", *COLUMNS])
