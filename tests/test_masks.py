"""Masks: they hide the whole feature at every level, and tell nothing of the expression."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from psychobench.errors import StimulusError
from psychobench.stimuli import load_stimuli
from psychobench.stimuli.faces import Identity, View, face_landmarks, frl_points, render_face
from psychobench.stimuli.landmarks.face_geometry import FaceGeometry
from psychobench.stimuli.landmarks.point_layouts import FEATURES
from psychobench.stimuli.landmarks.template_files import read_template
from psychobench.stimuli.masks import (
    REGIONS,
    MaskSpec,
    face_masks,
    make_masks,
    mask_files,
    masked_files,
    read_mask_specs,
)
from psychobench.stimuli.masks.fills import local_fill, noise_fill
from psychobench.stimuli.masks.regions import face_region, features_region

LEVELS = np.linspace(-1.0, 1.0, 21)
SIZE = 224
PARTS = {"eyes": ("left_eye", "right_eye"), "nose": ("nose",),
         "mouth": ("mouth_outer", "mouth_corners")}  # fmt: skip


def marks_of(who: Identity | None = None, view: View | None = None) -> list[dict[str, np.ndarray]]:
    return [face_landmarks(who, valence, view=view, size=SIZE) for valence in LEVELS]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_a_mask_covers_its_feature_at_every_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    marks = marks_of(Identity.random(rng), View.random(rng))
    masks = face_masks(marks, SIZE)
    for name, parts in PARTS.items():
        for level in marks:
            for part in parts:
                columns, rows = np.floor(level[part]).astype(int).T
                assert masks[name][rows, columns].all(), (name, part)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_no_pixel_belongs_to_two_masks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = face_masks(marks_of(Identity.random(rng), View.random(rng)), SIZE)
    assert np.sum(list(masks.values()), axis=0).max() == 1


def test_the_masks_of_the_average_face_are_symmetric() -> None:
    for name, mask in face_masks(marks_of(), SIZE).items():
        assert (mask == mask[:, ::-1]).all(), name


def test_one_mask_serves_all_levels_and_each_level_alone_would_need_less() -> None:
    whole = face_masks(marks_of(), SIZE)
    for valence in (-1.0, 0.0, 1.0):
        alone = face_masks([face_landmarks(valence=valence, size=SIZE)], SIZE)
        for name, mask in whole.items():
            assert alone[name].sum() <= mask.sum()
        assert alone["mouth"].sum() < whole["mouth"].sum()


def test_the_patch_over_the_mouth_bends_neither_up_nor_down() -> None:
    mask = face_masks(marks_of(), SIZE)["mouth"]
    rows, columns = np.nonzero(mask)
    middle = np.array([rows[columns == column].mean() for column in np.unique(columns)])
    assert np.ptp(middle) <= 0.5


def test_the_order_of_the_levels_does_not_matter() -> None:
    there, back = face_masks(marks_of(), SIZE), face_masks(marks_of()[::-1], SIZE)
    for name, mask in there.items():
        assert (mask == back[name]).all()


def test_a_smile_changes_the_hidden_mouth_far_more_than_the_rest() -> None:
    change = np.abs(render_face(valence=1.0).astype(float) - render_face()).sum(axis=2)
    mask = face_masks(marks_of(), SIZE)["mouth"]
    assert change[mask].mean() > 20 * change[~mask].mean()


# masks from a spec

SMALL = 128
FEW = np.linspace(-1.0, 1.0, 11)


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return np.stack([render_face(valence=valence, size=SMALL) for valence in FEW])


@pytest.fixture(scope="module")
def points() -> list[np.ndarray]:
    return [frl_points(valence=valence, size=SMALL) for valence in FEW]


def outline_readout(hidden: np.ndarray) -> float:
    """Correlate the levels with what a linear readout, left to predict each, makes of pixels."""
    pixels = hidden.reshape(len(hidden), -1).astype(float)
    pixels -= pixels.mean(axis=0)
    kernel = pixels @ pixels.T
    predicted = np.empty(len(FEW))
    for left in range(len(FEW)):
        others = np.arange(len(FEW)) != left
        weights = np.linalg.solve(
            kernel[np.ix_(others, others)]
            + 1e-3 * max(np.trace(kernel), 1.0) * np.eye(len(FEW) - 1),
            FEW[others] - FEW[others].mean(),
        )
        predicted[left] = kernel[left, others] @ weights
    return 0.0 if np.ptp(predicted) == 0 else float(np.corrcoef(predicted, FEW)[0, 1])


@pytest.mark.parametrize("fill", ["grey", "mean", "local", "noise"])
@pytest.mark.parametrize("region", ["mouth", "eyes+brows", "lower-half"])
def test_what_is_seen_where_a_fixed_mask_hides_is_the_same_at_all_levels(
    faces, points, region, fill
) -> None:
    (mask,) = make_masks([MaskSpec("m", region, fill=fill)], points, faces).values()
    shown = mask.apply(faces)[:, mask.opacity == 255]
    assert (shown == shown[0]).all()


def test_the_outline_of_a_following_mask_tells_the_level_and_that_of_a_fixed_one_does_not(
    faces, points
) -> None:
    specs = [MaskSpec("fixed", "mouth"), MaskSpec("following", "mouth", follow=True)]
    masks = make_masks(specs, points, faces)
    outlines = {
        name: np.broadcast_to(mask.opacity, faces.shape[:3]) for name, mask in masks.items()
    }
    assert outline_readout(outlines["fixed"]) == 0.0
    assert outline_readout(outlines["following"]) > 0.8  # .89 from 11 outlines of 128 pixels
    assert masks["fixed"].about["leaks"] == []
    assert "outline" in masks["following"].about["leaks"][0]


def test_a_blurred_mouth_still_tells_the_level_and_a_noisy_one_does_not(faces, points) -> None:
    specs = [MaskSpec(fill, "mouth", fill=fill) for fill in ("blur", "noise")]
    masks = make_masks(specs, points, faces)
    seen = {name: mask.apply(faces)[:, mask.opacity == 255] for name, mask in masks.items()}
    assert outline_readout(seen["blur"]) > 0.9
    assert outline_readout(seen["noise"]) == 0.0
    assert "blurred" in masks["blur"].about["leaks"][0]


@pytest.mark.parametrize("region", REGIONS)
def test_an_inverse_mask_shows_what_the_mask_hides(faces, points, region) -> None:
    specs = [MaskSpec("m", region, feather=5), MaskSpec("i", region, feather=5, inverse=True)]
    masks = make_masks(specs, points, faces)
    assert (masks["m"].opacity + masks["i"].opacity.astype(int) == 255).all()


@pytest.mark.parametrize("region", ["eyes", "nose", "mouth", "eyes+brows"])
@pytest.mark.parametrize("feather", [0.0, 3.0])
def test_a_control_mask_is_as_large_and_touches_no_feature(region, feather) -> None:
    refused: list[str] = []
    for seed in (None, 1, 2):
        rng = np.random.default_rng(seed or 0)
        who, view = (None, None) if seed is None else (Identity.random(rng), View.random(rng))
        marks = [frl_points(who, valence, view=view, size=SIZE) for valence in (-1.0, 0.0, 1.0)]
        images = np.zeros((3, SIZE, SIZE, 3), dtype=np.uint8)
        spec = MaskSpec("m", region, feather=feather, control=True)
        try:
            mask, control = make_masks([spec], marks, images).values()
        except StimulusError as error:
            refused.append(str(error))
            continue
        area, other = (m.opacity.sum(dtype=int) / 255 for m in (mask, control))
        assert other == pytest.approx(area, abs=1.0)
        face = FaceGeometry.of(marks)
        assert not control.opacity[features_region(face, (SIZE, SIZE))].any()
        assert face_region(face, (SIZE, SIZE))[control.opacity == 255].all()
    assert len(refused) <= 1  # a low fringe leaves a forehead of no use
    assert all("a control mask must fit on the face" in text for text in refused)


def test_making_masks_again_gives_the_same_bytes_and_a_seed_changes_the_noise(
    faces, points
) -> None:
    def fill(seed: int) -> np.ndarray:
        spec = MaskSpec("m", "eyes", fill="noise", seed=seed, control=True)
        return make_masks([spec], points, faces)["m-control"].fill

    assert (fill(3) == fill(3)).all()
    assert (fill(3) != fill(4)).any()


def test_noise_has_the_amplitude_spectrum_of_what_it_hides() -> None:
    rng = np.random.default_rng(0)
    x = np.arange(96)
    texture = 128 + 30 * np.sin(2 * np.pi * x / 8)[None, :] + rng.normal(0, 4, (1, 96, 96))
    images = np.repeat(texture[..., None].clip(0, 255), 3, axis=3).astype(np.uint8)
    hidden = np.zeros((96, 96), dtype=bool)
    hidden[16:80, 16:80] = True
    patch = noise_fill(images, hidden, np.random.default_rng(1))[16:80, 16:80, 0].astype(float)
    power = np.abs(np.fft.fft2(patch - patch.mean())) ** 2
    assert power[0, 7:10].sum() > 0.3 * power.sum() / 2  # 8 cycles in 64 pixels, one side
    assert patch.std() == pytest.approx(images[0, 16:80, 16:80, 0].std(), rel=0.15)
    assert abs(np.corrcoef(patch.ravel(), images[0, 16:80, 16:80, 0].ravel())[0, 1]) < 0.9


def test_the_local_fill_meets_what_surrounds_it_and_takes_nothing_from_below() -> None:
    ramp = np.broadcast_to(np.linspace(20, 220, 200)[None, :, None], (200, 200, 3)).copy()
    hidden = np.zeros((200, 200), dtype=bool)
    hidden[80:120, 80:120] = True
    plain = local_fill(ramp, hidden).astype(float)
    assert np.abs(plain - ramp)[hidden].max() < 25
    ramp[hidden] = 255.0
    assert (local_fill(ramp, hidden) == plain).all()


def test_the_region_stays_hidden_whatever_the_feather(faces, points) -> None:
    hard, soft = (make_masks([MaskSpec("eyes", feather=f)], points, faces)["eyes"] for f in (0, 6))
    assert (soft.opacity[hard.opacity == 255] == 255).all()
    outside = soft.opacity[(hard.opacity == 0) & (soft.opacity > 0)]
    assert outside.size > 0
    assert outside.max() < 255


def test_a_polygon_hides_the_pixels_within_its_landmarks() -> None:
    square = np.array([[10.0, 10], [30, 10], [30, 20], [10, 20], [50, 50]])
    images = np.zeros((2, 64, 64, 3), dtype=np.uint8)
    mask = make_masks(
        [MaskSpec("box", points=(0, 1, 2, 3))], [square, square + np.array([0.0, 5.0])], images
    )["box"]
    assert mask.region.sum() == 20 * 15
    assert mask.about["box"] == [10, 10, 30, 25]
    assert mask.about["centre"] == [20.0, 17.5]


@pytest.mark.parametrize("count", [189, 68, 5])
def test_every_region_lies_on_its_part_of_the_face_for_any_kind_of_landmarks(
    faces, points, count
) -> None:
    marks = points if count == 189 else [few_points(level, count) for level in points]
    masks = make_masks([MaskSpec(r.replace("+", "-"), r) for r in REGIONS], marks, faces)
    down = {name: mask.about["centre"][1] for name, mask in masks.items()}
    assert down["eyes-brows"] < down["eyes"] < down["nose"] < down["mouth"]
    for name, mask in masks.items():
        assert mask.about["centre"][0] == pytest.approx(SMALL / 2, abs=1.5), name
    assert masks["inner-face"].region.mean() == pytest.approx(0.25, abs=0.06)
    assert (masks["upper-half"].region | masks["lower-half"].region).all()
    for feature in ("eyes", "nose", "mouth"):
        covered = masks["inner-face"].region[masks[feature].region].mean()
        assert covered > 0.95


def few_points(frl: np.ndarray, count: int) -> np.ndarray:
    if count == 5:
        return frl[[0, 1, 55, 87, 93]]
    jaw = [109, 185, 110, 186, 111, 125, 126, 128, 129, 130, 132, 133, 114, 188, 113, 187, 112]
    brows = [71, 72, 73, 74, 75, 78, 79, 80, 81, 82]
    nose = [50, 51, 53, 54, 64, 180, 55, 181, 69]
    eyes = [18, 19, 21, 22, 30, 28, 23, 24, 26, 27, 33, 31]
    mouth = [87, 88, 89, 90, 91, 92, 93, 108, 107, 106, 105, 104, 87, 95, 96, 97, 93, 102, 101, 100]
    return frl[jaw + brows + nose + eyes + mouth]


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ({"eyse": {}}, "did you mean 'eyes'?"),
        ({"eyes": {"fil": "grey"}}, "masks.eyes.fil is not a known key (did you mean 'fill'?)"),
        ({"eyes": {"fill": "nois"}}, "did you mean 'noise'?"),
        ({"eyes": {"feather": -1}}, "masks.eyes.feather must be at least 0"),
        ({"eyes": {"feather": "2"}}, "masks.eyes.feather must be at least 0"),
        ({"eyes": {"grey": 300}}, "masks.eyes.grey must be a whole number from 0 to 255"),
        ({"eyes": {"blur": 4.0}}, 'masks.eyes.blur has no effect without fill = "blur"'),
        ({"eyes": {"fill": "blur", "blur": 0}}, "masks.eyes.blur must be above 0"),
        ({"eyes": {"control": True, "follow": True}}, "control must be a fixed mask"),
        ({"eyes": {"inverse": "yes"}}, "masks.eyes.inverse must be true or false"),
        ({"cheek": {"points": [1, 2]}}, "at least three numbers of landmarks"),
        ({"cheek": {"points": [1, 2, -3]}}, "at least three numbers of landmarks"),
        ({"cheek": {"points": [1, 2, 3], "region": "eyes"}}, "either region or points"),
        ({"none": {"region": "eyes"}}, "no mask may be called 'none'"),
        ({"my eyes": {"region": "eyes"}}, "letters, digits and dashes"),
        ({"eyes": 3}, "masks.eyes must be a table"),
        (3, "masks must be tables"),
        ({"eyes": {"control": True}, "eyes-control": {"region": "nose"}}, "no two masks may have"),
    ],
)
def test_a_faulty_mask_is_refused_in_one_line_that_says_what_to_do(table, rule) -> None:
    faults: list[str] = []
    read_mask_specs(table, faults)
    assert len(faults) == 1
    assert rule in faults[0]


def test_masks_that_landmarks_cannot_serve_are_refused(faces, points) -> None:
    for marks, spec, rule in (
        (points, MaskSpec("m", points=(1, 2, 189)), "masks.m.points must be from 0 to 188"),
        ([p[:7] for p in points], MaskSpec("eyes"), "masks.eyes needs 478, 189, 68 or 5 landmarks"),
        ([p + 5000 for p in points], MaskSpec("eyes"), "masks.eyes hides nothing"),
        (points, MaskSpec("mouth", reach=40.0), "masks.mouth hides all"),
        (points, MaskSpec("lower-half", control=True), "a control mask must fit on the face"),
    ):
        with pytest.raises(StimulusError) as caught:
            make_masks([spec], marks, faces)
        assert len(caught.value.faults) == 1
        assert rule in str(caught.value)


def test_people_and_networks_get_the_same_pixels(tmp_path, faces, points) -> None:
    names = [f"face{number:02d}.png" for number in range(len(FEW))]
    rows = [f"{name},{level}" for name, level in zip(names, FEW, strict=True)]
    (tmp_path / "levels.csv").write_text("stimulus,level\n" + "\n".join(rows))
    for name, image in zip(names, faces, strict=True):
        Image.fromarray(image).save(tmp_path / name)
    specs = [
        MaskSpec("eyes", fill="noise", feather=4, control=True),
        MaskSpec("mouth", fill="blur", feather=2.5, follow=True),
        MaskSpec("oval", fill="mean", inverse=True),
    ]
    masks = make_masks(specs, points, faces)
    written = [*mask_files(masks, names), *masked_files(masks, names, faces)]
    for path, data in written:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    loaded = load_stimuli(tmp_path)
    assert set(loaded.covers) == {"eyes", "eyes-control", "mouth", "oval"}
    for name in loaded.covers:
        shown = np.stack([np.asarray(Image.open(tmp_path / "masked" / name / n)) for n in names])
        assert (loaded.images(name) == shown).all()
        assert loaded.covers[name].about == masks[name].about
        two = loaded.select([FEW[7], FEW[2]])
        assert (two.images(name) == shown[[2, 7]]).all()


@pytest.mark.slow
def test_the_masks_of_averaged_photographs_lie_on_their_faces(shared) -> None:
    names = ("f_multi", "m_multi")
    folder = shared / "webmorph"
    marks = [read_template(folder / f"{name}.tem").points / 3 for name in names]
    images = np.stack([np.asarray(Image.open(folder / f"{name}.jpg"))[::3, ::3] for name in names])
    specs = [
        MaskSpec(name.replace("+", "-"), name, fill="noise", feather=3, control=True)
        for name in ("eyes", "nose", "mouth", "eyes+brows")
    ]
    masks = make_masks(specs, marks, images)
    for name, features in PARTS.items():
        for points in marks:
            for feature in features:
                if feature == "mouth_corners":
                    continue
                corners = points[list(FEATURES[189][feature.removesuffix("_outer")])]
                columns, rows = np.floor(corners).astype(int).T
                hidden = masks["mouth"].region | masks[name].region  # the mouth comes first
                assert hidden[rows, columns].all(), name
    for name in ("eyes", "nose", "mouth", "eyes-brows"):
        areas = [masks[m].about["area_pixels"] for m in (name, f"{name}-control")]
        assert areas[1] == pytest.approx(areas[0], abs=1.0)
        skin = [image[masks[f"{name}-control"].opacity == 255].mean(axis=0) for image in images]
        assert all(colour[0] > 1.15 * colour[2] for colour in skin)  # skin, not wall or hair
