"""Plans: written with every analysis, followed by the next, and each departure told."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import psychobench as pb
from psychobench.cli.main import cli
from psychobench.errors import OptionError
from psychobench.fits.options import FitOptions
from psychobench.plans.schema import SCHEMA

DOCS = Path(__file__).parents[1] / "docs" / "plans.md"


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    """Four people under two masks, six trials at each of five levels."""
    rng = np.random.default_rng(2)
    level = np.repeat([0.0, 0.25, 0.5, 0.75, 1.0], 6)
    parts = [
        pd.DataFrame(
            {
                "subject": f"p{person}",
                "mask": mask,
                "level": level,
                "response": (level + rng.normal(0, 0.2, 30) > middle).astype(int),
            }
        )
        for person in range(4)
        for mask, middle in (("whole", 0.4), ("eyes", 0.6))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def analysis(trials):
    return pb.analyse(
        trials, columns="observer=subject", within="mask", exclude="missing>0.5", engine="ml", gof=0
    )


def departures(found) -> list[str]:
    return found.followed.to_frame()["key"].tolist()


def test_an_analysis_repeated_by_its_plan_has_the_same_numbers_and_no_departure(trials, analysis):
    again = pb.analyse(trials, plan=analysis.plan)
    pd.testing.assert_frame_equal(again.to_frame(), analysis.to_frame())
    assert again.sentences() == analysis.sentences()
    assert departures(again) == []
    assert again.plan.to_dict() == analysis.plan.to_dict()


def test_a_plan_survives_its_file(analysis, tmp_path):
    path = analysis.plan.save(tmp_path / "plan.toml")
    assert pb.read_plan(path).to_dict() == analysis.plan.to_dict()


def test_what_is_asked_beside_a_plan_is_done_and_told(trials, analysis):
    found = pb.analyse(trials, plan=analysis.plan, confidence=0.9, exclude=())
    assert found.confidence == 0.9
    assert departures(found) == ["exclude.rules", "fit.confidence"]
    assert "fit.confidence: planned 0.95, done 0.9" in found.summary()
    assert "Departures from the plan" in found.report().html()


def test_the_default_said_aloud_is_a_departure_where_the_plan_differs(trials, analysis):
    plan = {**analysis.plan.to_dict(), "fit": {"engine": "ml", "gof": 0, "confidence": 0.9}}
    assert departures(pb.analyse(trials, plan=plan, confidence=0.95)) == ["fit.confidence"]


def test_a_choice_in_another_form_is_no_departure(trials, analysis):
    found = pb.analyse(
        trials,
        plan=analysis.plan,
        columns={"observer": "subject"},
        within=["mask"],
        statuses="ok,step",
    )
    assert departures(found) == []


def test_data_that_differ_from_the_design_are_departures(trials, analysis):
    design = {"within": ["mask"], "people": 5, "levels": [0, 0.5, 1], "trials": 6}
    plan = {**analysis.plan.to_dict(), "design": design}
    assert departures(pb.analyse(trials, plan=plan)) == ["design.people", "design.levels"]
    lost = trials.drop(index=[0, 1])
    plan["design"] = {"within": ["mask"], "people": 4, "trials": 6}
    found = pb.analyse(lost, plan=plan)
    assert str(found.followed.departures[0]) == "design.trials: planned 6, done 4 to 6"


def test_what_was_planned_and_is_not_done_is_a_departure(trials, analysis):
    plan = analysis.plan.to_dict()
    plan["tests"] = {"margin": 0.05, "hypotheses": ["hidden eyes raise the PSE"]}
    found = pb.analyse(trials, plan=plan)
    assert departures(found) == ["tests.margin"]
    assert "Expected: hidden eyes raise the PSE" in found.summary()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("[fit]\nenigne = 'ml'", "fit.enigne is not a known key (did you mean 'engine'?)"),
        ("[tset]\nmargin = 1", "'tset' is not a known table"),
        ("fit = 3", "fit must be a table: it is 3"),
        ("[fit]\nconfidence = 'high'", "fit.confidence must be a number: it is 'high'"),
        ("[design]\npeople = -1", "design.people must be a whole number from 0: it is -1"),
        ("[fit", "a plan must be a TOML file"),
    ],
)
def test_a_plan_that_is_none_is_one_line(document, said, tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(document)
    with pytest.raises(OptionError) as raised:
        pb.read_plan(path)
    assert len(raised.value.faults) == 1
    assert said in str(raised.value)
    assert str(path) in str(raised.value)


def test_the_command_follows_a_plan_and_leaves_one(trials, analysis, tmp_path):
    file, plan = tmp_path / "trials.csv", tmp_path / "registered.toml"
    trials.to_csv(file, index=False)
    analysis.plan.save(plan)
    call = ["analyse", str(file), "--plan", str(plan), "--out", str(tmp_path / "out")]
    ran = CliRunner().invoke(cli, call)
    assert ran.exit_code == 0, ran.output
    assert "The plan was followed without departures." in ran.output
    written = tomllib.loads((tmp_path / "out" / "plan.toml").read_text("utf-8"))
    assert written == analysis.plan.to_dict()


def test_the_schema_has_every_option_of_fitting():
    assert set(SCHEMA["fit"]) == {field.name for field in fields(FitOptions)}


def test_the_documentation_lists_every_key():
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")]
    listed = {tuple(cell.strip(" `") for cell in row.split("|")[1:3]) for row in rows}
    assert {(table, key) for table in SCHEMA for key in SCHEMA[table]} <= listed
