"""Checks of stimulus sets: damage ends in status 1, what may confound is flagged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from planted_faults import FAULTS, plant, rendered_faces, write_images

import psychobench
from psychobench.errors import OptionError, StimulusError
from psychobench.stimuli.faces import Identity, frl_points, render_face
from psychobench.stimuli.landmarks.set_landmarks import read_landmarks
from psychobench.stimuli.landmarks.template_files import Template, write_template
from psychobench.stimuli.masked_set import mask_stimuli
from psychobench.stimuli.masks import MaskSpec
from psychobench.stimuli.set_checks import SetCheck, check_stimuli
from psychobench.stimuli.sets import load_stimuli
from psychobench.tables.output import json_rows

SIZE = 96
SPEC = """
kind = "rendered"
name = "small"
title = "a small set"
source = "sad"
target = "happy"
masks = ["eyes", "nose"]
levels = [0, 0.25, 0.5, 0.75, 1]
[image]
size = 96
supersample = 1
"""
TRANSFORM = """
kind = "transform"
name = "clean"
title = "a photograph, sad to happy"
source = "sad"
target = "happy"
levels = [0, 0.25, 0.5, 0.75, 1]
[image]
width = 224
[base]
level = 0.5
image = "photo.jpg"
template = "photo.tem"
[[anchors]]
level = 0
valence = -1
[[anchors]]
level = 0.5
valence = 0
[[anchors]]
level = 1
valence = 1
"""


def write_set(
    folder: Path, levels: np.ndarray, brighten: float = 0.0, templates: bool = False
) -> Path:
    folder.mkdir(exist_ok=True)
    rows = ["stimulus,level"]
    for number, level in enumerate(levels):
        valence = float(2 * level - 1)
        image = render_face(valence=valence, size=SIZE).astype(float) + brighten * level
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / f"f{number}.png")
        rows.append(f"f{number}.png,{level}")
        if templates:
            points = frl_points(valence=valence, size=SIZE)
            (folder / f"f{number}.tem").write_text(write_template(Template(points)))
    (folder / "levels.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("small")
    (home / "spec.toml").write_text(SPEC)
    psychobench.render_stimuli(home / "spec.toml", home / "set")
    return home / "set"


@pytest.fixture
def copy(tmp_path: Path, small: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "copy"))


@pytest.fixture(scope="module")
def bundled_check() -> SetCheck:
    return check_stimuli("rendered-average")


@pytest.mark.slow
def test_the_bundled_set_is_whole_and_raises_no_flag(bundled_check) -> None:
    assert bundled_check.damage == bundled_check.flags == ()
    assert len(bundled_check.statistics) == 21
    assert len(bundled_check.steps) == 20


@pytest.mark.slow
def test_python_finds_the_same_numbers_as_the_command(copy, run_cli) -> None:
    ran = run_cli("stimuli", "check", copy, "--json")
    printed = json.loads(ran.out)
    assert ran.code == 0
    checked = psychobench.check_stimuli(copy)
    assert checked.to_dict() == printed
    assert json_rows(checked.to_frame()) == printed["trends"]
    assert psychobench.check_stimuli(psychobench.load_stimuli(copy)).to_dict() == printed


@pytest.mark.slow
def test_a_notebook_shows_what_predicts_the_level(bundled_check) -> None:
    assert "rms_contrast" in bundled_check._repr_html_()


@pytest.mark.slow
def test_the_picture_of_a_check_names_what_changes_with_the_level(tmp_path) -> None:
    checked = check_stimuli(write_set(tmp_path / "own", np.linspace(0, 1, 6), brighten=30.0))
    figure = Figure()
    axes = figure.subplots(1, 2)
    assert checked.plot(ax=axes[1]) is figure
    assert not axes[0].lines
    named = [text.get_text() for text in axes[1].get_legend().get_texts()]
    assert "luminance" in named
    assert checked.plot()._repr_png_().startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def clean() -> tuple[np.ndarray, np.ndarray]:
    return rendered_faces(Identity.random(np.random.default_rng(3)), 11)


@pytest.mark.slow
@pytest.mark.parametrize("n_levels", [5, 11])
def test_a_clean_set_raises_no_flag_with_landmarks_or_without(tmp_path, clean, n_levels) -> None:
    images, points = (of[:: 10 // (n_levels - 1)] for of in clean)
    assert check_stimuli(write_images(tmp_path / "marked", images, points)).flags == ()
    assert check_stimuli(write_images(tmp_path / "bare", images)).flags == ()


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("n_levels", [5])
def test_each_planted_fault_is_named(tmp_path, clean, n_levels, fault) -> None:
    images, points = (of[:: 10 // (n_levels - 1)] for of in clean)
    changed, words = plant(fault, images, points, 1)
    flags = check_stimuli(write_images(tmp_path / "set", changed)).flags
    assert any(words in flag for flag in flags), flags


@pytest.mark.slow
@pytest.mark.parametrize("name", ["f_multi", "_female_avg"])
def test_photographs_whose_shape_is_transformed_raise_no_flag(tmp_path, name) -> None:
    home = Path(__file__).parents[2] / "shared" / "data" / "webmorph"
    if not home.is_dir():
        pytest.skip("the photographs are not there")
    for suffix in (".jpg", ".tem"):
        shutil.copy(home / f"{name}{suffix}", tmp_path / f"photo{suffix}")
    (tmp_path / "spec.toml").write_text(TRANSFORM)
    psychobench.morph_stimuli(tmp_path / "spec.toml", tmp_path / "out")
    assert check_stimuli(tmp_path / "out").flags == ()


def test_levels_nearer_than_a_millionth_of_their_range_are_one_level(tmp_path) -> None:
    folder = write_set(tmp_path / "own", np.array([0.0, 0.3, 0.1 + 0.2, 1.0]))
    assert load_stimuli(folder).summary()["levels"] == [0.0, 0.3, 1.0]


def test_a_loop_of_symbolic_links_is_one_line(tmp_path, run_cli) -> None:
    (tmp_path / "photo.jpg").symlink_to(tmp_path / "photo.jpg")
    (tmp_path / "out").symlink_to(tmp_path / "out")
    (tmp_path / "photo.tem").write_text(write_template(Template(frl_points(size=SIZE))))
    (tmp_path / "spec.toml").write_text(TRANSFORM)
    for out in ("new", "out"):
        ran = run_cli("stimuli", "morph", tmp_path / "spec.toml", "--out", tmp_path / out)
        assert ran.code == 1
        assert len(ran.err.splitlines()) == 1


@pytest.mark.slow
def test_a_folder_of_images_with_levels_alone_is_checked(tmp_path, run_cli) -> None:
    folder = write_set(tmp_path / "own", np.linspace(0, 1, 6), brighten=30.0)
    ran = run_cli("stimuli", "check", folder)
    assert ran.code == 0
    assert "luminance changes over the levels by" in ran.out
    assert "there are no landmarks" in ran.out
    assert "Damage: none" in ran.out


def write_blends(folder: Path, levels: list[float], shown: list[float]) -> Path:
    """Write blends of two faces, `shown` of the second, with templates, and call them `levels`."""
    write_set(folder, np.array(levels), templates=True)
    ends = [render_face(valence=valence, size=SIZE).astype(float) for valence in (0.0, 1.0)]
    marks = [frl_points(valence=valence, size=SIZE) for valence in (0.0, 1.0)]
    for number, share in enumerate(shown):
        image = ends[0] + share * (ends[1] - ends[0])
        Image.fromarray(image.round().astype(np.uint8)).save(folder / f"f{number}.png")
        points = marks[0] + share * (marks[1] - marks[0])
        (folder / f"f{number}.tem").write_text(write_template(Template(points)))
    return folder


@pytest.mark.slow
def test_steps_are_even_where_they_are_even_and_flagged_where_they_are_not(tmp_path) -> None:
    levels = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    even = check_stimuli(write_blends(tmp_path / "even", levels, levels))
    assert even.evenness["cv"].max() < 0.02
    assert not any("uneven" in flag for flag in even.flags)
    shown = [0.0, 0.05, 0.1, 0.8, 0.9, 1.0]
    uneven = check_stimuli(write_blends(tmp_path / "uneven", levels, shown))
    assert uneven.evenness["flagged"].tolist() == [True, True]
    assert sum("uneven" in flag for flag in uneven.flags) == 2
    assert uneven.steps["landmarks"].idxmax() == uneven.steps["pixels"].idxmax() == 2


@pytest.mark.slow
def test_a_wide_step_between_levels_is_no_uneven_one(tmp_path) -> None:
    levels = [0.0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0]
    checked = check_stimuli(write_blends(tmp_path / "wide", levels, levels))
    assert checked.steps["pixels"].max() > 1.8 * checked.steps["pixels"].min()
    assert checked.evenness["cv"].max() < 0.05


@pytest.mark.slow
def test_the_area_of_a_mask_that_follows_the_features_predicts_the_level(tmp_path, run_cli) -> None:
    folder = write_set(tmp_path / "own", np.linspace(0, 1, 8), templates=True)
    out = tmp_path / "masked"
    for options, flagged in ((["--follow"], True), ([], False)):
        name = f"mouth{len(options)}"
        ran = run_cli("stimuli", "mask", folder, "--mask", f"{name}=mouth", *options, "--out", out)
        assert ran.code == 0
        assert ("Warning: mask" in ran.err) == flagged
        flags = check_stimuli(out).flags
        assert any(f"area of mask {name}" in flag for flag in flags) == flagged
        shutil.rmtree(out)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda f: (f / "face-050.png").write_bytes(b"no image"), "every image must be readable"),
        (lambda f: (f / "face-050.png").unlink(), "every stimulus must have its image"),
        (
            lambda f: (f / "masks" / "nose.png").unlink(),
            "every file in manifest.json must be there",
        ),
        (
            lambda f: (f / "landmarks.csv").write_text("stimulus,level"),
            "landmarks.csv must have the",
        ),
        (
            lambda f: Image.new("RGB", (9, 9)).save(f / "face-050.png"),
            "all images must have one size",
        ),
        (
            lambda f: (f / "manifest.json").write_text("{"),
            "manifest.json must be as it was written",
        ),
        (
            lambda f: (f / "manifest.json").write_text("[" * 100_000),
            "manifest.json must be as it was written",
        ),
        (
            lambda f: (f / "levels.csv").write_text((f / "levels.csv").read_text() * 2),
            "each image must have one row",
        ),
    ],
)
def test_damage_is_named_and_ends_in_status_1(copy, run_cli, spoil, rule) -> None:
    spoil(copy)
    ran = run_cli("stimuli", "check", copy)
    assert ran.code == 1
    assert rule in ran.out.partition("Damage:\n")[2]


@pytest.mark.slow
def test_an_edit_of_one_pixel_is_damage(copy, run_cli) -> None:
    image = np.array(Image.open(copy / "face-050.png"))
    image[0, 0] += 1
    Image.fromarray(image).save(copy / "face-050.png")
    ran = run_cli("stimuli", "check", copy, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["damaged"]
    assert "face-050.png has changed since" in ran.out


def test_images_that_are_all_the_same_are_said_to_be(tmp_path) -> None:
    folder = write_set(tmp_path / "same", np.linspace(0, 1, 3))
    for number in (1, 2):
        shutil.copy(folder / "f0.png", folder / f"f{number}.png")
    assert "all images are identical in pixels: there are no steps" in check_stimuli(folder).notes


@pytest.mark.slow
def test_clipped_images_are_flagged(tmp_path) -> None:
    checked = check_stimuli(write_set(tmp_path / "bright", np.linspace(0, 1, 5), brighten=120.0))
    assert any("are clipped" in flag for flag in checked.flags)


@pytest.mark.slow
def test_several_images_at_a_level_are_no_continuum_of_steps(tmp_path) -> None:
    folder = write_set(tmp_path / "twice", np.array([0.0, 0.0, 1.0, 1.0]))
    checked = check_stimuli(folder)
    assert checked.steps.empty
    assert any("several images" in note for note in checked.notes)


def test_landmarks_are_read_from_templates_before_the_table(tmp_path) -> None:
    folder = write_set(tmp_path / "own", np.array([0.0, 1.0]), templates=True)
    rows = [f"f{n},all,{k},{n + k},{k}" for n in range(2) for k in range(5)]
    (folder / "landmarks.csv").write_text("stimulus,feature,point,x,y\n" + "\n".join(rows))
    first, _ = read_landmarks(folder, ["f0.png", "f1.png"])
    assert first.shape == (189, 2)
    for path in folder.glob("*.tem"):
        path.unlink()
    _, second = read_landmarks(folder, ["f0.png", "f1.png"])
    assert second.tolist() == [[1.0 + k, k] for k in range(5)]


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda f: (f / "f1.tem").unlink(), "every image must have its template"),
        (lambda f: (f / "f1.tem").write_text("2\n1 2\n3 4\n"), "must have the same points"),
        (lambda f: (f / "f1.tem").write_text("what"), "a template must be whole"),
    ],
)
def test_incomplete_templates_are_refused(tmp_path, run_cli, spoil, rule) -> None:
    folder = write_set(tmp_path / "own", np.array([0.0, 1.0]), templates=True)
    spoil(folder)
    ran = run_cli("stimuli", "mask", folder, "--mask", "eyes", "--out", tmp_path / "out")
    assert ran.code == 1
    assert rule in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ([], "masks must come from --mask or from --spec"),
        (["--mask", "eyse"], "did you mean 'eyes'?"),
        (["--mask", "eyes", "--fill", "nois"], "did you mean 'noise'?"),
        (["--mask", "eyes", "--feather", "-3"], "masks.eyes.feather must be at least 0"),
        (["--mask", "a=1,2,500"], "there is no landmark 500 among 189"),
        (["--mask", "a=1,x,3"], "at least three numbers of landmarks"),
        (["--mask", "eyes", "--mask", "eyes"], "each mask must be given once"),
        (["--mask", "upper-half", "--control"], "a control mask must fit on the face"),
        (["--mask", "mouth", "--reach", "2"], ""),
        (["--spec", "missing.toml"], "a spec must exist"),
    ],
)
def test_a_mask_that_cannot_be_made_is_one_clear_line(tmp_path, run_cli, options, rule) -> None:
    folder = write_set(tmp_path / "own", np.array([0.0, 1.0]), templates=True)
    ran = run_cli("stimuli", "mask", folder, *options, "--out", tmp_path / "out")
    assert ran.code == (1 if rule else 0)
    assert rule in ran.err
    assert (tmp_path / "out").exists() == (not rule)


@pytest.mark.slow
def test_a_masked_set_has_the_images_for_people_and_is_read_by_every_command(
    tmp_path, small, run_cli
) -> None:
    spec = tmp_path / "masks.toml"
    spec.write_text(
        '[masks.brows]\nregion = "eyes+brows"\nfill = "local"\nfeather = 4\ncontrol = true\n'
        "[masks.cheek]\npoints = [164, 165, 166]\nreach = 0.1\n"
    )
    out = tmp_path / "out"
    ran = run_cli("stimuli", "mask", small, "--mask", "oval", "--inverse", "--out", out)
    assert ran.code == 0
    own = write_set(tmp_path / "own", np.linspace(0, 1, 5), templates=True)
    assert run_cli("stimuli", "mask", own, "--spec", spec, "--out", own).code == 0
    shown = json.loads(run_cli("stimuli", "show", own, "--json").out)
    assert shown["masks"] == ["brows", "brows-control", "cheek"]
    about = json.loads((own / "masks.json").read_text())["masks"]
    assert about["brows-control"]["control_of"] == "brows"
    assert about["brows"]["area_pixels"] == pytest.approx(
        about["brows-control"]["area_pixels"], abs=1
    )
    assert len(list((own / "masked" / "brows").glob("*.png"))) == 5
    assert run_cli("stimuli", "check", own).code == 0
    assert run_cli("stimuli", "check", out).code == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["masks"]["inner-face"]["inverse"]
    assert "masks/inner-face.png" in manifest["files"]
    cheek = ("--mask", "cheek=164,165,166,160,111")  # rendered faces have the 189 points
    assert run_cli("stimuli", "mask", out, *cheek, "--out", tmp_path / "cheek").code == 0
    again = run_cli("stimuli", "mask", out, "--mask", "eyes", "--out", tmp_path / "third")
    assert "has a mask 'eyes' already" in again.err


@pytest.mark.parametrize(
    "masks",
    [
        ["brows=eyes+brows", "cheek=164,165,166"],
        {"brows": "eyes+brows", "cheek": [164, 165, 166]},
        {"brows": "eyes+brows", "cheek": np.array([164, 165, 166])},
        [MaskSpec("brows", "eyes+brows", feather=3), "cheek=164,165,166"],
    ],
    ids=["text", "mapping", "array", "specs"],
)
def test_masks_are_named_as_text_in_a_mapping_or_by_their_specs(tmp_path, masks) -> None:
    folder = write_set(tmp_path / "own", np.array([0.0, 1.0]), templates=True)
    masked = mask_stimuli(folder, tmp_path / "out", masks=masks, feather=3)
    again = load_stimuli(tmp_path / "out")
    assert list(masked.covers) == ["brows", "cheek"]
    assert masked.sha256 == again.sha256
    assert (masked.name, masked.title, masked.bundled) == (again.name, again.title, again.bundled)
    for name in masked.covers:
        np.testing.assert_array_equal(masked.images(name), again.images(name))
        assert dict(masked.covers[name].about) == dict(again.covers[name].about)
    # 3 pixels of soft edge are hidden in part
    assert np.count_nonzero(masked.covers["brows"].opacity % 255) > 0


@pytest.mark.parametrize(
    ("options", "error", "fault"),
    [
        ({}, OptionError, "must come from `masks` or from `spec`: neither is given; write for exa"),
        ({"masks": [3]}, OptionError, "`masks` must be text, a mapping or specs: 3 is none"),
        ({"masks": "eyes", "reach": 9}, StimulusError, "masks.eyes.reach must be at least 0"),
        ({"spec": "masks.toml", "grey": 1}, OptionError, "`grey` belongs to `masks`: with `spec`"),
    ],
)
def test_from_python_a_mask_that_cannot_be_made_is_one_clear_line_too(
    tmp_path, options, error, fault
) -> None:
    with pytest.raises(error) as caught:
        mask_stimuli("rendered-average", tmp_path / "out", **options)
    (line,) = caught.value.faults
    assert fault in line
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_black_and_no_reach_are_settings_too(tmp_path, small) -> None:
    black = mask_stimuli(small, tmp_path / "a", masks="x=mouth", grey=0, reach=0)
    usual = mask_stimuli(small, tmp_path / "b", masks="x=mouth")
    assert black.covers["x"].about["grey"] == 0
    assert black.images("x")[0][black.masks["x"]].max() == 0
    assert black.masks["x"].sum() < usual.masks["x"].sum()
