"""One row is one fixation: samples are merged by their index, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from psychobench.errors import OptionError, TableError
from psychobench.gaze import Placement, read_fixations

SIZES = {"a.png": (100, 80)}
SAMPLES = """image,subject,x_px,y_px,duration_ms
a.png,s1,20,20,300
a.png,s1,20,20,300
a.png,s1,20,20,300
a.png,s1,70,60,100
a.png,s2,21,20,200
"""


def numbered(rng: np.random.Generator) -> pd.DataFrame:
    """Return 5 fixations of 2 viewers as 8 samples each, which scatter by a pixel."""
    rows = []
    for viewer in ("s1", "s2"):
        for i, (x, y) in enumerate(rng.uniform((5, 5), (95, 75), (5, 2))):
            rows += [
                {
                    "image": "a.png", "subject": viewer, "FixationIndex": i + 1,
                    "x_px": x + shift, "y_px": y, "duration_ms": 200 + 10 * i,
                }
                for shift in (-1, 1, -1, 1, -1, 1, -1, 1)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def test_rows_that_repeat_the_one_before_are_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "gaze.csv").write_text(SAMPLES, encoding="utf-8")
    with pytest.raises(TableError, match=r"2 rows repeat.*row 3; .*`columns=\"fixation=YOURS\"`"):
        read_fixations(tmp_path / "gaze.csv", SIZES)


@pytest.mark.parametrize("name", ["FixationIndex", "fix_index", "my_number"])
def test_samples_become_fixations_by_the_files_own_index(name: str) -> None:
    table = numbered(np.random.default_rng(0)).rename(columns={"FixationIndex": name})
    columns = {"fixation": name} if name == "my_number" else None
    read = read_fixations(table, SIZES, columns=columns)
    assert read.table.groupby("subject").size().tolist() == [5, 5]
    assert read.table["duration_ms"].tolist() == [200, 210, 220, 230, 240] * 2
    assert read.table["x_px"].tolist() == pytest.approx(
        table.groupby(["subject", name])["x_px"].mean().tolist()
    )
    assert f"80 rows of the table of fixations are samples: they were merged into 10 fixations by {name}" in read.notes[0]  # fmt: skip # noqa: E501


def test_samples_between_fixations_are_left_out_and_separate_equal_numbers() -> None:
    table = numbered(np.random.default_rng(0)).query("subject == 's1' and FixationIndex == 1")
    gap = table.iloc[:2].assign(FixationIndex=np.nan, duration_ms=30)
    read = read_fixations(pd.concat([table, gap, table]), SIZES)
    assert len(read.table) == 2
    assert "2 rows without FixationIndex belong to no fixation" in read.notes[0]


def test_a_number_for_each_row_merges_nothing_and_is_not_mentioned() -> None:
    table = numbered(np.random.default_rng(0)).drop_duplicates(["subject", "FixationIndex"])
    read = read_fixations(table, SIZES)
    assert len(read.table) == 10
    assert not any("merged" in note for note in read.notes)


def test_scattered_samples_without_a_number_are_refused() -> None:
    table = numbered(np.random.default_rng(0)).drop(columns="FixationIndex")
    with pytest.raises(TableError, match="duration and nearly the place of the row above"):
        read_fixations(table, SIZES)


def test_rows_as_short_as_samples_are_refused() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(5, 75, (30, 2)), columns=["x_px", "y_px"])
    table = table.assign(image="a.png", subject="s1", duration_ms=4.0)
    with pytest.raises(TableError, match="half of its rows last 4 ms or less"):
        read_fixations(table, SIZES)


def test_rows_that_overlap_in_time_are_refused() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(5, 75, (30, 2)), columns=["x_px", "y_px"])
    table = table.assign(image="a.png", subject="s1", duration_ms=300.0, onset_ms=np.arange(30) * 4)
    with pytest.raises(TableError, match="begin before the row above has ended"):
        read_fixations(table, SIZES)
    apart = table.assign(onset_ms=np.arange(30) * 320)
    assert len(read_fixations(apart, SIZES).table) == 30


def test_fixations_without_a_place_are_left_out_and_counted(tmp_path: Path) -> None:
    text = "image,subject,x_px,y_px,duration_ms\na.png,s1,20,20,300\na.png,s1,,30,200\n"
    (tmp_path / "gaze.csv").write_text(text, encoding="utf-8")
    read = read_fixations(tmp_path / "gaze.csv", SIZES)
    assert len(read.table) == 1
    assert read.left_out["without a position"] == 1


TOBII = "\t".join([
    "ParticipantName", "MediaName", "RecordingTimestamp", "FixationIndex", "GazeEventType",
    "GazeEventDuration", "FixationPointX (MCSpx)", "FixationPointY (MCSpx)",
])  # fmt: skip


def write_tobii(path: Path, *, media: bool = True, encoding: str = "utf-8") -> None:
    """Write two viewers with two fixations and a saccade between them, three samples each."""
    rows = [TOBII]
    for viewer in ("01", "02"):
        for event, index, duration, x in (("Fixation", 1, 200, 20), ("Saccade", "", 30, ""),
                                          ("Fixation", 2, 180, 60)):  # fmt: skip
            for _ in range(3):
                cells = [viewer, "a.png", 1000 + 3 * len(rows), index, event, duration, x, x]
                rows.append("\t".join(map(str, cells)))
    text = "\n".join(rows) + "\n"
    if not media:
        text = "\n".join(
            "\t".join(cell for i, cell in enumerate(line.split("\t")) if i != 1)
            for line in text.splitlines()
        )
    path.write_text(text, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_tobii_export_gives_its_fixations(encoding: str, tmp_path: Path) -> None:
    write_tobii(tmp_path / "export.tsv", encoding=encoding)
    read = read_fixations(tmp_path / "export.tsv", SIZES)
    assert read.subjects == ["01", "02"]
    assert read.table["x_px"].tolist() == [20, 60, 20, 60]
    assert read.table["duration_ms"].tolist() == [200, 180, 200, 180]
    assert "12 rows" in read.notes[0]
    assert "4 fixations by FixationIndex; 6 rows without" in read.notes[0]


def test_without_a_medium_the_image_is_what_the_export_is_called(tmp_path: Path) -> None:
    write_tobii(tmp_path / "a.tsv", media=False)
    read = read_fixations(tmp_path, SIZES)
    assert set(read.table["image"]) == {"a.png"}
    assert any("no column of" in note and "taken to be 'a'" in note for note in read.notes)


def test_places_in_the_medium_are_not_moved_from_a_display(tmp_path: Path) -> None:
    write_tobii(tmp_path / "a.tsv")
    with pytest.raises(OptionError, match="pixels of the image already"):
        read_fixations(tmp_path / "a.tsv", SIZES, placement=Placement((1920, 1080)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Fixation\t", "Saccade\t", "must hold fixations"),
        ("GazeEventDuration", "Other", "no column like gazeeventduration"),
        ("\t200\t", "\tlong\t", "must be a number"),
        ("\t200\t", "\t0\t", "number above 0"),
    ],
)
def test_a_wrong_tobii_export_is_named(old: str, new: str, said: str, tmp_path: Path) -> None:
    write_tobii(tmp_path / "a.tsv")
    path = tmp_path / "a.tsv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(TableError, match=said):
        read_fixations(path, SIZES)


def test_a_real_tobii_export_has_7_5_and_6_fixations(shared: Path) -> None:
    read = read_fixations(shared / "exports" / "tobii" / "018.csv", {"018.jpg": (562, 762)})
    assert read.table.groupby("subject").size().to_dict() == {"00": 7, "01": 5, "02": 6}
