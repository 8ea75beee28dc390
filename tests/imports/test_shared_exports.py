"""Files that real programs wrote import with the counts that are known of them."""

from __future__ import annotations

import pandas as pd
import pytest

from psychobench.errors import TableError
from psychobench.imports import import_trials


def only(folder, pattern):
    (path,) = folder.glob(pattern)
    return path


def test_a_psychopy_run_has_seven_levels_of_thirty_trials(shared):
    path = only(shared / "exports" / "psychopy2024", "demo*.csv")
    found = import_trials(path, columns={"level": "contrast"}, map={"up": 1, "down": 0})
    assert found.levels["n_trials"].tolist() == [30] * 7
    assert found.levels["n_target"].tolist() == [9, 8, 7, 12, 29, 30, 30]
    assert found.left == {"instruction (outside any loop)": 1}


def test_an_aborted_run_and_a_list_of_conditions_say_why_they_are_none(shared):
    folder = shared / "exports" / "psychopy2024"
    with pytest.raises(TableError, match="1 aborted before its first trial"):
        import_trials(only(folder, "002759*.csv"))
    with pytest.raises(TableError, match="a list of conditions"):
        import_trials(folder / "yes_no_conditions.csv")


def test_a_jspsych_run_is_the_same_as_csv_and_as_json(shared):
    folder = shared / "exports" / "jspsych8"
    one, other = (
        import_trials(folder / name, map={"a": 1, "s": 0}) for name in ("p01.csv", "p01.json")
    )
    pd.testing.assert_frame_equal(one.trials, other.trials)
    assert one.left == other.left
    assert (one.files[0].taken, sum(one.left.values())) == (21, 22)
    by_meaning = import_trials(folder / "p01.csv", columns={"response": "said_happy"})
    pd.testing.assert_frame_equal(one.trials, by_meaning.trials)


def test_key_codes_as_floats_are_keys(shared):
    found = import_trials(
        only(shared / "exports" / "jspsych6", "*.csv"),
        columns={"observer": "run_id"},
        level_from={"stimulus": "sound/{level}"},
        map={"81": 1, "80": 0},
    )
    (account,) = found.files
    assert account.taken + found.left["other key (32)"] == 120
    assert account.unanswered == 24
    assert account.rows == account.taken + sum(found.left.values()) == 385


def test_a_psychtoolbox_csv_has_nine_levels_of_fifty_trials(shared):
    found = import_trials(
        only(shared / "exports" / "psychtoolbox", "*.csv"),
        columns={"level": "ComparisonStim", "response": "BrightnessJudgement"},
        map={"brighter": 1, "darker": 0},
        observer_from="{observer}_*",
    )
    assert found.levels["n_trials"].tolist() == [50] * 9
    assert found.trials["observer"].unique().tolist() == ["001"]


def test_a_mat_file_is_read_but_for_what_only_matlab_can(shared):
    columns = {"observer": "SubID", "level": "MorphLevel", "response": "EmoResp", "rt": "EmoRT"}
    path = only(shared / "exports" / "psychtoolbox", "*.mat")
    found = import_trials(path, columns=columns, rt_unit="s")
    (account,) = found.files
    assert (account.rows, account.taken) == (120, 80)
    assert sum("only MATLAB can read" in note for note in account.notes) == 2


def test_an_opensesame_run_has_every_logged_row_and_its_paths(shared):
    found = import_trials(
        only(shared / "exports" / "opensesame", "*.csv"),
        columns={"level": "live_row", "response": "truth"},
        map={"true": 1, "false": 0},
        also="experiment_path",
    )
    assert (found.files[0].rows, found.files[0].taken) == (272, 272)
    assert found.trials["experiment_path"][0].startswith("C:\\Users\\")


def test_a_lab_js_file_has_eight_rated_pictures(shared):
    found = import_trials(
        only(shared / "exports" / "labjs", "*.csv"),
        encoding="cp932",
        level_from="image={level}.jpg",
        map={"5": 1, "4": 0},
    )
    assert found.files[0].taken + found.left["other key (3)"] == 8
    assert found.files[0].unanswered == 0
    assert set(found.trials["observer"]) == {"4809", "3483"}


def test_a_gorilla_task_has_fifteen_answers_of_each_person(shared):
    found = import_trials(
        only(shared / "exports" / "gorilla", "*.csv"),
        columns="level=Trial Number",
        correct="Response=ANSWER",
        also="Correct",
    )
    assert found.trials["observer"].value_counts().tolist() == [15, 15, 15]
    right = pd.to_numeric(found.trials["Correct"])
    assert found.trials["response"].tolist() == right.tolist()


def test_eprime_s_frames_of_the_inner_level_are_trials(shared):
    found = import_trials(
        only(shared / "exports" / "eprime", "*.txt"),
        columns="level=Duration,response=ImageSide",
        map={"Left": 0, "Right": 1},
    )
    assert (found.files[0].rows, found.files[0].taken) == (37, 36)
    assert found.left == {"summary of a block or session": 1}


def test_a_presentation_log_has_its_1760_faces(shared):
    found = import_trials(
        only(shared / "exports" / "presentation", "*.log"),
        level_from="Code=Morph*_{level}_orig.jpg ; *",
        map={"2": 1, "1": 0},
    )
    assert found.files[0].taken == 1760
    assert sorted(found.trials["level"].unique()) == list(range(11))


def test_the_small_inputs_that_failed_once_give_what_is_right(shared):
    cases = shared / "cases"
    columns = "observer=participant,level=contrast"
    sides = import_trials(cases / "forced_choice_sides.csv", columns=columns, correct="key=side")
    assert sides.levels["n_target"].tolist() == [1, 2, 2]
    blank = import_trials(cases / "labjs_blank_screens.csv", map={"happy": 1, "sad": 0})
    assert blank.trials["level"].tolist() == [0.2, 0.8]
    assert blank.files[0].unanswered == 0
    log = import_trials(
        cases / "presentation_blank_inside.log",
        level_from="Code=morph_{level}.png",
        map={"2": 1, "1": 0},
    )
    assert log.trials["level"].tolist() == [20, 80, 50]
    with pytest.raises(TableError, match='`task="2afc"`'):
        import_trials(cases / "accuracy_2afc.csv")
    forgotten = import_trials(cases / "forgotten_condition.csv")
    assert [each.name for each in forgotten.unused] == ["orientation"]
    twice = import_trials(cases / "twice_rt.csv", rt_unit="ms")
    assert any("200 of 400 trials stand there twice" in note for note in twice.files[0].notes)
