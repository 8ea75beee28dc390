"""Plain words for what a comparison found, and for what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from psychobench.comparison import FAMILIES, CohortPSE, Comparison

ALPHA = 0.05


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


def verdict(row: Mapping[str, Any]) -> str:
    """Say in words what a row of a comparison's table means.

    Examples
    --------
    >>> verdict({"status": "ok", "t": -3.1, "p_bonferroni": 0.012})
    "lower than the cohort's"
    """
    if row["p_bonferroni"] is None:
        return f"no test ({row['status']})"
    if row["p_bonferroni"] >= ALPHA:
        return "no difference found"
    return "higher than the cohort's" if row["t"] > 0 else "lower than the cohort's"


def cohort_sentence(cohort: CohortPSE, title: str) -> str:
    """Describe the cohort that observers were tested against."""
    text = (
        f"Cohort: {title}, condition '{cohort.condition}': {cohort.n} with a PSE, "
        f"mean {cohort.mean:.3f}, SEM {cohort.sem:.3f}, SD {cohort.sd:.3f}."
    )
    if cohort.left_out:
        counts = pd.Series(dict(cohort.left_out)).value_counts()
        reasons = ", ".join(f"{n} {status}" for status, n in counts.items())
        text += f" Left out: {len(cohort.left_out)} ({reasons})."
    return text


def test_sentence(comparison: Comparison) -> str:
    """Name the test, its family and what counts."""
    return (
        "Test: one-sample t of the cohort's PSEs against each PSE, sign (observer - mean) / SEM; "
        f"Bonferroni over {comparison.family_size} "
        f"(family '{comparison.family}': {FAMILIES[comparison.family]}). "
        f"PSEs with status {' or '.join(comparison.tested)} count."
    )


def reasons(table: pd.DataFrame) -> Sequence[str]:
    """Give one line for each fit that is not plainly ok."""
    with_reason = table[table["reason"].notna() & (table["reason"] != "")]
    return [
        f"{row['observer']}, mask {row['mask']}: {row['status']}: {row['reason']}"
        for _, row in with_reason.iterrows()
    ]
