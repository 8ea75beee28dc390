"""Screens that inherit the level of their trial and take no answer are no trials."""

from __future__ import annotations

import json

import pytest

from psychobench.imports import import_trials

KEYS = {"j": 1, "f": 0}
SHOWN = [(level, key) for level in (0.2, 0.5, 0.8) for key in ("f", "", "j")]


def jspsych(path, *, version=8, name_screens=False):
    rows = []
    for i, (level, key) in enumerate(SHOWN):
        for j, (screen, stimulus, pressed) in enumerate(
            [("fixation", "<p>+</p>", None), ("face", f"{i}.png", key or None), ("gap", "", None)]
        ):
            row = {"trial_type": "html-keyboard-response", "trial_index": len(rows)}
            row |= {"time_elapsed": 100 * len(rows), "participant": "p1", "level": level}
            row |= {"stimulus": stimulus, "response": pressed, "rt": 400 if pressed else None}
            row |= {"task": screen} if name_screens else {}
            row |= {"plugin_version": "2"} if version == 8 else {}
            row |= {"internal_node_id": f"0.0-1.0-{j}.{i}"} if version == 7 else {}
            rows.append(row)
    path.write_text(json.dumps(rows))
    return path


def test_jspsych_s_screens_are_told_apart_by_their_task(tmp_path):
    found = import_trials(jspsych(tmp_path / "p1.json", name_screens=True), map=KEYS)
    assert len(found.trials) == 9
    assert found.files[0].unanswered == 3
    assert found.left == {
        "screen that takes no answer (html-keyboard-response fixation)": 9,
        "screen that takes no answer (html-keyboard-response gap)": 9,
    }


def test_jspsych_s_screens_are_told_apart_by_their_place_in_the_timeline(tmp_path):
    found = import_trials(jspsych(tmp_path / "p1.json", version=7), map=KEYS)
    assert (len(found.trials), found.files[0].unanswered) == (9, 3)


def test_what_is_shown_at_every_level_and_never_answered_is_a_fixation_cross(tmp_path):
    found = import_trials(jspsych(tmp_path / "p1.json"), map=KEYS)
    assert (len(found.trials), found.files[0].unanswered) == (9, 3)


def test_such_rows_are_taken_when_asked_for(tmp_path):
    path = jspsych(tmp_path / "p1.json", name_screens=True)
    assert len(import_trials(path, map=KEYS, keep="screen").trials) == 27


def test_a_run_that_nobody_answered_on_one_level_keeps_its_unanswered_trials(tmp_path):
    path = jspsych(tmp_path / "p1.json", name_screens=True)
    rows = json.loads(path.read_text())
    for row in rows:
        if row["level"] == 0.5:
            row |= {"task": "face at .5"}
    path.write_text(json.dumps(rows))
    assert import_trials(path, map=KEYS).trials["level"].value_counts()[0.5] == 9


LABJS = "sender,sender_type,duration,ended_on,participantID,level,response,sender_id\n"


def test_lab_js_s_blank_screens_and_flow_rows_are_no_trials(tmp_path):
    path = tmp_path / "lab.csv"
    rows = []
    for i, (level, key) in enumerate(SHOWN):
        rows.append(f"face,html.Page,500,response,p1,{level},{key},0_{i}_0")
        rows.append(f"blank,html.Page,500,timeout,p1,{level},,0_{i}_1")
        rows.append(f"trial,flow.Sequence,1000,completion,p1,{level},,0_{i}")
    path.write_text(LABJS + "\n".join(rows) + "\n")
    found = import_trials(path, map=KEYS)
    assert (len(found.trials), found.files[0].unanswered) == (9, 3)
    assert found.left == {
        "screen that takes no answer (blank)": 9,
        "end of a loop or sequence": 9,
    }


GORILLA = (
    "Event Index,Participant Private ID,Trial Number,display,Screen Name,Zone Type,Attempt,level,"
    "Response,Reaction Time\n"
)


@pytest.fixture
def gorilla(tmp_path):
    rows = ["1,7,1,Instructions,Screen 1,continue_button,,,,900"]
    for i, (level, key) in enumerate(SHOWN, 1):
        rows.append(f"9,7,{i},trial,Screen 1,content_image,,{level},,")
        rows.append(f"9,7,{i},trial,Screen 1,timelimit_screen,,{level},,500")
        zone = "response_keyboard_single" if key else "timelimit_screen"
        rows.append(f"9,7,{i},trial,Screen 2,{zone},1,{level},{key},400")
    rows.append("9,7,9,trial,Screen 2,response_keyboard_single,2,0.8,f,700")
    path = tmp_path / "data.csv"
    path.write_text(GORILLA + "\n".join(rows) + "\nEND OF FILE")
    return path


def test_gorilla_s_screens_take_answers_by_display_and_name(gorilla):
    found = import_trials(gorilla, map=KEYS)
    assert (len(found.trials), found.files[0].unanswered) == (9, 3)
    assert found.left["further attempt at the same screen"] == 1
    assert found.files[0].rows == found.files[0].taken + sum(found.left.values())
