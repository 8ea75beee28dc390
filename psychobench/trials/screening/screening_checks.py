"""The checks of trials: what each measures, its rule, and whom it flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import Names, Pairs, parse_names
from psychobench.errors import TableError
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.oddities import in_milliseconds, note_milliseconds, note_similar_names
from psychobench.trials.screening import measures
from psychobench.trials.screening.unused_columns import note_unused_columns
from psychobench.trials.table import TableLike, read_trials


@dataclass(frozen=True)
class Check:
    """One number per observer, and the limits beyond which it is flagged.

    Parameters
    ----------
    measure : callable
        From trials to that number.
    rule : str
        What should hold, in words; ``{low}`` and ``{high}`` are filled in.
    low, high : float
        Values below and above are flagged.
    sentence : str
        The text of a flag; ``{value}`` is filled in.
    """

    measure: Callable[[pd.DataFrame], measures.Numbers]
    rule: str
    sentence: str
    low: float = -np.inf
    high: float = np.inf

    def stated(self) -> str:
        """Return the rule with its limits."""
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
        "no run of one answer is so long that chance would produce it less than once in 1,000 "
        "times",
        "the longest run of one answer is {value:.1f} times as long as chance explains: was a key "
        "held down?",
        high=1.0,
    ),
    "bias": Check(
        measures.target_share,
        "{low:.0%} to {high:.0%} of the answers are the target, all levels weighted equally",
        "{value:.0%} of the answers are the target, all levels weighted equally",
        low=0.2,
        high=0.8,
    ),
    "switching": Check(
        measures.switching,
        "answers change from trial to trial about as often as the levels explain: within {high:g} "
        "standard deviations",
        "answers change from trial to trial more or less often than the levels explain "
        "({value:+.1f} standard deviations)",
        low=-4.0,
        high=4.0,
    ),
    "ends": Check(
        measures.right_at_ends,
        "at least {low:.0%} of the answers at the lowest and the highest level are correct",
        "only {value:.0%} of the answers at the lowest and the highest level are correct: was it "
        "guessing, or were the two keys mixed up?",
        low=0.75,
    ),
    "halves": Check(
        measures.halves,
        "the two halves of the session differ by at most {high:g} standard deviations in how often "
        "the target was chosen (Cochran-Mantel-Haenszel over levels and conditions)",
        "the proportion of target answers changed by {value:+.1f} standard deviations from the "
        "first to the last half",
        low=-3.0,
        high=3.0,
    ),
    "repeats": Check(
        measures.repeated_rows,
        "no row occurs twice",
        "{value:.0%} of the trials equal an earlier one in every column: were rows pasted twice?",
        high=0.0,
    ),
    "copies": Check(
        measures.same_as_another,
        "no two participants gave the same answers to the same levels in the same order",
        "the trials equal those of {value:.0f} other: was a file read twice?",
        high=0.0,
    ),
}


@dataclass(frozen=True)
class Screening(ShownAsTable):
    """The result of the checks.

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


def check_trials(
    table: TableLike, *, columns: Pairs = None, where: Pairs = None, factors: Names = None
) -> Screening:
    """Check each participant's trials; nobody is excluded, and a flag is only a reason to look.

    Parameters
    ----------
    table : DataFrame, str or path
        Trials, one row each, as `psychobench.read_trials` takes them. Within a participant they are
        in the order in which they were answered, or a column ``trial`` (and ``session``) gives the
        order.
    columns, where : mapping or str, optional
        What the table calls its columns, and which rows to use; see `psychobench.read_trials`.
    factors : str or sequence of str, optional
        Further columns that are used; the notes list the others that vary.

    Returns
    -------
    Screening

    Raises
    ------
    TableError
        If the table breaks the column contract, or holds counts or probabilities, which have no
        trials to check.

    Examples
    --------
    >>> trials = pd.DataFrame({"observer": "p1", "condition": "all", "level": [0.0, 1.0] * 20,
    ...                        "response": [1.0, 0.0] * 20})
    >>> check_trials(trials).flags[["observer", "check"]].values.tolist()
    [['p1', 'ends']]
    """
    checked = read_trials(table, columns=columns, where=where)
    if "response" not in checked:
        raise TableError(
            "checks need one row per trial with a response: "
            f"{checked.attrs['source']} has none; hand in the trials behind it"
        )
    trials, notes = _in_order(checked)
    rows = pd.concat(
        [_checked(name, check, trials) for name, check in CHECKS.items()], ignore_index=True
    )
    order = rows["observer"].map({name: i for i, name in enumerate(trials["observer"].unique())})
    rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    # what may change results comes first: short texts show the first notes alone
    notes = (
        *note_similar_names(checked),
        *note_unused_columns(checked, parse_names(factors, "factors")),
        *note_milliseconds(checked),
        *notes,
    )
    return Screening(rows, {name: check.stated() for name, check in CHECKS.items()}, notes)


def _in_order(table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Sort each participant's trials into the order in which they were answered."""
    keys: list[NDArray[Any]] = [
        pd.factorize(table[name])[0] for name in ("observer", "session") if name in table
    ]
    notes = []
    if (number := _numbers(table, keys)) is not None:
        keys.append(number)
    else:
        notes.append(
            "there are no unique trial numbers: trials are taken to be in the order of the rows"
        )
    if "rt" not in table:
        notes.append("there are no reaction times: they were not checked")
    trials = table.iloc[np.lexsort(keys[::-1])].reset_index(drop=True)
    if "rt" in trials:
        trials["rt"] = pd.to_numeric(trials["rt"], errors="coerce")
        if in_milliseconds(trials):
            trials["rt"] /= 1000
    return trials, tuple(notes)


def _numbers(table: pd.DataFrame, keys: list[NDArray[Any]]) -> NDArray[np.float64] | None:
    """Return the trial numbers where they are unique within each session."""
    if "trial" not in table:
        return None
    number = pd.to_numeric(table["trial"], errors="coerce")
    numbered = pd.DataFrame(dict(enumerate([*keys, number])))
    ambiguous = number.isna().any() or numbered.duplicated().any()
    return None if ambiguous else number.to_numpy(np.float64)


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
