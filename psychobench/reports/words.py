"""Plain words for what a comparison found, and for what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from psychobench.comparison import FAMILIES, CohortMeasures, Comparison, SeedComparison
from psychobench.comparison.base_rate import ALPHA
from psychobench.tables.output import json_rows

# question: the p that answers it, whose sign is the side, the answer where p is small or is not
ANSWERS = {
    "single": ("single_p_bonferroni", "d", "unlike them: {side}", "could be one of them"),
    "mean": ("p_bonferroni", "d", "{side} than average", "no difference found"),
    "equivalence": ("equivalence_p_bonferroni", "d", "equal within the margin", "not shown"),
    "welch": ("welch_p_bonferroni", "welch_t", "{side} than average", "no difference found"),
    "balanced": (
        "p_bonferroni_balanced",
        "t_balanced",
        "{side} than average",
        "no difference found",
    ),
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


def range_text(low: float, high: float, digits: int = 3) -> str:
    """Write an interval on its own, or a dash where there is none.

    Examples
    --------
    >>> range_text(0.5, 0.75), range_text(np.nan, np.nan)
    ('0.500 to 0.750', '-')
    """
    if not np.isfinite(low):
        return "-"
    return f"{number_text(low, digits)} to {number_text(high, digits)}"


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
    name, sign, yes, no = ANSWERS[question]
    p = row[prefix + name]
    if p is None:
        return f"no test ({_why_none(row, question)})"
    side = "higher" if row[prefix + sign] > 0 else "lower"
    return (yes if p < ALPHA else no).format(side=side)


def _why_none(row: Mapping[str, Any], question: str) -> str:
    if question == "welch":
        return str(row["seeds_statuses"])
    status = row["status_balanced" if question == "balanced" else "status"]
    # an observer's own value is there, so it is the people who have too few JNDs
    return "people" if status == "ok" else str(status)


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


def weights_sentences(observers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what observers' weights have seen, and so what they are not.

    Parameters
    ----------
    observers : Mapping of str to Mapping
        What each observer says of itself, by name; `weights_origin` among it.

    Examples
    --------
    >>> weights_sentences({"a": {"weights_origin": "drawings"}, "b": {"weights_origin": "none"}})
    ['Weights of a: drawings.', 'Weights of b: none.']
    """
    alike: dict[str, list[str]] = {}
    for name, info in observers.items():
        alike.setdefault(str(info["weights_origin"]), []).append(name)
    return [f"Weights of {', '.join(names)}: {origin}." for origin, names in alike.items()]


def family_sentence(comparison: Comparison) -> str:
    """Name the family that each correction counts, and what counts at all."""
    return (
        f"Corrections: Bonferroni's and Holm's over {comparison.family_size} tests of the PSE and "
        f"{comparison.jnd_family_size} of the JND for each question (family "
        f"'{comparison.family}': {FAMILIES[comparison.family]}); answers go by Bonferroni's at 5%. "
        f"Fits with status {' or '.join(comparison.tested)} count."
    )


def seed_sentences(seeds: SeedComparison) -> list[str]:
    """Say what the intervals of trained observers are about, and who was trained once only."""
    several = list(dict.fromkeys(seeds.table["observer"]))
    once = [name for name in dict.fromkeys(seeds.values["observer"]) if name not in several]
    said = []
    if several:
        first = seeds.values["seed"].min()
        said.append(
            f"{', '.join(several)}: PSE and JND are of seed {first}, which all tests but Welch's "
            "take as exact; the interval beside them is where one more training would put them "
            f"({seeds.confidence:.0%}, if values are normal over trainings). Corrections of "
            f"Welch's t: over {seeds.family_size} tests of the PSE and {seeds.jnd_family_size} of "
            f"the JND. {_without_pse(seeds.table)}"
        )
    if once:
        said.append(
            f"{', '.join(once)}: one curve. It owes nothing to chance, or offers no way to train "
            "it again."
        )
    return [each.strip() for each in said]


def _without_pse(table: pd.DataFrame) -> str:
    """Tell of trainings that enter no mean and no test."""
    lost = table[table["seeds_with_pse"] < table["seeds"]]
    rows = [f"{row.observer}, mask {row.mask}: {row.seeds_statuses}" for row in lost.itertuples()]
    return f"Trainings without a PSE that counts: {'; '.join(rows)}." if rows else ""


def flips(table: pd.DataFrame) -> list[str]:
    """Give one line for each verdict that hangs on the base rate of the training labels."""
    return [
        f"{row['observer']}, mask {row['mask']}: THE VERDICT FLIPS without the training labels' "
        f"log-odds ({row['label_log_odds']:+.2f}): {answer(row, 'mean')} with them, "
        f"{answer(row, 'balanced')} without."
        for row in json_rows(table)
        if row["verdict_flips"]
    ]


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
