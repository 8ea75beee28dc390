"""Results and plain tables alike: whatever has rows, as a table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from psychobench.errors import TableError
from psychobench.messages import nearest, shown
from psychobench.tables.notebook import ShownAsTable


@dataclass(frozen=True)
class Rows(ShownAsTable):
    """A plain table in the place of a result."""

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def as_rows(result: Any, option: str, needed: Collection[str] = ()) -> Any:
    """Check that an argument is a result with `to_frame`, or a table, which is made one.

    Parameters
    ----------
    result : DataFrame or object with `to_frame`
        What was handed in.
    option : str
        What the parameter is called in messages.
    needed : collection of str
        Columns that it must have.

    Raises
    ------
    TableError
        If it is neither, or lacks a column.

    Examples
    --------
    >>> as_rows(pd.DataFrame({"pse": [0.5]}), "fits", ["pse"]).to_frame()
       pse
    0  0.5
    """
    if isinstance(result, pd.DataFrame):
        result = Rows(result)
    elif isinstance(result, pd.Series) or not hasattr(result, "to_frame"):
        raise TableError(
            f"`{option}` must be a result of psychobench or a DataFrame: got "
            f"{'None' if result is None else f'a {type(result).__name__}'}; "
            "hand in what `psychobench.fit()` returned"
        )
    columns = result.to_frame().columns
    for name in needed:
        if name not in columns:
            raise TableError(
                f"`{option}` must have a column {name}: there is none{nearest(name, columns)}; "
                f"found: {shown(columns)}"
            )
    return result
