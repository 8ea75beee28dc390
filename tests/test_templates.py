"""Templates come back as they were written, and what is no template is refused with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from psychobench.errors import StimulusError
from psychobench.stimuli.landmarks.point_layouts import FEATURES, LINES, MIRRORED, mirror_points
from psychobench.stimuli.landmarks.template_files import (
    Template,
    landmark_flaws,
    read_template,
    write_template,
)

TEM = "3\n1\t2\n30.5\t4\n5\t60\n2\n0\n3\n0 1 0\n1\n2\n1 2\n"


def test_a_template_comes_back_as_it_was_written(tmp_path):
    points = np.random.default_rng(0).uniform(0, 500, (30, 2))
    template = Template(points, lines=((0, 1, 2, 0), (5, 9)), closed=(0, 1))
    path = tmp_path / "face.tem"
    path.write_text(write_template(template))
    again = read_template(path)
    np.testing.assert_array_equal(again.points, points)
    assert again.lines == template.lines
    assert again.closed == template.closed


def test_real_templates_of_photographs_keep_their_points_and_lines(shared, tmp_path):
    for path in sorted((shared / "webmorph").glob("*.tem")):
        template = read_template(path)
        assert template.points.shape == (189, 2)
        assert template.lines == LINES[189]
        copy = tmp_path / path.name
        copy.write_text(write_template(template))
        again = read_template(copy)
        np.testing.assert_array_equal(again.points, template.points)
        assert (again.lines, again.closed) == (template.lines, template.closed)


def test_blank_lines_comments_and_nuls_mean_nothing_in_a_template(tmp_path):
    path = tmp_path / "face.tem"
    path.write_bytes(b"\xef\xbb\xbf# made by hand\r\n" + TEM.replace("\n", "\r\n\r\n\0").encode())
    template = read_template(path)
    assert template.points.tolist() == [[1, 2], [30.5, 4], [5, 60]]
    assert template.lines == ((0, 1, 0), (1, 2))


def test_a_template_may_have_no_lines(tmp_path):
    path = tmp_path / "face.tem"
    path.write_text("2\n1 2\n3 4\n")
    assert read_template(path).lines == ()


def test_a_pts_file_counts_from_1_and_means_the_centres_of_pixels(tmp_path):
    path = tmp_path / "face.pts"
    path.write_text("version: 1\nn_points: 2\n{\n1.0 1.0\n10.0 20.5\n}\n")
    assert read_template(path).points.tolist() == [[0.5, 0.5], [9.5, 20.0]]


@pytest.mark.parametrize("text", ["x,y\n1,2\n3,4.5\n", "1;2\n3;4.5", "1\t2\n\n# nose\n3 4.5\n"])
def test_points_may_be_rows_of_a_table(tmp_path, text):
    for suffix in ("csv", "txt"):
        path = tmp_path / f"face.{suffix}"
        path.write_text(text)
        assert read_template(path).points.tolist() == [[1, 2], [3, 4.5]]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.tem", "3\n1 2\n3 4\n", "point 2 must be two numbers and is ''"),
        ("a.tem", "2\n1 2\n3 x\n", "point 1 must be two numbers and is '3 x'"),
        ("a.tem", "2\n1 2\n3 nan\n", "point 1 must be two numbers"),
        ("a.tem", "2\n1 2\n3 1e999\n", "finite numbers"),
        ("a.tem", "many\n", "the number of points must be a whole number"),
        ("a.tem", "999999999\n1 2\n", "the number of points must be a whole number up to 100000"),
        ("a.tem", "", "the number of points"),
        (
            "a.tem",
            TEM.replace("1 2\n", "1 3\n"),
            "must be a whole number up to 2 and is",
        ),
        ("a.tem", TEM.replace("2\n1 2\n", "3\n1 2\n"), "line 1 must have 3 points and has 2"),
        ("a.pts", "1 2\n3 4\n", "no points between { and }"),
        ("a.pts", "n_points: 3\n{\n1 2\n}\n", "must have 3 points and has 1"),
        ("a.csv", "x,y\n1,2,3\n", "row 1 must be two numbers"),
        ("a.xml", "<x/>", "is none of .tem, .pts, .csv, .txt"),
        ("a.tem", b"\xff\xfe3\x00", "a template must be a text file"),
    ],
)
def test_what_is_no_template_is_refused_with_its_place(tmp_path, name, text, fault):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StimulusError) as caught:
        read_template(path)
    (line,) = caught.value.faults
    assert fault in line
    assert str(path) in line


def test_a_missing_template_is_named(tmp_path):
    with pytest.raises(StimulusError, match=r"every template must exist: .*gone\.tem is missing"):
        read_template(Path(tmp_path / "gone.tem"))


def test_closed_lips_may_share_points_but_an_empty_template_may_not():
    face = np.random.default_rng(1).uniform(0, 100, (68, 2))
    face[61:64] = face[[67, 66, 65]]
    assert landmark_flaws(face, (100, 100)) is None
    assert landmark_flaws(np.zeros((68, 2))) == (
        "its points lie in 1 different places, and at least 3 are needed"
    )
    face[:30] = face[0]
    assert "of 68 points are in different places" in landmark_flaws(face)


def test_points_on_a_slanted_line_are_found_whatever_their_order():
    t = np.random.default_rng(2).permutation(9)[:, None]
    assert landmark_flaws(t * np.array([3.0, -2.0]) + 50) == "all 9 points lie on one line"


def test_points_on_the_border_lie_in_the_image_and_beyond_it_do_not():
    corners = np.array([[0, 0], [40, 0], [40, 30.0], [0, 30]])
    assert landmark_flaws(corners, (40, 30)) is None
    assert "1 of 4 points lie outside the 40 x 29 pixels" not in str(
        landmark_flaws(corners, (40, 31))
    )
    assert "2 of 4 points lie outside the 40 x 29 pixels" in landmark_flaws(corners, (40, 29))


# --- what the points mean -------------------------------------------------------------------------


@pytest.mark.parametrize("count", MIRRORED)
def test_mirroring_twice_gives_the_face_back_and_swaps_left_and_right_features(count):
    face = np.random.default_rng(3).uniform(0, 90, (count, 2))
    np.testing.assert_allclose(mirror_points(mirror_points(face, 90), 90), face)
    for name, points in FEATURES[count].items():
        side = {"left": "right", "right": "left"}.get(name.split("_")[0])
        other = name if side is None else f"{side}_{name.split('_')[1]}"
        assert {MIRRORED[count][point] for point in points} == set(FEATURES[count][other])


def test_mirroring_a_symmetrical_average_leaves_it_where_it_is(shared):
    face = read_template(shared / "webmorph" / "_female_avg.tem").points
    assert np.abs(mirror_points(face, 1350) - face).max() < 0.01


def test_points_of_unknown_meaning_cannot_be_mirrored():
    with pytest.raises(ValueError, match="only 189, 68, 5 points can be mirrored: there are 7"):
        mirror_points(np.zeros((7, 2)), 10)


def test_features_are_where_a_face_has_them(shared):
    face = read_template(shared / "webmorph" / "f_multi.tem").points
    where = {name: face[list(points)].mean(axis=0) for name, points in FEATURES[189].items()}
    assert where["left_eye"][0] < where["nose"][0] < where["right_eye"][0]
    assert where["left_brow"][1] < where["left_eye"][1] < where["nose"][1] < where["mouth"][1]
    np.testing.assert_allclose(where["left_pupil"], where["left_iris"], atol=8)
    assert face[list(FEATURES[189]["face"])].min(axis=0)[1] < where["left_brow"][1]
