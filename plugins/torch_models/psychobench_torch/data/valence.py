"""From valence to two classes: below 0 negative, from 0 upwards positive."""

from __future__ import annotations

import pandas as pd

from psychobench_torch.data.listing import images

CLASSES = ("negative", "positive")
NO_VALUE = -2.0  # AffectNet's mark for faces that nobody could judge
_ROUNDING = 1e-6


def check_valence(
    cells: pd.Series[str], places: pd.Series[str]
) -> tuple[pd.Series[float], list[str]]:
    """Turn written valences into numbers; name those that are none.

    Parameters
    ----------
    cells : Series of str
        As they stand in a file.
    places : Series of str
        Where each stands, for messages.

    Returns
    -------
    valence : Series of float
        In [-1, 1], or -2 where the set says that there is none; NaN where a cell is at fault.
    broken : list of str
        One for each fault.
    """
    values = pd.to_numeric(cells, errors="coerce").astype(float)
    fits = values.between(-1 - _ROUNDING, 1 + _ROUNDING) | (values == NO_VALUE)
    broken = [
        f"{place}: valence must be a number from -1 to 1, or -2 for none, and is "
        f"{'missing' if pd.isna(cell) or str(cell) == '' else repr(str(cell))}"
        for place, cell in zip(places[~fits], cells[~fits], strict=True)
    ]
    return values.where(fits), broken


def drop_missing_valence(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the rows whose valence is -2, and say how many they are."""
    none = table["valence"] == NO_VALUE
    if not none.any():
        return table, []
    return table[~none], [f"left out as without a valence (-2): {images(int(none.sum()))}"]


def classes_of(valence: pd.Series[float]) -> pd.Series[str]:
    """Return the class of each valence.

    Examples
    --------
    >>> classes_of(pd.Series([-0.2, 0.0, 0.7])).tolist()
    ['negative', 'positive', 'positive']
    """
    return (valence >= 0).map({False: CLASSES[0], True: CLASSES[1]})
