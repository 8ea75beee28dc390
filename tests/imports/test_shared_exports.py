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
