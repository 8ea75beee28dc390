"""What recipes of a training have in common: their optimisers, and values that can be followed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop")


def value_faults(
    recipe: object,
    *,
    choices: Mapping[str, Sequence[str]] | None = None,
    least: Mapping[str, int] | None = None,
    positive: Sequence[str] = (),
    shares: Sequence[str] = (),
) -> list[str]:
    """List the values of a recipe that cannot be followed.

    Parameters
    ----------
    recipe : object
        Has the fields that the others name.
    choices : mapping of str to sequence of str, optional
        What a field may be.
    least : mapping of str to int, optional
        The smallest value of fields that are whole numbers.
    positive, shares : sequence of str, optional
        Fields above 0 and finite; above 0 and up to 1.

    Returns
    -------
    list of str
        One line for each.

    Examples
    --------
    >>> value_faults(PAPER_TRANSFER, least={"epochs": 60})
    ['`epochs` must be a whole number from 60: it is 20']
    """
    faults = []
    for name, known in (choices or {}).items():
        if (choice := getattr(recipe, name)) not in known:
            faults.append(f"`{name}` must be one of {', '.join(known)}: it is '{choice}'")
    for name, low in (least or {}).items():
        if not isinstance(value := getattr(recipe, name), int) or value < low:
            faults.append(f"`{name}` must be a whole number from {low}: it is {value!r}")
    for name in positive:
        if not 0 < (value := getattr(recipe, name)) < math.inf:
            faults.append(f"`{name}` must be above 0 and finite: it is {value!r}")
    for name in shares:
        if not 0 < (value := getattr(recipe, name)) <= 1:
            faults.append(f"`{name}` must be above 0 and up to 1: it is {value!r}")
    return faults
