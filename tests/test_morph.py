"""A morph lies between its ends, adds nothing of its own, and is the same every time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from psychobench.errors import StimulusError
from psychobench.stimuli import load_stimuli
from psychobench.stimuli.encoding import encode_image
from psychobench.stimuli.faces import Identity, View, render_face
from psychobench.stimuli.faces.frl import frl_points
from psychobench.stimuli.landmarks.point_layouts import FEATURES, LIPS, mirror_points
from psychobench.stimuli.landmarks.template_files import Template, read_template, write_template
from psychobench.stimuli.manifest import read_manifest
from psychobench.stimuli.masks.regions import fill_polygon
from psychobench.stimuli.morphing.continuum import Continuum, plan_continuum
from psychobench.stimuli.morphing.face_loading import load_faces
from psychobench.stimuli.morphing.morph_spec import read_morph_spec
from psychobench.stimuli.morphing.morphed_set import morph_stimuli
from psychobench.stimuli.morphing.texture import Texture
from psychobench.stimuli.morphing.warp import (
    Layer,
    border_points,
    doubled_areas,
    fold_depths,
    paint,
    rasterise,
    triangulate,
)
from psychobench.stimuli.set_checks import check_stimuli

SIZE = 96
WOMAN = Identity(sex=-1.0, width=-0.5, hairstyle="short")
MAN = Identity(sex=1.0, width=0.8, mouth_width=1.0, hairstyle="short", texture=3)
HEAD = """
name = "test"
title = "two faces"
source = "woman"
target = "man"
"""
ENDS = """
[[anchors]]
level = 0
image = "woman.png"
template = "woman.tem"
[[anchors]]
level = 1
image = "man.png"
template = "man.tem"
"""
MORPH = 'kind = "morph"\nlevels = [0, 0.25, 0.5, 1]' + HEAD + ENDS
TRANSFORM = (
    'kind = "transform"\nlevels = [0, 0.5, 1]'
    + HEAD
    + """
[base]
level = 0.5
image = "man.png"
template = "man.tem"
[[anchors]]
level = 0
valence = -1.0
size = 128
[[anchors]]
level = 0.5
valence = 0.0
size = 128
[[anchors]]
level = 1
valence = 1.0
size = 128
"""
)


def save_face(folder: Path, name: str, image: np.ndarray, points: np.ndarray) -> None:
    Image.fromarray(image).save(folder / f"{name}.png")
    (folder / f"{name}.tem").write_text(write_template(Template(points)))


def face_of(who: Identity, valence: float = 0.0, view: View | None = None, size: int = SIZE):
    image = render_face(who, valence, view=view, size=size, supersample=2)
    return image, frl_points(who, valence, view=view, size=size)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rendered faces that stand for photographs."""
    folder = tmp_path_factory.mktemp("photographs")
    save_face(folder, "woman", *face_of(WOMAN))
    save_face(folder, "man", *face_of(MAN))
    return folder


@pytest.fixture
def plan(photographs: Path) -> Callable[..., Continuum]:
    def plan(text: str = MORPH, *changes: tuple[str, str]) -> Continuum:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = photographs / "spec.toml"
        path.write_text(text)
        spec = read_morph_spec(path)
        return plan_continuum(spec, load_faces(spec))

    return plan


@pytest.fixture
def read(photographs: Path) -> Callable[[str], tuple[np.ndarray, np.ndarray]]:
    def read(name: str) -> tuple[np.ndarray, np.ndarray]:
        image = np.asarray(Image.open(photographs / f"{name}.png")).astype(int)
        return image, read_template(photographs / f"{name}.tem").points

    return read


# --- ends and middles -----------------------------------------------------------------------------


@pytest.mark.parametrize("blend", ["srgb", "linear"])
def test_the_ends_of_a_morph_are_the_photographs_themselves(plan, read, blend):
    continuum = plan(f'blend = "{blend}"\n' + MORPH)
    images = continuum.paint_all()
    for row, name in ((0, "woman"), (-1, "man")):
        image, points = read(name)
        np.testing.assert_array_equal(images[row], image)
        np.testing.assert_allclose(continuum.shapes[row], points, atol=1e-9)


def test_shapes_lie_on_straight_lines_between_the_ends_in_proportion_to_the_level(plan, read):
    continuum = plan()
    woman, man = read("woman")[1], read("man")[1]
    for level, shape in zip((0, 0.25, 0.5, 1), continuum.shapes, strict=True):
        np.testing.assert_allclose(shape, (1 - level) * woman + level * man, atol=1e-9)


def test_a_face_morphed_with_itself_is_itself_at_every_level(plan, read):
    images = plan(MORPH, ('"man.', '"woman.')).paint_all()
    assert np.abs(images - read("woman")[0]).max() <= 1


def test_swapping_the_ends_mirrors_the_levels(plan):
    there = plan(MORPH, ("[0, 0.25, 0.5, 1]", "[0, 0.3, 0.7, 1]")).paint_all()
    swapped = MORPH.replace("woman.", "?.").replace("man.", "woman.").replace("?.", "man.")
    back = plan(swapped, ("[0, 0.25, 0.5, 1]", "[0, 0.3, 0.7, 1]")).paint_all()
    assert np.abs(there.astype(int) - back[::-1]).max() <= 1


def test_mirrored_photographs_give_a_mirrored_morph(plan, photographs, read):
    straight = plan().paint_all()
    for name in ("woman", "man"):
        image, points = read(name)
        turned = mirror_points(points, SIZE)
        save_face(photographs, f"mirror-{name}", image[:, ::-1].astype(np.uint8), turned)
    mirrored = plan(MORPH, ('"woman.', '"mirror-woman.'), ('"man.', '"mirror-man.')).paint_all()
    # where four points lie on one circle, the triangulation may choose the other diagonal
    difference = np.abs(straight.astype(int) - mirrored[:, :, ::-1])
    assert np.percentile(difference, 99) <= 2


def test_the_middle_of_two_faces_is_no_double_exposure(photographs):
    """The eyes of the ends lie apart; in the middle they must lie on one another."""
    (a, pa), (b, pb) = face_of(WOMAN, view=View(dx=-0.04)), face_of(WOMAN, view=View(dx=0.04))
    size = (SIZE, SIZE)
    border = border_points(size)
    pa, pb = np.concatenate([pa, border]), np.concatenate([pb, border])
    layers = [Layer(Texture.of(a), pa, 0.5), Layer(Texture.of(b), pb, 0.5)]
    middle = paint((pa + pb) / 2, triangulate((pa + pb) / 2), layers, size).astype(int)
    expected = face_of(WOMAN)[0].astype(int)
    face = np.s_[30:80, 25:70]
    assert np.abs(middle - expected)[face].mean() < 3
    assert np.abs((a.astype(int) + b) / 2 - expected)[face].mean() > 12


def test_three_anchors_are_passed_one_after_the_other(plan, read):
    text = MORPH.replace("[0, 0.25, 0.5, 1]", "[-1, 0, 1]").replace("level = 0\n", "level = -1\n")
    text += '[[anchors]]\nlevel = 2\nimage = "woman.png"\ntemplate = "woman.tem"\n'
    continuum = plan(text)
    images = continuum.paint_all()
    np.testing.assert_array_equal(images[0], read("woman")[0])
    np.testing.assert_array_equal(images[2], read("man")[0])
    assert continuum.weights.tolist() == [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0]]


def test_light_is_added_up_where_the_spec_says_so(plan, photographs):
    points = frl_points(size=SIZE)
    for name, grey in (("black", 0), ("white", 255)):
        save_face(photographs, name, np.full((SIZE, SIZE, 3), grey, np.uint8), points)
    text = MORPH.replace("woman.", "black.").replace("man.", "white.")
    assert np.unique(plan(text).paint(2)).tolist() == [128]
    assert np.unique(plan('blend = "linear"\n' + text).paint(2)).tolist() == [188]


# --- shape and colour apart -----------------------------------------------------------------------


def test_warping_shape_alone_keeps_the_mixture_and_colour_alone_the_shape(plan):
    shape, colour = (plan(f'warp = "{warp}"\n' + MORPH) for warp in ("shape", "colour"))
    both = plan()
    np.testing.assert_allclose(shape.shapes, both.shapes)
    assert np.unique(shape.weights).tolist() == [0.5]
    np.testing.assert_allclose(colour.weights, both.weights)
    assert np.ptp(colour.shapes, axis=0).max() == 0
    np.testing.assert_allclose(colour.shapes[0], both.shapes[2])


def test_what_does_not_change_can_be_held_at_any_level(plan, read):
    continuum = plan('warp = "shape"\nhold = 0.0\n' + MORPH)
    assert continuum.weights.tolist() == [[1, 0]] * 4
    np.testing.assert_array_equal(continuum.paint(0), read("woman")[0])


# --- averages -------------------------------------------------------------------------------------


AVERAGE = """
kind = "average"
name = "couple"
title = "the average of two faces"
[face]
images = ["woman.png", "man.png"]
templates = ["woman.tem", "man.tem"]
"""


def test_an_average_is_one_face_that_can_be_morphed_on(photographs, plan, tmp_path):
    path = photographs / "couple.toml"
    path.write_text(AVERAGE + "[masks.eyes]\n")
    morph_stimuli(read_morph_spec(path), photographs / "couple")
    names = {file.name for file in (photographs / "couple").iterdir()}
    assert {"average.png", "average.tem", "manifest.json"} <= names
    assert "levels.csv" not in names
    text = MORPH.replace("woman.png", "couple/average.png").replace(
        "woman.tem", "couple/average.tem"
    )
    average, middle = plan(text), plan()
    np.testing.assert_allclose(average.shapes[0], middle.shapes[2], atol=1e-3)
    assert np.abs(average.paint(0).astype(int) - middle.paint(2)).mean() < 0.5


def test_the_average_of_two_faces_is_the_middle_of_their_morph(plan, read):
    text = MORPH.replace(
        'image = "woman.png"\ntemplate = "woman.tem"',
        'images = ["woman.png", "man.png"]\ntemplates = ["woman.tem", "man.tem"]',
    )
    average, middle = plan(text), plan()
    np.testing.assert_allclose(average.shapes[0], middle.shapes[2])
    difference = np.abs(average.paint(0).astype(int) - middle.paint(2))
    # the triangulations are not the same
    assert difference.mean() < 0.5


# --- transforms -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_transform_leaves_its_base_as_it_is_at_the_bases_own_level(plan, read):
    image, points = read("man")
    for warp in ("shape", "both", "colour"):
        continuum = plan(f'warp = "{warp}"\n' + TRANSFORM)
        np.testing.assert_allclose(continuum.shapes[1], points, atol=1e-9)
        np.testing.assert_array_equal(continuum.paint(1), image)


def test_a_rendered_smile_makes_another_face_smile_and_a_rendered_frown_frown(plan):
    sad, neutral, happy = plan(TRANSFORM).shapes
    corners, lips = [87, 93], [90, 106]
    height = [shape[corners, 1].mean() - shape[lips, 1].mean() for shape in (sad, neutral, happy)]
    assert height[0] > height[1] > height[2]
    assert np.ptp(happy[corners, 0]) > np.ptp(sad[corners, 0])


def test_lips_that_touch_in_the_base_part_only_where_the_spec_sets_them_free(plan):
    upper, lower, under = (list(part) for part in LIPS[189])
    for lips, parted in (("keep", 0.0), ("free", 1.0)):
        sad, _, happy = plan(f'lips = "{lips}"\n' + TRANSFORM).shapes
        gaps = np.abs(happy[lower] - happy[upper]).max(), np.abs(sad[lower] - sad[upper]).max()
        assert (gaps[0] > 1) == bool(parted)
        assert gaps[1] < 0.2
        thickness = happy[under, 1] - happy[lower, 1]
        assert thickness.min() > 0


def test_a_difference_is_scaled_and_turned_with_the_face_it_is_applied_to(photographs, plan):
    """Lent by a face of any size and tilt, a smile is the same smile."""
    upright = plan(TRANSFORM).shapes
    tilted = TRANSFORM.replace("size = 128", "size = 300\nview = {roll = 20.0, scale = 0.7}")
    np.testing.assert_allclose(plan(tilted).shapes, upright, atol=1e-6)


def test_a_transform_of_shape_needs_no_colours_of_its_anchors(plan, photographs):
    for name, valence in (("sad", -1.0), ("happy", 1.0)):
        points = frl_points(valence=valence, size=500)
        (photographs / f"{name}.tem").write_text(write_template(Template(points)))
    text = TRANSFORM.replace("valence = -1.0\nsize = 128", 'template = "sad.tem"')
    text = text.replace("valence = 1.0\nsize = 128", 'template = "happy.tem"')
    text = text.replace("[[anchors]]\nlevel = 0.5\nvalence = 0.0\nsize = 128\n", "")
    continuum = plan(text)
    assert continuum.weights.tolist() == [[1], [1], [1]]


def test_a_difference_in_colour_is_added_where_the_spec_says_so(plan):
    assert plan('warp = "both"\n' + TRANSFORM).weights.tolist() == [
        [1, 1, -1, 0],
        [1, 0, 0, 0],
        [1, 0, -1, 1],
    ]


def test_colour_is_transferred_to_skin_but_not_into_eyes_and_mouth(plan):
    both, shape = (plan(f'warp = "{warp}"\n' + TRANSFORM) for warp in ("both", "shape"))
    np.testing.assert_allclose(both.shapes, shape.shapes)
    height, width = both.size[::-1]
    changed = np.abs(both.paint(2).astype(int) - shape.paint(2)).max(axis=2)
    inside = np.zeros((height, width), dtype=bool)
    for eye in ("left_eye", "right_eye"):
        inside |= fill_polygon(both.shapes[2][list(FEATURES[189][eye])], (height, width))
    assert inside.sum() > 20
    assert changed[inside].max() <= 1
    assert changed.max() > 10


def test_colour_is_refused_where_lips_would_part_on_nothing(plan):
    with pytest.raises(StimulusError, match="the lips of the base touch and would part by"):
        plan('lips = "free"\nwarp = "both"\n' + TRANSFORM)


# --- alignment and frames -------------------------------------------------------------------------


def test_aligned_faces_of_any_size_place_and_tilt_come_to_lie_on_one_another(plan, photographs):
    view = View(roll=12.0, scale=0.8, dx=0.03)
    save_face(photographs, "far", *face_of(WOMAN, view=view, size=2 * SIZE))
    continuum = plan("align = true\n" + MORPH, ('"man.', '"far.'))
    np.testing.assert_allclose(continuum.shapes[-1], continuum.shapes[0], atol=1e-6)
    near, far = continuum.paint(0).astype(int), continuum.paint(3).astype(int)
    face = np.s_[30:80, 25:70]
    assert np.abs(near - far)[face].mean() < 4


def test_a_crop_is_what_it_would_be_cut_out_afterwards(plan):
    whole = plan()
    part = plan(MORPH + "[image]\ncrop = [10, 20, 80, 90]\n")
    assert part.size == (70, 70)
    np.testing.assert_allclose(part.shapes, whole.shapes - [10, 20])
    np.testing.assert_array_equal(part.paint(1), whole.paint(1)[20:90, 10:80])


def test_a_smaller_morph_is_the_morph_made_smaller(plan):
    whole = plan()
    small = plan(MORPH + "[image]\nwidth = 64\n")
    assert small.size == (64, 64)
    np.testing.assert_allclose(small.shapes, whole.shapes * 64 / SIZE)
    shrunk = Image.fromarray(whole.paint(1)).resize((64, 64), Image.Resampling.LANCZOS)
    assert np.abs(small.paint(1).astype(int) - np.asarray(shrunk)).mean() < 1.5


# --- warps ----------------------------------------------------------------------------------------


def test_an_affine_change_of_the_points_is_reproduced_exactly_between_them():
    """A linear ramp stays one: linear reading is exact on it, and cubic refinement too."""
    y, x = np.mgrid[:60, :80]
    ramp = np.repeat((2 * x + y)[..., None], 3, axis=2).astype(np.uint8)
    inner = np.random.default_rng(0).uniform(15, 45, (12, 2))
    hull = np.array([[10.0, 10], [50, 10], [50, 50], [10, 50]])
    source = np.concatenate([inner, hull])
    matrix, shift = np.array([[1.1, 0.2], [-0.1, 0.9]]), np.array([3.0, 5.0])
    target = source @ matrix.T + shift
    places, shape = (np.concatenate([p, border_points((80, 60))]) for p in (source, target))
    triangles = triangulate(source)
    image = paint(shape, triangles, [Layer(Texture.of(ramp), places, 1.0)], (80, 60))
    centres = np.stack([x, y], axis=-1) + 0.5
    back = (centres - shift) @ np.linalg.inv(matrix).T
    inside = rasterise(shape, triangles, (80, 60)) >= 0
    expected = 2 * (back[..., 0] - 0.5) + back[..., 1] - 0.5
    assert inside.sum() > 1000
    assert np.abs(image[..., 0] - expected)[inside].max() <= 0.51


def test_every_pixel_lies_in_a_triangle_even_where_the_shape_is_folded():
    rng = np.random.default_rng(5)
    points = np.concatenate([rng.uniform(5, 55, (40, 2)), border_points((60, 60))])
    triangles = triangulate(points)
    assert (doubled_areas(points, triangles) > 0).all()
    folded = points.copy()
    folded[:40] += rng.normal(0, 12, (40, 2))
    assert fold_depths(folded, triangles).max() > 1
    for shape in (points, folded):
        assert (rasterise(shape, triangles, (60, 60)) >= 0).all()
    np.testing.assert_allclose(doubled_areas(folded, triangles).sum(), 2 * 60 * 60)


def test_reading_between_pixels_blurs_less_than_linear_reading_would():
    stripes = np.tile((128 + 100 * np.cos(np.pi / 2 * np.arange(64))), (8, 1))
    image = np.repeat(stripes[..., None], 3, axis=2).astype(np.uint8)
    total = np.zeros((3, 1, 30), np.float32)
    x = np.arange(20, 50)[None] + 1.0
    texture = Texture.of(image)
    texture.add(x, np.full_like(x, 4.0), 1.0, total)
    contrast = np.ptp(texture.encode(total)[..., 0].astype(float))
    exact = np.ptp(128 + 100 * np.cos(np.pi / 2 * (x - 0.5)))
    linear = np.ptp(0.5 * image[0, 20:50, 0] + 0.5 * image[0, 21:51, 0])
    assert exact - contrast < 0.6 * (exact - linear)


# --- the set --------------------------------------------------------------------------------------

FULL = (
    "levels = {start = 0, stop = 1, step = 0.25}\nseed = 7\n"
    + 'kind = "morph"\nmatch = "luminance"\n'
    + HEAD
    + "[masks.eyes]\nfeather = 3\n[masks.mouth]\nfill = 'noise'\n"
    + ENDS
)


@pytest.fixture(scope="module")
def made(photographs, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sets") / "two"
    path = photographs / "full.toml"
    path.write_text(FULL)
    morph_stimuli(read_morph_spec(path), folder)
    return folder


def test_a_morphed_set_is_a_stimulus_set_with_all_that_reviewers_ask_for(made, photographs):
    stimuli = load_stimuli(made)
    assert stimuli.table["level"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert list(stimuli.masks) == ["eyes", "mouth"]
    assert stimuli.title == "two faces"
    assert not stimuli.rendered
    manifest = read_manifest(made)
    assert manifest is not None
    assert manifest.made_from == "photographs"
    assert set(manifest.sources) == {"woman.png", "woman.tem", "man.png", "man.tem"}
    assert set(manifest.masks) == {"eyes", "mouth"}
    assert (made / "spec.toml").read_text() == FULL
    statistics = pd.read_csv(made / "statistics.csv")
    assert statistics["stimulus"].tolist() == stimuli.table["stimulus"].tolist()
    assert set(pd.read_csv(made / "matching.csv")["property"]) >= {"luminance", "rms_contrast"}


def test_the_landmarks_of_each_level_are_in_the_table_and_in_its_template(made, photographs):
    table = pd.read_csv(made / "landmarks.csv")
    for name, rows in table.groupby("stimulus"):
        template = read_template(made / f"{name}.tem")
        np.testing.assert_allclose(rows[["x", "y"]], template.points, atol=6e-4)
    ends = [read_template(photographs / f"{name}.tem").points for name in ("woman", "man")]
    middle = read_template(made / "face-050.tem").points
    np.testing.assert_allclose(middle, np.mean(ends, axis=0), atol=6e-4)


def test_the_same_spec_gives_the_same_bytes_again(made, photographs, tmp_path):
    morph_stimuli(read_morph_spec(photographs / "full.toml"), tmp_path / "again")
    names = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    assert names == {
        path.relative_to(tmp_path / "again")
        for path in (tmp_path / "again").rglob("*")
        if path.is_file()
    }
    for name in names:
        assert (made / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_morphing_returns_the_set_that_it_wrote(made, photographs, tmp_path):
    returned = morph_stimuli(photographs / "full.toml", tmp_path / "set")
    again = load_stimuli(tmp_path / "set")
    assert returned.summary() == again.summary()
    assert returned.table.equals(again.table)
    for mask in returned.covers:
        np.testing.assert_array_equal(returned.images(mask), again.images(mask))


def test_any_number_of_cores_paints_the_same(plan):
    continuum = plan()
    np.testing.assert_array_equal(continuum.paint_all(), continuum.paint_all(cores=3))


@pytest.mark.slow
def test_matching_within_the_face_is_verified_there_and_by_the_check(photographs, tmp_path):
    path = photographs / "within.toml"
    path.write_text(FULL.replace('"luminance"', '"luminance"\nmatch_region = "face"'))
    morph_stimuli(read_morph_spec(path), tmp_path / "set")
    effect = pd.read_csv(tmp_path / "set" / "matching.csv").set_index("property")
    assert set(effect["region"]) == {"face"}
    assert effect.loc["luminance", "range_before"] > 1.0
    assert effect.loc["luminance", "range_after"] < 0.1
    checked = check_stimuli(tmp_path / "set")
    assert checked.matched == "luminance within the face"
    ranges = checked.trends.set_index("property")["range"]
    assert ranges["luminance_of_face"] < 0.1 < ranges["luminance"]


def test_matching_is_done_before_masks_are_filled_and_its_effect_is_written(made):
    effect = pd.read_csv(made / "matching.csv").set_index("property")
    assert effect.loc["luminance", "range_after"] < 0.1
    assert effect.loc["luminance", "range_before"] > effect.loc["luminance", "range_after"]


def test_a_set_of_rendered_faces_says_so_and_a_mixture_too(photographs, tmp_path):
    rendered = MORPH.replace(
        'image = "woman.png"\ntemplate = "woman.tem"', "valence = -1.0\nsize = 96"
    )
    for text, is_rendered, made_from in (
        (TRANSFORM, False, "photographs and rendered faces"),
        (
            rendered.replace('image = "man.png"\ntemplate = "man.tem"', "valence = 1.0\nsize = 96")
            + "[image]\nwidth = 64",
            True,
            "rendered faces",
        ),
    ):
        path = photographs / "spec.toml"
        path.write_text(text)
        out = tmp_path / made_from.replace(" ", "-")
        morph_stimuli(read_morph_spec(path), out)
        assert load_stimuli(out).rendered is is_rendered
        manifest = read_manifest(out)
        assert manifest is not None
        assert manifest.made_from == made_from
        assert manifest.renderer


@pytest.mark.parametrize("kind", ["png", "tiff", "webp"])
def test_every_format_keeps_every_pixel(tmp_path, kind):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    path = tmp_path / "a"
    path.write_bytes(encode_image(pixels, kind))
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), pixels)
    assert encode_image(pixels, kind) == path.read_bytes()


# --- photographs ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("names", [("f_multi", "m_multi"), ("_female_avg", "_male_avg")])
def test_photographs_morph_without_holes_black_borders_or_deep_folds(shared, tmp_path, names):
    for name in names:
        for suffix in ("jpg", "tem"):
            shutil.copy(shared / "webmorph" / f"{name}.{suffix}", tmp_path)
    text = MORPH.replace("woman.png", f"{names[0]}.jpg").replace("woman.", f"{names[0]}.")
    text = text.replace('"man.png', f'"{names[1]}.jpg').replace('"man.', f'"{names[1]}.')
    (tmp_path / "spec.toml").write_text(text + "[image]\nwidth = 270\n")
    spec = read_morph_spec(tmp_path / "spec.toml")
    continuum = plan_continuum(spec, load_faces(spec))
    images = continuum.paint_all().astype(int)
    ends = images[[0, -1]]
    sides = (images[:, [0, -1]], images[:, :, [0, -1]])
    edges = np.concatenate([side.reshape(len(images), -1) for side in sides], axis=1)
    lowest, highest = edges[[0, -1]].min(axis=0), edges[[0, -1]].max(axis=0)
    assert (edges >= lowest - 2).all()
    assert (edges <= highest + 2).all()
    for shape in continuum.shapes:
        whole = np.concatenate([shape, continuum.border])
        assert (rasterise(whole, continuum.triangles, continuum.size) >= 0).all()
        assert fold_depths(whole, continuum.triangles).max() < 0.1
    assert ends.mean() > 100
    assert np.abs(np.diff(images.mean(axis=(1, 2, 3)))).max() < 8
