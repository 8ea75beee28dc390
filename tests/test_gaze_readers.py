"""EyeLink and BIDS records of gaze become the same table as a CSV."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from psychobench.errors import OptionError, TableError
from psychobench.gaze import Fixations, Placement, read_fixations
from psychobench.gaze.bids import find_recordings

SIZES = {"1001.jpg": (800, 600), "1002.jpg": (800, 600)}
ASC = """** CONVERTED FROM p01.edf using edfapi 4.2.1
** DATE: Fri Mar  6 10:00:00 2020
MSG\t100 DISPLAY_COORDS 0 0 1919 1079
MSG\t1000 TRIALID 1
START\t1001 \tLEFT\tRIGHT\tSAMPLES\tEVENTS
MSG\t1002 !V IMGLOAD CENTER ../images/1001.jpg 960 540
EFIX R   1003\t1043\t42\t  960.0\t  540.0\t   900
MSG\t1050 SYNCTIME
SFIX R   1100
1101\t  959.0\t  540.1\t  910.0\t...
EFIX L   1100\t1299\t200\t  661.0\t  341.0\t   900
EFIX R   1100\t1299\t200\t  660.0\t  340.0\t   900
EFIX R   1400\t1599\t200\t  1359.0\t  839.0\t   900
EFIX R   1700\t1799\t100\t  .\t  .\t   .
EFIX R   5900\t6199\t300\t  960.0\t  540.0\t   900
MSG\t6050 DISPLAY OFF
MSG\t6051 TRIAL_RESULT 0
END\t6052 \tSAMPLES\tEVENTS\tRES\t  30.0\t  30.0
MSG\t7000 TRIALID 2
MSG\t7001 !V TRIAL_VAR image 1002.jpg
MSG\t7010 -3 SYNCTIME
EFIX R   7100\t7299\t200\t  960.0\t  540.0\t   900
MSG\t12010 TRIAL_RESULT 0
"""


def test_an_eyelink_export_gives_fixations_on_the_image_during_display(tmp_path: Path) -> None:
    (tmp_path / "p01.asc").write_text(ASC, encoding="utf-8")
    read = read_fixations(tmp_path / "p01.asc", SIZES, placement=Placement((1920, 1080)))
    assert read.subjects == ["p01"]
    assert read.of("1001.jpg")[["x_px", "y_px", "duration_ms"]].to_numpy().tolist() == [
        [100, 100, 200],
        [799, 599, 200],
    ]
    assert len(read.of("1002.jpg")) == 1
    # one began before the picture came on, one ended after it went
    assert read.left_out["not wholly inside the display period"] == 2
    assert read.left_out["without a position"] == 1


def read_trial(folder: Path, *lines: str) -> Fixations:
    """Read one trial with these messages and events between its begin and its end."""
    text = "\n".join(["MSG\t1000 TRIALID 1", *lines, "END\t6052 \tSAMPLES"])
    (folder / "p01.asc").write_text(text, encoding="utf-8")
    return read_fixations(folder / "p01.asc", SIZES)


LEFT = "EFIX L   1100\t1299\t200\t  60.0\t  40.0\t   900"
RIGHT = LEFT.replace("EFIX L", "EFIX R").replace("60.0", "70.0")
LOADED = "MSG\t1001 !V IMGLOAD CENTER 1001.jpg 960 540"


def test_of_one_eye_that_eye_is_taken_and_of_two_the_right_one(tmp_path: Path) -> None:
    assert read_trial(tmp_path, LOADED, LEFT).table["x_px"].tolist() == [60]
    assert read_trial(tmp_path, LOADED, LEFT, RIGHT).table["x_px"].tolist() == [70]


def test_a_trial_with_several_pictures_must_say_which_one_is_meant(tmp_path: Path) -> None:
    other = LOADED.replace("1001.jpg", "1002.jpg")
    with pytest.raises(TableError, match=r"trial 1 of .*p01\.asc loads 1001\.jpg, 1002\.jpg"):
        read_trial(tmp_path, LOADED, other, LEFT)
    told = "MSG\t1002 !V TRIAL_VAR image 1001.jpg"
    assert read_trial(tmp_path, told, LOADED, other, LEFT).table["image"].tolist() == ["1001.jpg"]


def test_without_the_end_of_the_display_fixations_count_and_that_is_said(tmp_path: Path) -> None:
    read = read_trial(tmp_path, LOADED, "MSG\t1050 SYNCTIME", "MSG", "MSG\tx y z", LEFT)
    assert len(read.table) == 1
    assert any("no display period is known for 1 of 1" in note for note in read.notes)


def test_an_image_that_a_free_message_mentions_is_taken(tmp_path: Path) -> None:
    read = read_trial(tmp_path, "MSG\t1002 now on screen: stim/1001.jpg at 0 0", LEFT, RIGHT)
    assert read.table[["image", "x_px"]].to_numpy().tolist() == [["1001.jpg", 70.0]]


FREE = (
    "MSG\t1010 trial 3 face <1001> upright", "EFIX R   1005\t1025\t20\t  1.0\t  1.0\t   900",
    LEFT, RIGHT, "MSG\t1500 trial 4 face <1002> upright",
    "EFIX R   1600\t1700\t100\t  30.0\t  20.0\t   900",
)  # fmt: skip


def test_a_pattern_finds_the_images_in_free_messages(tmp_path: Path) -> None:
    (tmp_path / "p01.asc").write_text("\n".join(FREE), encoding="utf-8")
    with pytest.raises(TableError, match="`image_pattern="):
        read_fixations(tmp_path / "p01.asc", SIZES)
    read = read_fixations(tmp_path / "p01.asc", SIZES, image_pattern="face <(.+?)>")
    assert read.table["image"].tolist() == ["1001.jpg", "1002.jpg"]
    assert read.table["x_px"].tolist() == [70, 30]
    # one began before its image
    assert read.left_out["not wholly inside the display period"] == 1


@pytest.mark.parametrize("pattern", ["face (", "face", "(f)(g)"])
def test_a_pattern_without_one_group_is_refused(pattern: str, tmp_path: Path) -> None:
    (tmp_path / "p01.asc").write_text("\n".join(FREE), encoding="utf-8")
    with pytest.raises(OptionError, match="`image_pattern` must"):
        read_fixations(tmp_path / "p01.asc", SIZES, image_pattern=pattern)


def test_a_folder_of_exports_has_one_subject_per_file(tmp_path: Path) -> None:
    for name in ("p01", "p02"):
        (tmp_path / f"{name}.asc").write_text(ASC, encoding="utf-8")
    read = read_fixations(tmp_path, SIZES, placement=Placement((1920, 1080)))
    assert read.subjects == ["p01", "p02"]


def test_an_export_that_names_no_image_says_what_is_needed(tmp_path: Path) -> None:
    text = "\n".join(line for line in ASC.splitlines() if "!V" not in line)
    (tmp_path / "p01.asc").write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=r"!V TRIAL_VAR image"):
        read_fixations(tmp_path / "p01.asc", SIZES)


def write_bids(folder: Path, *, start: float = 0.0) -> None:
    """Write 10 s at 100 Hz: two photographs, a fixation on each, one between them."""
    gaze = folder / "sub-07" / "func"
    gaze.mkdir(parents=True)
    stem = "sub-07_task-view_recording-eye1"
    times = np.arange(0, 10_000, 10)
    x = np.where(times < 5000, 200.0, 600.0)
    lines = [f"{4000 + t}\t{x[i]}\t300.0\t900" for i, t in enumerate(times)]
    with gzip.open(gaze / f"{stem}_physio.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    about = {
        "Columns": ["timestamp", "x_coordinate", "y_coordinate", "pupil_size"],
        "SamplingFrequency": 100, "StartTime": start, "PhysioType": "eyetrack",
    }  # fmt: skip
    (gaze / f"{stem}_physio.json").write_text(json.dumps(about), encoding="utf-8")
    events = "4500\t300\tfixation\n7700\t100\tfixation\n8900\t250\tfixation\n8900\t20\tsaccade\n"
    with gzip.open(gaze / f"{stem}_physioevents.tsv.gz", "wt", encoding="utf-8") as file:
        file.write(events)
    columns = {"Columns": ["onset", "duration", "trial_type"]}
    (gaze / f"{stem}_physioevents.json").write_text(json.dumps(columns), encoding="utf-8")
    shown = "onset\tduration\tstim_file\n0\t3\timages/1001.jpg\n4\t5\timages/1002.jpg\n9\t1\tn/a\n"
    (gaze / "sub-07_task-view_events.tsv").write_text(shown, encoding="utf-8")


def test_bids_gaze_gives_each_fixation_the_mean_place_of_its_samples(tmp_path: Path) -> None:
    write_bids(tmp_path)
    read = read_fixations(tmp_path, SIZES)
    assert read.table["image"].tolist() == ["1001.jpg", "1002.jpg"]
    # the second one moves to the right at its tenth sample of 26
    assert read.table["x_px"].tolist() == pytest.approx([200, (10 * 200 + 16 * 600) / 26])
    assert read.table["duration_ms"].tolist() == [300, 250]
    assert read.subjects == ["07"]


def test_sidecars_are_inherited_from_the_folders_above(tmp_path: Path) -> None:
    write_bids(tmp_path)
    own = next(tmp_path.rglob("*_physio.json"))
    described = json.loads(own.read_text())
    own.write_text(json.dumps({"StartTime": 0, "RecordedEye": "left"}))
    (tmp_path / "task-view_physio.json").write_text(json.dumps(described | {"StartTime": 99}))
    events = next(tmp_path.rglob("*_physioevents.json"))
    events.rename(tmp_path / "physioevents.json")
    (tmp_path / "task-other_physio.json").write_text(json.dumps({"Columns": ["other"]}))
    read = read_fixations(tmp_path, SIZES)
    assert read.table["image"].tolist() == ["1001.jpg", "1002.jpg"]


def test_of_two_recorded_eyes_a_viewer_counts_once_with_the_right_one(tmp_path: Path) -> None:
    write_bids(tmp_path)
    for path in list(tmp_path.rglob("*recording-eye1*")):
        copy = path.with_name(path.name.replace("eye1", "eye2"))
        copy.write_bytes(path.read_bytes())
        if path.name.endswith("_physio.json"):
            for each, eye in ((path, "left"), (copy, "right")):
                each.write_text(json.dumps(json.loads(each.read_text()) | {"RecordedEye": eye}))
        if path.name.endswith("_physio.tsv.gz"):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                text = file.read().replace("\t300.0\t", "\t310.0\t")
            with gzip.open(copy, "wt", encoding="utf-8") as file:
                file.write(text)
    read = read_fixations(tmp_path, SIZES)
    assert len(read.table) == 2
    assert set(read.table["y_px"].round(6)) == {310.0}
    assert "1 recordings of a second eye left out" in read.notes


def test_the_column_that_names_images_may_be_another(tmp_path: Path) -> None:
    write_bids(tmp_path)
    events = next(tmp_path.rglob("*_events.tsv"))
    events.write_text(events.read_text().replace("stim_file", "picture"))
    with pytest.raises(TableError, match=r'no stim_file; .*`columns="image=YOURS"`'):
        read_fixations(tmp_path, SIZES)
    read = read_fixations(tmp_path, SIZES, columns="image=picture")
    assert read.table["image"].tolist() == ["1001.jpg", "1002.jpg"]


def test_a_data_set_whose_files_were_not_fetched_says_so(shared: Path) -> None:
    folder = shared / "exports" / "bids_eyetracking" / "eyetracking_binocular"
    recordings, notes = find_recordings(folder)
    assert [path.name.split("_")[2:4] for path in recordings] == [
        ["run-01", "recording-eye2"], ["run-02", "recording-eye2"],
    ]  # fmt: skip
    assert notes == ["2 recordings of a second eye left out"]
    with pytest.raises(TableError, match="is empty; fetch"):
        read_fixations(folder, SIZES)


def test_the_sidecars_start_time_moves_fixations_against_the_pictures(tmp_path: Path) -> None:
    write_bids(tmp_path, start=2.0)
    read = read_fixations(tmp_path, SIZES)
    assert read.table["image"].tolist() == ["1001.jpg", "1002.jpg", "1002.jpg"]
    assert read.table["onset_ms"].tolist() == [2500, 5700, 6900]


def test_a_recording_without_events_says_which_file_is_missing(tmp_path: Path) -> None:
    write_bids(tmp_path)
    next(tmp_path.rglob("*_physioevents.tsv.gz")).unlink()
    with pytest.raises(TableError, match=r"physioevents\.tsv\.gz is missing"):
        read_fixations(tmp_path, SIZES)


def test_blinks_and_fixations_on_no_picture_are_counted(tmp_path: Path) -> None:
    write_bids(tmp_path)
    path = next(tmp_path.rglob("*_physio.tsv.gz"))
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    # all samples of the first fixation are lost, and some of the second
    lost = [f"{line.split()[0]}\tn/a\tn/a\t0" for line in lines]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lost[:100] + lines[100:491] + lost[491:495] + lines[495:]))
    read = read_fixations(tmp_path, SIZES)
    assert read.table["image"].tolist() == ["1002.jpg"]
    assert read.table["x_px"].tolist() == pytest.approx([(6 * 200 + 16 * 600) / 22])
    assert read.left_out["without a position"] == 1
    assert read.left_out["no image was shown"] == 1


@pytest.mark.parametrize(
    ("ending", "change", "said"),
    [
        ("_physio.json", {"SamplingFrequency": None}, "SamplingFrequency above 0"),
        ("_physio.json", {"StartTime": "soon"}, "StartTime as numbers"),
        ("_physio.json", {"Columns": ["timestamp", "x_coordinate", "y_coordinate"]}, "3 names in"),
        ("_physioevents.json", {"Columns": ["onset", "duration"]}, "names no trial_type"),
        ("_physioevents.json", {"Columns": ["onset", "trial_type", "duration"]}, "has 0 fixations"),
        ("_physioevents.json", {"Columns": "onset"}, "must be a list"),
    ],
)
def test_a_wrong_sidecar_is_named(
    ending: str, change: dict[str, object], said: str, tmp_path: Path
) -> None:
    write_bids(tmp_path)
    sidecar = next(tmp_path.rglob(f"*{ending}"))
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | change))
    with pytest.raises(TableError, match=said):
        read_fixations(tmp_path, SIZES)


def test_pictures_without_onsets_are_refused(tmp_path: Path) -> None:
    write_bids(tmp_path)
    events = next(tmp_path.rglob("*_events.tsv"))
    events.write_text(events.read_text().replace("onset", "start"))
    with pytest.raises(TableError, match=r"_events\.tsv must have onset"):
        read_fixations(tmp_path, SIZES)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(TableError, match="EyeLink exports"):
        read_fixations(tmp_path, SIZES)
    with pytest.raises(TableError, match="there is none"):
        read_fixations(tmp_path / "nowhere.csv", SIZES)
