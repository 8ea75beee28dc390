"""Exclusion: who is left out, by a rule that was stated before and is printed after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from psychobench.errors import OptionError
from psychobench.messages import nearest
from psychobench.trials.screening.screening_checks import CHECKS, Screening

_RULE = re.compile(r"\s*([a-z]+)\s*(?:([<>])\s*([+-]?[0-9.]+))?\s*")


@dataclass(frozen=True)
class Exclusion:
    """A rule by which participants are left out.

    Attributes
    ----------
    check : str
        One of `CHECKS`.
    sign : {"<", ">"} or None
        With None, whoever the check flags is left out.
    limit : float or None
        The value that `sign` compares with.
    """

    check: str
    sign: str | None = None
    limit: float | None = None

    def __str__(self) -> str:
        return self.check if self.sign is None else f"{self.check}{self.sign}{self.limit:g}"


def parse_exclusion(text: str) -> Exclusion:
    """Read a rule such as ``ends`` or ``missing>0.2``.

    Raises
    ------
    OptionError
        If it names no check or its value is no number.

    Examples
    --------
    >>> parse_exclusion("missing>0.2")
    Exclusion(check='missing', sign='>', limit=0.2)
    """
    match = _RULE.fullmatch(text)
    try:
        check, sign, limit = match.groups() if match else (text.strip(), None, None)
        value = None if limit is None else float(limit)
    except ValueError:
        match = None
    if match is None or check not in CHECKS:
        raise OptionError(
            f"an exclusion rule must be a check, or a check with < or > and a number: got '{text}'"
            f"{nearest(check, CHECKS)}; checks are {', '.join(CHECKS)}, for instance missing>0.2"
        )
    return Exclusion(check, sign, value)


def exclude(
    table: pd.DataFrame, screening: Screening, rules: Sequence[Exclusion]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out the participants whom a rule meets.

    Parameters
    ----------
    table : DataFrame
        The trials.
    screening : Screening
        What `check_trials` found in them.
    rules : sequence of Exclusion
        Any of them leaves a participant out.

    Returns
    -------
    kept : DataFrame
        The other participants' trials.
    left_out : DataFrame
        ``observer, rule, value, n_trials``: who went and why; one row per rule that was met.

    Raises
    ------
    OptionError
        If nobody is left.
    """
    found = screening.table
    parts = []
    for rule in rules:
        rows = found[found["check"] == rule.check]
        met = rows["flagged"] if rule.limit is None else _meets(rows["value"], rule)
        parts.append(rows.loc[met, ["observer", "value"]].assign(rule=str(rule)))
    columns = ["observer", "rule", "value"]
    left_out = (
        pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    )
    sizes = table["observer"].value_counts()
    left_out["n_trials"] = left_out["observer"].map(sizes).astype("Int64")
    gone = table["observer"].isin(left_out["observer"])
    if gone.all():
        raise OptionError(
            f"an exclusion rule must leave somebody: {', '.join(map(str, rules))} leaves out all "
            f"{table['observer'].nunique()} participants"
        )
    kept = table[~gone].reset_index(drop=True)
    kept.attrs = dict(table.attrs)
    return kept, left_out


def _meets(values: pd.Series[Any], rule: Exclusion) -> pd.Series[Any]:
    compared: pd.Series[Any] = values < rule.limit if rule.sign == "<" else values > rule.limit
    return compared
