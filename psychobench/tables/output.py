"""Tables as JSON rows and CSV text."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Convert a table's rows to native types, None where there is no value.

    Examples
    --------
    >>> json_rows(pd.DataFrame({"observer": ["h1"], "pse": [np.nan], "df": [np.int64(49)]}))
    [{'observer': 'h1', 'pse': None, 'df': 49}]
    """
    return [
        {str(name): _to_python(value) for name, value in row.items()}
        for row in table.to_dict(orient="records")
    ]


def json_text(document: Any) -> str:
    """Write a document as JSON, ending in a line break; it may hold no NaN."""
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Write a table as UTF-8 CSV with the same line ends on every system."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def _to_python(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
