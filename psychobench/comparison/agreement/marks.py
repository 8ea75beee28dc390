"""Rows of a table as marks to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from psychobench.draw.agreement import Mark


def marks_of(table: pd.DataFrame, value: str) -> list[Mark]:
    """Return a mark for each row, from the columns `name`, `kind`, `value` and its `_low`, `_high`.

    Examples
    --------
    >>> row = {"name": "net", "kind": "observer", "bias": 0.3, "bias_low": 0.2, "bias_high": 0.4}
    >>> marks_of(pd.DataFrame([row]), "bias")
    [Mark(label='net', value=0.3, low=0.2, high=0.4, is_observer=True)]
    """
    from psychobench.draw.agreement import Mark

    rows = zip(
        table["name"], table["kind"], table[value], table[f"{value}_low"], table[f"{value}_high"],
        strict=True,
    )  # fmt: skip
    return [
        Mark(str(name), float(mean), float(low), float(high), bool(kind == "observer"))
        for name, kind, mean, low, high in rows
    ]
