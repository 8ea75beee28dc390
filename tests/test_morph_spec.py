"""What is wrong with a morph spec or a photograph is said in one line, and nothing is written."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from psychobench.errors import StimulusError
from psychobench.stimuli.faces.frl import frl_points
from psychobench.stimuli.landmarks.template_files import Template, read_template, write_template
from psychobench.stimuli.morphing import face_specs as sources
from psychobench.stimuli.morphing import morph_spec as spec
from psychobench.stimuli.morphing.morph_spec import read_morph_spec

SIZE = (80, 80)
POINTS = frl_points(size=80)
SPEC = """
kind = "morph"
name = "two"
title = "two greys"
source = "dark"
target = "light"
levels = [0.0, 0.5, 1.0]

[[anchors]]
level = 0
image = "dark.png"
template = "dark.tem"

[[anchors]]
level = 1
image = "light.png"
template = "light.tem"
"""
TRANSFORM = SPEC.replace('"morph"', '"transform"') + (
    '[base]\nlevel = 0.5\nimage = "dark.png"\ntemplate = "dark.tem"\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, grey in (("dark", 60), ("light", 190)):
        Image.new("RGB", SIZE, (grey, grey, grey)).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.tem").write_text(write_template(Template(POINTS)))
    return tmp_path


@pytest.fixture
def refuse(folder: Path, run_cli: Callable[..., object]) -> Callable[[str], list[str]]:
    """Run a spec that must be refused; give the lines of the refusal."""

    def refuse(text: str = SPEC) -> list[str]:
        (folder / "spec.toml").write_text(text)
        before = sorted(folder.rglob("*"))
        ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "new" / "out")
        assert ran.code == 1
        assert ran.out == ""
        assert sorted(folder.rglob("*")) == before
        return ran.err.strip().splitlines()

    return refuse


def test_a_sound_spec_becomes_a_set(folder, run_cli):
    (folder / "spec.toml").write_text(SPEC)
    ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "out")
    assert ran.code == 0
    assert "3 images, two greys" in ran.err
    with Image.open(folder / "out" / "face-050.png") as image:
        assert image.getextrema() == ((125, 125),) * 3


@pytest.mark.slow
def test_a_set_of_ones_own_is_compared_as_it_is(folder, run_cli):
    (folder / "spec.toml").write_text(SPEC.replace("[0.0, 0.5, 1.0]", "[0, 0.25, 0.5, 0.75, 1]"))
    assert run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "out").code == 0
    answers = {"anna": (0, 5, 10, 15, 20), "ben": (0, 8, 14, 18, 20), "cleo": (1, 3, 8, 16, 20)}
    people = ["observer,level,n_trials,n_target"]
    for who, counts in answers.items():
        people += [f"{who},{0.25 * step},20,{count}" for step, count in enumerate(counts)]
    (folder / "people.csv").write_text("\n".join(people))
    ran = run_cli(
        *("compare", "--observer", "template", "--seeds", 1, "--stimuli", folder / "out"),
        *("--humans", folder / "people.csv"),
    )
    assert ran.code == 0
    assert "faces are rendered" not in ran.out


# --- the spec -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('title = "two', 'titel = "two', "titel is not a known key (did you mean 'title'?)"),
        ('source = "dark"', "", "it must have source"),
        ('"morph"', '"morf"', "kind must be morph, transform or average: it is 'morf'"),
        ('"morph"', '"rendered"', "`psychobench stimuli render` takes that kind"),
        ('name = "two"', 'name = "a/b"', "name must consist of letters, digits and dashes"),
        ("[0.0, 0.5, 1.0]", "[0.0, 0.5, 0.5]", "levels must be a list of numbers that ascend"),
        ("[0.0, 0.5, 1.0]", "[]", "levels must be a list of numbers that ascend: it is []"),
        ("[0.0, 0.5, 1.0]", "[0, nan]", "levels must be a list of numbers"),
        ("[0.0, 0.5, 1.0]", "[0.5]", "at least two levels: there is 0.5"),
        ("[0.0, 0.5, 1.0]", "[0.0, 1.2]", "those of the anchors, 0 to 1: level 1.2 is outside"),
        ("[0.0, 0.5, 1.0]", "{start = 0, stop = 1}", "numbers for start, stop and step"),
        ("[0.0, 0.5, 1.0]", "{start = 0, stop = 1, step = 1e-9}", "at most 1000 levels"),
        ("level = 1\n", "level = 0\n", "the levels of the anchors must ascend: they are 0, 0"),
        ("level = 1\n", "", "anchors[2].level must be a number: it is None"),
        ("level = 1\n", "level = 1\nlevle = 2\n", "anchors[2].levle is not a known key (did you"),
        ('image = "light.png"\n', "", "anchors[2] must have an image and its template"),
        ('template = "light.tem"\n', "", "anchors[2] must have an image and its template"),
        ('"light.png"', "7", "anchors[2].image must be the name of a file: it is 7"),
        ('"light.png"', '"light.png"\nvalence = 1', "must be a photograph or rendered, not both"),
        ('"light.png"', '"light.png"\nimages = ["dark.png"]', "must have image or images"),
        ('image = "light.png"', 'images = ["light.png", "dark.png"]', "2 images and 1 templates"),
        ('"light.png"', '"../light.png"', "must lie in the spec's folder or below: '../light.png'"),
        ('"light.png"', '"light\\u0000.png"', "must lie in the spec's folder or below"),
        ('"light.png"', '"/light.png"', "must lie in the spec's folder or below: '/light.png'"),
        ('"light.png"', "'C:\\light.png'", "must lie in the spec's folder or below"),
        ("level = 1\n", "level = 1\n[image]\nwidht = 9\n[x]\n", "image.widht is not a known key"),
    ],
)
def test_a_faulty_spec_is_refused_with_key_value_and_remedy(refuse, old, new, fault):
    assert old in SPEC
    lines = refuse(SPEC.replace(old, new))
    assert any(fault in line for line in lines), lines
    assert all("spec.toml" in line for line in lines)


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        ('warp = "shpae"', "warp must be both, shape or colour: it is 'shpae'"),
        ('blend = "gamma"', "blend must be srgb or linear: it is 'gamma'"),
        ('match = "colour"', "match must be none, luminance or histogram: it is 'colour'"),
        ("align = 1", "align must be true or false: it is 1"),
        ("seed = -1", "seed must be a whole number from 0"),
        ("hold = 0.5", 'hold has no effect with warp = "both"'),
        ('warp = "shape"\nhold = 7', "hold is 7, which is outside"),
        ("base = {level = 0}", 'base has no effect in a morph: delete it, or write kind = "trans'),
        ("image = {width = 5}", "image.width must be a whole number from 64 to 4096: it is 5"),
        ("image = {crop = [9, 9, 3, 3]}", "image.crop must be [left, top, right, bottom]"),
        ('image = {format = "jpeg"}', "image.format must be png, tiff or webp: it is 'jpeg'"),
        ("masks.eyes.fill = 'nois'", "did you mean 'noise'?"),
        ("masks.ears = {}", "masks.ears must hide one of"),
    ],
)
def test_a_faulty_option_is_refused_with_the_choices_there_are(refuse, first, fault):
    lines = refuse(first + SPEC)
    assert any(fault in line for line in lines), lines


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[base]\nlevel = 0.5", "[base]\nlevel = 5", "base.level is 5, which is outside"),
        ('[base]\nlevel = 0.5\nimage = "dark.png"', "[base]\nlevel = 0.5", "base must have an im"),
        ("levels =", "hold = 0.5\nlevels =", "hold has no effect in a transform"),
        ('image = "light.png"', 'warp_ = "x"', "anchors[2].warp_ is not a known key"),
    ],
)
def test_a_faulty_transform_is_refused(refuse, old, new, fault):
    assert old in TRANSFORM
    lines = refuse(TRANSFORM.replace(old, new))
    assert any(fault in line for line in lines), lines


def test_a_transform_needs_a_base_and_for_colours_the_anchors_images(refuse):
    assert any("it must have [base]" in line for line in refuse(TRANSFORM.partition("[base]")[0]))
    bare = 'warp = "both"' + TRANSFORM.replace('image = "light.png"\n', "", 1)
    assert any("anchors[2].image is needed" in line for line in refuse(bare))


def test_all_faults_of_a_spec_are_reported_together(refuse):
    text = SPEC.replace('"dark.png"', '"../dark.png"').replace("level = 1\n", "level = true\n")
    assert len(refuse("align = 3\n" + text)) == 3


def test_a_missing_spec_and_a_spec_that_is_no_toml_are_named(tmp_path, run_cli):
    ran = run_cli("stimuli", "morph", tmp_path / "gone.toml", "--out", tmp_path / "out")
    assert (ran.code, "gone.toml is missing" in ran.err) == (1, True)
    (tmp_path / "bad.toml").write_text("kind = ")
    ran = run_cli("stimuli", "morph", tmp_path / "bad.toml", "--out", tmp_path / "out")
    assert (ran.code, "must be a TOML file" in ran.err) == (1, True)


def test_a_link_that_leaves_the_folder_is_refused_too(folder, refuse, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "light.png"
    (folder / "light.png").rename(elsewhere)
    (folder / "light.png").symlink_to(elsewhere)
    (line,) = refuse()
    assert "'light.png' leaves it; copy the file there" in line


def test_output_among_the_inputs_is_refused(folder, run_cli):
    (folder / "spec.toml").write_text(SPEC)
    for out in (folder, folder / ".", folder.parent):
        ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", out)
        assert ran.code == 1
        assert "output must go elsewhere than the inputs" in ran.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_a_run_that_is_ended_from_outside_leaves_nothing(
    folder, run_cli, monkeypatch, number, code
):
    monkeypatch.setattr(
        "psychobench.stimuli.morphing.morphed_set._write_table",
        lambda *_: os.kill(os.getpid(), number),
    )
    # a shell's background jobs, and the tests that run in one, are started deaf to Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    (folder / "spec.toml").write_text(SPEC)
    ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "out")
    signal.signal(signal.SIGINT, before)
    assert ran.code == code
    assert not (folder / "out").exists()


def test_output_that_cannot_be_written_is_refused_before_any_work(folder, run_cli):
    (folder / "spec.toml").write_text(SPEC)
    ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "dark.png" / "out")
    assert ran.code == 1
    assert "output must be writable" in ran.err


# --- images and templates -------------------------------------------------------------------------


def png(image: Image.Image, **options: object) -> Callable[[Path], None]:
    return lambda folder: image.save(folder / "light.png", **options)


def cut(folder: Path) -> None:
    data = (folder / "light.png").read_bytes()
    (folder / "light.png").write_bytes(data[: len(data) // 2])


def points(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "light.tem").write_text(write_template(Template(change(POINTS.copy()))))

    return write


def swap_eyes(shape: np.ndarray) -> np.ndarray:
    shape[18:28] = shape[[*range(23, 28), *range(18, 23)]]
    return shape


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda folder: (folder / "light.png").unlink(), "every image must exist"),
        (lambda folder: (folder / "light.tem").unlink(), "every template must exist"),
        (
            lambda folder: (folder / "light.png").write_text("no image"),
            "every image must be readable",
        ),
        (cut, "every image must be readable"),
        (lambda folder: Image.new("CMYK", SIZE).save(folder / "light.png", "JPEG"), "has CMYK"),
        (png(Image.fromarray(np.full(SIZE, 900, np.uint16))), "8 bits per channel"),
        (png(Image.new("RGBA", SIZE, (9, 9, 9, 128))), "an image must be opaque"),
        (png(Image.new("RGB", (160, 160))), "all images must have one size"),
        (png(Image.new("RGB", (40, 40))), "points lie outside the 40 x 40 pixels of its image"),
        (points(lambda shape: shape[:68]), "all templates must have the same points"),
        (points(lambda shape: shape * 2), "belongs to another image or another size"),
        (points(lambda shape: shape * [1, 1e-6] + [0, 40]), "all 189 points lie on one line"),
        (points(lambda shape: shape * 0 + 7), "its points lie in 1 different places"),
        (points(swap_eyes), "a face must not fold over itself"),
        (
            lambda folder: (folder / "light.tem").write_text("189\n1\t2\n"),
            "a template must be whole",
        ),
    ],
)
def test_a_photograph_or_template_that_cannot_be_morphed_is_refused(folder, refuse, damage, fault):
    damage(folder)
    lines = refuse()
    assert any(fault in line for line in lines), lines
    assert any("light" in line or "fold" in line for line in lines)


def test_a_decompression_bomb_is_refused(folder, refuse, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    lines = refuse()
    assert len(lines) == 2
    assert all("an image must have a reasonable size" in line for line in lines)


def test_faults_of_all_photographs_are_reported_together(folder, refuse):
    (folder / "light.png").unlink()
    (folder / "dark.tem").write_text("none")
    assert len(refuse()) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[image]\ncrop = [0, 0, 90, 90]\n", "image.crop must lie within the image"),
        ("[image]\nwidth = 80\nheight = 200\n", "must keep the proportions"),
        ("[masks.x]\npoints = [1, 2, 200]\n", "masks.x.points must be from 0 to 188"),
    ],
)
def test_what_the_photographs_cannot_give_is_refused(refuse, text, fault):
    (line,) = refuse(SPEC + text)
    assert fault in line


def test_masks_by_name_need_points_of_known_meaning(folder, refuse):
    for name in ("dark", "light"):
        (folder / f"{name}.tem").write_text(write_template(Template(POINTS[:50])))
    (line,) = refuse(SPEC + "[masks.eyes]\n")
    assert "masks.eyes needs 478, 189, 68 or 5 landmarks: there are 50" in line
    (line,) = refuse('match = "luminance"\nmatch_region = "face"' + SPEC)
    assert "needs 478, 189, 68 or 5 landmarks: there are 50" in line


def test_a_photograph_taken_sideways_is_turned_before_its_template_is_laid_on(folder, run_cli):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[:20] = 255  # the camera's top, which is the right when the picture is seen
    Image.fromarray(pixels).save(folder / "light.png", exif=exif)
    (folder / "spec.toml").write_text(SPEC)
    ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "out")
    assert ran.code == 0
    assert "Note: light.png was turned upright, as its EXIF orientation says" in ran.err
    with Image.open(folder / "out" / "face-100.png") as image:
        end = np.asarray(image)
    assert end[:, -20:].min() == 255
    assert end[:, :-20].max() == 0


@pytest.mark.parametrize("count", [5, 68])
def test_landmarks_of_detectors_are_morphed_too(folder, run_cli, count):
    shape = np.random.default_rng(count).uniform(10, 70, (count, 2))
    suffix = {5: "csv", 68: "pts"}[count]
    for name in ("dark", "light"):
        rows = [f"{x:.2f},{y:.2f}" if count == 5 else f"{x:.2f} {y:.2f}" for x, y in shape]
        body = ["x,y", *rows] if count == 5 else ["version: 1", "n_points: 68", "{", *rows, "}"]
        (folder / f"{name}.{suffix}").write_text("\n".join(body))
    (folder / "spec.toml").write_text(SPEC.replace(".tem", f".{suffix}"))
    assert run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "out").code == 0
    made = read_template(folder / "out" / "face-050.tem")
    np.testing.assert_allclose(made.points, shape - 0.5 * (count == 68), atol=0.006)


AVERAGE = """
kind = "average"
name = "mean"
title = "two greys"
[face]
images = ["dark.png", "light.png"]
templates = ["dark.tem", "light.tem"]
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[face]", "levels = [0, 1]\n[face]", "levels is not a known key"),
        ("[face]", "[fase]", "it must have face"),
        ("[face]", "[face]\nlevel = 1", "face.level is not a known key"),
        (', "light.png"', "", "1 images and 2 templates"),
        ('"dark.png", "light.png"', '"dark.png", "../light.png"', "in the spec's folder or below"),
        ('"dark.png", "light.png"', '"dark.png", "none.png"', "none.png is missing"),
    ],
)
def test_a_faulty_average_is_refused(refuse, old, new, fault):
    assert old in AVERAGE
    lines = refuse(AVERAGE.replace(old, new))
    assert any(fault in line for line in lines), lines


def test_an_average_of_one_image_is_refused(refuse):
    (line,) = refuse(AVERAGE.replace(', "light.png"', "").replace(', "light.tem"', ""))
    assert "face.images must be at least two" in line


@pytest.mark.parametrize(
    ("key", "leak"), [("follow = true", "its outline"), ('fill = "blur"', "a blurred copy")]
)
def test_a_mask_that_tells_the_level_is_warned_of(folder, run_cli, key, leak):
    (folder / "spec.toml").write_text(f"{SPEC}[masks.mouth]\n{key}\n")
    ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "out")
    assert ran.code == 0
    assert f"Note: mask mouth: {leak}" in ran.err


def test_what_is_done_to_an_image_is_noted(folder, run_cli):
    Image.new("L", SIZE, 190).save(folder / "light.png")
    (folder / "spec.toml").write_text(SPEC)
    ran = run_cli("stimuli", "morph", folder / "spec.toml", "--out", folder / "out")
    assert ran.code == 0
    notes = json.loads((folder / "out" / "manifest.json").read_text())["notes"]
    assert notes == ["light.png was converted to RGB from mode L"]
    assert notes[0] in ran.err


def test_reading_a_spec_opens_no_photograph(folder):
    (folder / "light.png").unlink()
    (folder / "spec.toml").write_text(SPEC)
    assert len(read_morph_spec(folder / "spec.toml").anchors) == 2
    with pytest.raises(StimulusError):
        read_morph_spec(folder / "light.toml")


def test_the_page_on_morphing_describes_every_key_of_a_spec():
    page = (Path(__file__).parents[1] / "docs" / "morphing.md").read_text("utf-8")
    keys = {
        *spec._KEYS,
        *spec._OPTIONAL,
        *spec._KEYS_OF_AVERAGE,
        *sources._PHOTOGRAPH,
        *sources._RENDERED,
    }
    assert keys <= set(re.findall(r"\w+", page.partition("## All keys")[2]))
