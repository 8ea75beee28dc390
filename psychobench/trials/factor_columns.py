"""Columns that may be a condition or a group: few values, and none that another column says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.tables.cells import is_blank

FEWEST, MOST = 2, 20  # values of what may be a condition or a group
Codes = NDArray[np.intp]


class FactorColumn(NamedTuple):
    """A column that may be a condition or a group.

    Attributes
    ----------
    name : str
        The column's.
    values : tuple of str
        What it holds, in order of first appearance; blank cells are none.
    within : bool
        Whether it varies within people; otherwise only between them.
    """

    name: str
    values: tuple[str, ...]
    within: bool


def find_factor_columns(
    cells: pd.DataFrame, people: Codes, known: Iterable[Codes]
) -> list[FactorColumn]:
    """Find the columns with 2 to 20 values, without those that tell the same rows apart as another.

    Parameters
    ----------
    cells : DataFrame
        The columns that are looked at.
    people : ndarray of int, shape (len(cells),)
        The person of each row.
    known : iterable of ndarray of int, shape (len(cells),)
        Columns that are used, by codes as `pandas.factorize` gives them.

    Examples
    --------
    >>> cells = pd.DataFrame({"eye": ["left", "right", "left"], "side": ["l", "r", "l"]})
    >>> find_factor_columns(cells, np.array([0, 0, 1]), [])
    [FactorColumn(name='eye', values=('left', 'right'), within=True)]
    """
    codes, found = list(known), []
    for name in cells:
        column = cells[name].where(cells[name].notna(), "").astype(str).str.strip()
        values = tuple(value for value in column.unique() if not is_blank(value))
        if not FEWEST <= len(values) <= MOST or len(values) == len(column):
            continue
        own = pd.factorize(column)[0]
        if any(_same_rows(own, each) for each in codes):
            continue
        codes.append(own)
        n_each = column[column.isin(values)].groupby(people[column.isin(values)]).nunique()
        found.append(FactorColumn(str(name), values, bool((n_each > 1).any())))
    return found


def _same_rows(one: Codes, other: Codes) -> bool:
    """Whether two columns tell the same rows apart."""
    pairs = len(pd.DataFrame({"one": one, "other": other}).drop_duplicates())
    return bool(pairs == len(np.unique(one)) == len(np.unique(other)))
