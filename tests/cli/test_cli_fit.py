import csv
import json
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"
WEGRZYN = SHARED / "wegrzyn2015" / "trials.csv"
QUICKPSY = SHARED / "quickpsy" / "qpdat.csv"
COUNTS = """observer,level,n_trials,n_target
p1,0,30,1
p1,.2,30,3
p1,.4,30,10
p1,.6,30,20
p1,.8,30,27
p1,1,30,29
p2,0,30,14
p2,.5,30,15
p2,1,30,16
"""


@pytest.fixture
def counts(tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text(COUNTS)
    return file


def test_json_is_one_list_of_rows_on_stdout_and_notes_go_to_stderr(run_cli, counts):
    ran = run_cli("fit", counts, "--json")
    rows = json.loads(ran.out)
    assert [row["status"] for row in rows] == ["ok", "never"]
    assert rows[0]["pse"] == pytest.approx(0.5, abs=1e-6)
    assert rows[1]["pse"] is None
    assert "NaN" not in ran.out
    assert (ran.code, "9 rows, 2 observers, 1 condition" in ran.err) == (0, True)


def test_people_read_a_table_with_the_reason_of_each_missing_pse(run_cli, counts):
    ran = run_cli("fit", counts)
    assert "0.500" in ran.out
    assert "p2, all: never: a constant 0.50" in ran.out
    assert "Status: ok 1, never 1" in ran.out


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_out_writes_the_whole_table(run_cli, counts, tmp_path, suffix):
    out = tmp_path / "new" / f"fits{suffix}"
    ran = run_cli("fit", counts, "--out", out)
    assert ran.code == 0
    if suffix == ".csv":
        with out.open() as file:
            rows = list(csv.DictReader(file))
        assert rows[1]["pse"] == ""
    else:
        rows = json.loads(out.read_text())
    assert [row["observer"] for row in rows] == ["p1", "p2"]
    assert "deviance_p" in rows[0]


def test_options_reach_the_fit(run_cli, counts):
    ran = run_cli(
        "fit", counts, "--where", "observer=p1", "--sigmoid", "logistic", "--asymptotes", "fixed",
        "--bootstrap", 20, "--gof", 20, "--confidence", ".9", "--seed", 3, "--json",
    )  # fmt: skip
    (row,) = json.loads(ran.out)
    assert (row["sigmoid"], row["asymptotes"], row["guess"]) == ("logistic", "fixed", 0)
    assert row["pse_low"] < row["pse"] < row["pse_high"]
    assert row["deviance_p"] > 0.2
    (row,) = json.loads(run_cli("fit", counts, "--where", "observer=p1", "--bounds",
                                "threshold=.6:.9,lapse=0:.01", "--json").out)  # fmt: skip
    assert row["threshold"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sigmoid", "probit"], "sigmoid must be one of norm, logistic"),
        (["--engine", "glm"], "engine must be one of ml, bayes, psignifit"),
        (["--bounds", "lapse"], "PARAMETER=LOW:HIGH"),
        (["--task", "2afc", "--bounds", "guess=0:.1"], "2afc fixes guess"),
        (["--by", "group"], "group"),
        (["--out", "fits.xlsx"], ".csv or .json"),
        (["--sigmoid", "weibull"], "levels above 0"),
        (["--columns", "observer=who"], "who"),
    ],
)
def test_a_fault_ends_in_one_clear_line_and_writes_nothing(
    run_cli, counts, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    ran = run_cli("fit", counts, "--json", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert sorted(tmp_path.iterdir()) == [counts]


@pytest.mark.skipif(not WEGRZYN.exists(), reason="needs the shared data")
def test_published_trials_of_thirty_people_in_three_conditions_are_ninety_fits(run_cli):
    ran = run_cli("fit", WEGRZYN, "--columns", "observer=subject,response=chose_anger", "--json")
    rows = json.loads(ran.out)
    assert len(rows) == 90
    statuses = [row["status"] for row in rows]
    assert {name: statuses.count(name) for name in set(statuses)} == {
        "ok": 84, "outside": 5, "never": 1
    }  # fmt: skip
    whole = [row for row in rows if row["condition"] == "whole"]
    assert {row["status"] for row in whole} == {"ok"}
    odd = {(row["observer"], row["condition"]) for row in rows if row["status"] != "ok"}
    assert {name for name, _ in odd} >= {"p017", "p018"}  # whom the authors excluded
    assert all(row["n_trials"] == 440 for row in rows)
    assert all(row["pse_low"] is not None for row in whole)


@pytest.mark.skipif(not QUICKPSY.exists(), reason="needs the shared data")
def test_trials_in_other_units_with_other_names_are_six_fits(run_cli):
    names = "observer=participant,condition=cond,level=phase,response=resp"
    ran = run_cli("fit", QUICKPSY, "--columns", names, "--json")
    rows = json.loads(ran.out)
    assert [row["status"] for row in rows] == ["ok"] * 6
    assert all(-150 < row["pse"] < -60 for row in rows)
