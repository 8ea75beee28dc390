"""Rows that a user chooses, by a mask or by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychobench.errors import OptionError


def row_positions(rows: ArrayLike, n: int, option: str) -> NDArray[np.intp]:
    """Convert a boolean mask or positions to positions from 0.

    Parameters
    ----------
    rows : array_like, shape (n,) or (k,)
        A boolean mask, or whole numbers, negative ones from the end. A Series counts by position,
        whatever its index.
    n : int
        How many rows there are.
    option : str
        What the parameter is called in messages.

    Raises
    ------
    OptionError
        If a mask has another length, or a position is out of range or no whole number.

    Examples
    --------
    >>> row_positions([True, False, True], 3, "rows").tolist()
    [0, 2]
    >>> row_positions([-1, 0], 3, "rows").tolist()
    [2, 0]
    """
    try:
        chosen = np.atleast_1d(np.asarray(rows))
    except ValueError:
        chosen = np.array([[None]])
    if chosen.dtype == object and all(isinstance(each, (bool, np.bool_)) for each in chosen.flat):
        chosen = chosen.astype(bool)
    if chosen.size == 0:
        return np.empty(0, dtype=np.intp)
    if chosen.ndim != 1 or chosen.dtype.kind not in "biu":
        raise OptionError(
            f"`{option}` must be a mask of True and False, or positions of rows: got {rows!r}; "
            f"write for example `{option}=[0, 2]`"
        )
    if chosen.dtype.kind == "b":
        if len(chosen) != n:
            raise OptionError(
                f"`{option}` must have one entry for each of the {n} rows where it is a mask: "
                f"got {len(chosen)}"
            )
        return np.flatnonzero(chosen)
    outside = chosen[(chosen < -n) | (chosen >= n)]
    if len(outside):
        raise OptionError(
            f"`{option}` must lie within the {n} rows: got {outside[0]}; positions run from 0 to "
            f"{n - 1}"
        )
    return np.asarray(chosen % n, dtype=np.intp)
