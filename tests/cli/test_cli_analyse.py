"""`psychobench analyse`: from a file of trials to a folder with a report, or to one clear line."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pandas as pd
import pytest

import psychobench


@pytest.fixture
def trials(tmp_path):
    """Write three simulated people's trials under names of their own and give the options."""
    rng = np.random.default_rng(6)
    level = np.tile(np.linspace(0, 1, 6), 12)
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "person": f"p{i}",
                    "mask": mask,
                    "morph": level,
                    "said_happy": (level + rng.normal(0, 0.2, len(level)) > middle) * 1,
                    "site": "AB"[i % 2],
                }
            )
            for i in range(3)
            for mask, middle in (("none", 0.4), ("eyes", 0.6))
        ]
    )
    file = tmp_path / "my trials.csv"
    table.to_csv(file, index=False)
    columns = "observer=person,condition=mask,level=morph,response=said_happy"
    return ["analyse", file, "--columns", columns, "--engine", "ml"]


@pytest.mark.slow
def test_a_folder_holds_the_page_figures_tables_and_provenance(run_cli, trials, tmp_path):
    out = tmp_path / "new" / "results"
    ran = run_cli(*trials, "--out", out, "--gof", 39, "--verbose")
    assert ran.code == 0, ran.err
    names = {path.name for path in out.iterdir()}
    figures = {"groups", "measures", "goodness", "participants-1"}
    assert names == {
        *(f"{name}.{kind}" for name in figures for kind in ("png", "svg", "pdf")),
        *(f"{name}.csv" for name in ("fits", "descriptives", "left-out", "checks", "tests")),
        *(
            "goodness.csv",
            "report.html",
            "summary.txt",
            "analysis.json",
            "provenance.json",
            "plan.toml",
        ),
    }
    assert (out / "summary.txt").read_text("utf-8") == ran.out
    page = (out / "report.html").read_text("utf-8")
    assert "morph" in page
    document = json.loads((out / "analysis.json").read_text("utf-8"))
    assert len(document["fits"]) == 6
    record = json.loads((out / "provenance.json").read_text("utf-8"))
    assert {name: record[name] for name in document["provenance"]} == document["provenance"]
    assert set(record["files"]) == names - {"provenance.json"}


@pytest.mark.slow
def test_the_command_in_the_provenance_makes_the_same_results_again(run_cli, trials, tmp_path):
    run_cli(*trials, "--out", tmp_path / "out", "--gof", 0, "--exclude", "missing>0.5")
    record = json.loads((tmp_path / "out" / "provenance.json").read_text("utf-8"))
    before = (tmp_path / "out" / "fits.csv").read_bytes()
    words = shlex.split(record["command"])
    assert words[:2] == ["psychobench", "analyse"]
    assert run_cli(*words[1:]).code == 0
    assert (tmp_path / "out" / "fits.csv").read_bytes() == before


@pytest.mark.slow
def test_json_alone_stands_on_stdout_and_has_null_where_there_is_no_number(run_cli, trials):
    ran = run_cli(*trials, "--json")
    document = json.loads(ran.out, parse_constant=lambda name: pytest.fail(name))
    assert document["fits"][0]["pse_mean"] is None
    assert len(document["sentences"]) == 4
    assert document["provenance"]["options"]["gof"] == 100


@pytest.mark.slow
def test_groups_split_means_and_tests(run_cli, trials):
    ran = run_cli(*trials, "--between", "site", "--json")
    assert {row["site"] for row in json.loads(ran.out)["descriptives"]} == {"A", "B"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--exclude", "mising>0.2"], "did you mean 'missing'"),
        (["--exclude", "ends<9"], "--exclude must leave at least one participant"),
        (["--between", "sit"], "did you mean 'site'"),
        (["--between", "mask"], "one group per participant"),
        (["--within", "site", "--between", "site"], "must name different columns"),
        (["--engine", "mle"], "engine"),
        (["--statuses", "fine"], "fine"),
        (["--task", "3afc"], "task"),
        (["--confidence", "95"], "confidence"),
        (["--gof", "-1"], "gof"),
        (["--where", "mask=nose"], "nose"),
    ],
)
def test_a_wrong_option_ends_in_one_clear_line_and_writes_nothing(
    run_cli, trials, tmp_path, options, said
):
    out = tmp_path / "out"
    ran = run_cli(*trials, *options, "--out", out)
    assert ran.code == 1
    assert "Error: " in ran.err
    assert said in ran.err.partition("Error: ")[2]
    assert ran.out == ""
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ([], {}),
        (
            ["--within", "mask", "--between", "site", "--engine", "bayes", "--confidence", ".9"],
            {"within": "mask", "between": ["site"], "engine": "bayes", "confidence": 0.9},
        ),
        (
            ["--where", "site=A", "--exclude", "ends<0.9", "--exclude", "rt,missing>0.2"],
            {"where": {"site": "A"}, "exclude": ["ends<0.9", "rt", "missing>0.2"]},
        ),
        (
            ["--statuses", "ok", "--bounds", "lapse=0:0.05", "--likelihood", "beta-binomial"],
            {"statuses": ["ok"], "bounds": {"lapse": (0, 0.05)}, "likelihood": "beta-binomial"},
        ),
        (
            ["--bootstrap", "40", "--seed", "3", "--sigmoid", "logistic"],
            {"bootstrap": 40, "seed": 3, "sigmoid": "logistic"},
        ),
        (["--share", "lapse", "--gof", "0"], {"share": ["lapse"], "gof": 0}),
    ],
    ids=["as it is", "design", "rows and rules", "limits", "simulations", "shared lapse"],
)
def test_the_command_and_the_library_give_the_same_numbers(run_cli, trials, typed, options):
    _, file, _, columns, *_ = trials
    told = {"columns": columns, "engine": "ml", "gof": 39, **options}
    ran = run_cli(*trials, "--gof", "39", *typed, "--json")
    of_command = json.loads(ran.out)
    of_library = json.loads(json.dumps(psychobench.analyse(file, **told).to_dict()))
    made, made_here = (each.pop("provenance") for each in (of_command, of_library))
    assert of_command == of_library
    assert made["data"] == made_here["data"]
    assert set(made["options"]) == {*made_here["options"], "out"}


@pytest.mark.slow
def test_every_default_is_the_librarys(run_cli, trials):
    _, file, _, columns, *_ = trials
    ran = run_cli("analyse", file, "--columns", columns, "--json")
    of_command = json.loads(ran.out)
    of_library = json.loads(json.dumps(psychobench.analyse(file, columns=columns).to_dict()))
    del of_command["provenance"], of_library["provenance"]
    assert of_command == of_library
