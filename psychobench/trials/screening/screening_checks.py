"""Every check's rule, and the participants whom it points at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import TableError
from psychobench.trials.screening import measures


@dataclass(frozen=True)
class Check:
    """One number per observer, and the values from which it deserves a look.

    Parameters
    ----------
    measure : callable
        From trials to that number.
    rule : str
        What should hold, in words; `low` and `high` may stand in it.
    low, high : float
        Flagged below and above.
    sentence : str
        What a flag says; `value` stands in it, formatted by it.
    """

    measure: Callable[[pd.DataFrame], measures.Numbers]
    rule: str
    sentence: str
    low: float = -np.inf
    high: float = np.inf

    def stated(self) -> str:
        """Give the rule with its limits."""
        return self.rule.format(low=self.low, high=self.high)


CHECKS = {
    "missing": Check(
        measures.missing_answers,
        "at most {high:.0%} of the trials lack an answer",
        "{value:.0%} of the trials lack an answer",
        high=0.05,
    ),
    "cells": Check(
        measures.short_cells,
        "every condition and level has as many trials as for the median participant",
        "trials are missing in {value:.0%} of the cells, condition x level, of the design",
        high=0.0,
    ),
    "rt": Check(
        measures.odd_rts,
        f"at most {{high:.0%}} of the reaction times are under {measures.FASTEST:g} s or more than "
        f"{measures.SLOW:g} scaled MADs above the participant's median, in logarithms",
        "{value:.0%} of the reaction times are very short or very long",
        high=0.1,
    ),
    "run": Check(
        measures.longest_run,
        "no run of one answer is so long that it would come up by chance once in 1,000 times",
        "one answer was given {value:.1f} times as often in a row as chance explains: a key may "
        "have been held down",
        high=1.0,
    ),
    "bias": Check(
        measures.target_share,
        "target answers are {low:.0%} to {high:.0%} of all, every level alike",
        "{value:.0%} of the answers are the target",
        low=0.2,
        high=0.8,
    ),
    "switching": Check(
        measures.switching,
        "answers change from trial to trial about as often as the levels make them change: within "
        "{high:g} standard deviations",
        "answers change from trial to trial in a way that the levels do not explain "
        "({value:+.1f} standard deviations)",
        low=-4.0,
        high=4.0,
    ),
    "ends": Check(
        measures.right_at_ends,
        "at the lowest and the highest level at least {low:.0%} of the answers are right",
        "only {value:.0%} of the answers at the lowest and the highest level are right: guessing, "
        "or the two keys mixed up",
        low=0.75,
    ),
    "halves": Check(
        measures.halves,
        "the two halves of the session differ by at most {high:g} standard deviations in how often "
        "the target was chosen (Cochran-Mantel-Haenszel over levels and conditions)",
        "from the first to the last half, target answers changed by {value:+.1f} standard "
        "deviations",
        low=-3.0,
        high=3.0,
    ),
    "repeats": Check(
        measures.repeated_rows,
        "no row comes twice",
        "{value:.0%} of the trials are the same as an earlier one in every column: were rows "
        "pasted twice?",
        high=0.0,
    ),
    "copies": Check(
        measures.same_as_another,
        "no two participants gave the same answers to the same levels in the same order",
        "the trials are the same as those of {value:.0f} other: was a file read twice?",
        high=0.0,
    ),
}


@dataclass(frozen=True)
class Screening:
    """What the checks found.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per participant and check: ``observer, check, value, flagged, sentence``; value is
        missing where the trials cannot tell, sentence where nothing was flagged.
    rules : dict of str to str
        Every check's rule in words.
    notes : tuple of str
        What could not be checked, and why.
    """

    table: pd.DataFrame
    rules: dict[str, str]
    notes: tuple[str, ...] = field(default=())

    @property
    def flags(self) -> pd.DataFrame:
        """The flagged rows alone."""
        return self.table[self.table["flagged"]].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def check_trials(table: pd.DataFrame) -> Screening:
    """Look each participant's trials over: nobody is left out, a flag is a reason to look.

    Parameters
    ----------
    table : DataFrame
        Trials, one row each, as `psychobench.read_trials` gives them, in the order in which they
        were given within a participant, or with a ``trial`` column (and ``session``) that says so.

    Returns
    -------
    Screening

    Raises
    ------
    TableError
        If the table holds counts or probabilities: these have no trials to look at.

    Examples
    --------
    >>> trials = pd.DataFrame({"observer": "p1", "condition": "all", "level": [0.0, 1.0] * 20,
    ...                        "response": [1.0, 0.0] * 20})
    >>> check_trials(trials).flags[["observer", "check"]].values.tolist()
    [['p1', 'ends']]
    """
    if "response" not in table:
        raise TableError(
            "checks need one row per trial with a response: "
            f"{table.attrs.get('source', 'the table')} has none"
        )
    trials, notes = _ordered(table)
    rows = pd.concat(
        [_checked(name, check, trials) for name, check in CHECKS.items()], ignore_index=True
    )
    order = rows["observer"].map({name: i for i, name in enumerate(trials["observer"].unique())})
    rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    return Screening(rows, {name: check.stated() for name, check in CHECKS.items()}, notes)


def _ordered(table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Put each participant's trials together, in the order in which they were given."""
    keys: list[NDArray[Any]] = [
        pd.factorize(table[name])[0] for name in ("observer", "session") if name in table
    ]
    notes = []
    if (number := _numbers(table, keys)) is not None:
        keys.append(number)
    else:
        notes.append("no trial number tells the order of all trials: it is taken to be the rows'")
    if "rt" not in table:
        notes.append("no reaction times: they were not checked")
    trials = table.iloc[np.lexsort(keys[::-1])].reset_index(drop=True)
    if "rt" in trials:
        trials["rt"] = pd.to_numeric(trials["rt"], errors="coerce")
    return trials, tuple(notes)


def _numbers(table: pd.DataFrame, keys: list[NDArray[Any]]) -> NDArray[np.float64] | None:
    """Give the trials' numbers where they order all of a session's trials."""
    if "trial" not in table:
        return None
    number = pd.to_numeric(table["trial"], errors="coerce")
    places = pd.DataFrame(dict(enumerate([*keys, number])))
    return None if number.isna().any() or places.duplicated().any() else number.to_numpy(np.float64)


def _checked(name: str, check: Check, trials: pd.DataFrame) -> pd.DataFrame:
    values = check.measure(trials).reindex(trials["observer"].unique())
    flagged = (values < check.low) | (values > check.high)
    return pd.DataFrame(
        {
            "observer": values.index,
            "check": name,
            "value": values.to_numpy(dtype=np.float64),
            "flagged": flagged.to_numpy(),
            "sentence": [
                check.sentence.format(value=value) if flag else None
                for value, flag in zip(values, flagged, strict=True)
            ],
        }
    )
