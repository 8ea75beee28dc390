"""A stimulus set is what its files say, or a list of everything that is wrong with them."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from psychobench.errors import OptionError, StimulusError
from psychobench.resources import sha256
from psychobench.stimuli import ALL_LEVELS, HUMAN_LEVELS, list_stimuli, load_stimuli
from psychobench.stimuli.faces import RENDERER_VERSION, face_landmarks
from psychobench.stimuli.landmarks.set_landmarks import LANDMARKS_FILE
from psychobench.stimuli.manifest import read_manifest
from psychobench.stimuli.rendering.render_spec import read_render_spec
from psychobench.stimuli.rendering.rendered_set import render_level, render_stimuli
from psychobench.stimuli.set_files import stimulus_name

SIZE = (8, 6)


@pytest.fixture(scope="module")
def average():
    return load_stimuli()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound set of three greys whose level is their brightness."""
    for name, grey in (("dark", 0), ("middle", 100), ("light", 255)):
        Image.new("RGB", SIZE, (grey, grey, grey)).save(tmp_path / f"{name}.png")
    (tmp_path / "levels.csv").write_text("stimulus,level\nlight,1\ndark.png,0\nmiddle,0.4\n")
    return tmp_path


def write_levels(folder: Path, *rows: str, heading: str = "stimulus,level") -> None:
    (folder / "levels.csv").write_text("\n".join([heading, *rows]))


def faults_of(name_or_folder: object) -> list[str]:
    with pytest.raises(StimulusError) as caught:
        load_stimuli(name_or_folder)
    return list(caught.value.faults)


# --- the bundled continuum ------------------------------------------------------------------------


def test_the_bundled_continuum_has_the_papers_21_levels_and_says_that_it_is_rendered(average):
    np.testing.assert_allclose(average.table["level"], np.arange(21) / 20)
    assert tuple(average.table["level"]) == ALL_LEVELS
    assert set(HUMAN_LEVELS) < set(ALL_LEVELS)
    assert average.rendered
    assert average.bundled
    assert "rendered" in average.title
    assert list_stimuli() == ["rendered-average"]


def test_the_bundled_images_are_large_enough_for_the_networks_and_lossless(average):
    assert average.pixels.shape[0] == 21
    assert min(average.pixels.shape[1:3]) >= 224
    assert all(file.endswith(".png") for file in average.table["file"])


def test_the_bundled_set_is_small_enough_to_ship(average):
    size = sum(path.stat().st_size for path in average.folder.rglob("*") if path.is_file())
    assert size < 3e6


def test_each_mask_is_one_region_for_all_levels_and_hides_its_own_part(average):
    assert list(average.masks) == ["eyes", "nose", "mouth"]
    centres = {name: np.argwhere(mask).mean(axis=0) for name, mask in average.masks.items()}
    assert centres["eyes"][0] < centres["nose"][0] < centres["mouth"][0]
    for first, second in (("eyes", "nose"), ("nose", "mouth"), ("eyes", "mouth")):
        assert not (average.masks[first] & average.masks[second]).any()


@pytest.mark.slow
def test_what_lies_under_a_mask_tells_nothing_about_the_expression(average):
    whole = average.images()
    for name, mask in average.masks.items():
        hidden = average.images(name)
        assert np.unique(hidden[:, mask]).tolist() == [128]
        np.testing.assert_array_equal(hidden[:, ~mask], whole[:, ~mask])


def test_the_face_changes_in_even_steps_and_nowhere_as_much_as_in_its_features(average):
    whole = average.images().astype(float)
    steps = np.abs(np.diff(whole, axis=0)).mean(axis=(1, 2, 3))
    assert steps.min() > 0
    assert steps.max() < 5 * np.median(steps)
    change = np.abs(whole[-1] - whole[0]).mean(axis=2)
    assert change[average.masks["mouth"]].mean() > 3 * change.mean()


def test_the_continuum_is_no_change_of_brightness(average):
    brightness = average.images().mean(axis=(1, 2, 3))
    assert np.ptp(brightness) < 2.0


def test_the_bundled_set_was_made_by_the_renderer_that_is_here(average):
    manifest = read_manifest(average.folder)
    assert manifest is not None
    assert manifest.renderer == RENDERER_VERSION
    assert manifest.spec_sha256 == sha256(average.folder / "spec.toml")


@pytest.mark.slow
def test_rendering_the_bundled_spec_anew_gives_the_bundled_pixels(average):
    spec = read_render_spec(average.folder / "spec.toml")
    for row in (0, 10, 20):
        anew = render_level(spec, spec.levels[row]).astype(int)
        # float32 sums may differ by a rounding from one processor to another
        assert np.abs(anew - average.pixels[row]).max() <= 2


def test_the_landmarks_are_those_of_the_rendered_faces(average):
    spec = read_render_spec(average.folder / "spec.toml")
    table = pd.read_csv(average.folder / LANDMARKS_FILE)
    assert set(table["stimulus"]) == set(average.table["stimulus"])
    for level in (0.0, 1.0):
        at_level = table[table["stimulus"] == stimulus_name(level)]
        expected = face_landmarks(spec.identity, 2 * level - 1, view=spec.view, size=spec.size)
        for feature, points in expected.items():
            found = at_level.loc[at_level["feature"] == feature, ["x", "y"]]
            np.testing.assert_allclose(found, points, atol=6e-4)


def test_a_smile_lifts_the_corners_of_the_mouth_along_the_whole_continuum(average):
    table = pd.read_csv(average.folder / LANDMARKS_FILE)
    corners = table[table["feature"] == "mouth_corners"].groupby("stimulus", sort=False)["y"].mean()
    assert (np.diff(corners[average.table["stimulus"]]) < 0).all()


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "has changed since"),
        (lambda path: path.unlink(), "every file in manifest.json must be there"),
    ],
)
def test_damage_to_the_bundled_set_is_noticed_and_asks_to_reinstall(
    average, tmp_path, monkeypatch, damage, rule
):
    copy = tmp_path / "stimuli" / "rendered-average"
    shutil.copytree(average.folder, copy)
    damage(copy / "landmarks.csv")
    monkeypatch.setenv("PSYCHOBENCH_DATA", str(tmp_path))
    faults = faults_of("rendered-average")
    assert len(faults) == 1
    assert rule in faults[0]
    assert "landmarks.csv" in faults[0]
    assert "reinstall psychobench" in faults[0]


# --- a folder of one's own ------------------------------------------------------------------------


def test_a_folder_with_images_and_levels_is_a_stimulus_set(folder):
    stimuli = load_stimuli(folder)
    assert stimuli.table.to_dict("list") == {
        "stimulus": ["light", "dark.png", "middle"],
        "level": [1.0, 0.0, 0.4],
        "file": ["light.png", "dark.png", "middle.png"],
    }
    assert stimuli.images()[:, 0, 0, 0].tolist() == [255, 0, 100]
    assert not stimuli.rendered
    assert not stimuli.bundled
    assert dict(stimuli.masks) == {}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffstimulus,level\r\ndark,0\r\nlight,0.5\r\n",
        "stimulus;level\ndark;0\nlight;0,5\n",
        "stimulus\tlevel\n\ndark\t0\nlight\t.5\n\n",
        'level,notes,stimulus\n0,"two\nlines",dark\n0.5,,light\n',
    ],
    ids=["as Excel saves it", "semicolons and decimal commas", "tabs and blank lines", "quotes"],
)
def test_levels_are_read_as_spreadsheets_write_them(folder, text):
    (folder / "levels.csv").write_bytes(text.encode())
    assert load_stimuli(folder).table["level"].tolist() == [0.0, 0.5]


def test_levels_are_in_the_unit_of_the_design_and_several_images_may_share_one(folder):
    write_levels(folder, "dark,-12.5", "middle,40", "light,40")
    stimuli = load_stimuli(folder)
    assert stimuli.select([40]).table["stimulus"].tolist() == ["middle", "light"]


@pytest.mark.slow
def test_photographs_of_one_size_make_a_set_and_of_two_sizes_an_error(shared, tmp_path):
    for name in ("f_multi", "m_multi", "_female_avg"):
        shutil.copy(shared / "webmorph" / f"{name}.jpg", tmp_path)
    write_levels(tmp_path, "f_multi,0", "m_multi,1")
    stimuli = load_stimuli(tmp_path)
    assert stimuli.images().shape == (2, 1350, 1350, 3)
    write_levels(tmp_path, "f_multi,0", "_female_avg,.5", "m_multi,1")
    (fault,) = faults_of(tmp_path)
    assert "all images must have one size" in fault
    assert "_female_avg.jpg has 1350 x 1800 pixels" in fault
    assert "2 of 3 images have 1350 x 1350" in fault


def test_a_white_region_of_a_mask_hides_that_part_of_every_image(folder):
    (folder / "masks").mkdir()
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, (0, 0, 4, 6))
    mask.save(folder / "masks" / "left.png")
    hidden = load_stimuli(folder).images("left")
    assert np.unique(hidden[:, :, :4]).tolist() == [128]
    assert hidden[:, 0, 4, 0].tolist() == [255, 0, 100]


def test_an_unknown_mask_is_refused_with_those_there_are(average):
    with pytest.raises(StimulusError, match=r"no 'ears'; choose from none, eyes, nose, mouth"):
        average.images("ears")


def test_changing_the_images_one_got_does_not_change_the_stimuli(folder):
    stimuli = load_stimuli(folder)
    stimuli.images()[:] = 7
    assert stimuli.images()[:, 0, 0, 0].tolist() == [255, 0, 100]


def test_selecting_levels_keeps_their_images_and_names_each_level_that_is_not_there(average):
    assert average.select("all") is average
    assert average.select("human").table["level"].tolist() == list(HUMAN_LEVELS)
    assert average.select("0.5,1").table["level"].tolist() == [0.5, 1.0]
    few = average.select([1.0, 0.1 + 0.2])
    assert few.table["level"].tolist() == [0.3, 1.0]
    np.testing.assert_array_equal(few.images(), average.images()[[6, 20]])
    with pytest.raises(StimulusError) as caught:
        average.select([0.5, 0.51, 2])
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "no stimulus has level 0.51",
        "no stimulus has level 2",
    ]
    with pytest.raises(OptionError, match="`levels` must be one of 'all', 'human', numbers"):
        average.select([])


def test_the_hash_of_a_set_changes_with_its_pixels_levels_and_masks(folder):
    hashes = [load_stimuli(folder).sha256, load_stimuli(folder).sha256]
    assert len(set(hashes)) == 1
    hashes.append(load_stimuli(folder).select([0, 1]).sha256)
    Image.new("RGB", SIZE, (9, 9, 9)).save(folder / "dark.png")
    hashes.append(load_stimuli(folder).sha256)
    write_levels(folder, "light,1", "dark,0", "middle,0.5")
    hashes.append(load_stimuli(folder).sha256)
    (folder / "masks").mkdir()
    Image.linear_gradient("L").resize(SIZE).save(folder / "masks" / "half.png")
    hashes.append(load_stimuli(folder).sha256)
    assert len(set(hashes)) == 5


# --- everything that can be wrong with it ---------------------------------------------------------


def test_a_name_that_is_no_set_is_refused_with_the_sets_there_are():
    (fault,) = faults_of("rendered-avrage")
    assert "'rendered-avrage' is neither" in fault
    assert "rendered-average" in fault


def test_a_folder_without_levels_is_told_what_to_write(folder):
    (folder / "levels.csv").unlink()
    (fault,) = faults_of(folder)
    assert "must hold levels.csv" in fault
    assert "(3 images)" in fault
    assert "stimulus,level, for example face01.png,0.25" in fault


def test_a_missing_column_is_named_with_those_found(folder):
    write_levels(folder, "dark,0", heading="picture,level")
    (fault,) = faults_of(folder)
    assert "lacks stimulus" in fault
    assert "'picture', 'level'" in fault


def test_levels_that_are_no_text_are_refused(folder):
    (folder / "levels.csv").write_bytes(b"\xff\xfe\x00binary")
    assert "must be a text file in UTF-8" in faults_of(folder)[0]


@pytest.mark.parametrize(
    ("row", "rule", "value"),
    [
        ("middle,high", "level must be a finite number", "'high'"),
        ("middle,", "level must be a finite number", "''"),
        ("middle,nan", "level must be a finite number", "'nan'"),
        ("middle,inf", "level must be a finite number", "'inf'"),
        ("middle,0,4", "level must be a finite number", "'0,4'"),
        (",0.4", "stimulus must be the name of an image", "empty cell"),
        ("dark,0.4", "each image must have one row", "dark.png"),
        ("midle,0.4", "every stimulus must have its image", "did you mean 'middle'?"),
        ("nothing like it,0.4", "every stimulus must have its image", "add the image"),
        ("../middle,0.4", "without a path", "'../middle'"),
        ("sub/middle,0.4", "without a path", "'sub/middle'"),
        ("..\\middle,0.4", "without a path", "middle"),
        ("C:middle,0.4", "without a path", "'C:middle'"),
        ("..,0.4", "in the folder", "'..'"),
        ("broken,0.4", "every image must be readable", "broken.png"),
        ("twice,0.4", "stimulus must name one image", "twice.jpg or twice.png"),
    ],
)
def test_a_faulty_row_is_named_with_its_rule_and_value(folder, row, rule, value):
    (folder / "broken.png").write_bytes(b"\x89PNG but no more")
    for suffix in ("jpg", "png"):
        Image.new("RGB", SIZE).save(folder / f"twice.{suffix}")
    write_levels(folder, "light,1", "dark,0", row)
    (fault,) = faults_of(folder)
    assert rule in fault
    assert value in fault
    assert str(folder) in fault


@pytest.mark.parametrize("rows", [[], ["dark,.5"], ["dark,.5", "light,.5"]])
def test_fewer_than_two_levels_are_no_continuum(folder, rows):
    write_levels(folder, *rows)
    assert "at least two different levels" in faults_of(folder)[0]


@pytest.mark.parametrize(
    ("name", "mask", "rule"),
    [
        ("big", Image.new("L", (9, 9)), "a mask must have the images' size"),
        ("nothing", Image.new("L", SIZE, 0), "hides nothing"),
        ("all", Image.new("L", SIZE, 255), "hides all"),
        ("none", Image.linear_gradient("L").resize(SIZE), "no mask may be called 'none'"),
    ],
)
def test_a_mask_that_cannot_mask_is_refused(folder, name, mask, rule):
    (folder / "masks").mkdir()
    if name == "big":
        mask.paste(255, (0, 0, 4, 4))
    mask.save(folder / "masks" / f"{name}.png")
    (fault,) = faults_of(folder)
    assert rule in fault


def test_all_faults_of_a_folder_are_reported_together(folder):
    (folder / "masks").mkdir()
    (folder / "masks" / "eyes.png").write_text("no image")
    (folder / "light.png").write_text("no image")
    write_levels(folder, "light,1", "dark,zero", "gone,0.5")
    faults = faults_of(folder)
    assert len(faults) == 4
    assert [sum(word in fault for fault in faults) for word in ("zero", "gone", "eyes")] == [1] * 3


def test_of_very_many_faults_the_first_twenty_are_shown_and_the_rest_counted(folder):
    write_levels(folder, *(f"gone{number},{number}" for number in range(50)))
    faults = faults_of(folder)
    assert len(faults) == 21
    assert faults[-1] == "and 30 more"


# --- specs and rendering --------------------------------------------------------------------------

SPEC = """
kind = "rendered"
name = "old-woman"
title = "rendered old woman, sad to happy"
source = "sad"
target = "happy"
masks = ["mouth"]
[levels]
start = 0.25
stop = 0.75
step = 0.25
[image]
size = 64
supersample = 1
[identity]
age = 1.5
sex = -1
hairstyle = "bob"
[view]
light = [0.5, -0.5, 0.7]
"""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets") / "old-woman"
    spec = folder.with_suffix(".toml")
    spec.write_text(SPEC)
    render_stimuli(read_render_spec(spec), folder)
    return folder


def test_a_spec_of_ones_own_becomes_a_set_that_loads(rendered):
    stimuli = load_stimuli(rendered)
    assert stimuli.table["level"].tolist() == [0.25, 0.5, 0.75]
    assert stimuli.title == "rendered old woman, sad to happy"
    assert stimuli.rendered
    assert not stimuli.bundled
    assert list(stimuli.masks) == ["mouth"]
    assert (rendered / "spec.toml").read_text() == SPEC


def test_rendering_returns_the_set_that_it_wrote(rendered, tmp_path):
    made, again = render_stimuli(rendered / "spec.toml", tmp_path), load_stimuli(tmp_path)
    assert made.summary() == again.summary()
    assert made.table.equals(again.table)
    np.testing.assert_array_equal(made.images("mouth"), again.images("mouth"))


@pytest.mark.slow
def test_a_set_is_a_table_and_a_contact_sheet_in_a_notebook(tmp_path):
    stimuli = load_stimuli().select([0.0, 0.5, 1.0])
    assert stimuli.to_frame().equals(stimuli.table)
    assert "face-050" in stimuli._repr_html_()
    assert stimuli.plot()._repr_png_().startswith(b"\x89PNG")
    figure = Figure()
    axes = figure.subplots(1, 2)
    assert stimuli.plot(ax=axes[1]) is figure
    assert (len(axes[0].images), len(axes[1].images)) == (0, 1)


def test_the_same_spec_gives_the_same_bytes(rendered, tmp_path):
    render_stimuli(read_render_spec(rendered / "spec.toml"), tmp_path)
    for path in (path for path in rendered.rglob("*") if path.is_file()):
        assert path.read_bytes() == (tmp_path / path.relative_to(rendered)).read_bytes()


def test_an_edited_image_of_a_rendered_set_is_noticed(rendered, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(rendered, folder)
    Image.new("RGB", (64, 64)).save(folder / "face-050.png")
    (folder / "masks" / "nose.png").write_bytes((folder / "masks" / "mouth.png").read_bytes())
    faults = faults_of(folder)
    assert [("face-050.png" in fault, "nose.png" in fault) for fault in faults] == [
        (True, False),
        (False, True),
    ]
    assert all("render old-woman again, or delete manifest.json" in fault for fault in faults)
    (folder / "manifest.json").unlink()
    assert not load_stimuli(folder).rendered


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 1}', json.dumps({"unknown": 1})])
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / "manifest.json").write_text(text)
    assert "manifest.json must be as it was written" in faults_of(folder)[0]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'title = "rendered',
            'titel = "rendered',
            "titel is not a known key (did you mean 'title'?)",
        ),
        ('target = "happy"', "", "it must have target"),
        ('target = "happy"', "target = 1", "target must be a text: it is 1"),
        ('"old-woman"', '"../old"', "name must consist of letters, digits and dashes"),
        ('kind = "rendered"', 'kind = "morph"', "kind must be \"rendered\": it is 'morph'"),
        ('["mouth"]', '["ears"]', "masks must be a list of eyes, nose, mouth: it is ['ears']"),
        ("step = 0.25", "", "levels must have numbers for start, stop and step"),
        ("step = 0.25", "step = 0.125", "levels must be whole hundredths"),
        ("step = 0.25", "step = 0.0", "levels.step must be above 0"),
        ("stop = 0.75", "stop = 1.75", "levels must be whole hundredths from 0 to 1: 1.25 is not"),
        ("stop = 0.75", "stop = 0.25", "levels.start must be below stop"),
        ("size = 64", "size = 6.4", "image.size must be a whole number from 64 to 2048"),
        ("supersample = 1", "supersample = 99", "image.supersample must be a whole number"),
        ("age = 1.5", "aeg = 1.5", "identity.aeg is not a known key (did you mean 'age'?)"),
        ("age = 1.5", 'age = "old"', "identity.age must be a value like 0.0: it is 'old'"),
        ('"bob"', '"mohawk"', "hairstyle must be one of"),
        ("[0.5, -0.5, 0.7]", "[0.5, 0.7]", "view.light must be a value like"),
        ("[identity]", "[[identity]]", "identity must be a section"),
        ("[levels]", "[levels", "a spec must be a TOML file"),
    ],
)
def test_a_faulty_spec_is_refused_with_its_place_and_value(tmp_path, old, new, fault):
    path = tmp_path / "spec.toml"
    assert old in SPEC
    path.write_text(SPEC.replace(old, new))
    with pytest.raises(StimulusError) as caught:
        read_render_spec(path)
    assert any(fault in line for line in caught.value.faults)
    assert all(str(path) in line for line in caught.value.faults)


def test_a_spec_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StimulusError, match=r"a spec must exist: .*gone\.toml is missing"):
        read_render_spec(tmp_path / "gone.toml")


def test_the_levels_of_a_spec_are_exact_hundredths(average):
    spec = read_render_spec(average.folder / "spec.toml")
    assert spec.levels == ALL_LEVELS
    assert dataclasses.asdict(spec)["size"] == average.pixels.shape[1]
