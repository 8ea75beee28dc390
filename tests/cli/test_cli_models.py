import json

import pytest

KEYS = ["vary", "observer", "log_likelihood", "parameters", "aic", "bic", "against", "statistic",
        "df", "p"]  # fmt: skip
COUNTS = """who,mask,level,n_trials,n_target
p1,whole,0,30,1
p1,whole,1,30,8
p1,whole,2,30,21
p1,whole,3,30,29
p1,eyes,0,30,0
p1,eyes,1,30,3
p1,eyes,2,30,11
p1,eyes,3,30,24
"""
COLUMNS = ("--columns", "observer=who,condition=mask")


@pytest.fixture
def counts(tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text(COUNTS)
    return file


def test_json_is_one_row_per_observer_and_model(run_cli, counts):
    ran = run_cli("models", counts, *COLUMNS, "--vary", "pse", "--vary", "jnd,pse", "--json")
    rows = json.loads(ran.out)
    assert ran.code == 0
    assert [row["vary"] for row in rows] == ["pse", "pse,jnd"]
    assert all(list(row)[: len(KEYS)] == KEYS for row in rows)
    assert [row["against"] for row in rows] == [None, "pse"]
    assert [row["df"] for row in rows] == [None, 1]
    assert rows[1]["statistic"] == pytest.approx(
        2 * (rows[1]["log_likelihood"] - rows[0]["log_likelihood"]), abs=1e-9
    )


def test_people_read_the_answer_first_within_80_columns(run_cli, counts):
    ran = run_cli("models", counts, *COLUMNS, "--asymptotes", "fixed")
    assert ran.out.startswith("p1: The PSE differs between conditions (chi-squared(1) = ")
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_table_is_written_whole(run_cli, counts, tmp_path):
    ran = run_cli("models", counts, *COLUMNS, "--out", tmp_path / "models.csv")
    assert ran.code == 0
    assert (tmp_path / "models.csv").read_text().startswith("vary,observer,log_likelihood")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--vary", "slope"), "--vary must name parameters"),
        (("--vary", "guess", "--task", "2afc"), "--vary guess needs a guess rate"),
        (("--where", "mask=eyes"), "needs an observer with two|need an observer with two"),
    ],
)
def test_bad_input_is_one_line(run_cli, counts, arguments, words):
    ran = run_cli("models", counts, *COLUMNS, *arguments)
    assert ran.code == 1
    errors = [line for line in ran.err.splitlines() if line.startswith("Error:")]
    assert len(errors) == 1
    assert any(word in errors[0] for word in words.split("|"))
