"""Whatever program wrote it, a file gives the trials that were shown."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from psychobench.errors import TableError
from psychobench.imports import import_trials
from psychobench.imports.file_format import ALL_OF_IT
from psychobench.imports.formats.detection import FORMATS


@pytest.mark.slow
def test_each_program_s_file_gives_the_same_trials(layout, put, shown):
    found = import_trials(put(layout), **layout.options)
    trials = found.trials
    assert trials["level"].tolist() == [level for level, _, _ in shown]
    answers = [{"j": 1.0, "f": 0.0}.get(key, np.nan) for _, key, _ in shown]
    np.testing.assert_array_equal(trials["response"], answers)
    answered = trials["response"].notna()
    times = [float(rt) for _, _, rt in shown if rt]
    np.testing.assert_allclose(trials.loc[answered, "rt"], times, atol=1e-9)
    assert trials["trial"].diff().dropna().eq(1).all()


@pytest.mark.slow
def test_every_row_of_a_file_is_accounted_for(layout, put):
    (account,) = import_trials(put(layout), **layout.options).files
    assert (account.rows, account.taken, account.unanswered) == layout[3:]
    assert account.rows == account.taken + sum(account.left.values())


@pytest.mark.slow
def test_a_file_is_recognised_and_the_reason_given(all_layouts, put):
    for name, layout in all_layouts.items():
        (account,) = import_trials(put(layout), **layout.options).files
        assert account.format == name.split()[0]
        assert account.reason


@pytest.mark.slow
def test_help_and_account_say_which_formats_are_experimental(all_layouts, put, run_cli):
    starred = set(
        re.findall(r"([a-z][a-z-]+)\*", run_cli("import", "--help").out.replace("-\n  ", "-"))
    )
    untried = {name for name, each in FORMATS.items() if each.experimental == ALL_OF_IT}
    assert starred == untried
    for name, layout in all_layouts.items():
        (account,) = import_trials(put(layout), **layout.options).files
        said = any("is experimental" in note for note in account.notes)
        assert said == (name in untried | {"jspsych 7", "psychopy tab", "psychopy semicolon"})


def test_a_file_named_as_another_program_s_is_refused(all_layouts, put):
    with pytest.raises(TableError, match=r'is not jsPsych but .* PsychoPy; .*`format="psychopy"`$'):
        import_trials(put(all_layouts["psychopy"]), format="jspsych")


def test_instructions_practice_and_summaries_are_left_by_name(all_layouts, put):
    def left(name):
        layout = all_layouts[name]
        return import_trials(put(layout), **layout.options).left

    assert left("psychopy") == {"instruction (outside any loop)": 1}
    assert left("opensesame") == {"practice": 1}
    assert left("jspsych 8") == {"no level (fixation or other screen)": 30, "instruction": 1}
    assert left("labjs") == {"end of a loop or sequence": 1}
    assert left("eprime") == {"summary of a block or session": 1}


def test_practice_is_taken_when_asked_for(all_layouts, put):
    layout = all_layouts["opensesame"]
    assert len(import_trials(put(layout), keep=["practice"], **layout.options).trials) == 31


def test_the_space_bar_is_a_key_and_no_missing_answer(all_layouts, put):
    layout = all_layouts["jspsych 8"]
    data = layout.data.replace(b'"f"', b'" "')
    found = import_trials(put(layout, data), map={"j": 1, "space": 0})
    assert found.files[0].unanswered == 1
    assert found.trials["response"].eq(0).any()


def test_psychopy_s_lists_of_keys_and_unescaped_quotes_are_read(all_layouts, put):
    layout = all_layouts["psychopy"]
    text = layout.data.decode("utf-8-sig").replace(",j,", ",['j'],")
    first, *rest = text.splitlines()
    noted = [f'"he said "hi" twice, loudly",{row}' for row in rest]
    data = "\n".join([f"notes,{first}", *noted, ""]).encode()
    assert import_trials(put(layout, data), **layout.options).trials.equals(
        import_trials(put(layout), **layout.options).trials
    )


def test_a_trial_that_was_broken_off_is_no_unanswered_one(all_layouts, put):
    layout = all_layouts["psychopy"]
    aborted = b"0.5,6,30,,,,p01,001,2024-05-01,faces,2024.2.4,\n"
    found = import_trials(put(layout, layout.data + aborted), **layout.options)
    assert found.left["aborted (its answer was never asked for)"] == 1
    assert found.files[0].unanswered == 1


def test_two_key_components_must_be_told_apart(all_layouts, put):
    layout = all_layouts["psychopy"]
    data = layout.data.replace(b"key_resp.started", b"other.keys")
    with pytest.raises(TableError, match=r"has other\.keys, key_resp\.keys; choose one"):
        import_trials(put(layout, data), **layout.options)
    columns = {"response": "key_resp.keys"}
    assert len(import_trials(put(layout, data), columns=columns, **layout.options).trials) == 30


def test_keys_repeated_under_the_loop_s_name_are_one_column(all_layouts, put):
    layout = all_layouts["psychopy"]
    lines = layout.data.decode("utf-8-sig").splitlines()
    cells = [line.split(",") for line in lines]
    cells[0][3] = "key_resp.keys,trials.key_resp.keys"
    for row in cells[1:]:
        row[3] = f"{row[3]},{row[3]}"
    data = "\n".join([",".join(row) for row in cells] + [""]).encode()
    assert len(import_trials(put(layout, data), **layout.options).trials) == 30


def test_several_json_arrays_one_per_line_are_one_run(all_layouts, put):
    layout = all_layouts["jspsych json"]
    rows = json.loads(layout.data)
    data = f"{json.dumps(rows[:9])}\n{json.dumps(rows[9:])}\n".encode()
    assert len(import_trials(put(layout, data), **layout.options).trials) == 30


def test_eprime_s_text_is_read_without_its_mark_too(all_layouts, put):
    layout = all_layouts["eprime"]
    found = import_trials(put(layout, layout.data[2:]), **layout.options)
    assert len(found.trials) == 30
    assert "read as UTF-16 text" in found.files[0].notes[0]


def matlab(shown):
    code = {"f": 0.0, "j": 1.0}
    return {
        "level": np.array([level for level, _, _ in shown]),
        "response": np.array([code.get(key, np.nan) for _, key, _ in shown]),
        "rt": np.array([float(rt or "nan") for _, _, rt in shown]),
        "observer": np.full(len(shown), 7.0),
    }


def test_a_struct_of_a_mat_file_is_a_table(tmp_path, shown):
    from scipy.io import savemat

    path = tmp_path / "s07.mat"
    savemat(path, {"screen": {"rect": np.arange(4)}, "data": {"results": matlab(shown)}})
    found = import_trials(path)
    assert found.trials["level"].tolist() == [level for level, _, _ in shown]
    assert found.trials["observer"].unique().tolist() == ["7"]
    assert found.files[0].unanswered == 1
    assert "the rows are those of data.results" in found.files[0].notes[0]


def test_an_array_of_structs_is_a_table_with_a_row_for_each(tmp_path, shown):
    from scipy.io import savemat

    columns = matlab(shown)
    kinds = [(name, object) for name in columns]
    rows = np.array([tuple(v[i] for v in columns.values()) for i in range(len(shown))], kinds)
    path = tmp_path / "s07.mat"
    savemat(path, {"trials": rows})
    assert import_trials(path).trials["level"].tolist() == [level for level, _, _ in shown]


def test_a_mat_file_of_version_7_3_is_read_with_h5py(tmp_path, shown):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "s07.mat"
    with h5py.File(path, "w") as file:
        group = file.create_group("results")
        for name, values in matlab(shown).items():
            group.create_dataset(name, data=values[np.newaxis])
    assert import_trials(path).trials["level"].tolist() == [level for level, _, _ in shown]


def test_a_sheet_is_a_table_and_a_formula_counts_by_its_value(tmp_path, shown):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["who", "morph", "key"])
    for level, key, _ in shown:
        book.active.append(["p01", level, key])
    path = tmp_path / "mine.xlsx"
    book.save(path)
    columns = {"observer": "who", "level": "morph", "response": "key"}
    found = import_trials(path, columns=columns, map={"j": 1, "f": 0})
    assert found.trials["level"].tolist() == [level for level, _, _ in shown]
    book.active["B3"] = "=1/2"
    book.save(path)
    with pytest.raises(TableError, match=r"B3 of .* holds a formula that was never calculated"):
        import_trials(path, columns=columns, map={"j": 1, "f": 0})
