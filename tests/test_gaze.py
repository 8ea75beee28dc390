"""Maps beside where people looked: measures, baselines, what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from psychobench.errors import ComparisonError, OptionError, ResourceError, TableError
from psychobench.gaze import (
    METRICS,
    BlurRecipe,
    Fixations,
    Placement,
    compare_maps,
    fixation_map,
    read_fixations,
    score_map,
)
from psychobench.gaze.baselines import CENTRE, PEOPLE, ZERO, ImageGaze, score_against_viewers
from psychobench.gaze.centre_bias import CentreBias, fit_centre_bias, pixels_elsewhere
from psychobench.gaze.fixation_maps import fixated_pixels, nearest_pixel, unit_range
from psychobench.gaze.map_files import find_maps, map_sizes, weights_notes
from psychobench.gaze.people import PeopleKernel, choose_kernel, others_densities
from psychobench.gaze.photographs import find_images, image_sizes

SIZE = (90, 60)


def looked_at(spots: list[tuple[float, float]], subject: str = "s1") -> pd.DataFrame:
    """Return fixations of 200 ms at (x, y)."""
    x, y = zip(*spots, strict=True)
    return pd.DataFrame(
        {"image": "a.jpg", "subject": subject, "x_px": x, "y_px": y, "duration_ms": 200.0}
    )


@pytest.fixture(scope="module")
def crowd() -> Fixations:
    """Ten people who look at two places, neither in the middle."""
    rng = np.random.default_rng(3)
    spots = rng.choice([[20.0, 15.0], [70.0, 45.0]], 80) + rng.normal(0, 2, (80, 2))
    table = looked_at([tuple(each) for each in spots])
    table["subject"] = [f"s{i % 10}" for i in range(80)]
    return Fixations(table.assign(onset_ms=np.nan), {"a.jpg": SIZE})


@pytest.fixture
def write(tmp_path: Path) -> Callable[[pd.DataFrame], Path]:
    """Write a table of fixations as CSV."""

    def to_csv(table: pd.DataFrame) -> Path:
        table.to_csv(tmp_path / "fixations.csv", index=False)
        return tmp_path / "fixations.csv"

    return to_csv


def test_a_map_is_nearest_to_itself(crowd: Fixations) -> None:
    looked = crowd.of("a.jpg")
    people = fixation_map(looked, SIZE, BlurRecipe(5, None))
    scores = score_map(people, people, *fixated_pixels(looked))
    assert scores["mae"] == 0
    assert scores["kl"] == pytest.approx(0, abs=1e-9)
    assert scores["cc"] == pytest.approx(1)
    assert scores["sim"] == pytest.approx(1)
    assert scores["auc"] > 0.95


@pytest.mark.parametrize("seed", range(5))
def test_measures_agree_with_scipy_on_random_maps(seed: int, crowd: Fixations) -> None:
    rng, looked = np.random.default_rng(seed), crowd.of("a.jpg")
    candidate = unit_range(np.round(rng.random(SIZE[::-1]), 1))  # many ties
    people = fixation_map(looked, SIZE, BlurRecipe(5, None))
    rows, columns = fixated_pixels(looked)
    scores = score_map(candidate, people, rows, columns)
    fixated = np.zeros(candidate.shape, dtype=bool)
    fixated[rows, columns] = True
    u = stats.mannwhitneyu(candidate[fixated], candidate[~fixated]).statistic
    assert scores["auc"] == pytest.approx(u / fixated.sum() / (~fixated).sum())
    assert scores["cc"] == pytest.approx(stats.pearsonr(candidate.ravel(), people.ravel())[0])
    assert scores["nss"] == pytest.approx(stats.zscore(candidate, axis=None)[rows, columns].mean())
    entropy = stats.entropy(people.ravel(), candidate.ravel() + 1e-12)
    assert scores["kl"] == pytest.approx(entropy, rel=0.02)
    shares = [each / each.sum() for each in (candidate, people)]
    assert scores["sim"] == pytest.approx(1 - np.abs(shares[0] - shares[1]).sum() / 2)
    assert scores["mae"] == pytest.approx(np.abs(candidate - people).mean())


def test_an_empty_map_is_uniform_and_has_no_correlation(crowd: Fixations) -> None:
    looked = crowd.of("a.jpg")
    scores = score_map(np.zeros(SIZE[::-1]), fixation_map(looked, SIZE), *fixated_pixels(looked))
    assert scores["auc"] == 0.5
    assert np.isnan(scores["nss"])
    assert np.isnan(scores["cc"])


def against_viewers(fixations: Fixations, recipe: BlurRecipe) -> dict[str, dict[str, float]]:
    """Score the baselines on one image, one viewer at a time."""
    rng = np.random.default_rng(0)
    kernel = choose_kernel(fixations, ["a.jpg"], rng)
    assert kernel is not None
    return score_against_viewers(ImageGaze.of(fixations, "a.jpg", recipe), {}, kernel, rng)


def test_in_the_published_order_an_empty_map_beats_the_middle_of_the_image(
    crowd: Fixations,
) -> None:
    gaze = ImageGaze.of(crowd, "a.jpg", BlurRecipe(5, 20, "before"))
    scores = gaze.score(gaze.baselines().items())
    assert scores[ZERO]["mae"] < scores[CENTRE]["mae"]
    assert scores[CENTRE]["auc"] > scores[ZERO]["auc"]


def test_people_who_look_at_the_same_places_predict_each_other_better_than_the_middle_does(
    crowd: Fixations,
) -> None:
    scores = against_viewers(crowd, BlurRecipe(5, None))
    assert scores[PEOPLE]["nss"] > scores[CENTRE]["nss"] + 1
    for name, (_, more_is_nearer) in METRICS.items():
        if name != "sauc":  # needs another image
            nearer = scores[PEOPLE][name] - scores[CENTRE][name]
            assert nearer > 0 if more_is_nearer else nearer < 0, name


def test_nobody_is_predicted_from_fixations_of_their_own() -> None:
    rng = np.random.default_rng(0)
    table = looked_at([tuple(each) for each in rng.uniform((5, 5), (85, 55), (40, 2))])
    table["subject"] = [f"s{i % 4}" for i in range(40)]
    gaze = Fixations(table.assign(onset_ms=np.nan), {"a.jpg": SIZE})
    scores = against_viewers(gaze, BlurRecipe(5, None))
    assert scores[PEOPLE]["nss"] < 0.5  # everybody looks somewhere else
    assert scores[PEOPLE]["ig"] < 0.1


def test_the_kernel_is_as_wide_as_people_scatter(crowd: Fixations) -> None:
    rng = np.random.default_rng(0)
    near = choose_kernel(crowd, ["a.jpg"], rng)
    far = crowd.table.copy()
    far[["x_px", "y_px"]] += rng.normal(0, 6, (len(far), 2))
    wide = choose_kernel(Fixations(far, crowd.sizes), ["a.jpg"], rng)
    assert near is not None
    assert wide is not None
    assert 0.5 < near.sigma_px < 3 < wide.sigma_px


def test_the_density_of_other_people_is_above_zero_everywhere_and_leaves_the_viewer_out(
    crowd: Fixations,
) -> None:
    centre, kernel = CentreBias().map(SIZE), PeopleKernel(2.0, 0.01)
    table = crowd.of("a.jpg")
    table = table.assign(subject=["me", *["other"] * (len(table) - 1)])
    mine, others = others_densities(table, SIZE, kernel, centre)
    assert min(mine.min(), others.min()) > 0
    assert (mine.sum(), others.sum()) == pytest.approx((1, 1))
    row, column = (int(each[0]) for each in fixated_pixels(table))
    assert np.unravel_index(others.argmax(), others.shape) == (row, column)
    assert mine.argmax() != others.argmax()


def test_one_viewer_has_no_ceiling(crowd: Fixations) -> None:
    alone = crowd.table.assign(subject="s0")
    compared = compare_maps({"net": {"a": np.eye(60, 90)}}, Fixations(alone, crowd.sizes))
    assert compared.kernel is None
    assert compared.ceiling.empty
    assert "No image has two viewers" in compared.summary()
    with pytest.raises(OptionError, match="`ceiling` needs an image with two viewers"):
        compared.plot(ceiling=True)


def test_durations_weigh_and_far_from_edges_none_is_lost() -> None:
    two = looked_at([(40, 30), (50, 30)]).assign(duration_ms=[100.0, 300.0])
    blurred = fixation_map(two, SIZE, BlurRecipe(2, 13, "before"))
    assert blurred.sum() == pytest.approx(100 / 300 + 1)
    assert blurred[30, 50] > 2 * blurred[30, 40]


def test_the_published_window_has_no_middle_pixel() -> None:
    one = looked_at([(45, 30)])
    even = fixation_map(one, SIZE, BlurRecipe(3, 8))
    peaks = np.argwhere(even == even.max())
    assert np.abs(peaks.mean(axis=0) - (30, 45)).tolist() == [0.5, 0.5]


def test_without_data_the_centre_bias_peaks_in_the_middle() -> None:
    bump = CentreBias().map((91, 61))
    assert np.unravel_index(bump.argmax(), bump.shape) == (30, 45)
    np.testing.assert_allclose(bump, bump[::-1, ::-1])


def test_the_centre_bias_is_fitted_to_fixations_on_the_other_images() -> None:
    rng = np.random.default_rng(0)
    shares = rng.normal((0.4, 0.6), (0.1, 0.05), (500, 2))
    small = looked_at([tuple(each) for each in shares * (90, 60) - 0.5])
    large = looked_at([tuple(each) for each in shares * (300, 300) - 0.5]).assign(image="b.jpg")
    here = looked_at([(80, 5)] * 50).assign(image="c.jpg")
    sizes = {"a.jpg": (90, 60), "b.jpg": (300, 300), "c.jpg": (90, 60)}
    bias = fit_centre_bias(Fixations(pd.concat([small, large, here]), sizes), "c.jpg")
    assert (bias.x, bias.y) == pytest.approx((0.4, 0.6), abs=0.01)
    assert (bias.sigma_x, bias.sigma_y) == pytest.approx((0.1, 0.05), rel=0.1)


def test_fixations_on_images_of_other_sizes_fall_on_the_same_share_of_this_one() -> None:
    there = looked_at([(0, 0), (299, 149)]).assign(image="b.jpg")
    sizes = {"a.jpg": (90, 60), "b.jpg": (300, 150)}
    places = pixels_elsewhere(Fixations(pd.concat([looked_at([(1, 1)]), there]), sizes), "a.jpg")
    assert places is not None
    assert [each.tolist() for each in places] == [[0, 59], [0, 89]]


@pytest.mark.parametrize(("place", "pixel"), [(-0.5, 0), (0.49, 0), (0.5, 1), (1.5, 2), (2.5, 3)])
def test_a_pixel_reaches_half_a_pixel_to_each_side_of_its_centre(place: float, pixel: int) -> None:
    assert nearest_pixel(pd.Series([place])).tolist() == [pixel]


@pytest.mark.slow
@given(
    x=st.floats(0, 89), y=st.floats(0, 59), scale=st.floats(0.5, 4), origin=st.sampled_from([0, 1])
)
def test_a_place_on_the_display_is_the_same_place_in_the_image(
    x: float, y: float, scale: float, origin: int
) -> None:
    placement = Placement((1920, 1080), scale, origin)
    shown = looked_at(
        [
            (
                (x + 0.5) * scale - 0.5 + (1920 - 90 * scale) / 2 + origin,
                (y + 0.5) * scale - 0.5 + (1080 - 60 * scale) / 2 + origin,
            )
        ]
    )
    moved = placement.to_image(shown, {"a.jpg": SIZE})
    assert moved.at[0, "x_px"] == pytest.approx(x, abs=1e-6)
    assert moved.at[0, "y_px"] == pytest.approx(y, abs=1e-6)


def test_only_fixations_wholly_inside_display_and_image_count(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    table = looked_at([(10, 10), (12, 10), (10, 10), (95, 10), (50, 50)])
    table["onset_ms"] = [0, -10, 4900, 100, 4800]
    read = read_fixations(write(table), {"a.jpg": SIZE}, placement=Placement(period=(0, 5000)))
    assert read.table["onset_ms"].tolist() == [0, 4800]
    assert read.left_out == {
        "outside the image": 1,
        "not wholly inside the display period": 2,
    }


def test_the_last_pixel_of_an_enlarged_photograph_is_inside_it(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    table = looked_at([(0, 0), (269, 179), (270, 100)])
    read = read_fixations(write(table), {"a.jpg": SIZE}, placement=Placement(display_scale=3))
    assert np.rint(read.table[["x_px", "y_px"]]).to_numpy().tolist() == [[0, 0], [89, 59]]
    assert read.left_out["outside the image"] == 1


def test_a_period_needs_every_onset_and_an_unknown_one_is_told(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    table = looked_at([(10, 10), (20, 20)])
    table["onset_ms"] = [100, np.nan]
    with pytest.raises(TableError, match="1 of 2 have none, the first of them of subject 's1'"):
        read_fixations(write(table), {"a.jpg": SIZE}, placement=Placement(period=(0, 5000)))
    read = read_fixations(write(table), {"a.jpg": SIZE})
    assert any("no display period is known for 2 of 2" in note for note in read.notes)


def test_a_viewer_without_fixations_is_told(write: Callable[[pd.DataFrame], Path]) -> None:
    table = pd.concat([looked_at([(10, 10), (20, 10), (30, 10)]), looked_at([(500, 10)], "gone")])
    read = read_fixations(write(table), {"a.jpg": SIZE})
    assert read.subjects == ["s1"]
    assert "subject 'gone' has no fixation left" in read.notes


def test_fixations_in_another_unit_are_refused_with_a_scale(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    rng = np.random.default_rng(0)
    doubled = looked_at([(2.5 * x, 2.5 * y) for x, y in rng.uniform((20, 20), SIZE, (40, 2))])
    with pytest.raises(TableError, match=r"`display_scale=2\.[45]`"):
        read_fixations(write(doubled), {"a.jpg": SIZE})
    placement = Placement(display_scale=2.5)
    assert len(read_fixations(write(doubled), {"a.jpg": SIZE}, placement=placement).table)


def test_fixations_on_other_images_are_counted(write: Callable[[pd.DataFrame], Path]) -> None:
    table = looked_at([(10, 10), (20, 20), (30, 30)])
    table["image"] = ["a.jpg", "photos/a.png", "b.jpg"]
    read = read_fixations(write(table), {"a.jpg": SIZE})
    assert len(read.of("a.jpg")) == 2
    assert read.notes[0] == "1 fixations on 1 other images left out"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("x_px", "left", "x_px must be a number"),
        ("duration_ms", "0", "duration_ms must be a number above 0"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(
    column: str, value: str, said: str, tmp_path: Path
) -> None:
    table = looked_at([(10, 10), (20, 20)]).astype(str)
    table.loc[1, column] = value
    table.to_csv(tmp_path / "f.csv", index=False)
    with pytest.raises(TableError, match=f"{said}.*row 3 of"):
        read_fixations(tmp_path / "f.csv", {"a.jpg": SIZE})


def test_foreign_column_names_are_told(write: Callable[[pd.DataFrame], Path]) -> None:
    file = write(looked_at([(10, 10)]).rename(columns={"image": "picture", "x_px": "x"}))
    with pytest.raises(TableError, match="has no image, x_px"):
        read_fixations(file, {"a.jpg": SIZE})
    renamed = {"image": "picture", "x_px": "x"}
    assert len(read_fixations(file, {"a.jpg": SIZE}, columns=renamed).table) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_scale": 0.0},
        {"origin": 2},
        {"period": (5.0, 5.0)},
        {"display_scale": float("nan")},
    ],
)
def test_an_impossible_placement_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Placement(**wrong)  # type: ignore[arg-type]


def save(folder: Path, source: str, image: str, values: object) -> None:
    (folder / source).mkdir(parents=True, exist_ok=True)
    np.savez(folder / source / f"{image}.npz", map=values)


@pytest.mark.slow
def test_better_maps_come_out_nearer_with_intervals_over_images(tmp_path: Path) -> None:
    rng, images = np.random.default_rng(0), [f"i{n}" for n in range(8)]
    tables = []
    for image in images:
        spot = rng.uniform((15, 15), (75, 45))
        at = looked_at([tuple(each) for each in spot + rng.normal(0, 3, (30, 2))])
        at["subject"], at["image"] = [f"s{i % 5}" for i in range(30)], f"{image}.jpg"
        tables.append(at)
        save(tmp_path, "net/good", image, fixation_map(at, SIZE, BlurRecipe(12, None)))
        save(tmp_path, "net/noise", image, rng.random((13, 13)))
    sizes = {f"{image}.jpg": SIZE for image in images}
    gaze = Fixations(pd.concat(tables, ignore_index=True), sizes)
    compared = compare_maps(tmp_path, gaze, sigma_px=6)
    pooled = compared.pooled.set_index("source")
    assert list(pooled.index) == [ZERO, CENTRE, "net/good", "net/noise"]
    assert list(compared.ceiling["source"]) == [CENTRE, PEOPLE, "net/good", "net/noise"]
    for name, (_, more_is_nearer) in METRICS.items():
        good, noise = pooled.loc["net/good", name], pooled.loc["net/noise", name]
        assert (good > noise) == more_is_nearer, name
        assert (
            pooled.loc["net/good", f"{name}_low"] <= good <= pooled.loc["net/good", f"{name}_high"]
        )
    again = compare_maps(tmp_path, gaze, sigma_px=6)
    pd.testing.assert_frame_equal(again.pooled, compared.pooled)


def test_maps_without_fixations_are_counted_and_strangers_refused(
    tmp_path: Path, crowd: Fixations
) -> None:
    save(tmp_path, "net", "b", np.ones((3, 3)))
    with pytest.raises(ComparisonError, match=r"maps of b and fixations on a"):
        compare_maps(tmp_path, crowd)
    save(tmp_path, "net", "a", np.eye(3))
    notes = compare_maps(tmp_path, crowd).notes
    assert "1 images have maps but no fixations, and were left out: b" in notes


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([[0.0, np.nan]]), "finite numbers.*1 that are NaN"),
        (np.zeros((2, 3, 4)), "plane of numbers"),
        (np.array([["a"]]), "plane of numbers"),
        (np.array([[None]], dtype=object), "readable"),
    ],
)
def test_a_map_that_is_none_is_refused(
    values: np.ndarray, said: str, tmp_path: Path, crowd: Fixations
) -> None:
    save(tmp_path, "net", "a", values)
    with pytest.raises(ResourceError, match=said):
        compare_maps(tmp_path, crowd)


def test_a_folder_without_maps_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="SOURCE/IMAGE"):
        find_maps(tmp_path)
    with pytest.raises(ResourceError, match="there is none"):
        find_maps(tmp_path / "nowhere")


def test_without_photographs_sizes_come_from_the_maps_or_what_lies_beside_them(
    tmp_path: Path,
) -> None:
    save(tmp_path, "full", "a", np.eye(4)[:, :3])
    assert map_sizes(tmp_path, find_maps(tmp_path)) == {"a": (3, 4)}
    save(tmp_path, "coarse", "a", np.eye(2))
    with pytest.raises(ResourceError, match="as `images`"):
        map_sizes(tmp_path, find_maps(tmp_path))
    (tmp_path / "maps.json").write_text(json.dumps({"photographs": {"sizes": {"a.jpg": [90, 60]}}}))
    assert map_sizes(tmp_path, find_maps(tmp_path)) == {"a.jpg": SIZE}


@pytest.mark.parametrize(("pretraining", "said"), [("imagenet", 0), ("procedural-objects", 1)])
def test_maps_of_networks_that_never_saw_imagenet_say_so(
    pretraining: str, said: int, tmp_path: Path, crowd: Fixations
) -> None:
    save(tmp_path, "net", "a", np.eye(3))
    network = {"network": "vgg16", "origin": "drawings", "pretraining": pretraining}
    (tmp_path / "maps.json").write_text(json.dumps({"networks": [network]}))
    assert len(weights_notes(tmp_path)) == said
    compared = compare_maps(tmp_path, crowd)
    assert ("not those of the paper" in compared.summary()) == bool(said)


def test_weights_in_a_file_are_not_said_to_be_of_anything(tmp_path: Path) -> None:
    networks = [
        {"network": name, "origin": origin, "pretraining": "mine.pth"}
        for name, origin in (
            ("alexnet", "drawings"),
            ("vgg16", "drawings"),
            ("vgg11", "the file /x/mine.pth"),
        )
    ]
    (tmp_path / "maps.json").write_text(json.dumps({"networks": networks}))
    drawn, file = weights_notes(tmp_path)
    assert drawn.startswith("alexnet, vgg16 saw drawings, not ImageNet")
    assert file.startswith("vgg11 with the weights in mine.pth, not torchvision's")


def test_a_map_of_nothing_is_flagged_in_table_notes_and_gallery(
    tmp_path: Path, crowd: Fixations
) -> None:
    from PIL import Image

    save(tmp_path, "net/gradcam", "a", np.zeros((3, 3)))
    save(tmp_path, "net/cam", "a", np.eye(3))
    Image.new("RGB", SIZE).save(tmp_path / "a.jpg")
    compared = compare_maps(tmp_path / "net", crowd, images=tmp_path)
    empty = compared.images.set_index("source")["empty"]
    assert empty["gradcam"]
    assert not empty["cam"]
    assert any("gradcam is the same everywhere in 1 images" in note for note in compared.notes)
    ((_, figure),) = compared.plot_galleries()
    said = [[text.get_text() for text in panel.texts] for panel in figure.axes]
    titles = [panel.get_title() for panel in figure.axes]
    assert said[titles.index("gradcam")] == ["empty"]
    assert said[titles.index("cam")] == []


@pytest.mark.slow
def test_a_comparison_is_written_with_figures_and_galleries(
    tmp_path: Path, crowd: Fixations
) -> None:
    from PIL import Image

    save(tmp_path / "maps", "net/gradcam", "a", np.eye(3))
    save(tmp_path / "maps", "net/dense/conv5", "a", np.eye(3))
    (tmp_path / "photos").mkdir()
    Image.new("RGB", SIZE).save(tmp_path / "photos" / "a.jpg")
    compare_maps(tmp_path / "maps", crowd, images=tmp_path / "photos").save(tmp_path / "out")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"gaze.csv", "images.csv", "gaze.json", "summary.txt", "gaze.png"} <= written
    assert {"error.png", "gallery-net.png", "gallery-net-dense.png"} <= written
    rows = json.loads((tmp_path / "out" / "gaze.json").read_text())["rows"]
    assert rows[0]["source"] == ZERO
    assert rows[0]["nss"] is None


def test_images_are_found_in_the_folders_of_pascal_voc(tmp_path: Path) -> None:
    from PIL import Image

    place = tmp_path / "VOC2007" / "JPEGImages"
    place.mkdir(parents=True)
    (tmp_path / "VOC2007" / "Annotations").mkdir()
    Image.new("RGB", (50, 37)).save(place / "000005.jpg")
    for folder in (tmp_path, tmp_path / "VOC2007", place):
        assert image_sizes(find_images(folder)) == {"000005.jpg": (50, 37)}


def test_photographs_that_differ_in_their_endings_alone_are_refused(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png"):
        (tmp_path / name).touch()
    with pytest.raises(ResourceError, match=r"there are a\.jpg and a\.png"):
        find_images(tmp_path)


def test_a_photograph_that_lies_on_its_side_has_the_size_it_is_read_with(tmp_path: Path) -> None:
    from PIL import Image

    from psychobench.images import read_image

    for turn in (1, 3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = turn
        Image.new("RGB", (9, 5)).save(tmp_path / f"turned{turn}.jpg", exif=exif)
    for path in find_images(tmp_path):
        assert image_sizes([path])[path.name] == read_image(path).shape[1::-1]


def test_fifteen_viewers_of_photographs_are_read_whole(shared: Path) -> None:
    folder = shared / "osie"
    sizes = image_sizes(find_images(folder / "stimuli"))
    placement = Placement(origin=1)
    read = read_fixations(folder / "fixations.csv", sizes, placement=placement)
    assert len(read.subjects) == 15
    assert len(sizes) == 12 == read.table["image"].nunique()
    assert sum(read.left_out.values()) == 0


@pytest.mark.slow
def test_people_who_look_at_photographs_predict_each_other_best_on_every_measure(
    shared: Path,
) -> None:
    folder = shared / "osie"
    rng = np.random.default_rng(0)
    names = [path.stem for path in find_images(folder / "stimuli")]
    maps = {"noise": {name: rng.random((13, 13)) for name in names}}
    compared = compare_maps(maps, folder / "fixations.csv", images=folder / "stimuli", origin=1)
    scores = compared.ceiling.set_index("source")
    for name, (_, more_is_nearer) in METRICS.items():
        people, others = scores.loc[PEOPLE, name], scores.drop(PEOPLE)[name]
        assert people > others.max() if more_is_nearer else people < others.min(), name


@pytest.mark.slow
def test_maps_and_fixations_in_memory_give_what_files_give(
    tmp_path: Path, crowd: Fixations, write: Callable[[pd.DataFrame], Path]
) -> None:
    rng = np.random.default_rng(1)
    values = rng.random(SIZE[::-1])
    save(tmp_path / "maps", "net", "a", values)
    people = crowd.to_frame()
    from_files = compare_maps(tmp_path / "maps", write(people))
    in_memory = compare_maps({"net": {"a": values}}, people)
    pd.testing.assert_frame_equal(in_memory.to_frame(), from_files.to_frame())
    renamed = people.rename(columns={"image": "picture"})
    columns: tuple[object, ...] = ({"image": "picture"}, "image=picture", ["image=picture"])
    for each in columns:
        again = compare_maps({"net": {"a": values}}, renamed, columns=each)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(again.to_frame(), in_memory.to_frame())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"display": "wide"}, "`display` must be width and height"),
        ({"sigma_deg": 1.0}, "both `sigma_deg` and `pixels_per_degree`"),
        ({"sigma_px": 0.0}, "`sigma_px` must be above 0"),
        ({"normalise": "never"}, "`normalise` must be after or before"),
        ({"columns": "picture"}, "`columns` must be of the form"),
    ],
)
def test_a_wrong_option_of_a_comparison_is_named(
    options: dict[str, object], said: str, crowd: Fixations
) -> None:
    with pytest.raises(OptionError, match=said):
        compare_maps({"net": {"a": np.eye(4)}}, crowd.to_frame(), **options)  # type: ignore[arg-type]


def test_fixations_that_were_read_are_not_moved_again(crowd: Fixations) -> None:
    with pytest.raises(OptionError, match="in place already"):
        compare_maps({"net": {"a": np.eye(4)}}, crowd, origin=1)


def test_one_measure_is_drawn_on_an_axis_of_ones_own(crowd: Fixations) -> None:
    from matplotlib.figure import Figure

    compared = compare_maps({"net": {"a": np.eye(60, 90)}}, crowd)
    figure = Figure()
    axis = figure.subplots()
    assert compared.plot("nss", ax=axis) is figure
    assert [label.get_text() for label in axis.get_yticklabels()][-1] == "net"
    with pytest.raises(OptionError, match="one axis takes one measure"):
        compared.plot(ax=axis)
    assert "<table" in compared._repr_html_()
