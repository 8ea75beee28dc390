"""Numbers and findings as every text writes them: digits, intervals, p-values, verdicts.

Digits follow the data: a value is as precise as its standard error, or as a tenth of the step
between levels. Minus signs are real, and numbers that cannot exceed 1 have no leading zero, as APA
style asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDES = ("higher", "lower")  # what a verdict is where a difference is found
ALPHA = 0.05  # of verdicts, after correction
MINUS = "\u2212"
_TWO_DIGITS = 3.545  # an error that begins with no more than this has two digits


@dataclass(frozen=True)
class Scale:
    """How the values of one kind are written.

    Attributes
    ----------
    decimals : int
        Decimal places.
    bounded : bool
        Whether no value exceeds 1 in size by definition, so that none has a leading zero.
    """

    decimals: int = 3
    bounded: bool = False

    def text(self, value: float) -> str:
        """Write a number; a dash where there is none."""
        return number_text(value, self.decimals, bounded=self.bounded)

    def interval(self, low: float, high: float) -> str:
        """Write an interval in brackets.

        Examples
        --------
        >>> Scale(2, bounded=True).interval(-0.104, 0.25)
        '[−.10, .25]'
        """
        if not np.isfinite(low):
            return "-"
        return f"[{self.text(low)}, {self.text(high)}]"

    def range_text(self, low: float, high: float) -> str:
        """Write an interval without brackets, see `range_text`."""
        return range_text(low, high, self.decimals, bounded=self.bounded)

    def with_interval(self, value: float, low: float, high: float) -> str:
        """Write a number followed by its interval, see `with_interval`."""
        return with_interval(value, low, high, self.decimals, bounded=self.bounded)


def decimals_of(error: float) -> int:
    """Return to how many decimals a value with this standard error is written.

    The error then has two digits if these are no more than 35, and one otherwise; the rule is that
    of the Particle Data Group [1]_.

    References
    ----------
    .. [1] Particle Data Group (2022). Review of particle physics, section 5.3 of the introduction.
       Progress of Theoretical and Experimental Physics, 083C01.

    Examples
    --------
    >>> [decimals_of(error) for error in (0.016, 0.054, 0.00004, 1.4, 12.0)]
    [3, 2, 5, 1, 0]
    """
    if not (np.isfinite(error) and error > 0):
        return Scale.decimals
    exponent = math.floor(math.log10(error))
    digits = 1 if error / 10.0**exponent <= _TWO_DIGITS else 0
    return max(0, digits - exponent)


def scale_of(errors: Iterable[float], levels: Iterable[float] = ()) -> Scale:
    """Return how values are written: as precise as their standard errors, or else as levels are.

    Parameters
    ----------
    errors : iterable of float
        Standard errors; the middle one decides.
    levels : iterable of float, optional
        Levels in whose unit the values are. Where all lie between 0 and 1, values have no leading
        zero.

    Examples
    --------
    >>> scale_of([0.016]).text(0.4494), scale_of([], [0, 0.5, 1]).text(0.4494)
    ('0.449', '.45')
    """
    known = [each for each in errors if np.isfinite(each) and each > 0]
    steps = np.unique(np.asarray(list(levels), dtype=np.float64))
    bounded = bool(len(steps) and steps[0] >= 0 and steps[-1] <= 1)
    if known:
        return Scale(decimals_of(float(np.median(known))), bounded)
    if len(steps) > 1:
        return Scale(decimals_of(float(np.diff(steps).min()) / 10), bounded)
    return Scale(bounded=bounded)


def column_scale(values: NDArray[np.float64]) -> Scale:
    """Return how a column of numbers is written: its middle one with three digits.

    Examples
    --------
    >>> column_scale(np.array([26.0, 11.0])).text(26.0)
    '26'
    >>> column_scale(np.array([0.00043, 0.00051])).text(0.00043)
    '0.000430'
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if not len(sizes) or (sizes == np.round(sizes)).all():
        return Scale(0)
    return Scale(max(0, 2 - math.floor(math.log10(float(np.median(sizes))))))


def number_text(value: float, digits: int = 3, *, bounded: bool = False) -> str:
    """Write a number with that many decimals and a real minus sign, or a dash where there is none.

    Parameters
    ----------
    value : float
        The number.
    digits : int
        Decimal places.
    bounded : bool
        Whether it cannot exceed 1 by definition and has no leading zero.

    Examples
    --------
    >>> number_text(-0.0114), number_text(0.42, 2, bounded=True), number_text(-0.0001)
    ('−0.011', '.42', '0.000')
    """
    if not np.isfinite(value):
        return "-"
    text = f"{abs(value):.{digits}f}"
    sign = MINUS if value < 0 and float(text) != 0 else ""
    return sign + (text.removeprefix("0") if bounded and text.startswith("0.") else text)


def df_text(value: float) -> str:
    """Write degrees of freedom: as a whole number, or with one decimal.

    Examples
    --------
    >>> df_text(26.0), df_text(7.84)
    ('26', '7.8')
    """
    if not np.isfinite(value):
        return "-"
    return number_text(value, 0 if abs(value - round(value)) < 1e-9 else 1)


def p_text(p: float) -> str:
    """Write a p-value as journals do.

    Examples
    --------
    >>> p_text(0.0301), p_text(0.00004), p_text(1.0)
    ('.030', '<.001', '1.000')
    """
    if not np.isfinite(p):
        return "-"
    return "<.001" if p < 0.001 else number_text(p, 3, bounded=True)


def p_phrase(p: float) -> str:
    """Write a p-value with its symbol.

    Examples
    --------
    >>> p_phrase(0.0301), p_phrase(0.00004)
    ('p = .030', 'p < .001')
    """
    text = p_text(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def with_interval(
    value: float, low: float, high: float, digits: int = 3, *, bounded: bool = False
) -> str:
    """Write a number with its interval, or a dash where there is none.

    Examples
    --------
    >>> with_interval(0.776, 0.751, 0.803)
    '0.776 (0.751 to 0.803)'
    """
    text = number_text(value, digits, bounded=bounded)
    if not np.isfinite(value) or not np.isfinite(low):
        return text
    return f"{text} ({range_text(low, high, digits, bounded=bounded)})"


def range_text(low: float, high: float, digits: int = 3, *, bounded: bool = False) -> str:
    """Write an interval on its own, or a dash where there is none.

    Examples
    --------
    >>> range_text(0.5, 0.75), range_text(np.nan, np.nan)
    ('0.500 to 0.750', '-')
    """
    if not np.isfinite(low):
        return "-"
    ends = (number_text(end, digits, bounded=bounded) for end in (low, high))
    return " to ".join(ends)


def percent_text(value: float) -> str:
    """Write a percentage in whole numbers that are never 0 or 100.

    Examples
    --------
    >>> percent_text(97.4), percent_text(99.98), percent_text(0.2)
    ('97', '>99', '<1')
    """
    if value > 99.5:
        return ">99"
    return "<1" if value < 0.5 else number_text(value, 0)


def percentile_text(value: float, low: float, high: float) -> str:
    """Write a percentile with its interval, or a dash where there is none.

    Examples
    --------
    >>> percentile_text(97.2, 93.4, 99.8)
    '97 (93 to >99)'
    """
    if not np.isfinite(value):
        return "-"
    return f"{percent_text(value)} ({percent_text(low)} to {percent_text(high)})"


def factor_text(log_bf10: float) -> str:
    """Write a Bayes factor from its logarithm, with two significant digits.

    Examples
    --------
    >>> factor_text(np.log(0.1538)), factor_text(np.log(12.3)), factor_text(500.0)
    ('0.15', '12', '>1000')
    """
    if not np.isfinite(log_bf10):
        return "-"
    if abs(log_bf10) > np.log(1000):
        return ">1000" if log_bf10 > 0 else "<.001"
    return f"{np.exp(log_bf10):#.2g}".removesuffix(".")


def is_found(p: float | None, alpha: float = ALPHA) -> bool:
    """Return whether a text may state what a test was for: its p is known and below `alpha`."""
    return p is not None and p < alpha


def verdict(p: float | None, difference: float, alpha: float = ALPHA) -> str:
    """Return what a test of a difference says.

    Examples
    --------
    >>> verdict(0.003, -1.2), verdict(0.2, 0.1), verdict(None, 0.1)
    ('lower', 'no difference found', 'no test')
    """
    if p is None or not np.isfinite(p):
        return "no test"
    if not is_found(p, alpha):
        return "no difference found"
    return "higher" if difference > 0 else "lower"
