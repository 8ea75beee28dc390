"""What is left to the user, what is told, and how several files become several people."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import psychobench
from psychobench.errors import OptionError, TableError
from psychobench.imports import import_trials

KEYS = {"j": 1, "f": 0}


def test_the_meaning_of_keys_is_never_guessed(all_layouts, put, shown):
    with pytest.raises(TableError) as caught:
        import_trials(put(all_layouts["jspsych 8"]))
    rule, *lines = caught.value.faults
    assert "`map={" in rule
    n = sum(key == "f" and level == 0 for level, key, _ in shown)
    assert any(line.startswith("  key f:") and f"0: {n}" in line for line in lines)


def test_keys_are_not_guessed_even_where_they_are_0_and_1(all_layouts, put):
    layout = all_layouts["psychopy"]
    data = layout.data.replace(b",j,", b",1,").replace(b",f,", b",0,")
    with pytest.raises(TableError, match=r'`map=\{"[01]": 1, "[01]": 0\}`'):
        import_trials(put(layout, data))


def test_other_keys_are_left_and_counted_by_key(all_layouts, put):
    layout = all_layouts["psychopy"]
    data = layout.data.replace(b",j,", b",space,", 3)
    found = import_trials(put(layout, data), map=KEYS)
    assert found.left["other key (space)"] == 3
    assert found.files[0].rows == found.files[0].taken + sum(found.left.values())


def test_a_key_that_was_never_pressed_may_be_misspelt(all_layouts, put):
    with pytest.raises(OptionError, match="'jj' never was"):
        import_trials(put(all_layouts["psychopy"]), map={"jj": 1, "f": 0})


@pytest.mark.parametrize("keys", [{"j": 1}, {"j": 1, "f": 1}, {"j": 2, "f": 0}])
def test_a_map_without_both_answers_is_refused(all_layouts, put, keys):
    with pytest.raises(OptionError, match="`map`"):
        import_trials(put(all_layouts["psychopy"]), map=keys)


def test_swapping_the_keys_mirrors_the_answers(all_layouts, put):
    path = put(all_layouts["psychopy"])
    one = import_trials(path, map=KEYS).trials["response"]
    other = import_trials(path, map={"j": 0, "f": 1}).trials["response"]
    pd.testing.assert_series_equal(one, 1 - other)


def test_several_files_are_several_participants_by_their_names(tmp_path, all_layouts):
    data = all_layouts["table"].data.replace(b"observer", b"group")
    for i, who in enumerate(("anna", "ben")):
        (tmp_path / f"{who}_2024.csv").write_bytes(data + b"p01,0.5,1,0.4\n" * i)
    files = sorted(tmp_path.glob("*.csv"))
    with pytest.raises(TableError, match="`observer_from="):
        import_trials(files)
    found = import_trials(files, observer_from="{observer}_*", also=["group"])
    assert found.trials["observer"].value_counts().to_dict() == {"ben": 31, "anna": 30}
    assert set(found.trials["group"]) == {"p01"}
    with pytest.raises(TableError, match="does not fit"):
        import_trials(files, observer_from="sub-{observer}_*")


def test_a_file_is_not_taken_twice_and_one_person_s_two_files_are_told(tmp_path, all_layouts):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_bytes(all_layouts["table"].data)
    second.write_bytes(all_layouts["table"].data)
    with pytest.raises(TableError, match="same content"):
        import_trials([first, second])
    second.write_bytes(all_layouts["table"].data + b"p01,0.5,1,0.4\n")
    assert "observer 'p01' is in 2 files" in import_trials([first, second]).files[0].notes[-1]


def test_the_same_run_as_csv_and_as_json_is_not_taken_twice(tmp_path, all_layouts):
    files = [tmp_path / "a.csv", tmp_path / "a.json"]
    for path, name in zip(files, ("jspsych 8", "jspsych json"), strict=True):
        path.write_bytes(all_layouts[name].data)
    with pytest.raises(TableError, match="hold the same 30 trials"):
        import_trials(files, map=KEYS)


@pytest.mark.parametrize(
    "texts",
    [
        ("m_30.png", "m_60.png"),
        ("a/id1-30.jpg", "a/id2-60.jpg"),
        ("30%", "60%"),
        ("x30v1", "x60v1"),
    ],
)
def test_a_column_of_texts_is_no_level_but_may_hold_one(tmp_path, texts):
    path = tmp_path / "p1.csv"
    path.write_text(f"observer,level,response\np1,{texts[0]},1\np1,+,\np1,{texts[1]},0\n")
    with pytest.raises(TableError, match=r"say where .* stands, like `level_from=") as caught:
        import_trials(path)
    advised = caught.value.faults[0].rpartition("`level_from=")[2].strip('`"')
    found = import_trials(path, level_from=advised)
    assert found.trials["level"].tolist() == [30, 60]
    with pytest.raises(TableError, match=r'like `level_from="level='):  # what is read is no number
        import_trials(path, level_from={"level": "{level}"})


@pytest.mark.parametrize("keys", [{"j": 1, "J": 0, "f": 0}, {"J": 1, "['j']": 1, "f": 0}])
def test_one_key_is_not_given_twice_under_two_names(all_layouts, put, keys):
    with pytest.raises(OptionError, match="are one key; leave one out"):
        import_trials(put(all_layouts["psychopy"]), map=keys)


def test_a_further_column_never_takes_the_place_of_ours(tmp_path):
    path = tmp_path / "p1.csv"
    path.write_text("observer,level,key,response,rt\np1,0,f,late,0.5\np1,1,j,soon,0.6\n")
    found = import_trials(
        path, columns={"response": "key"}, map=KEYS, also=["response", "rt", "key"]
    )
    assert found.trials["response"].tolist() == [0, 1]
    assert found.trials["response_file"].tolist() == ["late", "soon"]
    assert found.trials["key"].tolist() == ["f", "j"]
    assert "rt_file" not in found.trials
    assert "its own column 'response' is kept as 'response_file'" in found.files[0].notes[0]


def test_the_unit_of_a_program_s_own_times_is_known(all_layouts, put):
    layout = all_layouts["psychopy"]
    with pytest.raises(OptionError, match=r"key_resp\.rt of .* is in s; leave it out"):
        import_trials(put(layout), map=KEYS, rt_unit="ms")
    slow = layout.data.replace(b",0.", b",90.")
    with pytest.raises(TableError, match='`rt_unit="ms"`'):
        import_trials(put(layout, slow), map=KEYS)
    assert import_trials(put(layout, slow), map=KEYS, rt_unit="ms").trials["rt"].median() < 0.1
    other = {"rt": "key_resp.started"}
    with pytest.raises(TableError, match='`rt_unit="ms"` or `rt_unit="s"`'):
        import_trials(put(layout), map=KEYS, columns=other)


def test_a_run_without_a_trial_is_left_out_with_its_reason(tmp_path, all_layouts):
    whole, aborted = tmp_path / "a.csv", tmp_path / "b.csv"
    whole.write_bytes(all_layouts["psychopy"].data)
    aborted.write_bytes(b"notes,participant,date,expName,psychopyVersion,\n,p02,2024,x,2024.2,\n")
    found = import_trials([whole, aborted], map=KEYS)
    assert found.files[1].left == {"aborted before its first trial": 1}
    with pytest.raises(TableError, match="1 aborted before its first trial"):
        import_trials(aborted, map=KEYS)


def test_milliseconds_become_seconds_and_an_unknown_unit_is_asked_for(all_layouts, put):
    layout = all_layouts["table"]
    in_ms = layout.data.replace(b"rt", b"latency")
    with pytest.raises(TableError, match='`rt_unit="ms"` or `rt_unit="s"`'):
        import_trials(put(layout, in_ms), columns={"rt": "latency"})
    slow = import_trials(put(layout, in_ms), columns={"rt": "latency"}, rt_unit="s").trials
    fast = import_trials(put(layout, in_ms), columns={"rt": "latency"}, rt_unit="ms").trials
    pd.testing.assert_series_equal(slow["rt"] / 1000, fast["rt"])


def test_the_level_is_read_out_of_a_file_name(tmp_path):
    path = tmp_path / "p1.csv"
    path.write_text("observer,image,response\np1,faces/m_30.png,1\np1,fixation.png,\n")
    found = import_trials(path, level_from={"image": "*_{level}.png"})
    assert found.trials["level"].tolist() == [30]
    assert found.files[0].taken + sum(found.left.values()) == 2


def test_the_conditions_files_of_trials_make_are_known(tmp_path, run_cli):
    out = tmp_path / "list"
    assert run_cli("trials", "make", "--out", out, "--repetitions", 2).code == 0
    rows = pd.read_csv(out / "psychopy_conditions.csv")
    loop = {"trials.thisN": range(len(rows)), "key_resp.keys": "j", "key_resp.rt": 0.5}
    extra = {"participant": "p1", "date": "d", "expName": "x", "psychopyVersion": "2024"}
    rows.assign(**loop, **extra).to_csv(tmp_path / "p1.csv", index=False)
    found = import_trials(tmp_path / "p1.csv", map=KEYS)
    assert found.trials["level"].tolist() == rows["stimulus_level"].tolist()
    assert found.trials["trial"].tolist() == rows["trial_number"].tolist()
    assert found.trials["stimulus"].tolist() == rows["stimulus_id"].tolist()


def test_a_level_that_occurs_less_often_than_the_others_is_pointed_at(all_layouts, put):
    layout = all_layouts["psychopy"]
    rows = layout.data.split(b"\n")
    rows[7] = b"0.3" + rows[7][rows[7].index(b",") :]
    (account,) = import_trials(put(layout, b"\n".join(rows)), map=KEYS).files
    assert any("most levels have 6 trials" in note for note in account.notes)
    assert any("0.3 has 1 (row 8)" in note for note in account.notes)


def test_the_account_is_a_table_and_a_public_function_gives_it(all_layouts, put):
    found = psychobench.import_trials(put(all_layouts["psychopy"]), map=KEYS)
    table = found.to_frame()
    assert table["n_rows"].sum() == found.files[0].rows
    assert json.loads(json.dumps(found.to_json()))["taken"] == len(found.trials)


def test_import_writes_a_table_that_fit_reads(all_layouts, put, run_cli, tmp_path):
    out = tmp_path / "out" / "trials.csv"
    ran = run_cli(
        "import", put(all_layouts["psychopy"]), "--map", "j=1", "--map", "f=0", "--out", out
    )
    assert ran.code == 0, ran.err
    assert "31 rows: 30 taken (1 without an answer), 1 left out: 1 instruction" in ran.out
    assert "Keys: j = 1" in ran.out
    assert run_cli("fit", out).code == 0


def test_import_json_is_one_document_with_all_counts(all_layouts, put, run_cli, tmp_path):
    path, out = put(all_layouts["jspsych 8"]), tmp_path / "t.csv"
    ran = run_cli("import", path, "--map", "j=1", "--map", "f=0", "--out", out, "--json")
    summary = json.loads(ran.out)
    assert summary["rows"] == summary["taken"] + sum(summary["left"].values()) == 61
    assert summary["pressed"]["j"] + summary["pressed"]["f"] == 29
    assert sum(level["n_trials"] for level in summary["levels"]) == 29


def test_without_a_map_import_stops_with_1_and_writes_nothing(all_layouts, put, run_cli, tmp_path):
    out = tmp_path / "t.csv"
    ran = run_cli("import", put(all_layouts["jspsych 8"]), "--out", out)
    assert ran.code == 1
    assert ran.err.startswith("Error: the meaning of each key must be given")
    assert not out.exists()


def test_interactive_asks_for_the_level_and_the_keys(tmp_path, monkeypatch, capsys):
    import io

    from psychobench.cli.main import main

    path, out = tmp_path / "p1.csv", tmp_path / "t.csv"
    path.write_text("image,morph,response\na.png,0,f\nb.png,1,j\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("morph\n{observer}.csv\n0\n1\n"))
    with pytest.raises(SystemExit, match="0"):
        main(["import", str(path), "--interactive", "--out", str(out)])
    assert "2 taken" in capsys.readouterr().out
    assert pd.read_csv(out)["response"].tolist() == [0, 1]
    path.write_text("image,morph,response\na_3.png,0,f\nb_4.png,1,j\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("image\n{observer}.csv\n\n1\n1\n0\n1\n"))
    with pytest.raises(SystemExit, match="0"):
        main(["import", str(path), "--interactive", "--out", str(out)])
    assert "none of f, j means 0" in capsys.readouterr().err
    assert pd.read_csv(out)["level"].tolist() == [3, 4]


def test_the_input_is_never_overwritten(all_layouts, put, run_cli):
    path = put(all_layouts["table"])
    ran = run_cli("import", path, "--out", path)
    assert ran.code == 1
    assert "must be another file" in ran.err


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--format", "psychpy"), "did you mean 'psychopy'"),
        (("--level-from", "image"), "NAME=VALUE"),
        (("--observer-from", "sub-*"), "{observer}"),
        (("--columns", "level=lvl"), "has no 'lvl' (for level) (did you mean 'level'?)"),
        (("--keep", "practise"), "none is left out for 'practise'"),
        (("--rt-unit", "min"), "must be s or ms"),
        (("--encoding", "utf-99"), "must be one that Python knows"),
        (("--where", "level=7"), "not level=7"),
    ],
)
def test_a_wrong_option_is_one_line(all_layouts, put, run_cli, tmp_path, option, words):
    ran = run_cli("import", put(all_layouts["table"]), *option, "--out", tmp_path / "t.csv")
    assert ran.code == 1
    assert words in ran.err
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1
