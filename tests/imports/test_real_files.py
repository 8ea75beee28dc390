"""What real files hold that descriptions of their formats leave out."""

from __future__ import annotations

import pytest

from psychobench.errors import TableError
from psychobench.imports import import_trials

KEYS = {"j": 1, "f": 0}
LOG = """Scenario - x
Logfile written - 01/01/2020 10:00:00

Subject\tTrial\tEvent Type\tCode\tTime

S1\t1\tPicture\tmorph_20.png\t10000
S1\t1\tResponse\t1\t15000

S1\t2\tPicture\tmorph_80.png\t30000
S1\t2\tResponse\t2\t36000
"""
SUMMARY = "\nEvent Type\tCode\tType\tResponse\tRT\tTime\nPicture\tmorph_20.png\thit\t1\t5000\t1\n"
BUTTONS = {"map": {"2": 1, "1": 0}, "level_from": "Code=morph_{level}.png"}


@pytest.mark.parametrize(
    "text",
    [
        LOG,
        LOG + SUMMARY,
        LOG.replace("\n", "\n\n") + SUMMARY,
        LOG.replace("\n", "\r\n") + SUMMARY.strip(),
    ],
    ids=["blank lines", "a second table", "double-spaced", "no line end"],
)
def test_a_blank_line_is_no_end_of_a_log_of_presentation(write, text):
    found = import_trials(write(text, "s1.log"), **BUTTONS)
    assert found.trials["level"].tolist() == [20, 80]
    assert found.trials["response"].tolist() == [0, 1]
    assert found.trials["rt"].tolist() == [0.5, 0.6]
    noted = any("the second table" in note for note in found.files[0].notes)
    assert noted == ("RT" in text)


def test_two_logs_of_presentation_joined_are_read_to_the_end(write):
    second = LOG.replace("S1", "S2")
    found = import_trials(write(LOG + SUMMARY + second, "both.log"), **BUTTONS)
    assert found.trials["observer"].tolist() == ["S1", "S1", "S2", "S2"]


def test_opensesame_s_paths_keep_their_backslashes(write):
    rows = [
        r'"subject_nr","opensesame_version","path","level","response","note"',
        r'"1","3.2","C:\Users\new\table\","0.5","j","say \"hi\", now"',
        r'"1","3.2","C:\","1","f","the last one is \"f\""',
    ]
    found = import_trials(write("\n".join([*rows, ""]), "s.csv"), map=KEYS, also="path,note")
    assert found.trials["path"].tolist() == ["C:\\Users\\new\\table\\", "C:\\"]
    assert found.trials["note"].tolist() == ['say "hi", now', 'the last one is "f"']
    assert found.trials["response"].tolist() == [1, 0]


def eprime(*frames):
    head = "*** Header Start ***\nSubject: 7\nSession: 1\n*** Header End ***\n"
    return head + "".join(f"\tLevel: 2\n\t*** LogFrame Start ***\n{frame}" for frame in frames)


def frame(level, key):
    note = "\tNote: two\nlines\n"
    return f"\tlevel: {level}\n{note}\tX.RESP: {key}\n\tX.RT: 500\n\t*** LogFrame End ***\n"


def test_the_whole_frames_of_a_crashed_run_of_eprime_are_kept(write):
    text = eprime(frame(0.2, "f"), frame(0.8, "j"), "\tlevel: 0.5\n\tX.RE")
    found = import_trials(write(text, "e.txt"), map=KEYS, also="Note")
    assert found.trials["level"].tolist() == [0.2, 0.8]
    assert found.trials["Note"].tolist() == ["two\nlines"] * 2
    (note,) = found.files[0].notes
    assert "a block without an end, as a crashed run leaves it, is not read (from line 22)" in note


def test_the_merged_table_of_eprime_has_a_row_per_trial(write):
    text = (
        "C:\\data\\all.emrg2\t\t\t\t\t\n"
        "ExperimentName\tSubject\tSession\tProcedure[Block]\tmorph\tX.RESP\tX.RT\n"
        "x\t1\t1\tPractice\t20\tf\t300\nx\t1\t1\tTask\t20\tf\t300\nx\t2\t1\tTask\t80\t\t0\n"
    )
    found = import_trials(write(text.encode("utf-16"), "m.txt"), map=KEYS, columns="level=morph")
    assert found.files[0].format == "eprime"
    assert found.left == {"practice": 1}
    assert found.trials["rt"].isna().tolist() == [False, True]


CODER = "part,contrast,key,participant,date,expName,psychopyVersion,\n"


def test_a_script_of_psychopy_without_a_loop_has_complete_trials(write):
    rows = "Training - easy,.2,f,p1,d,x,2024.1,\n1,.2,f,p1,d,x,2024.1,\n1,.4,[],p1,d,x,2024.1,\n"
    columns = "level=contrast,response=key"
    found = import_trials(write(CODER + rows, "p1.csv"), columns=columns, map=KEYS)
    assert found.trials["level"].tolist() == [0.2, 0.4]
    assert found.files[0].unanswered == 1
    assert found.left == {"practice": 1}


@pytest.mark.parametrize("part", ["post-training", "after training", "pre-training"])
def test_a_session_after_training_is_no_practice(write, part):
    rows = f"{part},.2,f,p1,d,x,2024.1,\n{part},.8,j,p1,d,x,2024.1,\n"
    columns = "level=contrast,response=key"
    assert import_trials(write(CODER + rows, "p1.csv"), columns=columns, map=KEYS).left == {}


def test_qualtrics_has_three_rows_of_headers(write):
    text = (
        "StartDate,Status,ResponseId,morph,Q1\n"
        '"Start\nDate",Response Type,Response ID,Morph,"Which, one?"\n'
        '"{""ImportId"":""startDate""}",a,b,c,d\n'
        "2024-01-01,IP Address,R_1,0.2,f\n2024-01-01,IP Address,R_1,0.8,j\n"
        "2024-01-01,Survey Preview,R_2,0.8,j\n"
    )
    found = import_trials(write(text, "q.csv"), columns="level=morph,response=Q1", map=KEYS)
    assert found.trials["observer"].tolist() == ["R_1", "R_1"]
    assert found.left == {"further header row": 2, "preview of the survey": 1}


def test_a_table_without_a_header_has_numbered_columns(write):
    path = write("p1,0.1,f\np1,0.2,j\np2,0.3,f\n", "h.csv")
    columns = "observer=column_1,level=column_2,response=column_3"
    found = import_trials(path, columns=columns, map=KEYS)
    assert found.trials["level"].tolist() == [0.1, 0.2, 0.3]
    assert "it has no header" in found.files[0].notes[0]


@pytest.mark.parametrize("delimiter", [" ", "   ", ",", "\t", ";"])
def test_psignifit_s_triples_are_written_out_as_trials(write, delimiter):
    text = "0.1 2 20\n0.2 11 20\n0.4 19 20\n".replace(" ", delimiter)
    found = import_trials(write(text, "anna.txt"), observer_from="{observer}.txt")
    assert found.files[0].format == "psignifit"
    assert found.levels["n_trials"].tolist() == [20, 20, 20]
    assert found.levels["n_target"].tolist() == [2, 11, 19]


def test_the_structs_of_a_mat_file_are_listed_those_with_trials_first(tmp_path):
    import numpy as np
    from scipy.io import savemat

    path = tmp_path / "s.mat"
    other = {"a": np.arange(9.0), "b": np.arange(9.0), "c": np.arange(9.0)}
    trials = {"resp": np.ones(6), "contrast": np.arange(6.0)}
    savemat(path, {"screen": other, "results": trials, "log": {"x": np.arange(7.0)}})
    with pytest.raises(TableError, match=r"also holds results \(6 rows of resp, contrast\), log"):
        import_trials(path)
