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

Cell = tuple[str, ...]


@dataclass(frozen=True)
class Cells:
    """A measure of `n` people in `k` cells within them.

    Attributes
    ----------
    within, between : tuple of str
        The factors.
    columns : list of tuple of str
        Each cell's levels of the factors within people, in order of first appearance.
    groups : list of tuple of str
        The groups' levels of the factors between people; one empty tuple without such.
    group_of : list of tuple of str
        Each person's group.
    values : ndarray, shape (n, k)
        nan where a value is missing or does not count.
    left_out : pandas.DataFrame
        Person and cell of every nan, with the reason in `why`.
    """

    within: Cell
    between: Cell
    columns: list[Cell]
    groups: list[Cell]
    group_of: list[Cell]
    values: Floats
    left_out: pd.DataFrame

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Whether each person has all values, shape (n,)."""
        return np.asarray(np.isfinite(self.values).all(axis=1))

    def is_in(self, group: Cell) -> NDArray[np.bool_]:
        """Whether each person belongs to a group, shape (n,)."""
        return np.array([each == group for each in self.group_of])


def lay_out_cells(
    table: pd.DataFrame, measure: str, within: Cell, between: Cell, tested: Sequence[str]
) -> Cells:
    """Arrange fits by people and cells.

    Parameters
    ----------
    table : DataFrame
        With `observer`, `status`, the measure and the factors.
    measure : str
        Column to arrange.
    within, between : tuple of str
        Columns that differ within and between people.
    tested : sequence of str
        The statuses that count.

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
    counts = counted(table, measure, tested)
    for person, cell, value, status, known in zip(
        table["observer"], cells, table[measure], table["status"], counts, strict=True
    ):
        place = people.index(person), columns.index(cell)
        if known:
            values[place] = value
        else:
            why[place] = f"no {measure}" if status in counting(measure, tested) else status
    missing = [
        (people[row], *group_of[row], *columns[column], why[row, column])
        for row, column in np.argwhere(np.isnan(values))
    ]
    left_out = pd.DataFrame(missing, columns=["observer", *factors, "why"])
    groups = list(itertools.product(*(levels[name] for name in between)))
    return Cells(within, between, columns, groups, group_of, values, left_out)


def _check_columns(table: pd.DataFrame, measure: str, within: Cell, between: Cell) -> None:
    if not within and not between:
        raise ComparisonError(
            "conditions or groups must be named: give a column for within (the same people) or "
            "between (different people)"
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
        f"a factor is within people or between them: '{name}' is given as both"
        for name in within
        if name in between
    ]
    if not faults and not pd.api.types.is_numeric_dtype(table[measure]):
        faults = [f"the measure must be numeric: '{measure}' is not"]
    if faults:
        raise ComparisonError(*faults)


def _check_levels(table: pd.DataFrame, factors: Sequence[str]) -> None:
    faults = [
        f"a factor needs two levels: every row has {name} '{table[name].iloc[0]}'"
        for name in factors
        if table[name].nunique() < 2
    ]
    if faults:
        raise ComparisonError(*faults)


def _check_people(table: pd.DataFrame, within: Cell, between: Cell) -> None:
    faults = []
    for name in between:
        counts = table.groupby("observer", sort=False)[name].nunique()
        for person in counts[counts > 1].index[:3]:
            found = ", ".join(table.loc[table["observer"] == person, name].unique())
            faults.append(
                f"a factor between people has one level for each: observer '{person}' has {name} "
                f"{found}; give it as within"
            )
    keys = ["observer", *within]
    for _, row in table[table.duplicated(keys)].drop_duplicates(keys).head(3).iterrows():
        cell = ", ".join(f"{name} '{row[name]}'" for name in within) or "this design"
        faults.append(
            f"each person needs one fit per cell: observer '{row['observer']}' has several in "
            f"{cell}; name in within what tells them apart, or keep one of them"
        )
    if faults:
        raise ComparisonError(*faults)


def _groups(table: pd.DataFrame, people: Sequence[str], between: Cell) -> list[Cell]:
    if not between:
        return [()] * len(people)
    firsts = table.drop_duplicates("observer").set_index("observer")
    return [tuple(str(firsts.loc[person, name]) for name in between) for person in people]
