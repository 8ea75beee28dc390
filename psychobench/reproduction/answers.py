"""Networks' answers to a paper's experiments as one table, checked before anything is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import TableError
from psychobench.reproduction.measures import KEYS
from psychobench.reproduction.paper import CONDITIONS, PRETRAININGS, check_observers

COLUMNS = (*KEYS, "stimulus", "level", "p_target")
OF_NETWORKS = ("label_log_odds", "accuracy")  # NaN where a network does not say


def check_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Check that every network answered to every mask and level in every training.

    Parameters
    ----------
    answers : pandas.DataFrame
        As `psychobench.reproduction.experiments.PaperExperiments.compare` takes them.

    Returns
    -------
    pandas.DataFrame
        The same rows, with columns for all of `OF_NETWORKS`.

    Raises
    ------
    OptionError
        If the answers of some observer have no place in the paper's tables.
    TableError
        If columns or answers are missing.
    """
    if absent := [name for name in COLUMNS if name not in answers]:
        raise TableError(
            f"answers must have the columns {', '.join(COLUMNS)}: {', '.join(absent)} missing"
        )
    check_observers([str(name) for name in answers["observer"].unique()])
    _check_cells(answers)
    unsaid = {name: np.nan for name in OF_NETWORKS if name not in answers}
    return answers.assign(**unsaid).astype(dict.fromkeys(OF_NETWORKS, np.float64))


def _check_cells(answers: pd.DataFrame) -> None:
    """Compare the cells that there are with those that the paper's tables need."""
    observers, seeds = answers["observer"].unique(), np.sort(answers["seed"].unique())
    axes: list[Any] = [PRETRAININGS, observers, CONDITIONS, seeds]
    wanted = pd.MultiIndex.from_product(axes, names=KEYS)
    levels = answers.groupby(KEYS)["level"].nunique()
    if len(strange := levels.index.difference(wanted)):
        raise TableError(
            f"answers must be to the conditions {', '.join(CONDITIONS)} by networks with the "
            f"pre-trainings {' and '.join(PRETRAININGS)}: there are answers of {_named(strange[0])}"
        )
    n_levels = answers["level"].nunique()
    if (few := levels.reindex(wanted, fill_value=0) < n_levels).any():
        raise TableError(
            "answers must be complete, with every level of every condition for each training: "
            f"{int(few.sum())} of {len(few)} cells lack some, such as {_named(few.idxmax())}"
        )


def _named(cell: Any) -> str:
    pretraining, observer, condition, seed = cell
    return f"{observer}, {pretraining}, condition {condition}, seed {seed}"
