"""`psychobench humans` names simulated people for what they are and makes them again."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest

import psychobench
from psychobench.resources import bundled


@pytest.mark.slow
def test_the_recorded_options_make_the_bundled_cohort_byte_for_byte(tmp_path):
    folder = bundled("human_data") / "simulated"
    record = json.loads((folder / "trials.csv.json").read_text(encoding="utf-8"))
    assert record["made_by"] == "psychobench.simulate_cohort"
    psychobench.simulate_cohort(**record["options"]).save(tmp_path / "trials.csv")
    for name in ("trials.csv", "trials.csv.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.slow
def test_the_command_makes_what_the_function_makes(run_cli, tmp_path):
    out = tmp_path / "people.csv"
    run_cli("humans", "simulate", "--out", out, "--people", 12, "--sem-pse", 0.036, "--seed", 1)
    made = psychobench.simulate_cohort(people=12, sem_pse=0.036, seed=1)
    pd.testing.assert_frame_equal(pd.read_csv(out), made.to_frame(), check_dtype=False)


def test_the_readme_of_the_bundled_cohort_gives_that_command():
    folder = bundled("human_data") / "simulated"
    record = json.loads((folder / "trials.csv.json").read_text(encoding="utf-8"))
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert (
        "psychobench humans simulate --out human_data/simulated/trials.csv "
        f"--seed {record['options']['seed']}" in readme
    )


def test_the_list_marks_every_bundled_cohort_as_simulated(run_cli):
    ran = run_cli("humans", "list")
    assert ran.code == 0
    assert ran.out.startswith("simulated  50 SIMULATED people")
    (row,) = json.loads(run_cli("humans", "list", "--json").out)
    assert row["simulated"] is True
    assert (row["n"], row["n_levels"], row["n_trials"]) == (50, 7, 10_500)


@pytest.mark.parametrize("command", [(), ("list",), ("simulate",)])
def test_the_help_speaks_of_simulated_people(run_cli, command):
    assert "simulate" in run_cli("humans", *command, "--help").out.lower()


@pytest.mark.slow
def test_a_small_cohort_is_written_with_its_record_and_called_simulated(run_cli, tmp_path):
    out = tmp_path / "new" / "people.csv"
    ran = run_cli(
        "humans", "simulate", "--out", out, "--people", 8, "--sem-pse", 0.04, "--seed", 3,
        "--levels", "0,.25,.5,.75,1.5",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "8 SIMULATED people, 1200 trials" in ran.out
    record = json.loads(out.with_name("people.csv.json").read_text(encoding="utf-8"))
    assert record["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert out.read_text().splitlines()[0] == "observer,trial,level,response,simulated"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--levels", "0,high"], "--levels must be one of"),
        (["--people", "1"], "--people must be a whole number, 2 or more"),
        (["--mean-pse", "3"], "inside the levels"),
    ],
)
def test_a_wrong_option_is_one_line_and_writes_nothing(run_cli, tmp_path, options, words):
    ran = run_cli("humans", "simulate", "--out", tmp_path / "people.csv", *options)
    assert ran.code == 1
    assert ran.err.startswith("Error: ")
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_found_before_anything_is_simulated(run_cli, tmp_path):
    (tmp_path / "file").write_text("")
    ran = run_cli("humans", "simulate", "--out", tmp_path / "file" / "people.csv")
    assert ran.code == 1
    assert ran.err.startswith("Error: output must be writable")
