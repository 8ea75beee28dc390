"""Small files in the layouts that the programs write, made here cell by cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
REPEATS = 6


class Layout(NamedTuple):
    """A file's name and bytes, what importing it needs, and the rows that it has."""

    name: str
    data: bytes
    options: dict[str, Any]
    rows: int
    trials: int
    unanswered: int


def answers() -> list[tuple[float, str, str]]:
    """Level, key (f, j or none) and reaction time in seconds of every trial, in seeded order."""
    rng = np.random.default_rng(7)
    levels = rng.permutation(np.repeat(LEVELS, REPEATS))
    keys = np.where(rng.random(len(levels)) < levels, "j", "f")
    times = rng.uniform(0.3, 1.2, len(levels)).round(4)
    shown = list(zip(map(float, levels), map(str, keys), map(str, times), strict=True))
    shown[4] = (shown[4][0], "", "")
    return shown


ANSWERS = answers()
KEYS = {"map": {"j": 1, "f": 0}}


def psychopy(delimiter: str = ",") -> bytes:
    names = "stimulus_level,trials.thisRepN,trials.thisN,key_resp.keys,key_resp.rt,"
    names += "key_resp.started,participant,session,date,expName,psychopyVersion,"
    rows = [names, ",,,,,,p01,001,2024-05-01,faces,2024.2.4,"]
    for i, (level, key, rt) in enumerate(ANSWERS):
        who = "p01,001,2024-05-01,faces,2024.2.4,"
        rows.append(f"{level},{i // 5},{i},{key or 'None'},{rt},{i + 0.5},{who}")
    return ("\ufeff" + "\n".join(rows) + "\n").replace(",", delimiter).encode()


def jspsych_rows(version: int) -> list[dict[str, Any]]:
    key = "key_press" if version == 6 else "response"
    mark = {"plugin_version": "2.0"} if version == 8 else {"internal_node_id": "0.0-1.0"}
    codes = {"f": 70, "j": 74} if version == 6 else {"f": "f", "j": "j"}
    rows: list[dict[str, Any]] = [{"rt": 900, key: " ", "trial_type": "instructions"}]
    for level, pressed, rt in ANSWERS:
        rows.append({"rt": None, key: None, "trial_type": "html-keyboard-response"})
        answer = {"rt": round(float(rt) * 1000, 1) if rt else None, key: codes.get(pressed)}
        kind = {"trial_type": "image-keyboard-response", "stimulus_level": level}
        rows.append({**answer, **kind})
    for i, row in enumerate(rows):
        row |= {"trial_index": i, "time_elapsed": 1000 * i, "participant": "p01"}
        row |= {} if version == 6 else mark
    return rows


def jspsych_csv(version: int) -> bytes:
    rows = jspsych_rows(version)
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([written(row.get(name, "")) for name in names] for row in rows)]
    return "".join(",".join(f'"{c}"' for c in row) + "\r\n" for row in cells).encode()


def written(value: Any) -> str:
    return "null" if value is None else str(value)


def delimited(names: str, line: Callable[[int, float, str, str], str], *more: str) -> bytes:
    rows = [names, *(line(i, *trial) for i, trial in enumerate(ANSWERS)), *more]
    return ("\n".join(rows) + "\n").encode()


def ms(rt: str) -> str:
    return f"{float(rt) * 1000:.1f}" if rt else ""


def opensesame() -> bytes:
    names = '"subject_nr","opensesame_version","practice","level","response","response_time","note"'
    rows = [names, '"7","4.0","yes","0.5","f","300","say \\"hi\\", now"']
    for level, key, rt in ANSWERS:
        rows.append(f'"7","4.0","no","{level}","{key or "None"}","{ms(rt) or 2000}","NA"')
    return ("\n".join(rows) + "\n").encode()


def labjs() -> bytes:
    def line(i: int, level: float, key: str, rt: str) -> str:
        return f"Face,html.Screen,0_{i},2024,{level},{key},{ms(rt) or 2000},'-,p01"

    names = "sender,sender_type,sender_id,timestamp,level,response,duration,sign,participant"
    return delimited(names, line, "Loop,flow.Loop,0,2024,,,9000,,p01")


def gorilla() -> bytes:
    def line(i: int, level: float, key: str, rt: str) -> str:
        zone = "response_keyboard" if key else "timelimit_screen"
        shown = f"{i},9001,{i},face,content_image,{level},,\n"
        return shown + f"{i},9001,{i},face,{zone},{level},{key},{ms(rt) or 3000}"

    names = "Event Index,Participant Private ID,Trial Number,Screen Name,Zone Type,level,Response,"
    return delimited(names + "Reaction Time", line, "END OF FILE,,,,,,,")


def eprime() -> bytes:
    rows = ["*** Header Start ***", "Experiment: faces", "Subject: 7", "Session: 1"]
    rows += ["*** Header End ***"]
    for level, key, rt in ANSWERS:
        rows += ["\tLevel: 2", "\t*** LogFrame Start ***", "\tProcedure: TrialProc"]
        rows += [f"\tstimulus_level: {level}", f"\tFace.RESP: {key}", f"\tFace.RT: {ms(rt) or 0}"]
        rows += ["\t*** LogFrame End ***"]
    rows += ["Level: 1", "*** LogFrame Start ***", "Procedure: SessionProc", "*** LogFrame End ***"]
    return ("\r\n".join(rows) + "\r\n").encode("utf-16")


def presentation() -> bytes:
    def line(i: int, level: float, key: str, rt: str) -> str:
        start = 40_000 * (i + 1)
        shown = f"p01\t{i}\tPicture\tface_{level}\t{start}"
        pressed = {"f": 1, "j": 2}.get(key)
        answer = f"\np01\t{i}\tResponse\t{pressed}\t{start + round(float(rt or 0) * 10_000)}"
        return shown + (answer if key else "")

    names = "Scenario -\tfaces\nLogfile written -\t05/01/2024\n\nSubject\tTrial\tEvent Type\tCode\t"
    return delimited(names + "Time\n", line, "", "Event Type\tCode\tType", "Picture\tx\thit")


def bids() -> bytes:
    def line(i: int, level: float, key: str, rt: str) -> str:
        return f"{i}\t{level}\t{key or 'n/a'}\t{rt or 'n/a'}\twhole"

    return delimited("trial\tlevel\tresponse\tresponse_time\ttrial_type", line)


def table(answer: dict[str, str]) -> bytes:
    def line(i: int, level: float, key: str, rt: str) -> str:
        return f"p01,{level},{answer.get(key, '')},{rt}"

    return delimited("observer,level,response,rt", line)


def layouts() -> dict[str, Layout]:
    n = len(ANSWERS)
    as_json = json.dumps(jspsych_rows(8)).encode()
    codes = {"map": {"74": 1, "70": 0}}
    buttons = {"map": {"2": 1, "1": 0}, "level_from": {"Code": "face_{level}"}}
    own = KEYS | {"columns": {"observer": "sub (file name)"}}
    zero_one = table({"f": "0", "j": "1"})
    return {
        "psychopy": Layout("p01_faces.csv", psychopy(), KEYS, n + 1, n, 1),
        "psychopy tab": Layout("p01_faces.tsv", psychopy("\t"), KEYS, n + 1, n, 1),
        "psychopy semicolon": Layout("p01.csv", psychopy(";"), KEYS, n + 1, n, 1),
        "jspsych 6": Layout("a.csv", jspsych_csv(6), codes, 2 * n + 1, n, 1),
        "jspsych 7": Layout("a.csv", jspsych_csv(7), KEYS, 2 * n + 1, n, 1),
        "jspsych 8": Layout("a.csv", jspsych_csv(8), KEYS, 2 * n + 1, n, 1),
        "jspsych json": Layout("a.json", as_json, KEYS, 2 * n + 1, n, 1),
        "opensesame": Layout("subject-7.csv", opensesame(), KEYS, n + 1, n, 1),
        "labjs": Layout("lab.csv", labjs(), KEYS, n + 1, n, 1),
        "gorilla": Layout("data_exp.csv", gorilla(), KEYS, 2 * n + 1, n, 1),
        "eprime": Layout("faces-7-1.txt", eprime(), KEYS, n + 1, n, 1),
        "presentation": Layout("p01-faces.log", presentation(), buttons, 2 * n - 1, n, 1),
        "bids": Layout("sub-p01_task-faces_beh.tsv", bids(), own, n, n, 1),
        "psych-ds": Layout("study-faces_subject-p01_data.csv", zero_one, {}, n, n, 1),
        "table": Layout("mine.csv", zero_one, {}, n, n, 1),
    }


LAYOUTS = layouts()


@pytest.fixture(params=LAYOUTS)
def layout(request: pytest.FixtureRequest) -> Layout:
    """Return the files of every program in turn."""
    return LAYOUTS[request.param]


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Layout], Path]:
    """Write a layout's file and return its path."""

    def put(layout: Layout, data: bytes | None = None) -> Path:
        path = tmp_path / layout.name
        path.write_bytes(layout.data if data is None else data)
        return path

    return put


@pytest.fixture
def all_layouts() -> dict[str, Layout]:
    """Return all of them, by the name of the program."""
    return LAYOUTS


@pytest.fixture
def shown() -> list[tuple[float, str, str]]:
    """Return what every layout holds: level, key and reaction time of each trial."""
    return ANSWERS
