"""The tool finds faces where they are; without MediaPipe there is nothing to test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("mediapipe")
np = pytest.importorskip("numpy")
Image = pytest.importorskip("PIL.Image")
sys.path.insert(0, str(Path(__file__).parents[1]))

from psychobench_landmarks.command import main  # noqa: E402

FACE = Path(__file__).parents[3] / "stimuli" / "rendered-average" / "face-050.png"


def points_of(path):
    count, *rows = path.read_text().split("\n")
    return np.array([[float(word) for word in row.split()] for row in rows[: int(count)]])


def test_a_face_that_is_moved_has_its_landmarks_moved(tmp_path, capsys):
    pixels = np.asarray(Image.open(FACE).convert("RGB"))
    wide = np.pad(pixels, ((0, 0), (64, 0), (0, 0)), mode="edge")
    for name, image in (("here", pixels), ("there", wide)):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    assert main([str(tmp_path / "here.png"), str(tmp_path / "there.png")]) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["1", "1"]
    here, there = (points_of(tmp_path / f"{name}.tem") for name in ("here", "there"))
    assert here.shape == (478, 2)
    shift = np.median(there - here, axis=0)
    assert abs(shift - [64.0, 0.0]).max() < 2.0
    assert here[468, 0] < here[473, 0]  # the iris on the image's left comes first


def test_an_image_without_a_face_gets_no_template(tmp_path, capsys):
    Image.fromarray(np.full((128, 128, 3), 128, dtype=np.uint8)).save(tmp_path / "grey.png")
    assert main([str(tmp_path / "grey.png"), "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("0\t")
    assert not (tmp_path / "grey.tem").exists()
