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
        (["--task", "nafc:1"], "task must be one of yes-no, 2afc, nafc:N"),
        (["--bounds", "lapse=.5:.1"], "write --bounds lapse=0.1:0.5"),
        (["--bounds", "lapse=nan:1"], "two finite numbers"),
        (["--bounds", "lapse=.9999999:1"], "lapse must lie in [0, 1)"),
        (["--bounds", "slope=0:1"], "one of threshold, width, guess, lapse: got 'slope'"),
        (["--bounds", "lapse=0:.1,lapse=0:.2"], "'lapse' is given as"),
        (["--bounds", "guess=.6:1,lapse=.5:1"], "their lower bounds are 0.6 and 0.5"),
        (["--bounds", "threshold=5:6"], "5 to 6, lie beyond the tested levels"),
        (["--bounds", "width=1e-9:1e-8"], "below a tenth of the smallest gap"),
        (["--asymptotes", "fixed", "--bounds", "lapse=0:.1"], "holds lapse at one value"),
        (["--asymptotes", "equal", "--task", "2afc"], "equal needs --task yes-no"),
        (["--asymptotes", "equal", "--bounds", "guess=0:.1,lapse=.2:.3"], "do not overlap"),
        (["--engine", "bayes", "--bootstrap", "99"], "bootstrap needs --engine ml"),
        (["--engine", "psignifit", "--bootstrap", "99"], "bootstrap needs --engine ml"),
        (["--likelihood", "poisson"], "likelihood must be one of binomial, beta-binomial"),
        (["--asymptotes", "none"], "asymptotes must be one of free, equal, fixed"),
        (["--confidence", "95"], "between 0 and 1: got 95.0"),
        (["--bootstrap", "-1"], "bootstrap must be a whole number from 0: got -1"),
        (["--gof", "-1"], "gof must be a whole number from 0: got -1"),
        (["--seed", "-1"], "seed must be a whole number from 0: got -1"),
        (["--by", "level"], "'level' is the curve's own"),
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


HEAD = "observer,level,n_trials,n_target\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "p1,nan,30,3\np1,1,30,9\n", "level must be a finite number: row 2"),
        (HEAD + "p1,0,30,3\np1,inf,30,9\n", "level must be a finite number: row 3"),
        (HEAD + "p1,0,-30,3\np1,1,30,9\n", "n_trials must be a whole number, 0 or more"),
        (HEAD + "p1,0,30,3\np1,1,9007199254740993,9\n", "n_trials must be below 2^53"),
        (HEAD + "p1,0,30,2.5\np1,1,30,9\n", "n_target must be a whole number, 0 or more"),
        (HEAD + "p1,0,30,31\np1,1,30,9\n", "n_target must not exceed n_trials"),
        (HEAD + "p1,0,30,3\np2,0,30,9\n", "at least two levels"),
        (HEAD + "p1,0,0,0\np1,1,0,0\n", "at least one trial must be answered"),
        ("observer,level,response\np1,0,\np1,1,\n", "at least one trial must be answered"),
    ],
)
@pytest.mark.parametrize("engine", ["ml", "bayes"])
def test_bad_data_end_in_one_clear_line(run_cli, write, text, words, engine):
    ran = run_cli("fit", write(text), "--engine", engine)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1
    assert words in ran.err


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--gof", "50"], ["--engine", "bayes"]])
def test_those_who_cannot_be_fitted_are_rows_with_their_reasons(run_cli, write, options):
    bad = "one,.5,1,1\nflat,.5,9,3\nflat,.5,9,4\nsilent,0,0,0\nsilent,1,0,0\n"
    ran = run_cli("fit", write(COUNTS + bad), "--json", *options)
    rows = json.loads(ran.out)
    assert [row["status"] for row in rows] == ["ok", "never", "failed", "failed", "failed"]
    assert "one level, 0.5" in rows[2]["reason"]
    assert "no trial has an answer" in rows[4]["reason"]
    alone = json.loads(run_cli("fit", write(COUNTS), "--json", *options).out)
    assert rows[:2] == alone


def test_an_observer_at_level_zero_leaves_the_others_their_weibull(run_cli, write):
    ran = run_cli("fit", write(COUNTS.replace("p1,0,", "p1,.1,")), "--sigmoid", "weibull", "--json")
    rows = json.loads(ran.out)
    assert [row["status"] for row in rows] == ["ok", "failed"]
    assert "weibull needs levels above 0" in rows[1]["reason"]


@pytest.mark.parametrize("option", ["--bootstrap", "--gof", "--likelihood"])
def test_probabilities_are_refused_what_only_answers_have(run_cli, write, option):
    file = write("observer,level,p_target\nnet,0,.1\nnet,.5,.4\nnet,1,.9\n")
    ran = run_cli("fit", file, option, "binomial" if option == "--likelihood" else 99)
    assert (ran.code, ran.out) == (1, "")
    assert "needs counted answers: the table holds p_target" in ran.err


@pytest.mark.slow
def test_the_checks_of_the_fit_are_printed_and_written(run_cli, write, tmp_path):
    file = write(COUNTS.replace("p1,.6,30,20", "p1,.6,30,1"))
    out = tmp_path / "fits.csv"
    ran = run_cli("fit", file, "--gof", 99, "--out", out)
    assert "p1, all: check the fit: the answers lie further from the curve" in ran.out
    assert "Goodness of fit, flagged: deviance 1 of 2" in ran.out
    assert "order not checked" in ran.out
    with out.open() as written:
        rows = list(csv.DictReader(written))
    assert "further from the curve" in rows[0]["flags"]
    assert rows[1]["flags"] == ""
    rows = json.loads(run_cli("fit", file, "--gof", 99, "--json").out)
    assert [len(row["flags"]) > 0 for row in rows] == [True, False]


@pytest.mark.slow
def test_too_few_refits_for_what_rests_on_them_are_called_too_few(run_cli, counts):
    ran = run_cli("fit", counts, "--gof", 20, "--bootstrap", 20)
    assert "--gof 20 is too few" in ran.err
    assert "--bootstrap 20 is too few refits for the ends of a 0.95 interval" in ran.err
    assert "too few" not in run_cli("fit", counts, "--gof", 40, "--bootstrap", 40).err


@pytest.mark.slow
@pytest.mark.skipif(not WEGRZYN.exists(), reason="needs the shared data")
def test_published_trials_of_thirty_people_in_three_conditions_are_ninety_fits(run_cli):
    ran = run_cli("fit", WEGRZYN, "--columns", "observer=subject,response=chose_anger", "--json")
    rows = json.loads(ran.out)
    assert len(rows) == 90
    statuses = [row["status"] for row in rows]
    assert {name: statuses.count(name) for name in set(statuses)} == {
        "ok": 81, "never": 8, "step": 1
    }  # fmt: skip
    whole = {row["observer"]: row for row in rows if row["condition"] == "whole"}
    odd = {name for name, row in whole.items() if row["status"] != "ok"}
    assert odd == {"p017", "p018"}  # whom the authors excluded, and nobody else
    assert {whole[name]["status"] for name in odd} == {"never"}
    assert all(row["n_trials"] == 440 for row in rows)
    assert all((row["pse_low"] is None) == (name in odd) for name, row in whole.items())


@pytest.mark.slow
@pytest.mark.skipif(not QUICKPSY.exists(), reason="needs the shared data")
def test_trials_in_other_units_with_other_names_are_six_fits(run_cli):
    names = "observer=participant,condition=cond,level=phase,response=resp"
    ran = run_cli("fit", QUICKPSY, "--columns", names, "--json")
    rows = json.loads(ran.out)
    assert [row["status"] for row in rows] == ["ok"] * 6
    assert all(-150 < row["pse"] < -60 for row in rows)


@pytest.mark.slow
def test_levels_at_other_proportions_are_further_columns(run_cli, counts):
    ran = run_cli("fit", counts, "--at", ".75", "--json")
    plain = json.loads(run_cli("fit", counts, "--json").out)
    rows = json.loads(ran.out)
    assert rows[0]["level_at_0.75"] > rows[0]["pse"]
    assert [list(row)[-1] for row in rows] == ["level_at_0.75"] * 2
    assert [{**row, **old} for row, old in zip(rows, plain, strict=True)] == rows
    assert "level_at_0.75" in run_cli("fit", counts, "--at", ".75").out
    wrong = run_cli("fit", counts, "--at", "75")
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    assert "--at must be proportions between 0 and 1" in wrong.err
