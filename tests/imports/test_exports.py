"""Trials leave in the forms that archives and other programs accept."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from psychobench.errors import OptionError, TableError
from psychobench.exports import FORMS, export_files
from psychobench.imports import import_trials
from psychobench.trials.table import read_trials, validate_trials


@pytest.fixture
def trials(all_layouts, put):
    found = import_trials(put(all_layouts["psychopy"]), map={"j": 1, "f": 0}).trials
    other = found.assign(observer="p 02", session="a-b", response=1 - found["response"])
    return pd.concat([found, other], ignore_index=True)


def written(trials, form, folder, **options):
    for place, data in export_files(trials, form, **options).items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(data)
    return folder


@pytest.mark.slow
def test_the_validator_of_bids_finds_no_fault(trials, tmp_path):
    validator = shutil.which("bids-validator-deno", path=Path(sys.executable).parent)
    if validator is None:
        pytest.skip("bids-validator-deno is not installed")
    folder = written(trials, "bids", tmp_path / "set", name="happy-sad")
    ran = subprocess.run([validator, folder, "--json"], capture_output=True, text=True)
    found = json.loads(ran.stdout)
    faults = [each for each in found["issues"]["issues"] if each.get("severity") == "error"]
    assert faults == []
    assert ran.returncode == 0
    assert len(found["summary"]["subjects"]) == 2


def test_psych_ds_names_every_column_of_its_data(trials, tmp_path):
    folder = written(trials, "psych-ds", tmp_path)
    described = json.loads((folder / "dataset_description.json").read_text())
    assert {"name", "description", "variableMeasured"} <= set(described)
    variables = {each["name"] for each in described["variableMeasured"]}
    tables = list((folder / "data").glob("*_data.csv"))
    assert len(tables) == 2
    assert all(set(pd.read_csv(table)) <= variables for table in tables)


@pytest.mark.parametrize(("form", "pattern"), [("bids", "*_beh.tsv"), ("psych-ds", "*_data.csv")])
def test_what_was_exported_imports_as_it_was(trials, tmp_path, form, pattern):
    folder = written(trials, form, tmp_path)
    found = import_trials(sorted(folder.rglob(pattern))).trials
    order = ["observer", "trial"]
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True),
        trials.sort_values(order, ignore_index=True)[list(found)],
        check_exact=True,
    )
    assert set(found) == set(trials)


def test_the_path_says_what_the_rows_of_bids_need_not(trials):
    plain = trials[trials["observer"] == "p01"]
    table = export_files(plain, "bids")["sub-p01/ses-001/beh/sub-p01_ses-001_task-trials_beh.tsv"]
    names = table.decode().partition("\n")[0].split("\t")
    assert not {"observer", "session"} & set(names)


def test_the_long_tables_have_answered_trials_alone(trials, tmp_path):
    folder = written(trials, "long", tmp_path)
    plain = pd.read_csv(folder / "trials.csv")
    assert set(plain["response"]) == {0, 1}
    assert len(plain) == 58
    assert "2 of 60 trials had no answer" in (folder / "README.txt").read_text()
    counts = read_trials(folder / "counts.csv")
    assert counts["n_target"].sum() == plain["response"].sum()


def test_two_people_never_share_a_file(trials):
    for who in ("p.02", "..."):
        twins = pd.concat([trials, trials.assign(observer=who)])
        with pytest.raises(TableError, match="must differ in letters or digits"):
            export_files(twins, "bids")


def test_what_cannot_be_exported_is_refused(trials):
    with pytest.raises(OptionError, match="did you mean 'bids'"):
        export_files(trials, "bid")
    with pytest.raises(OptionError, match="letter or digit"):
        export_files(trials, "bids", name="--")
    counts = pd.DataFrame({"observer": ["a"], "level": [0.0], "n_trials": [3], "n_target": [1]})
    with pytest.raises(TableError, match="no column response"):
        export_files(validate_trials(counts), "long")


def test_export_writes_into_a_new_folder_only(trials, tmp_path, run_cli):
    table = tmp_path / "trials.csv"
    trials.to_csv(table, index=False)
    for form in FORMS:
        ran = run_cli("export", table, "--to", form, "--out", tmp_path / form)
        assert ran.code == 0, ran.err
        again = run_cli("export", table, "--to", form, "--out", tmp_path / form)
        assert again.code == 1
        assert "must be a new or empty folder" in again.err
