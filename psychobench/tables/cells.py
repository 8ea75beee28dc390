"""The cells of a column as text, numbers or blanks; each distinct cell is examined once."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.messages import shown

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"([+-]?\d*),(\d+([eE][+-]?\d+)?)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_PADDED = re.compile(r"[+-]?0\d")
# how pandas, R, jsPsych, PsychoPy and BIDS write missing values
_BLANK = frozenset({"", "na", "n/a", "nan", "null", "none"})


def distinct(column: pd.Series[Any]) -> tuple[NDArray[np.intp], list[Any]]:
    """Split a column into its distinct cells and each row's place among them.

    Returns
    -------
    codes : ndarray of int, shape (n_rows,)
    values : list
        The distinct cells in order of first appearance (of a categorical column: its categories).
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.intp)
        if not (codes < 0).any():
            return codes, list(column.cat.categories)
    codes, values = pd.factorize(column, use_na_sentinel=False)
    return codes, list(values)


def as_text(value: object) -> str:
    """Write one cell as text: missing is empty, a whole number has no decimal point.

    Examples
    --------
    >>> as_text(" p01 "), as_text(3.0), as_text(float("nan"))
    ('p01', '3', '')
    """
    if isinstance(value, str):
        return value.strip()
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return ""
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def as_number(value: object) -> float:
    """Read one cell as a number; NaN where it is none.

    Decimal digits are read to the nearest double. Python's further notations (``1_000``) and
    truth values are not numbers.

    Examples
    --------
    >>> as_number("0.1"), as_number("1e-3"), as_number("high"), as_number("inf")
    (0.1, 0.001, nan, nan)
    """
    if isinstance(value, str):
        text = value.strip()
        return float(text) if _NUMBER.fullmatch(text) else math.nan
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        return math.nan
    return float(value)


def is_number(value: object) -> bool:
    """Whether a cell is a number, see `as_number`."""
    return not math.isnan(as_number(value))


def is_blank(value: object) -> bool:
    """Whether a cell is empty or holds a program's word for a missing value.

    Examples
    --------
    >>> is_blank(""), is_blank("NA"), is_blank("null"), is_blank("0")
    (True, True, True, False)
    """
    return as_text(value).casefold() in _BLANK


def texts_of(column: pd.Series[Any]) -> pd.Series[Any]:
    """Turn every cell into text, see `as_text`; dtype ``str``."""
    codes, values = distinct(column)
    texts = pd.array([as_text(value) for value in values], dtype="str")
    return pd.Series(texts.take(codes), index=column.index)


def numbers_of(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Turn every cell into a number, see `as_number`."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(np.float64, na_value=math.nan)
    codes, values = distinct(column)
    return np.array([as_number(value) for value in values], dtype=np.float64)[codes]


def blanks_of(column: pd.Series[Any]) -> NDArray[np.bool_]:
    """Find the blank cells, see `is_blank`."""
    if pd.api.types.is_numeric_dtype(column):
        return column.isna().to_numpy(np.bool_)
    codes, values = distinct(column)
    return np.array([is_blank(value) for value in values], dtype=np.bool_)[codes]


def clean_cells(column: pd.Series[Any], *, decimal_comma: bool) -> pd.Series[Any]:
    """Strip every cell of text; the result is categorical, so that later checks are cheap.

    With `decimal_comma`, a column that holds nothing but numbers may write ``0,5`` for ``0.5``;
    ``attrs["pointed"]`` tells whether it did.
    """
    codes, values = distinct(column)
    texts: Sequence[str] = [value.strip() for value in values]
    pointed = replace_decimal_commas(texts) if decimal_comma else texts
    places, unique = pd.factorize(np.array(pointed, dtype=object))
    categories = pd.Index(unique, dtype=object)
    result = pd.Series(
        pd.Categorical.from_codes(places[codes], categories=categories), index=column.index
    )
    result.attrs["pointed"] = pointed is not texts
    return result


def replace_decimal_commas(texts: Sequence[str]) -> Sequence[str]:
    """Replace decimal commas by points, if that is what the commas of a column are.

    They are not, or may not be, if a cell is no number, if some numbers have points, or if every
    comma could separate thousands; then `texts` itself is returned.

    Examples
    --------
    >>> replace_decimal_commas(["0,5", "1", ""]), replace_decimal_commas(["1,250", "0"])
    (['0.5', '1', ''], ['1,250', '0'])
    """
    commas = [text for text in texts if "," in text]
    if not commas or all(_THOUSANDS.fullmatch(text) for text in commas):
        return texts
    if any("." in text for text in texts):
        return texts
    pointed = [_DECIMAL_COMMA.sub(r"\1.\2", t) if _DECIMAL_COMMA.fullmatch(t) else t for t in texts]
    numeric = all(is_blank(text) or _NUMBER.fullmatch(text) for text in pointed)
    return pointed if numeric else texts


def has_decimal_points(texts: Sequence[str]) -> bool:
    """Whether any cell is a number with a decimal point.

    Examples
    --------
    >>> has_decimal_points(["0.5", ""]), has_decimal_points(["1"]), has_decimal_points(["a.5"])
    (True, False, False)
    """
    return any("." in text and is_number(text) for text in texts)


def note_decimal_commas(path: Path, pointed: Sequence[str], dotted: Sequence[str]) -> list[str]:
    """Note in which columns decimal commas were read, and which others have points."""
    if not pointed:
        return []
    notes = [f"{path}: decimal commas are read as points in {shown(pointed)}"]
    if dotted:
        notes.append(f"{path}: points in {shown(dotted)} are read as decimal points, too")
    return notes


def infer_numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Convert a column of text to numbers if all of its cells are, otherwise to dtype ``str``.

    Blank cells become NaN among numbers. Text with leading zeros (``007``) is a name, not a number.
    """
    codes, texts = distinct(column)
    filled = [text for text in texts if not is_blank(text)]
    if not filled or not all(_NUMBER.fullmatch(t) and not _PADDED.match(t) for t in filled):
        return texts_of(column)
    if len(filled) == len(texts) and all(_WHOLE.fullmatch(text) for text in texts):
        return pd.Series(np.array([int(text) for text in texts])[codes], index=column.index)
    return pd.Series(numbers_of(column), index=column.index)
