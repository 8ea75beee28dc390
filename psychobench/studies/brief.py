"""A study in one screen: the verdict, a figure of the PSEs, numbers, checks, method."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd
from scipy import stats

from psychobench.formatting import ALPHA, SIDES, p_phrase, p_text, verdict
from psychobench.messages import number_of, shown
from psychobench.reports.sketch import Mean, sketch, table_text, wrapped
from psychobench.studies.data import StudyData
from psychobench.tables.output import json_rows

MOST_OBSERVERS, MOST_ROWS, MOST_DRAWN = 3, 8, 8
MORE = "`verbose=True` shows everything."
ONE_OF_THEM, AVERAGE = "one of the people?", "differs from average?"


def brief_text(study: StudyData, width: int) -> str:
    """Return what was found, then the numbers, then what to look at, in one screen of text.

    Parameters
    ----------
    study : StudyData
        What was compared.
    width : int
        Characters of a line.
    """
    rows = json_rows(study.table)
    sections = [
        wrapped(study.heading, width),
        "\n".join(wrapped(line, width) for line in verdict_sentences(study)),
        _figure(study, rows, width),
        _numbers(study, rows, width),
        "\n".join(wrapped(line, width, "  ") for line in (*_checks(study), MORE)),
    ]
    return "\n\n".join(section for section in sections if section)


def verdict_sentences(study: StudyData) -> list[str]:
    """Return the answer in two or three sentences: who could be one of the people, who differs."""
    rows = json_rows(study.table)
    names = list(dict.fromkeys(row["observer"] for row in rows))
    if len(names) > MOST_OBSERVERS:
        return _all_together(rows, names)
    of_each = [[row for row in rows if row["observer"] == name] for name in names]
    return [said for own in of_each for said in (_of_one(own[0]["observer"], own), *_again(own))]


def _of_one(name: str, rows: list[dict[str, Any]]) -> str:
    """Answer for one observer: each question with its masks, or with its p where there is one."""
    tested = [row for row in rows if row["single_p_bonferroni"] is not None]
    if not tested:
        why = ", ".join(dict.fromkeys(row["status"] for row in rows))
        return f"{name} has no PSE that could be tested ({why})."
    return _of_a_row(rows[0]) if len(rows) == 1 else _of_masks(name, rows, tested)


def _of_a_row(row: dict[str, Any]) -> str:
    single, mean = _verdict(row, "single_p_bonferroni"), _verdict(row, "p_bonferroni")
    could = "could not" if single in SIDES else "could"
    average = (
        f"it is {mean} than that of the average person"
        if mean in SIDES
        else "no difference from the average person was found"
    )
    return (
        f"The PSE of {row['observer']} {could} be that of one of the people "
        f"({p_phrase(row['single_p_bonferroni'])}); {average} ({p_phrase(row['p_bonferroni'])})."
    )


def _of_masks(name: str, rows: list[dict[str, Any]], tested: list[dict[str, Any]]) -> str:
    could_be = [r["mask"] for r in tested if _verdict(r, "single_p_bonferroni") not in SIDES]
    sides = {
        side: [r["mask"] for r in tested if _verdict(r, "p_bonferroni") == side] for side in SIDES
    }
    differs = [
        f"{side} than the average person's under {_of(masks, len(rows))}"
        for side, masks in sides.items()
        if masks
    ]
    average = (
        f"it is {' and '.join(differs)}"
        if differs
        else "no difference from the average person was found"
    )
    return (
        f"The PSE of {name} could be that of one of the people under "
        f"{_of(could_be, len(rows))}; {average}."
    )


def _again(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Answer for all trainings of an observer that was trained several times."""
    tested = [row for row in rows if row["welch_p_bonferroni"] is not None]
    if not tested:
        return
    found = {
        side: [r["mask"] for r in tested
               if verdict(r["welch_p_bonferroni"], r["welch_t"], ALPHA) == side]
        for side in SIDES
    }  # fmt: skip
    said = [f"{side} under {_of(masks, len(rows))}" for side, masks in found.items() if masks]
    where = " and ".join(said) if said else "nowhere found to differ"
    yield (
        f"Over {tested[0]['seeds']} trainings, its mean PSE is {where}, compared with the mean of "
        "the people."
    )


def _all_together(rows: list[dict[str, Any]], names: list[str]) -> list[str]:
    tested = [row for row in rows if row["single_p_bonferroni"] is not None]
    could = [row for row in tested if _verdict(row, "single_p_bonferroni") not in SIDES]
    differ = [row for row in tested if _verdict(row, "p_bonferroni") in SIDES]
    unlike = {row["observer"] for row in rows} - {row["observer"] for row in could}
    return [
        f"Of {len(rows)} PSEs of {len(names)} observers, {len(tested)} could be tested: "
        f"{len(could)} could be that of one of the people, and {len(differ)} differ from the "
        "average person's.",
        *([f"Under no mask one of the people: {shown(sorted(unlike))}."] if unlike else []),
    ]


def _of(masks: list[str], n: int) -> str:
    if not masks:
        return "no mask"
    if len(masks) == n:
        return "both masks" if n == 2 else f"all {n} masks"
    return f"{len(masks)} of {n} masks ({', '.join(masks)})"


def _verdict(row: dict[str, Any], p: str) -> str:
    return verdict(row[p], row["d"] or 0.0)


def _figure(study: StudyData, rows: list[dict[str, Any]], width: int) -> str:
    """Draw PSEs under the range in which 95% of people are expected."""
    cohorts = study.comparison.cohorts
    conditions = {cohort.condition: cohort.pse for cohort in cohorts.values()}
    means = []
    for condition, pse in conditions.items():
        reach = stats.t.ppf(0.975, pse.n - 1) * pse.sd * math.sqrt(1 + 1 / pse.n)
        name = "people" if len(conditions) == 1 else f"people, {condition}"
        means.append(Mean(name, pse.mean, pse.mean - reach, pse.mean + reach))
        for row in rows:
            if row["pse"] is not None and cohorts[row["mask"]].condition == condition:
                name = row["observer"] + (f", {row['mask']}" if len(cohorts) > 1 else "")
                means.append(Mean(name, row["pse"], _nan(row["pse_low"]), _nan(row["pse_high"])))
    drawn = sketch(means[:MOST_DRAWN], study.scale, width)
    return (
        f"PSEs; for people, the range in which 95% of them are expected\n{drawn}" if drawn else ""
    )


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _numbers(study: StudyData, rows: list[dict[str, Any]], width: int) -> str:
    first = rows[:MOST_ROWS]
    columns = {
        "observer": [row["observer"] for row in first],
        "mask": [row["mask"] for row in first],
        "PSE": [study.scale.text(_nan(row["pse"])) for row in first],
        "JND": [study.scale.text(_nan(row["jnd"])) for row in first],
        ONE_OF_THEM: [_possible(row) for row in first],
        AVERAGE: [_differs(row) for row in first],
    }
    if study.comparison.margin is not None:
        columns["p equiv."] = [p_text(_nan(row["equivalence_p_bonferroni"])) for row in first]
    drawn = table_text(columns, ["observer", "mask", ONE_OF_THEM, AVERAGE], width)
    more = len(rows) - len(first)
    return drawn + (f"\nand {number_of(more, 'more row')}" if more else "")


def _possible(row: dict[str, Any]) -> str:
    found, p = _verdict(row, "single_p_bonferroni"), row["single_p_bonferroni"]
    if p is None:
        return f"no test ({row['status']})"
    return f"{f'no, {found}' if found in SIDES else 'possible'} ({p_text(p)})"


def _differs(row: dict[str, Any]) -> str:
    found, p = _verdict(row, "p_bonferroni"), row["p_bonferroni"]
    if p is None:
        return "no test"
    return f"{found if found in SIDES else 'not found'} ({p_text(p)})"


def _checks(study: StudyData) -> Iterator[str]:
    """Yield what a reader has to know besides the numbers, in a line or two each."""
    statuses = pd.Series(study.table["status"]).value_counts()
    people = study.cohort_fits.table["status"].value_counts()
    counts = ", ".join(f"{n} {status}" for status, n in statuses.items())
    of_people = ", ".join(f"{n} {status}" for status, n in people.items())
    yield f"Fits: observers {counts}; people {of_people}."
    if not study.same_stimuli:
        yield (
            "The people and the observers judged different stimuli, or it is not known that they "
            "judged the same: a difference in PSE may be due to the stimuli alone."
        )
    if flips := int((study.table["verdict_flips"] == True).sum()):  # noqa: E712 (may be missing)
        yield (
            f"{number_of(flips, 'verdict')} FLIP{'S' if flips == 1 else ''} without the base rate "
            "of the training labels."
        )
    comparison = study.comparison
    yield (
        "Method: single-case and one-sample t-tests of the PSE; p is Bonferroni-corrected for "
        f"{number_of(comparison.family_size, 'test')} (family '{comparison.family}')."
    )
