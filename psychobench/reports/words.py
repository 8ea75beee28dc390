"""Plain words for what a comparison found, and for what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from psychobench.comparison import FAMILIES, CohortMeasures, Comparison

ALPHA = 0.05
# question: the p that answers it, the answer where it is small and where it is not
ANSWERS = {
    "single": ("single_p_bonferroni", "unlike them: {side}", "could be one of them"),
    "mean": ("p_bonferroni", "{side} than average", "no difference found"),
    "equivalence": ("equivalence_p_bonferroni", "equal within the margin", "not shown"),
}


def p_text(p: float) -> str:
    """Write a p-value as journals do.

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
    """Write a number with a fixed count of digits, or a dash where there is none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"


def heading(*, simulated: bool, rendered: bool) -> str:
    """Say above every result what kind of evidence it is.

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


def other_stimuli(cohort: str, stimuli: str, named: bool) -> str:
    """Warn that a cohort did not judge the observers' images."""
    why = (
        "its 'stimulus' column names other images"
        if named
        else "no 'stimulus' column in its file names those images"
    )
    return (
        f"This cohort judged other stimuli than the observers: {why} ({cohort} against {stimuli}). "
        "A difference in PSE may come from the stimuli alone."
    )


def percent_text(value: float) -> str:
    """Write a percentage in whole numbers that never claims all or nobody.

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


def with_interval(value: float, low: float, high: float, digits: int = 3) -> str:
    """Write a number with its interval, or a dash where there is none.

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


def factor_text(log_bf10: float) -> str:
    """Write a Bayes factor from its logarithm, with two digits that count.

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


def answer(row: Mapping[str, Any], question: str, prefix: str = "") -> str:
    """Answer a question about one row of a comparison's table, at 5% after Bonferroni.

    Examples
    --------
    >>> answer({"status": "ok", "d": -3.1, "single_p_bonferroni": 0.012}, "single")
    'unlike them: lower'
    >>> answer({"status": "ok", "d": -0.1, "p_bonferroni": 0.8}, "mean")
    'no difference found'
    """
    name, yes, no = ANSWERS[question]
    p = row[prefix + name]
    if p is None:
        # an observer's own value is there, so it is the people who have too few JNDs
        return f"no test ({'people' if row['status'] == 'ok' else row['status']})"
    side = "higher" if row[f"{prefix}d"] > 0 else "lower"
    return (yes if p < ALPHA else no).format(side=side)


def cohort_sentence(cohort: CohortMeasures, title: str) -> str:
    """Describe the cohort that observers were tested against."""
    pse = cohort.pse
    text = (
        f"Cohort: {title}, condition '{cohort.condition}': {pse.n} with a PSE, "
        f"mean {pse.mean:.3f}, SEM {pse.sem:.3f}, SD {pse.sd:.3f}."
    )
    if cohort.left_out:
        text += f" Left out: {_counts(cohort.left_out)}."
    if cohort.jnd is None:
        return f"{text} JND: fewer than two people have one that can be tested."
    text += f" JND: {cohort.jnd.n} people, mean {cohort.jnd.mean:.3f}, SD {cohort.jnd.sd:.3f}"
    more = {who: why for who, why in cohort.jnd_left_out.items() if who not in cohort.left_out}
    return f"{text}; left out: {_counts(more)}." if more else f"{text}."


def _counts(left_out: Mapping[str, str]) -> str:
    counts = pd.Series(dict(left_out)).value_counts()
    return f"{len(left_out)} ({', '.join(f'{n} {status}' for status, n in counts.items())})"


def family_sentence(comparison: Comparison) -> str:
    """Name the family that each correction counts, and what counts at all."""
    return (
        f"Corrections: Bonferroni's and Holm's over {comparison.family_size} tests of the PSE and "
        f"{comparison.jnd_family_size} of the JND for each question (family "
        f"'{comparison.family}': {FAMILIES[comparison.family]}); answers go by Bonferroni's at 5%. "
        f"Fits with status {' or '.join(comparison.tested)} count."
    )


def trials_sentence() -> str:
    """Say what the tests make of an observer's own uncertainty."""
    return (
        "The tests take each observer's PSE and JND as exact; how sure they are is in the "
        "interval beside them."
    )


def reasons(table: pd.DataFrame) -> Sequence[str]:
    """Give one line for each fit that is not plainly ok."""
    with_reason = table[table["reason"].notna() & (table["reason"] != "")]
    return [
        f"{row['observer']}, mask {row['mask']}: {row['status']}: {row['reason']}"
        for _, row in with_reason.iterrows()
    ]
