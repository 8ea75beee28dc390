"""The design of an analysis: which column differs within participants, and which between them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from psychobench.arguments import Names, parse_names
from psychobench.errors import OptionError, TableError
from psychobench.messages import nearest, shown


def find_factors(
    table: pd.DataFrame, within: Names, between: Names
) -> tuple[str | None, str | None]:
    """Return the columns within and between participants, and check that the table has them.

    Parameters
    ----------
    table : DataFrame
        As from `psychobench.analysis.source.load_table`.
    within, between : str, sequence of one str, or None
        Columns by their names here or in the file. Where `within` is None, it is ``condition`` if
        that has several values.

    Raises
    ------
    OptionError
        If more than one column is named for either, or the same for both.
    TableError
        If a column is missing, or the table does not hold that design.
    """
    inner, outer = (
        _column(table, names, option)
        for option, names in (("within", within), ("between", between))
    )
    if inner is not None and inner == outer:
        raise OptionError(f"`within` and `between` must name two columns: both are '{inner}'")
    several = table["condition"].nunique() > 1
    if inner is None and several and outer != "condition":
        inner = "condition"
    faults = [*_group_faults(table, outer), *_condition_faults(table, inner)]
    if faults:
        raise TableError(*faults)
    return inner, outer


def _column(table: pd.DataFrame, names: Names, option: str) -> str | None:
    chosen = parse_names(names, option)
    if len(chosen) > 1:
        raise OptionError(
            f"`{option}` must name one column: got {shown(chosen)}; choose one of them, and rows "
            "of the others with `where`"
        )
    if not chosen:
        return None
    ours = {theirs: name for name, theirs in table.attrs.get("columns", {}).items()}
    name = str(ours.get(chosen[0], chosen[0]))
    if name not in table:
        raise TableError(
            f"`{option}` must name a column of the table: there is no '{name}'"
            f"{nearest(name, table.columns)}; found: {shown(table.columns)}"
        )
    return name


def _group_faults(table: pd.DataFrame, between: str | None) -> Iterator[str]:
    """Find the first participant who is in several groups, or in none."""
    if between is None:
        return
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


def _condition_faults(table: pd.DataFrame, within: str | None) -> Iterator[str]:
    """Find trials without a condition, and conditions that `within` would lump together."""
    if within is None or within == "condition":
        return
    if table[within].isna().any():
        who = table["observer"][table[within].isna()].iloc[0]
        yield (
            f"`within` must name a condition for every trial: '{who}' has rows without {within}; "
            "fill them in, or leave them out with `where`"
        )
    cells = table.groupby(["observer", within], sort=False)["condition"]
    for (observer, name), conditions in cells:
        if conditions.nunique() > 1:
            yield (
                f"`within` must tell a participant's conditions apart: '{observer}' has condition "
                f"{shown(conditions.unique())} in {within} '{name}'; keep one, like "
                f'`where="condition={conditions.iloc[0]}"`'
            )
            return
