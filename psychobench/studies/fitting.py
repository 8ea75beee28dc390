"""The observers' curves in a study: every seed's, and those without labels' log-odds, at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.fits.pse import Fits, fit
from psychobench.studies.answers import Answers

KEYS = ["seed", "balanced"]  # what distinguishes the fits of one observer and mask


@dataclass(frozen=True)
class AnswerFits:
    """Fitted curves of the observers' answers, in the parts of `Answers`; `seeds` has `seed`."""

    first: Fits
    seeds: Fits
    balanced: Fits | None


def fit_answers(answers: Answers, options: Mapping[str, Any]) -> AnswerFits:
    """Fit all curves of the observers.

    Parameters
    ----------
    answers : Answers
        Their trials.
    options : mapping
        Options of `psychobench.fit`.
    """
    parts = [answers.seeds.assign(balanced=False)]
    if answers.balanced is not None:
        parts.append(answers.balanced.assign(balanced=True))
    fits = _fit_apart(pd.concat(parts, ignore_index=True), options)
    balanced = fits.table["balanced"].to_numpy(dtype=bool)
    first = fits.table["seed"].to_numpy() == answers.seeds["seed"].iloc[0]
    return AnswerFits(
        _only(fits, first & ~balanced, KEYS),
        _only(fits, ~balanced, ["balanced"]),
        None if answers.balanced is None else _only(fits, balanced, KEYS),
    )


def _fit_apart(trials: pd.DataFrame, options: Mapping[str, Any]) -> Fits:
    """Fit each training on its own: trainings of one observer share no lapse rate."""
    if not options.get("share"):
        return fit(trials, by=KEYS, **options)
    names = trials[["observer", *KEYS]].drop_duplicates(ignore_index=True)
    numbers = trials.groupby(["observer", *KEYS], sort=False).ngroup().astype(str)
    fits = fit(trials.assign(observer=numbers), by=KEYS, **options)
    observer = names["observer"].to_numpy()[fits.table["observer"].astype(int)]
    return replace(fits, table=fits.table.assign(observer=observer))


def _only(fits: Fits, chosen: NDArray[np.bool_], dropped: list[str]) -> Fits:
    taken = fits.take(np.flatnonzero(chosen))
    return replace(taken, table=taken.table.drop(columns=dropped))
