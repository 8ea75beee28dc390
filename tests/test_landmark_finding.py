"""Landmarks of photographs: found by a program of its own, kept as templates to morph."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import psychobench
from psychobench.errors import OptionError
from psychobench.stimuli.faces import Identity, render_face
from psychobench.stimuli.landmarks.face_geometry import FaceGeometry
from psychobench.stimuli.landmarks.point_layouts import FEATURES, LIPS, lines_of
from psychobench.stimuli.landmarks.template_files import read_template
from psychobench.stimuli.masks.regions import REGIONS, named_region

SIZE = 64
# five points at fixed shares of each image, the first of them at a place that the test chooses
TOOL = """#!{python}
import struct, sys
*images, _, out = sys.argv[1:]
for image in images:
    width, height = struct.unpack(">II", open(image, "rb").read(24)[16:])
    shares = [({first}, 0.45), (0.62, 0.45), (0.5, 0.6), (0.4, 0.72), (0.6, 0.72)]
    rows = [f"{{x * width}}\\t{{y * height}}" for x, y in shares]
    name = image.replace("\\\\", "/").split("/")[-1].replace(".png", ".tem")
    if {faces}:
        open(f"{{out}}/{{name}}", "w").write("\\n".join(["5", *rows, "0"]))
    print(f"{faces}\\t{{image}}")
sys.exit({status})
"""


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "anna.png", tmp_path / "ben.png"]
    for path, sex in zip(paths, (-1.0, 1.0), strict=True):
        Image.fromarray(render_face(Identity(sex=sex), size=SIZE)).save(path)
    return paths


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(first: float = 0.38, faces: int = 1, status: int = 0) -> None:
        home = tmp_path / "bin"
        home.mkdir(exist_ok=True)
        path = home / "psychobench-landmarks"
        path.write_text(TOOL.format(python=sys.executable, first=first, faces=faces, status=status))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")

    monkeypatch.delenv("PSYCHOBENCH_LANDMARKS", raising=False)
    return make


@pytest.mark.slow
def test_two_photographs_become_a_continuum_in_two_commands(photos, tool, run_cli) -> None:
    tool()
    home = photos[0].parent
    assert run_cli("stimuli", "landmarks", *photos, "--spec", home / "ab.toml").code == 0
    assert (home / "landmarks.png").read_bytes().startswith(b"\x89PNG")
    assert run_cli("stimuli", "morph", home / "ab.toml", "--out", home / "set").code == 0
    made = psychobench.load_stimuli(home / "set")
    assert len(made.table) == 11
    assert sorted(made.masks) == ["eyes", "mouth", "nose"]


@pytest.mark.slow
def test_landmarks_outside_the_photograph_are_moved_to_its_border_and_said_to_be(
    photos, tool, run_cli
) -> None:
    tool(first=-0.1)
    ran = run_cli("stimuli", "landmarks", photos[0])
    assert ran.code == 0
    assert "1 of 5 landmarks lie outside the 64 x 64 pixels" in ran.err
    points = read_template(photos[0].with_suffix(".tem")).points
    assert points.min() == 0.0
    assert points[1].tolist() == [0.62 * SIZE, 0.45 * SIZE]


@pytest.mark.slow
def test_from_python_nothing_is_written_unless_a_folder_is_named(photos, tool) -> None:
    tool()
    found = psychobench.find_landmarks(photos)
    assert found.to_frame().groupby("photo").size().tolist() == [5, 5]
    assert not photos[0].with_suffix(".tem").exists()
    out = photos[0].parent / "points"
    psychobench.find_landmarks(photos[0], out)
    assert sorted(path.suffix for path in out.iterdir()) == [".json", ".json", ".png", ".tem"]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"faces": 0}, "in ben.png no face was found; use another"),
        ({"faces": 3}, "in ben.png 3 faces were found; crop it to the face"),
        ({"status": 3}, "the program that finds landmarks must end well"),
    ],
)
def test_what_the_tool_cannot_find_is_one_line_and_nothing_is_written(
    photos, tool, run_cli, monkeypatch, given, rule
) -> None:
    tool(**given)
    monkeypatch.chdir(photos[0].parent)
    ran = run_cli("stimuli", "landmarks", "ben.png")
    assert ran.code == 1
    assert rule in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not photos[1].with_suffix(".tem").exists()


def test_without_the_tool_one_line_says_how_to_get_it(photos, run_cli, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("PSYCHOBENCH_LANDMARKS", raising=False)
    ran = run_cli("stimuli", "landmarks", *photos)
    assert ran.code == 1
    assert "uv tool install ./plugins/landmarks" in ran.err
    assert len(ran.err.splitlines()) == 1
    monkeypatch.setenv("PSYCHOBENCH_LANDMARKS", "/no/such")
    assert "names /no/such" in run_cli("stimuli", "landmarks", *photos).err


@pytest.mark.slow
def test_templates_that_somebody_corrected_are_kept(photos, tool, run_cli) -> None:
    tool()
    own = photos[0].with_suffix(".tem")
    own.write_text("corrected by hand")
    ran = run_cli("stimuli", "landmarks", *photos)
    assert ran.code == 1
    assert own.read_text() == "corrected by hand"
    assert not photos[1].with_suffix(".tem").exists()


def test_a_spec_needs_two_photographs_that_lie_below_it(photos, tool, tmp_path) -> None:
    tool()
    out = tmp_path / "out"
    with pytest.raises(OptionError, match="needs two photographs"):
        psychobench.find_landmarks(photos[0], out, spec=tmp_path / "a.toml")
    with pytest.raises(OptionError, match="must lie in the folder of its photographs"):
        psychobench.find_landmarks(photos, out, spec=out / "a.toml")
    with pytest.raises(OptionError, match="anna comes 2 times"):
        psychobench.find_landmarks([photos[0], photos[0]])
    assert not out.exists()


@pytest.mark.parametrize("count", [478, 68])
def test_each_point_of_a_layout_belongs_to_one_outline_in_order(count) -> None:
    features = FEATURES[count]
    for name, indices in features.items():
        assert len(set(indices)) == len(indices), name
        assert max(indices) < count
    upper, lower, under = LIPS[count]
    assert set(upper) | set(lower) < set(features["mouth_inner"])
    assert set(under) < set(features["mouth"])
    assert set(features["jaw"]) <= set(features["face"])
    assert all(max(line) < count for line in lines_of(count))


@pytest.mark.slow
def test_the_real_tool_gives_every_region_and_irises_near_the_pupils(tmp_path) -> None:
    photo = Path(__file__).parents[2] / "shared" / "data" / "webmorph" / "f_multi.jpg"
    if not photo.is_file() or shutil.which("psychobench-landmarks") is None:
        pytest.skip("the tool or the photograph is not there")
    (template,) = psychobench.find_landmarks(photo).templates.values()
    pupils = read_template(photo.with_suffix(".tem")).points[:2]
    apart = np.linalg.norm(template.points[[468, 473]] - pupils, axis=1)
    assert apart.max() < 0.025 * np.linalg.norm(pupils[1] - pupils[0])
    face = FaceGeometry.of([template.points])
    sizes = {name: named_region(name, face, (1350, 1350)).sum() for name in REGIONS}
    assert min(sizes.values()) > 500
    assert sizes["inner-face"] > sizes["mouth"] > 0
