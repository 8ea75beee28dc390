"""Layouts that programs write every day and that plain tables do not have."""

from __future__ import annotations

import json

import pytest

from psychobench.errors import TableError
from psychobench.imports import import_trials


def lines_of(layout):
    return layout.data.decode("utf-8-sig").splitlines()


def test_keys_pressed_outside_the_trials_are_no_answers(all_layouts, put):
    layout = all_layouts["psychopy"]
    first, welcome, *rest = lines_of(layout)
    lines = [f"go.keys,{first}", f"space,{welcome}", *(f",{row}" for row in rest), ""]
    found = import_trials(put(layout, "\n".join(lines).encode()), **layout.options)
    assert found.files[0].columns["response"] == "key_resp.keys"


def test_practice_with_a_key_component_of_its_own_is_not_quietly_unanswered(all_layouts, put):
    layout = all_layouts["psychopy"]
    first, _, *rest = lines_of(layout)
    lines = [f"practice.thisN,prac.keys,{first}", *(f",,{row}" for row in rest)]
    lines.append("0,j,0.5,,,,,,p01,001,2024-05-01,faces,2024.2.4,\n")
    path = put(layout, "\n".join(lines).encode())
    assert import_trials(path, **layout.options).left == {"practice": 1}
    with pytest.raises(TableError, match=r"has key_resp\.keys, prac\.keys; choose one"):
        import_trials(path, keep=["practice"], **layout.options)
    columns = {"response": "key_resp.keys"}
    (account,) = import_trials(path, keep=["practice"], columns=columns, **layout.options).files
    assert account.unanswered == 2
    assert any("prac.keys, which is not read, has an answer to 1 of" in n for n in account.notes)


def test_a_staircase_of_psychopy_is_a_loop_without_thisn(all_layouts, put):
    layout = all_layouts["psychopy"]
    data = layout.data.replace(b"trials.thisRepN,trials.thisN", b"stairs.thisTrialN,stairs.step")
    assert len(import_trials(put(layout, data), **layout.options).trials) == 30


def test_a_file_of_practice_alone_is_taken_when_asked_for(all_layouts, put):
    layout = all_layouts["psychopy"]
    path = put(layout, layout.data.replace(b"trials.", b"practice_loop."))
    with pytest.raises(TableError, match=r"30 practice.*`keep`"):
        import_trials(path, **layout.options)
    assert len(import_trials(path, keep=["practice"], **layout.options).trials) == 30


def wrapped(rows):
    lists = [rows[:9], rows[9:]]
    return {
        "lists": lists,
        "an object": {"data": rows},
        "objects": [{"id": i, "data": row} for i, row in enumerate(rows)],
        "numbered": {str(i): row for i, row in enumerate(rows)},
        "text": {"filename": "p01.json", "filedata": json.dumps(rows)},
    }


@pytest.mark.parametrize("how", wrapped([]))
def test_trials_are_found_in_what_a_server_wrapped_them_in(all_layouts, put, how):
    layout = all_layouts["jspsych json"]
    data = json.dumps(wrapped(json.loads(layout.data))[how]).encode()
    found = import_trials(put(layout, data), **layout.options)
    assert found.trials.equals(import_trials(put(layout), **layout.options).trials)


def test_what_stands_beside_a_list_of_trials_holds_for_each(all_layouts, put):
    layout = all_layouts["jspsych json"]
    rows = json.loads(layout.data)
    for row in rows:
        del row["participant"]
    runs = [{"participant": who, "trials": rows[: 30 + i]} for i, who in enumerate(("a", "b"))]
    found = import_trials(put(layout, json.dumps(runs).encode()), **layout.options)
    assert found.trials["observer"].unique().tolist() == ["a", "b"]


def test_a_csv_with_runs_as_json_in_a_column_holds_their_trials(all_layouts, put):
    layout = all_layouts["jspsych json"]
    cell = layout.data.decode().replace('"', '""')
    found = import_trials(put(layout, f'id,data\n7,"{cell}"\n'.encode()), **layout.options)
    assert found.files[0].format == "jspsych"
    assert found.files[0].rows == 61


@pytest.mark.parametrize("broken", [b'"trial_typ"', b'"trial_type":"x"},3,{"trial_type"'])
def test_a_trial_that_is_none_is_never_passed_over(all_layouts, put, broken):
    layout = all_layouts["jspsych json"]
    data = layout.data.replace(b'"trial_type"', broken, 1)
    with pytest.raises(TableError, match=r"an object with trial_type|whole JSON"):
        import_trials(put(layout, data), **layout.options)


def test_lab_js_names_the_participant_once(all_layouts, put):
    layout = all_layouts["labjs"]
    first, second, *rest = layout.data.replace(b",p01\n", b",\n").split(b"\n")
    found = import_trials(put(layout, b"\n".join([first, second + b"p9", *rest])), **layout.options)
    assert found.trials["observer"].unique().tolist() == ["p9"]
    assert any("participant is 'p9' in some rows" in note for note in found.files[0].notes)
    rest[3] += b"p8"
    with pytest.raises(TableError, match="observer must not be empty"):
        import_trials(put(layout, b"\n".join([first, second + b"p9", *rest])), **layout.options)


@pytest.mark.parametrize("end", [b"END OF FILE", b"END OF FILE\r\n", b"END OF FILE,,,,,,,"])
def test_the_end_of_a_gorilla_file_may_be_short(all_layouts, put, end):
    layout = all_layouts["gorilla"]
    data = layout.data[: layout.data.index(b"END OF FILE")] + end
    (account,) = import_trials(put(layout, data), **layout.options).files
    assert account.rows == layout.rows
    assert account.left["end of the file"] == 1
    assert not any("fewer cells" in note or "no line end" in note for note in account.notes)


def test_an_answer_of_presentation_is_that_of_the_face_before_the_mask(all_layouts, put):
    layout = all_layouts["presentation"]
    lines = layout.data.decode().replace("Code\tTime", "Code\tTime\tUncertainty\tUncertainty")
    masked = []
    for line in lines.split("\n"):
        shown = "\tPicture\tface" in line
        masked += [f"{line}\t1\t2" if shown else line]
        masked += ["\t".join([*line.split("\t")[:3], "mask", line.split("\t")[4]])] if shown else []
    found = import_trials(put(layout, "\n".join(masked).encode()), **layout.options)
    assert found.trials.equals(import_trials(put(layout), **layout.options).trials)
    assert any("29 answers came after several stimuli" in note for note in found.files[0].notes)
    assert found.left["no level (fixation or other screen)"] == 30
