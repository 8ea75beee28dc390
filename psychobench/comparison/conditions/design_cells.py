"""A table of fits as people by cells, and who is left out of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison.cohort_measures import counted, counting
from psychobench.comparison.conditions.anova import Floats
from psychobench.errors import ComparisonError

Labels = tuple[str, ...]  # one level of each factor, or the factors' names


@dataclass(frozen=True)
class DesignCells:
    """A measure of `n` people in the `k` cells of a design that each of them has.

    Attributes
    ----------
    within, between : tuple of str
        The factors.
    columns : list of tuple of str
        The levels of the factors within people that each column of `values` stands for, in order
        of first appearance.
    groups : list of tuple of str
        The groups' levels of the factors between people; one empty tuple without such.
    group_of : list of tuple of str
        Each person's group.
    values : ndarray, shape (n, k)
        nan where a value is missing or not included.
    left_out : pandas.DataFrame
        Person and cell of every nan, with the reason in `why`.
    """

    within: Labels
    between: Labels
    columns: list[Labels]
    groups: list[Labels]
    group_of: list[Labels]
    values: Floats
    left_out: pd.DataFrame

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Whether each person has every value, shape (n,)."""
        return np.asarray(np.isfinite(self.values).all(axis=1))

    def is_in(self, group: Labels) -> NDArray[np.bool_]:
        """Return whether each person belongs to a group, shape (n,)."""
        return np.array([each == group for each in self.group_of])


def arrange_cells(
    table: pd.DataFrame, measure: str, within: Labels, between: Labels, statuses: Sequence[str]
) -> DesignCells:
    """Arrange fits by people and cells.

    Parameters
    ----------
    table : DataFrame
        With `observer`, `status`, the measure and the factors.
    measure : str
        Column to arrange.
    within, between : tuple of str
        Columns that differ within and between people.
    statuses : sequence of str
        The PSE statuses whose values are included.

    Raises
    ------
    ComparisonError
        If the table does not hold the design that the factors name.
    """
    _check_columns(table, measure, within, between)
    factors = [*between, *within]
    table = table.assign(**{name: table[name].astype(str) for name in ["observer", *factors]})
    _check_levels(table, factors)
    _check_people(table, within, between)
    levels = {name: list(dict.fromkeys(table[name])) for name in factors}
    columns = list(itertools.product(*(levels[name] for name in within)))
    people = list(dict.fromkeys(table["observer"]))
    group_of = _groups(table, people, between)
    values = np.full((len(people), len(columns)), np.nan)
    why = np.full(values.shape, "no fit", dtype=object)
    cells = zip(*(table[name] for name in within), strict=True) if within else [()] * len(table)
    included = counted(table, measure, statuses)
    for person, cell, value, status, known in zip(
        table["observer"], cells, table[measure], table["status"], included, strict=True
    ):
        row_column = people.index(person), columns.index(cell)
        if known:
            values[row_column] = value
        else:
            why[row_column] = f"no {measure}" if status in counting(measure, statuses) else status
    missing = [
        (people[row], *group_of[row], *columns[column], why[row, column])
        for row, column in np.argwhere(np.isnan(values))
    ]
    left_out = pd.DataFrame(missing, columns=["observer", *factors, "why"])
    groups = list(itertools.product(*(levels[name] for name in between)))
    return DesignCells(within, between, columns, groups, group_of, values, left_out)


def _check_columns(table: pd.DataFrame, measure: str, within: Labels, between: Labels) -> None:
    if not within and not between:
        raise ComparisonError(
            "conditions or groups must be named: name a column in `within` (the same people) or "
            "in `between` (different people)"
        )
    faults = [
        f"{role} must be a column of the fits: there is no '{name}'; found: "
        f"{', '.join(map(str, table.columns[:12]))}"
        for role, names in (
            ("the measure", [measure]),
            ("a factor", [*within, *between]),
            ("each row's", ["observer", "status"]),
        )
        for name in names
        if name not in table
    ]
    faults += [
        f"a factor must be within people or between them: '{name}' is in `within` and `between`"
        for name in within
        if name in between
    ]
    if not faults and not pd.api.types.is_numeric_dtype(table[measure]):
        faults = [f"the measure must be numeric: '{measure}' is not"]
    if faults:
        raise ComparisonError(*faults)


def _check_levels(table: pd.DataFrame, factors: Sequence[str]) -> None:
    faults = [
        f"a factor must have two levels or more: every row has {name} '{table[name].iloc[0]}'"
        for name in factors
        if table[name].nunique() < 2
    ]
    if faults:
        raise ComparisonError(*faults)


def _check_people(table: pd.DataFrame, within: Labels, between: Labels) -> None:
    faults = []
    for name in between:
        counts = table.groupby("observer", sort=False)[name].nunique()
        for person in counts[counts > 1].index[:3]:
            found = ", ".join(table.loc[table["observer"] == person, name].unique())
            faults.append(
                f"a factor between people must have one level per person: observer '{person}' has "
                f"{name} {found}; name it in `within`"
            )
    keys = ["observer", *within]
    for _, row in table[table.duplicated(keys)].drop_duplicates(keys).head(3).iterrows():
        cell = ", ".join(f"{name} '{row[name]}'" for name in within) or "this design"
        faults.append(
            f"each person needs one fit per cell: observer '{row['observer']}' has several in "
            f"{cell}; name the column that tells them apart in `within`, or keep one of them"
        )
    if faults:
        raise ComparisonError(*faults)


def _groups(table: pd.DataFrame, people: Sequence[str], between: Labels) -> list[Labels]:
    if not between:
        return [()] * len(people)
    firsts = table.drop_duplicates("observer").set_index("observer")
    return [tuple(str(firsts.loc[person, name]) for name in between) for person in people]
