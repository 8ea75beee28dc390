"""Sentences about what a study found, and about what it cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from psychobench.comparison import FAMILIES, Comparison, SeedComparison
from psychobench.formatting import SIDES, verdict
from psychobench.tables.output import json_rows

# question: its p, the column whose sign is the direction, the answers for a small and a large p
ANSWERS = {
    "single": ("single_p_bonferroni", "d", "unlike them: {side}", "could be one of them"),
    "mean": ("p_bonferroni", "d", "{side} than average", "no difference found"),
    "equivalence": ("equivalence_p_bonferroni", "d", "equivalent", "not shown"),
    "welch": ("welch_p_bonferroni", "welch_t", "{side} than average", "no difference found"),
    "balanced": (
        "p_bonferroni_balanced",
        "t_balanced",
        "{side} than average",
        "no difference found",
    ),
}


def other_stimuli(cohort: str, stimuli: str, named: bool) -> str:
    """Return a warning that the cohort did not judge the observers' images."""
    why = (
        "the column 'stimulus' of the cohort names other images"
        if named
        else "the cohort has no column 'stimulus' with the observers' images"
    )
    return (
        f"The cohort and the observers judged different stimuli: {why} ({cohort} and {stimuli}). "
        "A difference in PSE may be due to the stimuli alone."
    )


def answer(row: Mapping[str, Any], question: str, prefix: str = "") -> str:
    """Answer a question about one row of a study's table, at 5%, Bonferroni-corrected.

    Examples
    --------
    >>> answer({"status": "ok", "d": -3.1, "single_p_bonferroni": 0.012}, "single")
    'unlike them: lower'
    >>> answer({"status": "ok", "d": -0.1, "p_bonferroni": 0.8}, "mean")
    'no difference found'
    """
    name, sign, yes, no = ANSWERS[question]
    found = verdict(row[prefix + name], row[prefix + sign] or 0.0)
    if found == "no test":
        return f"no test ({_why_none(row, question)})"
    return yes.format(side=found) if found in SIDES else no


def _why_none(row: Mapping[str, Any], question: str) -> str:
    if question == "welch":
        return str(row["seeds_statuses"])
    status = row["status_balanced" if question == "balanced" else "status"]
    # the observer has a value, so it is the people who have too few JNDs
    return "people" if status == "ok" else str(status)


def weights_sentences(observers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Describe where the observers' weights come from.

    Parameters
    ----------
    observers : Mapping of str to Mapping
        The info of each observer, by name, with `weights_origin`.

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
    """Describe the family of the corrections and the statuses that were included."""
    family, statuses = comparison.family, " or ".join(comparison.statuses)
    tests = _tests(comparison.family_size, comparison.jnd_family_size)
    return (
        f"Bonferroni and Holm corrections are for {tests} for each question (family '{family}': "
        f"{FAMILIES[family]}); answers are at the 5% level, Bonferroni-corrected. PSEs with status "
        f"{statuses} were included."
    )


def seed_sentences(seeds: SeedComparison) -> list[str]:
    """Describe the intervals of trained observers, and name those that were trained once."""
    several = list(dict.fromkeys(seeds.table["observer"]))
    once = [name for name in dict.fromkeys(seeds.values["observer"]) if name not in several]
    said = []
    if several:
        first = seeds.values["seed"].min()
        said.append(
            f"{', '.join(several)}: PSE and JND are those of seed {first}, which all tests except "
            "Welch's treat as known without error; their intervals are "
            f"{seeds.confidence:.0%} prediction intervals for one further training, assuming "
            "values that are normal over trainings. Corrections of Welch's t-test are for "
            f"{_tests(seeds.family_size, seeds.jnd_family_size)}. "
            f"{_without_pse(seeds.table)}"
        )
    if once:
        said.append(
            f"{', '.join(once)}: a single curve, because training involves no chance or cannot be "
            "repeated."
        )
    return [each.strip() for each in said]


def _tests(of_pse: int, of_jnd: int) -> str:
    """Count tests in words."""
    return f"{of_pse} test{'' if of_pse == 1 else 's'} of the PSE and {of_jnd} of the JND"


def _without_pse(table: pd.DataFrame) -> str:
    """Report trainings that enter no mean and no test."""
    lost = table[table["seeds_with_pse"] < table["seeds"]]
    rows = [f"{row.observer}, mask {row.mask}: {row.seeds_statuses}" for row in lost.itertuples()]
    return f"Trainings without an included PSE: {'; '.join(rows)}." if rows else ""


def verdict_flips(table: pd.DataFrame) -> list[str]:
    """Return one line for each verdict that depends on the base rate of the training labels."""
    return [
        f"{row['observer']}, mask {row['mask']}: THE VERDICT FLIPS without the training labels' "
        f"log-odds ({row['label_log_odds']:+.2f}): {answer(row, 'mean')} with them, "
        f"{answer(row, 'balanced')} without."
        for row in json_rows(table)
        if row["verdict_flips"]
    ]


def trials_sentence() -> str:
    """State how the tests treat an observer's own uncertainty."""
    return (
        "The tests treat each observer's PSE and JND as known without error; the intervals show "
        "their uncertainty."
    )


def reasons(table: pd.DataFrame) -> list[str]:
    """Return one line for each fit with a reason for its status."""
    with_reason = table[table["reason"].notna() & (table["reason"] != "")]
    return [
        f"{row['observer']}, mask {row['mask']}: {row['status']}: {row['reason']}"
        for _, row in with_reason.iterrows()
    ]
