"""`psychobench trials make` leaves a folder from which an experiment can be run as it is."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
from PIL import Image

import psychobench


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def made(run_cli, tmp_path: Path) -> Path:
    out = tmp_path / "made" / "trials"
    ran = run_cli("trials", "make", "--out", out, "--seed", 5)
    assert ran.code == 0
    assert "210 trials at 7 levels, rendered average face" in ran.out
    return out


def test_every_image_that_the_list_names_lies_beside_it(made):
    table = pd.read_csv(made / "trials.csv")
    assert table.columns.tolist() == ["trial", "stimulus", "level", "file"]
    assert len(table) == 210
    for file in table["file"].unique():
        with Image.open(made / file) as image:
            assert min(image.size) >= 224
    assert len(list((made / "images").iterdir())) == 7


def test_psychopy_and_jspsych_show_the_same_trials_in_the_same_order(made):
    trials = pd.read_csv(made / "trials.csv")
    psychopy = pd.read_csv(made / "psychopy_conditions.csv")
    jspsych = json.loads((made / "jspsych_conditions.json").read_text())
    assert psychopy["image_file"].tolist() == trials["file"].tolist()
    assert psychopy["stimulus_level"].tolist() == trials["level"].tolist()
    assert [unquote(row["image_file"]) for row in jspsych] == trials["file"].tolist()
    assert [row["stimulus_level"] for row in jspsych] == trials["level"].tolist()


def test_the_script_for_jspsych_declares_the_timeline_variables(made):
    script = (made / "jspsych_conditions.js").read_text()
    head, tail = "const timeline_variables = ", ";\n"
    assert script.startswith(head)
    assert script.endswith(tail)
    declared = json.loads(script.removeprefix(head).removesuffix(tail))
    assert declared == json.loads((made / "jspsych_conditions.json").read_text())


def test_the_readme_names_every_file_and_says_that_the_faces_are_rendered(made):
    readme = (made / "README.txt").read_text()
    assert readme.startswith("rendered average face")
    for name in contents(made).keys() - {"README.txt", "jspsych_conditions.json"}:
        assert name.split("/")[0] in readme


def test_the_same_seed_writes_the_same_bytes_and_another_seed_another_order(
    run_cli, made, tmp_path
):
    run_cli("trials", "make", "--out", tmp_path / "again", "--seed", 5)
    run_cli("trials", "make", "--out", tmp_path / "other", "--seed", 6)
    assert contents(tmp_path / "again") == contents(made)
    assert contents(tmp_path / "other")["trials.csv"] != contents(made)["trials.csv"]


def test_python_saves_the_same_files_as_the_command(made, tmp_path):
    psychobench.make_trials("rendered-average", seed=5).save(tmp_path / "python")
    assert contents(tmp_path / "python") == contents(made)


def test_the_list_says_what_it_was_made_from(made):
    about = json.loads((made / "trials.json").read_text())
    assert about["seed"] == 5
    assert about["repetitions"] == 30
    assert about["rendered"] is True
    assert about["levels"] == [0.0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0]
    assert about["stimuli"]["name"] == "rendered-average"


@pytest.mark.parametrize(
    ("levels", "n"), [("all", 42), ("human", 14), ("0,.5,1", 6)], ids=["all", "human", "three"]
)
def test_levels_are_those_asked_for(run_cli, tmp_path, levels, n):
    ran = run_cli("trials", "make", "--out", tmp_path, "--levels", levels, "--repetitions", 2)
    assert ran.code == 0
    with (tmp_path / "trials.csv").open() as file:
        assert len(list(csv.DictReader(file))) == n


def test_all_levels_of_a_folder_of_ones_own_are_shown_by_default(run_cli, tmp_path):
    for name in ("wide", "narrow one"):
        Image.new("L", (4, 4)).save(tmp_path / f"{name}.png")
    (tmp_path / "levels.csv").write_text("stimulus,level\nwide,-3\nnarrow one,8.5\n")
    ran = run_cli("trials", "make", "--stimuli", tmp_path, "--out", tmp_path / "out")
    assert "60 trials at 2 levels" in ran.out
    assert (tmp_path / "out" / "images" / "narrow one.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["--levels", "some"], "--levels must be one of 'all', 'human', numbers"),
        (["--levels", "0,0.33"], "no stimulus has level 0.33"),
        (["--repetitions", "0"], "--repetitions must be a whole number, 1 or more"),
        (["--seed", "-1"], "--seed must be a whole number, 0 or more"),
        (["--stimuli", "nowhere"], "--stimuli must be a bundled set or a folder"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(run_cli, tmp_path, arguments, rule):
    ran = run_cli("trials", "make", "--out", tmp_path / "out", *arguments)
    assert ran.code == 1
    assert ran.err.startswith(f"Error: {rule}")
    assert not (tmp_path / "out").exists()
