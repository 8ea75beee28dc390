"""`psychobench stimuli` lists, shows and renders, and says that rendered faces are rendered."""

from __future__ import annotations

import inspect
import json

import click
import numpy as np
import pytest
from PIL import Image

import psychobench
from psychobench.cli.stimuli import stimuli_command
from psychobench.cli.trials import trials
from psychobench.observers.trial_list import TrialList
from psychobench.stimuli import StimulusSet, load_stimuli

SPEC = """
kind = "rendered"
name = "two-faces"
title = "rendered average face, sad and happy"
source = "sad"
target = "happy"
masks = []
[levels]
start = 0
stop = 1
step = 1
[image]
size = 64
supersample = 1
"""


def test_the_bundled_set_is_listed_as_rendered(run_cli):
    ran = run_cli("stimuli", "list")
    assert ran.code == 0
    assert ran.out == (
        "rendered-average  rendered average face, sad to happy; 21 levels; "
        "masks: eyes, nose, mouth\n"
    )
    (row,) = json.loads(run_cli("stimuli", "list", "--json").out)
    assert row["rendered"] is True
    assert row["n_images"] == 21


def test_a_set_is_summed_up_in_words_and_as_json(run_cli):
    ran = run_cli("stimuli", "show", "rendered-average")
    assert "rendered average face, sad to happy" in ran.out
    assert "0.0, 0.05, 0.1" in ran.out
    summary = json.loads(run_cli("stimuli", "show", "rendered-average", "--json").out)
    assert summary["masks"] == ["eyes", "nose", "mouth"]
    assert summary["sha256"] == load_stimuli().sha256


@pytest.mark.slow
def test_the_contact_sheet_is_a_picture_that_names_the_set(run_cli, tmp_path):
    sheet = tmp_path / "new" / "sheet.png"
    ran = run_cli("stimuli", "show", "rendered-average", "--out", sheet)
    assert ran.code == 0
    assert f"Written to {sheet}." in ran.err
    with Image.open(sheet) as image:
        assert image.format == "PNG"
        assert image.width > 11 * 128


def test_the_contact_sheet_shows_the_images_from_the_lowest_level_to_the_highest(run_cli, tmp_path):
    colours = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255)}
    for name, colour in colours.items():
        Image.new("RGB", (50, 40), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "levels.csv").write_text("stimulus,level\nblue,30\nred,10\nlime,20\n")
    assert run_cli("stimuli", "show", tmp_path, "--out", tmp_path / "sheet.png").code == 0
    with Image.open(tmp_path / "sheet.png") as image:
        sheet = np.asarray(image.convert("RGB"))
    places = {name: np.argwhere((sheet == colours[name]).all(axis=2)) for name in colours}
    assert {name: len(place) for name, place in places.items()} == dict.fromkeys(colours, 50 * 40)
    assert places["red"][:, 1].max() < places["lime"][:, 1].min()
    assert places["lime"][:, 1].max() < places["blue"][:, 1].min()


def test_a_faulty_folder_ends_in_one_line_per_fault_and_no_sheet(run_cli, tmp_path):
    (tmp_path / "levels.csv").write_text("stimulus,level\na,low\n")
    ran = run_cli("stimuli", "show", tmp_path, "--out", tmp_path / "sheet.png")
    assert ran.code == 1
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Error: level must be a finite number")
    assert lines[1].startswith("every stimulus must have its image")
    assert not (tmp_path / "sheet.png").exists()


def test_a_spec_becomes_a_folder_that_can_be_shown(run_cli, tmp_path):
    spec, out = tmp_path / "spec.toml", tmp_path / "new" / "two-faces"
    spec.write_text(SPEC)
    ran = run_cli("stimuli", "render", spec, "--out", out)
    assert ran.code == 0
    assert "2 images of the rendered average face, sad and happy" in ran.err
    summary = json.loads(run_cli("stimuli", "show", out, "--json").out)
    assert summary["levels"] == [0.0, 1.0]
    assert summary["rendered"] is True
    assert summary["bundled"] is False


@pytest.mark.parametrize(
    ("spec", "fault"), [("step = 1", "step = 2"), ("size = 64", "size = 1"), ('"sad"', "1")]
)
def test_a_faulty_spec_writes_nothing(run_cli, tmp_path, spec, fault):
    (tmp_path / "spec.toml").write_text(SPEC.replace(spec, fault))
    ran = run_cli("stimuli", "render", tmp_path / "spec.toml", "--out", tmp_path / "out")
    assert ran.code == 1
    assert ran.err.startswith("Error: a spec must be complete and valid")
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_is_found_before_anything_is_rendered(run_cli, tmp_path):
    (tmp_path / "file").write_text("in the way")
    ran = run_cli("stimuli", "render", "rendered-average", "--out", tmp_path / "file" / "out")
    assert ran.code == 1
    assert ran.err.startswith("Error: output must be writable")
    assert "rendering" not in ran.err


@pytest.mark.parametrize(
    ("command", "functions"),
    [
        (stimuli_command.commands["check"], [psychobench.check_stimuli]),
        (stimuli_command.commands["mask"], [psychobench.mask_stimuli]),
        (stimuli_command.commands["morph"], [psychobench.morph_stimuli]),
        (stimuli_command.commands["render"], [psychobench.render_stimuli]),
        (stimuli_command.commands["show"], [psychobench.load_stimuli, StimulusSet.save_sheet]),
        (trials.commands["make"], [psychobench.make_trials, TrialList.save]),
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_a_command_and_its_calls_have_the_same_options_and_defaults(command, functions):
    python = {
        name: parameter
        for function in functions
        for name, parameter in inspect.signature(function).parameters.items()
    }
    for each in command.params:
        if each.name in {"as_json", "out"}:  # what is printed, and what is saved elsewhere
            continue
        assert each.name in python
        if isinstance(each, click.Option):
            default = each.get_default(click.Context(command))
            stated = default if isinstance(default, str | int) else None  # click has its own None
            assert (stated or None) == (python[each.name].default or None)


def test_a_call_that_python_would_make_is_named_as_the_command_to_type(run_cli, tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC.replace('"rendered"', '"average"', 1))
    ran = run_cli("stimuli", "render", tmp_path / "spec.toml", "--out", tmp_path / "out")
    assert "`psychobench stimuli morph` takes the other kinds" in ran.err
