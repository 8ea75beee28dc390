"""The rules that every cell of a table of trials or counts must keep."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import TableError
from psychobench.messages import clipped
from psychobench.tables.cells import as_text, blanks_of, distinct, numbers_of, texts_of

Mask = NDArray[np.bool_]

_SHOWN = 20
NO_COUNT = 2**53  # from here on doubles skip whole numbers
_SHEET = re.compile(r"=.+|#[A-Z/0]+[!?]?|\d+[-/.:](\d+|[A-Za-z]{3})([-/.:]\d+.*)?|[A-Za-z]{3}-\d+")
_FLAGS = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class Rule:
    """A rule about some columns, with the rows that break it."""

    rule: str
    columns: tuple[str, ...]
    broken: Mask
    remedy: str


def check_trials(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Check trials and convert their cells to text and numbers.

    Parameters
    ----------
    table : DataFrame
        With `observer`, `level` and `response` or `p_target`, in cells of any kind.
    source : str
        What the table is called in messages.

    Returns
    -------
    DataFrame
        The canonical columns: text, and float64 with NaN where nobody answered.

    Raises
    ------
    TableError
        One line for each cell at fault.
    """
    checked, rules = _common(table)
    unanswered = np.ones(len(table), dtype=bool)
    if "response" in table:
        checked["response"], bad = _responses(table["response"])
        unanswered &= blanks_of(table["response"])
        remedy = "write 1 for the target category and 0 for the other, or name another column"
        rules.append(Rule("response must be 0, 1 or empty", ("response",), bad, remedy))
    if "p_target" in table:
        checked["p_target"] = numbers_of(table["p_target"])
        absent = blanks_of(table["p_target"])
        outside = ~((checked["p_target"] >= 0) & (checked["p_target"] <= 1)).to_numpy()
        bad = outside & ~absent if "response" in table else outside
        remedy = "write the probability of the target category"
        rules.append(Rule("p_target must be a number from 0 to 1", ("p_target",), bad, remedy))
        both = ~unanswered & ~absent
        remedy = "leave one of the two empty"
        columns = ("response", "p_target")
        rules.append(Rule("a trial has a response or a p_target, not both", columns, both, remedy))
        unanswered &= absent
    _raise(rules, table, source)
    _check_answered(unanswered, "response", source)
    return checked


def check_counts(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Check counts and turn their cells into text and numbers; see `check_trials`."""
    checked, rules = _common(table)
    for name in ("n_trials", "n_target"):
        checked[name] = numbers_of(table[name])
        whole = np.isfinite(checked[name]) & (checked[name] >= 0) & (checked[name] % 1 == 0)
        rule = f"{name} must be a whole number, 0 or more"
        rules.append(Rule(rule, (name,), ~whole.to_numpy(), "write how many trials it counts"))
        large = whole.to_numpy() & (checked[name] >= NO_COUNT).to_numpy()
        rule = f"{name} must be below 2^53, from where on numbers of this kind are not exact"
        rules.append(Rule(rule, (name,), large, "write how many trials were run"))
    above = ~np.any([rule.broken for rule in rules[-4:]], axis=0)
    above &= (checked["n_target"] > checked["n_trials"]).to_numpy()
    remedy = "n_target is how many of the n_trials chose the target category"
    rules.append(Rule("n_target must not exceed n_trials", ("n_target", "n_trials"), above, remedy))
    _raise(rules, table, source)
    _check_answered((checked["n_trials"] == 0).to_numpy(np.bool_), "n_trials", source)
    return checked.astype({"n_trials": np.int64, "n_target": np.int64})


def _common(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Rule]]:
    """Read what trials and counts share: who, under which condition, at which level."""
    checked = pd.DataFrame({"observer": texts_of(table["observer"])})
    empty = (checked["observer"] == "").to_numpy(np.bool_)
    rules = [Rule("observer must not be empty", ("observer",), empty, "write who answered")]
    if "condition" in table:
        checked["condition"] = texts_of(table["condition"])
        empty = (checked["condition"] == "").to_numpy(np.bool_)
        remedy = "write one in every row, or leave these rows out with `where`"
        rules.append(Rule("condition must not be empty", ("condition",), empty, remedy))
    else:
        checked["condition"] = pd.Series("all", index=table.index, dtype="str")
    checked["level"] = numbers_of(table["level"])
    bad = ~np.isfinite(checked["level"].to_numpy())
    rule, changed = "level must be a finite number", bad & _by_spreadsheet(table["level"])
    remedy = "a spreadsheet made this of it; format the column as numbers and enter them again"
    rules.append(Rule(rule, ("level",), changed, remedy))
    remedy = "write a number with a decimal point, or leave these rows out with `where`"
    rules.append(Rule(rule, ("level",), bad & ~changed, remedy))
    for name in ("stimulus", "session"):
        if name in table:
            checked[name] = texts_of(table[name])
    return checked, rules


def _by_spreadsheet(column: pd.Series[Any]) -> Mask:
    """Find what spreadsheets make of numbers: dates, formulas and their errors."""
    if pd.api.types.is_numeric_dtype(column):
        return np.zeros(len(column), dtype=np.bool_)
    codes, values = distinct(column)
    return np.array([bool(_SHEET.fullmatch(as_text(each))) for each in values], dtype=np.bool_)[
        codes
    ]


def _responses(column: pd.Series[Any]) -> tuple[NDArray[np.float64], Mask]:
    """Read 0, 1, true, false and blanks; also give the rows that hold anything else."""
    codes, values = distinct(column)
    numbers = numbers_of(pd.Series(values, dtype=object))
    flags = [_FLAGS.get(as_text(value).casefold(), np.nan) for value in values]
    meant = np.where(np.isin(numbers, (0.0, 1.0)), numbers, flags)[codes]
    return meant, np.isnan(meant) & ~blanks_of(column)


def _check_answered(unanswered: Mask, name: str, source: str) -> None:
    if unanswered.all():
        raise TableError(
            f"at least one trial must be answered: in {source} no row has an answer "
            f"(rows: {len(unanswered)}); name the column that holds them, like "
            f'`columns="{name}=NAME"`'
        )


def _raise(rules: list[Rule], table: pd.DataFrame, source: str) -> None:
    """Raise all faults together, in order of rows; beyond the first twenty, their number."""
    found = [(row, rule) for rule in rules for row in np.flatnonzero(rule.broken)[:_SHOWN]]
    if not found:
        return
    found.sort(key=lambda each: each[0])
    lines = [_line(rule, row, table, source) for row, rule in found[:_SHOWN]]
    more = sum(int(rule.broken.sum()) for rule in rules) - len(lines)
    raise TableError(*lines, *([f"... and {more} more faults in {source}"] if more else []))


def _line(rule: Rule, row: int, table: pd.DataFrame, source: str) -> str:
    cells = table.iloc[row]
    who = ", ".join(
        f"{name} {_quoted(cells[name])}"
        for name in ("observer", "level")
        if name not in rule.columns and as_text(cells[name])
    )
    what = ", ".join(f"{name}={_quoted(cells[name])}" for name in rule.columns)
    place = f"row {table.index[row]} of {source}" + (f" ({who})" if who else "")
    return f"{rule.rule}: {place} has {what}; {rule.remedy}"


def _quoted(cell: object) -> str:
    number = numbers_of(pd.Series([cell], dtype=object))[0]
    text = clipped(as_text(cell))
    return text if np.isfinite(number) else repr(text)
