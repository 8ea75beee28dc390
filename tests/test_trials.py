"""One seeded list of trials serves people, networks, PsychoPy and jsPsych."""

from __future__ import annotations

import keyword
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from psychobench.errors import OptionError, StimulusError, TableError
from psychobench.observers.trial_files import jspsych_conditions, psychopy_conditions
from psychobench.observers.trial_list import make_trials, stimulus_rows
from psychobench.stimuli import HUMAN_LEVELS, load_stimuli


@pytest.fixture(scope="module")
def average():
    return load_stimuli()


def test_the_default_list_is_the_published_experiment_seven_levels_thirty_times(average):
    trials = make_trials(average).table
    assert trials.columns.tolist() == ["trial", "stimulus", "level", "file"]
    assert trials["trial"].tolist() == list(range(1, 211))
    counts = trials["level"].value_counts()
    assert sorted(counts.index) == list(HUMAN_LEVELS)
    assert set(counts) == {30}


def test_the_same_seed_gives_the_same_order_and_another_seed_another(average):
    first, again, other = (make_trials(average, seed=seed).table for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)
    assert sorted(first["stimulus"]) == sorted(other["stimulus"])


@pytest.mark.slow
def test_the_order_is_random_no_level_follows_another_more_than_chance_has_it(average):
    lists = [make_trials(average, seed=seed).table["level"].to_numpy() for seed in range(200)]
    repeats = np.mean([np.mean(levels[1:] == levels[:-1]) for levels in lists])
    assert repeats == pytest.approx(29 / 209, abs=0.01)
    early = np.mean([levels[:105].mean() for levels in lists])
    assert early == pytest.approx(np.mean(HUMAN_LEVELS), abs=0.01)


def test_every_image_of_a_level_with_several_is_shown_equally_often(tmp_path):
    for name in "abc":
        Image.new("L", (4, 4)).save(tmp_path / f"{name}.png")
    (tmp_path / "levels.csv").write_text("stimulus,level\na,-1\nb,-1\nc,2.5\n")
    trials = make_trials(load_stimuli(tmp_path), repetitions=5).table
    assert trials["stimulus"].value_counts().to_dict() == {"a": 5, "b": 5, "c": 5}
    assert trials.loc[trials["stimulus"] == "c", "level"].unique().tolist() == [2.5]


def test_a_network_that_answers_the_list_answers_each_trial_about_its_own_image(average):
    trials = make_trials(average, levels="all", repetitions=2).table
    rows = stimulus_rows(trials, average)
    assert average.table["level"].to_numpy()[rows].tolist() == trials["level"].tolist()
    pixels = average.images()[rows]
    with Image.open(average.folder / trials["file"][7]) as image:
        np.testing.assert_array_equal(pixels[7], np.asarray(image))


def test_a_list_made_from_other_stimuli_is_refused(average):
    trials = make_trials(average).table.replace({"stimulus": {"face-050": "my-face"}})
    with pytest.raises(TableError, match=r"rendered-average: it has no 'my-face'"):
        stimulus_rows(trials, average)


@pytest.mark.parametrize(
    ("levels", "n"),
    [("all", 21), ("human", 7), ("0,.5,1", 3), ([0, 0.5], 2), (0.5, 1), (None, 7)],
)
def test_levels_are_all_those_that_people_judged_or_numbers(average, levels, n):
    assert make_trials(average, levels=levels).table["level"].nunique() == n


@pytest.mark.slow
def test_a_set_is_taken_by_its_name_its_folder_or_as_it_is_loaded(average):
    lists = [make_trials(each).table for each in (average, average.folder, average.name)]
    assert lists[0].equals(lists[2])
    # nobody has judged a set of one's own: all of its levels are shown
    assert lists[1]["level"].nunique() == 21


def test_a_notebook_shows_the_list_as_a_table(average):
    trials = make_trials(average)
    assert trials.to_frame().equals(trials.table)
    assert "face-050" in trials._repr_html_()


def test_a_level_without_a_stimulus_is_refused(average):
    with pytest.raises(StimulusError, match=r"no stimulus has level 0\.33"):
        make_trials(average, levels=[0.0, 0.33, 1.0])


def test_every_option_out_of_range_is_reported(average):
    with pytest.raises(OptionError) as caught:
        make_trials(average, repetitions=0, seed=-1)
    assert caught.value.faults == (
        "`repetitions` must be a whole number, 1 or more: got 0; write for example `repetitions=1`",
        "`seed` must be a whole number, 0 or more: got -1; write for example `seed=1`",
    )
    with pytest.raises(OptionError, match="at most 100000 trials: 7 images x 99999"):
        make_trials(average, repetitions=99_999)


def test_psychopy_headings_are_variables_that_builder_leaves_free(average):
    # names that PsychoPy 2026.2's Builder keeps for itself or gives to new components and loops
    taken = {"level", "trial", "trials", "image", "text", "component", "x", "y", "t", "win"}
    conditions = psychopy_conditions(make_trials(average).table)
    for name in conditions.columns:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert name not in taken
        assert not name.startswith(("this", "these", "continue"))


def test_conditions_keep_the_order_of_the_list_and_point_into_the_image_folder(average):
    trials = make_trials(average, seed=2).table
    for rows in (
        psychopy_conditions(trials).to_dict("records"),
        jspsych_conditions(trials),
    ):
        assert [row["trial_number"] for row in rows] == trials["trial"].tolist()
        assert [row["stimulus_level"] for row in rows] == trials["level"].tolist()
        assert [row["stimulus_id"] for row in rows] == trials["stimulus"].tolist()
        assert all(row["image_file"] == f"images/{row['stimulus_id']}.png" for row in rows)


def test_a_browser_finds_an_image_whose_name_has_blanks_and_signs(tmp_path: Path):
    for name in ("my face #1", "100% happy"):
        Image.new("L", (4, 4)).save(tmp_path / f"{name}.png")
    (tmp_path / "levels.csv").write_text("stimulus,level\nmy face #1,0\n100% happy,1\n")
    trials = make_trials(load_stimuli(tmp_path), repetitions=1).table
    urls = {row["image_file"] for row in jspsych_conditions(trials)}
    assert urls == {"images/my%20face%20%231.png", "images/100%25%20happy.png"}
    assert "images/my face #1.png" in set(psychopy_conditions(trials)["image_file"])
