"""A study as a JSON document and as a folder of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from psychobench.comparison import Sample
from psychobench.plans import Plan
from psychobench.plans.plan import FILE as PLAN
from psychobench.studies.data import StudyData
from psychobench.studies.page import study_page
from psychobench.studies.text import study_text
from psychobench.tables.output import csv_bytes, json_rows

KIND = "comparison with people"
ALWAYS = (
    *("trials.csv", "fits.csv", "tests.csv", "curves.png", "curves.svg", "curves.pdf"),
    *("report.html", "summary.txt", "comparison.json", PLAN),
)
TABLES = ("data", "fit", "tests", "compare")  # those of a plan that a study carries out


def study_inputs(study: StudyData) -> list[Path]:
    """Return the file and the folder that a study was made from."""
    people = [] if study.cohort.path is None else [study.cohort.path]
    return [*people, study.stimuli.folder]


def study_json(study: StudyData) -> dict[str, Any]:
    """Return the study as one document of plain types, None where there is no value."""
    first = next(iter(study.comparison.cohorts.values()))
    seeds = None if study.trainings is None else study.trainings.comparison
    return {
        "heading": study.heading,
        "cohort": {
            "name": study.cohort.name,
            "simulated": study.cohort.simulated,
            "condition": first.condition,
            **_summary("pse", first.pse),
            "left_out": dict(first.left_out),
            "jnd": None if first.jnd is None else _summary("jnd", first.jnd),
        },
        "stimuli": {
            "name": study.stimuli.name,
            "title": study.stimuli.title,
            "rendered": study.stimuli.rendered,
            "n": len(study.stimuli.table),
            "sha256": study.stimuli.sha256,
            "judged_by_cohort": study.same_stimuli,
        },
        "family": study.comparison.family,
        "family_size": study.comparison.family_size,
        "jnd_family_size": study.comparison.jnd_family_size,
        "margin": study.comparison.margin,
        "statuses": list(study.comparison.statuses),
        "welch_family_size": None if seeds is None else seeds.family_size,
        "jnd_welch_family_size": None if seeds is None else seeds.jnd_family_size,
        "rows": json_rows(study.table),
        "seed_rows": [] if seeds is None else json_rows(seeds.values),
        "notes": study.notes,
        "provenance": dict(study.provenance),
    }


def write_study(study: StudyData, folder: Path) -> None:
    """Write the page, tables, figure, summary and provenance into an existing folder."""
    from psychobench.draw.figures import save_figure
    from psychobench.studies.figure import draw_study

    figure = draw_study(study)
    people = "simulated" if study.cohort.simulated else "human"
    trained = study.trainings
    mine = study.answers if trained is None else trained.answers
    answers = [mine.assign(kind="observer"), study.cohort.table.assign(kind=people)]
    curves = study.observer_fits if trained is None else trained.fits
    fits = [curves.to_frame(), study.cohort_fits.to_frame()]
    kinds = ["observer"] * len(fits[0]) + [people] * len(fits[1])
    _to_csv(pd.concat(answers, ignore_index=True), folder / "trials.csv")
    _to_csv(pd.concat(fits, ignore_index=True).assign(kind=kinds), folder / "fits.csv")
    _to_csv(study.table, folder / "tests.csv")
    save_figure(figure, folder, "curves")
    page = study_page(study, figure).html()
    (folder / "report.html").write_text(page + "\n", encoding="utf-8")
    (folder / "summary.txt").write_text(study_text(study) + "\n", encoding="utf-8")
    _to_json(study_json(study), folder / "comparison.json")
    _to_json(dict(study.provenance), folder / "provenance.json")
    plan = Plan.of(study.provenance["options"], tables=TABLES)
    (folder / PLAN).write_text(plan.to_toml(), encoding="utf-8")


def _summary(measure: str, sample: Sample) -> dict[str, Any]:
    return {
        "n": sample.n,
        f"mean_{measure}": sample.mean,
        f"sem_{measure}": sample.sem,
        f"sd_{measure}": sample.sd,
    }


def _to_csv(table: pd.DataFrame, path: Path) -> None:
    if "seed" in table:  # people have no seed, and 3 must not become 3.0
        table = table.astype({"seed": "Int64"})
    path.write_bytes(csv_bytes(table))


def _to_json(document: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
