"""The design of an analysis: which column differs within participants, and which between them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from psychobench.arguments import Names, parse_names
from psychobench.errors import OptionError, TableError
from psychobench.messages import nearest, shown


def find_factors(
    table: pd.DataFrame, within: Names, between: Names
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns within and between participants, and check that the table has them.

    Parameters
    ----------
    table : DataFrame
        As from `psychobench.analysis.source.load_table`.
    within, between : str, sequence of str, or None
        Columns by their names here or in the file. Where `within` is None, it is ``condition`` if
        that has several values.

    Raises
    ------
    OptionError
        If a column is named for both.
    TableError
        If a column is missing, or the table does not hold that design.
    """
    inner, outer = (
        _columns(table, names, option)
        for option, names in (("within", within), ("between", between))
    )
    if both := [name for name in inner if name in outer]:
        raise OptionError(
            f"`within` and `between` must name different columns: '{both[0]}' is in both"
        )
    several = table["condition"].nunique() > 1
    if not inner and several and "condition" not in outer:
        inner = ("condition",)
    faults = [fault for name in outer for fault in _group_faults(table, name)]
    faults += _condition_faults(table, inner)
    if faults:
        raise TableError(*faults)
    return inner, outer


def _columns(table: pd.DataFrame, names: Names, option: str) -> tuple[str, ...]:
    ours = {theirs: name for name, theirs in table.attrs.get("columns", {}).items()}
    chosen = tuple(str(ours.get(name, name)) for name in parse_names(names, option))
    faults = [
        f"`{option}` must name a column of the table: there is no '{name}'"
        f"{nearest(name, table.columns)}; found: {shown(table.columns)}"
        for name in chosen
        if name not in table
    ]
    if faults:
        raise TableError(*faults)
    return chosen


def _group_faults(table: pd.DataFrame, between: str) -> Iterator[str]:
    """Find the first participant who is in several groups, or in none."""
    for observer, groups in table.groupby("observer", sort=False)[between]:
        if groups.isna().any():
            yield (
                f"`between` must name a group for everybody: '{observer}' has rows without "
                f"{between}; fill them in, or leave them out with `where`"
            )
            return
        if groups.nunique() > 1:
            yield (
                f"`between` must name one group per participant: '{observer}' has {between} "
                f"{shown(groups.unique())}; name a column that differs within people in `within`"
            )
            return


def _condition_faults(table: pd.DataFrame, within: tuple[str, ...]) -> Iterator[str]:
    """Find trials without a condition, and conditions that `within` would lump together."""
    for name in within:
        if table[name].isna().any():
            who = table["observer"][table[name].isna()].iloc[0]
            yield (
                f"`within` must name a condition for every trial: '{who}' has rows without {name}; "
                "fill them in, or leave them out with `where`"
            )
        elif table[name].nunique() > 1 == table.groupby("observer")[name].nunique().max():
            yield (
                f"`within` must name what differs within participants: '{name}' is the same in all "
                f"rows of each; name it in `between`"
            )
    if not within or "condition" in within:
        return
    cells = table.groupby(["observer", *within], sort=False)["condition"]
    for (observer, *names), conditions in cells:
        if conditions.nunique() > 1:
            cell = ", ".join(f"{name} '{level}'" for name, level in zip(within, names, strict=True))
            yield (
                f"`within` must tell a participant's conditions apart: '{observer}' has condition "
                f"{shown(conditions.unique())} in {cell}; name condition in `within`, too, or keep "
                f'one, like `where="condition={conditions.iloc[0]}"`'
            )
            return
