"""Answers whose meaning depends on the trial: sides, intervals, right and wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from psychobench.errors import OptionError, TableError
from psychobench.imports import import_trials
from psychobench.trials.accuracy import looks_like_accuracy

SIDES = """participant,contrast,side,key
p1,0.01,left,left
p1,0.01,right,left
p1,0.1,left,left
p1,0.1,right,right
p1,1,left,left
p1,1,right,right
"""
COLUMNS = "observer=participant,level=contrast"


@pytest.fixture
def sides(tmp_path):
    path = tmp_path / "sides.csv"
    path.write_text(SIDES)
    return path


def targets(found):
    return found.levels["n_target"].tolist()


def test_an_answer_is_right_where_the_key_is_the_side(sides):
    found = import_trials(sides, columns=COLUMNS, correct="key=side")
    assert targets(found) == [1, 2, 2]
    assert found.files[0].columns["response"] == "key where it is side"
    assert any('`task="2afc"`' in note for note in found.notes)
    same = import_trials(sides, columns=COLUMNS, chose_when={"key": "side"})
    assert targets(same) == [1, 2, 2]


def test_keys_may_stand_for_sides_of_another_name(sides):
    text = SIDES.replace(",left\n", ",f\n").replace(",right\n", ",j\n")
    sides.write_text(text + "p1,1,left,escape\np1,1,left,\np1,1,,f\n")
    with pytest.raises(TableError, match=r"say which of these each key stands for, .*`map=\{"):
        import_trials(sides, columns=COLUMNS, correct="key=side")
    found = import_trials(
        sides, columns=COLUMNS, correct="key=side", map={"f": "left", "j": "right"}
    )
    assert targets(found) == [1, 2, 2]
    assert found.left == {"other key (escape)": 1, "no value in side": 1}
    assert found.files[0].unanswered == 1


def test_the_comparison_is_offered_where_another_column_holds_the_keys(sides):
    columns = COLUMNS + ",response=key"
    with pytest.raises(TableError) as caught:
        import_trials(sides, columns=columns)
    assert '`correct="key=side"` or `chose_when="key=side"`' in caught.value.faults[-1]
    found = import_trials(sides, columns=columns, map={"left": 1, "right": 0})
    assert any("side holds the same values as key" in note for note in found.notes)


def test_keys_that_are_flat_over_the_level_are_noticed_and_others_are_not(tmp_path):
    rng = np.random.default_rng(3)
    levels = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 40)
    path = tmp_path / "p1.csv"
    for share, said in ((np.full(len(levels), 0.5), True), (levels, False)):
        keys = np.where(rng.random(len(levels)) < share, "j", "f")
        pd.DataFrame({"level": levels, "response": keys, "observer": "p1"}).to_csv(path)
        found = import_trials(path, map={"j": 1, "f": 0})
        assert any("pressed alike at all levels" in note for note in found.notes) == said


def test_the_level_may_be_the_difference_of_two_columns(tmp_path):
    path = tmp_path / "p1.csv"
    path.write_text("observer,left contrast,right,key\np1,0.3,0.4,j\np1,0.3,0.1,f\np1,0.3,,f\n")
    options = {"columns": "response=key", "map": {"j": 1, "f": 0}}
    found = import_trials(path, level="right - left contrast", **options)
    assert found.trials["level"].tolist() == [0.1, -0.2]
    assert found.left == {"no level (fixation or other screen)": 1}
    found = import_trials(path, level="abs(right - left contrast) * 100", **options)
    assert found.trials["level"].tolist() == [10, 20]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("right -", "it cannot be read"),
        ("rigt - left", r"'rigt' is no column \(did you mean 'right'\?\)"),
        ("__import__('os')", "known functions are abs, log10, log2"),
        ("right ** left", "known operators"),
        ("(" * 3000, "it cannot be read"),
        ("right - key", "must be computed from numbers: row 2 of"),
    ],
)
def test_an_expression_that_is_none_says_why(tmp_path, expression, words):
    path = tmp_path / "p1.csv"
    path.write_text("observer,left,right,key\np1,0.3,0.4,j\n")
    with pytest.raises((OptionError, TableError), match=words):
        import_trials(path, level=expression, columns="response=key", map={"j": 1, "f": 0})


def test_accuracy_that_psychopy_wrote_for_no_key_is_no_error(all_layouts, put):
    layout = all_layouts["psychopy"]
    first, welcome, *rest = layout.data.decode("utf-8-sig").splitlines()
    lines = [f"key_resp.corr,{first}", f",{welcome}"]
    lines += [f"{int(',j,' in row)},{row}" for row in rest]
    path = put(layout, "\n".join([*lines, ""]).encode())
    found = import_trials(path, correct="key_resp.corr")
    assert found.files[0].unanswered == 1
    by_key = import_trials(put(layout), **layout.options).trials["response"]
    pd.testing.assert_series_equal(found.trials["response"], by_key)
    assert "there nobody answered" in found.files[0].notes[0]


def two_alternatives(lowest=0.5, n=40):
    levels = np.repeat([0.02, 0.05, 0.1, 0.2], n)
    shares = np.repeat([lowest, 0.65, 0.8, 1], n)
    right = np.tile(np.arange(n) / n, 4) < shares
    return pd.DataFrame({"observer": "p1", "level": levels, "response": right.astype(int)})


def test_accuracy_is_not_taken_for_a_category_until_the_task_is_known(tmp_path, run_cli):
    path, out = tmp_path / "p1.csv", tmp_path / "t.csv"
    two_alternatives().to_csv(path, index=False)
    ran = run_cli("import", path, "--out", out)
    assert ran.code == 1
    assert "50% of the trials at the lowest level" in ran.err
    assert "give --task 2afc, or --task yes-no" in ran.err
    assert not out.exists()
    for task in ("2afc", "yes-no"):
        assert run_cli("import", path, "--task", task, "--out", out).code == 0
        out.unlink()


def test_a_column_called_correct_is_accuracy_at_any_rate_above_zero(tmp_path):
    path = tmp_path / "p1.csv"
    table = two_alternatives(lowest=0.3)
    assert not looks_like_accuracy(table)
    table.rename(columns={"response": "correct"}).to_csv(path, index=False)
    with pytest.raises(TableError, match="correct is 1 in 30%"):
        import_trials(path, columns={"response": "correct"})
    assert len(import_trials(path, columns="response=correct", task="nafc:3").trials) == 160


@pytest.mark.parametrize("lowest", [0.0, 0.1])
def test_answers_of_two_categories_are_no_accuracy(lowest):
    assert not looks_like_accuracy(two_alternatives(lowest))
    signed = two_alternatives().assign(level=lambda t: t["level"] - 0.1)
    assert not looks_like_accuracy(signed)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"correct": "key=side", "chose_when": "key=side"}, "compared with one column"),
        ({"correct": "key=side", "columns": COLUMNS + ",response=key"}, "from one place"),
        ({"level": "contrast", "columns": COLUMNS}, "the level must come from one place"),
        ({"task": "3afc"}, "must be yes-no, 2afc or nafc:N"),
        ({"correct": "key=sied"}, r"no 'sied' .*did you mean 'side'"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(sides, options, words):
    with pytest.raises((OptionError, TableError), match=words):
        import_trials(sides, **{"columns": COLUMNS, **options})


def test_the_command_takes_them_by_the_same_names(sides, run_cli, tmp_path):
    out = tmp_path / "t.csv"
    ran = run_cli(
        "import", sides, "--columns", "observer=participant", "--level", "contrast * 100",
        "--correct", "key=side", "--out", out,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "Note: answers are right or wrong: fit them with --task 2afc." in ran.out
    assert pd.read_csv(out)["level"].unique().tolist() == [1, 10, 100]
