"""Numbers, p-values and cohorts in words, as all pages and texts write them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from psychobench.comparison import CohortMeasures


def p_text(p: float) -> str:
    """Format a p-value as journals do.

    Examples
    --------
    >>> p_text(0.0301), p_text(0.00004), p_text(1.0)
    ('.030', '<.001', '1.000')
    """
    if not np.isfinite(p):
        return "-"
    if p < 0.001:
        return "<.001"
    return f"{p:.3f}".removeprefix("0")


def number_text(value: float, digits: int = 3) -> str:
    """Format a number with a fixed number of digits, or a dash where there is none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"


def heading(*, simulated: bool, rendered: bool) -> str:
    """Return the heading of a result: what kind of evidence it is.

    Examples
    --------
    >>> heading(simulated=True, rendered=True)
    'DEMONSTRATION: the human cohort is simulated and the faces are rendered; no claim about people'
    """
    faces = " and the faces are rendered" if rendered else ""
    if simulated:
        return f"DEMONSTRATION: the human cohort is simulated{faces}; no claim about people"
    if rendered:
        return "People and observers compared; the observers' faces are rendered"
    return "People and observers compared"


def percent_text(value: float) -> str:
    """Format a percentage in whole numbers that are never 0 or 100.

    Examples
    --------
    >>> percent_text(97.4), percent_text(99.98), percent_text(0.2)
    ('97', '>99', '<1')
    """
    if value > 99.5:
        return ">99"
    return "<1" if value < 0.5 else number_text(value, 0)


def percentile_text(value: float, low: float, high: float) -> str:
    """Format a percentile with its interval, or a dash where there is none.

    Examples
    --------
    >>> percentile_text(97.2, 93.4, 99.8)
    '97 (93 to >99)'
    """
    if not np.isfinite(value):
        return "-"
    return f"{percent_text(value)} ({percent_text(low)} to {percent_text(high)})"


def with_interval(value: float, low: float, high: float, digits: int = 3) -> str:
    """Format a number with its interval, or a dash where there is none.

    Examples
    --------
    >>> with_interval(0.776, 0.751, 0.803)
    '0.776 (0.751 to 0.803)'
    """
    if not np.isfinite(value):
        return "-"
    if not np.isfinite(low):
        return number_text(value, digits)
    return f"{value:.{digits}f} ({number_text(low, digits)} to {number_text(high, digits)})"


def range_text(low: float, high: float, digits: int = 3) -> str:
    """Format an interval on its own, or a dash where there is none.

    Examples
    --------
    >>> range_text(0.5, 0.75), range_text(np.nan, np.nan)
    ('0.500 to 0.750', '-')
    """
    if not np.isfinite(low):
        return "-"
    return f"{number_text(low, digits)} to {number_text(high, digits)}"


def factor_text(log_bf10: float) -> str:
    """Format a Bayes factor from its logarithm, with two significant digits.

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


def cohort_sentence(cohort: CohortMeasures, title: str) -> str:
    """Describe the PSEs and JNDs of a cohort."""
    pse = cohort.pse
    text = (
        f"Cohort: {title}, condition '{cohort.condition}': {pse.n} with a PSE, "
        f"mean {pse.mean:.3f}, SEM {pse.sem:.3f}, SD {pse.sd:.3f}."
    )
    if cohort.left_out:
        text += f" Left out: {_counts(cohort.left_out)}."
    if cohort.jnd is None:
        return f"{text} JND: fewer than two people have one."
    text += f" JND: {cohort.jnd.n} people, mean {cohort.jnd.mean:.3f}, SD {cohort.jnd.sd:.3f}"
    more = {who: why for who, why in cohort.jnd_left_out.items() if who not in cohort.left_out}
    return f"{text}; left out: {_counts(more)}." if more else f"{text}."


def _counts(left_out: Mapping[str, str]) -> str:
    counts = pd.Series(dict(left_out)).value_counts()
    return f"{len(left_out)} ({', '.join(f'{n} {status}' for status, n in counts.items())})"
