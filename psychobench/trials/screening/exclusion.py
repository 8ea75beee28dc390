"""Exclusion: who is left out, by a rule that is stated before the analysis and printed after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from psychobench.errors import OptionError
from psychobench.messages import nearest
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.screening.screening_checks import CHECKS, Screening

_RULE = re.compile(r"\s*([a-z]+)\s*(?:([<>])\s*([+-]?[0-9.]+))?\s*")


@dataclass(frozen=True)
class Exclusion:
    """A rule by which participants are excluded.

    Attributes
    ----------
    check : str
        One of `CHECKS`.
    sign : {"<", ">"} or None
        With None, whoever the check flags is excluded.
    limit : float or None
        The value that `sign` compares with.
    """

    check: str
    sign: str | None = None
    limit: float | None = None

    def __str__(self) -> str:
        return self.check if self.sign is None else f"{self.check}{self.sign}{self.limit:g}"


ExclusionRules = str | Exclusion | Sequence[str | Exclusion]


@dataclass(frozen=True)
class Excluded(ShownAsTable):
    """A table of trials after exclusion.

    Attributes
    ----------
    kept : pandas.DataFrame
        The trials of those who were not excluded.
    left_out : pandas.DataFrame
        ``observer, rule, value, n_trials``: who was excluded and why; one row per rule that was
        met.
    """

    kept: pd.DataFrame
    left_out: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table of those who were excluded."""
        return self.left_out.copy()


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
            f"`exclude` must be a check, or a check with < or > and a number: got '{text}'"
            f"{nearest(check, CHECKS)}; checks are {', '.join(CHECKS)}; write for example "
            '`exclude="missing>0.2"`'
        )
    return Exclusion(check, sign, value)


def parse_exclusions(exclude: ExclusionRules) -> tuple[Exclusion, ...]:
    """Read one exclusion rule or several.

    Parameters
    ----------
    exclude : str, Exclusion, or sequence of either
        Rules as text may be separated by commas.

    Raises
    ------
    OptionError
        If a rule names no check, its value is no number, or it is neither text nor an `Exclusion`.

    Examples
    --------
    >>> [str(rule) for rule in parse_exclusions(["ends, missing>0.2", Exclusion("rt")])]
    ['ends', 'missing>0.2', 'rt']
    """
    given = [exclude] if isinstance(exclude, (str, Exclusion)) else exclude
    rules: list[Exclusion] = []
    for rule in given if isinstance(given, Sequence) else [given]:
        if isinstance(rule, Exclusion):
            rules.append(rule)
        elif isinstance(rule, str):
            rules += [parse_exclusion(each) for each in rule.split(",") if each.strip()]
        else:
            raise OptionError(
                f"`exclude` must hold text or Exclusion objects: got {rule!r}; "
                'write for example `exclude="missing>0.2"`'
            )
    return tuple(rules)


def exclude_participants(
    table: pd.DataFrame, screening: Screening, exclude: ExclusionRules
) -> Excluded:
    """Exclude the participants who meet a rule.

    Parameters
    ----------
    table : DataFrame
        The trials.
    screening : Screening
        What `check_trials` found in them.
    exclude : str, Exclusion, or sequence of either
        Whoever meets any of these rules is excluded.

    Returns
    -------
    Excluded

    Raises
    ------
    OptionError
        If a rule cannot be read, or excludes everybody.
    """
    rules = parse_exclusions(exclude)
    left_out = _meeting(screening.table, rules)
    left_out["n_trials"] = left_out["observer"].map(table["observer"].value_counts())
    left_out["n_trials"] = left_out["n_trials"].astype("Int64")
    excluded = table["observer"].isin(left_out["observer"])
    if excluded.all():
        raise OptionError(
            f"`exclude` must leave at least one participant: {', '.join(map(str, rules))} excludes "
            f"all {table['observer'].nunique()}; widen the limits or drop a rule"
        )
    kept = table[~excluded].reset_index(drop=True)
    kept.attrs = dict(table.attrs)
    return Excluded(kept, left_out)


def _meeting(checked: pd.DataFrame, rules: Sequence[Exclusion]) -> pd.DataFrame:
    """List who meets which rule, and with what value."""
    parts = [pd.DataFrame(columns=["observer", "rule", "value"])]
    for rule in rules:
        rows = checked[checked["check"] == rule.check]
        met = rows["flagged"] if rule.limit is None else _meets(rows["value"], rule)
        parts.append(rows.loc[met, ["observer", "value"]].assign(rule=str(rule)))
    found = [part for part in parts[1:] if len(part)] or parts[:1]
    return pd.concat(found, ignore_index=True)[["observer", "rule", "value"]]


def _meets(values: pd.Series[Any], rule: Exclusion) -> pd.Series[Any]:
    compared: pd.Series[Any] = values < rule.limit if rule.sign == "<" else values > rule.limit
    return compared
