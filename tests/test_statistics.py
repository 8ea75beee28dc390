"""Statistics of images, what predicts the level, and what matching does about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from psychobench.errors import OptionError
from psychobench.stimuli.checking.level_courses import find_outliers, fit_course
from psychobench.stimuli.checking.seams import seam_along
from psychobench.stimuli.checking.trends import image_outliers, level_trends
from psychobench.stimuli.image_statistics import image_statistics, luminance
from psychobench.stimuli.matching import match_images, matching_effect

LEVELS = np.linspace(0.0, 1.0, 9)


def photographs(seed: int = 0, drift: float = 40.0) -> np.ndarray:
    """Textures that brighten and gain contrast with the level."""
    rng = np.random.default_rng(seed)
    base = rng.normal(0.0, 25.0, (len(LEVELS), 48, 40, 3)) + np.array([10.0, 0.0, -10.0])
    grown = base * (1.0 + 0.3 * LEVELS[:, None, None, None]) + 100.0
    return (grown + drift * LEVELS[:, None, None, None]).clip(5, 250).astype(np.uint8)


def test_luminance_is_linear_in_light() -> None:
    white, half = luminance(np.array([[255] * 3, [188] * 3], dtype=np.uint8))
    assert white == pytest.approx(1.0)
    assert half == pytest.approx(0.5, abs=0.005)  # half the light is 188 of 255 in sRGB


def test_the_statistics_of_a_picture_that_is_known() -> None:
    image = np.zeros((10, 20, 3), dtype=np.uint8)
    image[:, 10:] = (255, 255, 255)
    row = image_statistics([image], [0.3]).iloc[0]
    assert row["level"] == 0.3
    assert row["luminance"] == pytest.approx(0.5)
    assert row["rms_contrast"] == pytest.approx(0.5)
    assert row["red"] == row["green"] == row["blue"] == 127.5
    assert row["edge_energy"] == pytest.approx(255**2 / 19)
    assert row["clipped"] == 1.0


def test_a_course_is_the_polynomial_that_predicts_images_it_has_not_seen() -> None:
    rng = np.random.default_rng(1)
    for n_levels in (5, 11, 21):
        levels = np.linspace(0.0, 1.0, n_levels)
        noise = rng.normal(0.0, 0.02, n_levels)
        straight = fit_course(levels, 3.0 * levels + noise)
        bent = fit_course(levels, 1.0 - (2.0 * levels - 1.0) ** 2 + noise)
        assert straight.drift == pytest.approx(3.0, abs=0.2)
        assert bent.degree >= 2
        assert bent.size == pytest.approx(1.0, abs=0.2)
        assert min(straight.explained, bent.explained) > 0.9


def test_leave_one_out_errors_are_those_of_refitting_without_each_image() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=9) + 8.0 * LEVELS
    course = fit_course(LEVELS, values)
    assert course.degree == 1
    errors = []
    for left_out in range(9):
        kept = np.delete(np.arange(9), left_out)
        slope, start = np.polyfit(LEVELS[kept], values[kept], 1)
        errors.append(values[left_out] - start - slope * LEVELS[left_out])
    assert course.scatter == pytest.approx(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.slow
def test_noise_has_mostly_no_course_and_never_a_flag_below_the_limit() -> None:
    rng = np.random.default_rng(3)
    degrees = []
    for _ in range(200):
        table = pd.DataFrame({"level": LEVELS, "luminance": rng.normal(1.0, 0.003, 9)})
        (trend,) = level_trends(table).itertuples()
        degrees.append(trend.degree)
        assert not trend.flagged
    assert np.mean(np.array(degrees) == 0) > 0.5


@pytest.mark.slow
def test_the_image_that_leaves_the_course_of_the_others_is_named_wherever_it_is() -> None:
    for n_levels in (5, 11, 21):
        levels = np.linspace(0.0, 1.0, n_levels)
        for odd in range(n_levels):
            values = 2.0 + levels + 0.2 * (np.arange(n_levels) == odd)
            found = find_outliers(levels, values, 0.1)
            assert found == {odd: pytest.approx(0.2)}


def test_an_odd_image_is_an_outlier_and_no_course() -> None:
    values = 1.0 + 0.1 * (np.arange(9) == 8)
    table = pd.DataFrame({"level": LEVELS, "luminance": values})
    (outlier,) = image_outliers(table).itertuples()
    assert (outlier.row, outlier.property) == (8, "luminance")
    assert not level_trends(table)["flagged"][0]


def test_a_set_that_brightens_is_flagged_inside_and_outside_by_magnitude() -> None:
    drifting = level_trends(image_statistics(photographs(), LEVELS.tolist())).set_index("property")
    assert drifting["flagged"][["luminance", "rms_contrast"]].all()
    assert (drifting["explained"][["luminance", "rms_contrast"]] > 0.99).all()
    growing = 1.0 + 0.1 * LEVELS
    table = pd.DataFrame(
        {"level": LEVELS, "luminance_inside": growing, "luminance_outside": growing}
    )
    assert level_trends(table)["flagged"].tolist() == [False, True]


def test_nothing_is_flagged_where_nothing_varies_or_hardly() -> None:
    for values in (np.full(9, 0.3), 1.0 + 1e-2 * LEVELS):
        table = pd.DataFrame({"level": LEVELS, "luminance": values})
        assert not level_trends(table)["flagged"][0]
    pair = pd.DataFrame({"level": [0.0, 1.0], "luminance": [1.0, 2.0]})
    assert level_trends(pair)["degree"][0] == 0  # nothing is left to predict


def test_matching_luminance_makes_mean_and_contrast_equal() -> None:
    images = photographs()
    effect = matching_effect(images, match_images(images, "luminance"), LEVELS)
    effect = effect.set_index("property")
    for name in ("luminance", "rms_contrast"):
        assert effect["range_before"][name] > 10
        assert effect["range_after"][name] < 0.1
        assert effect["flagged_before"][name]
        assert not effect["flagged_after"][name]
    for name in ("luminance", "rms_contrast"):  # the wanted values are the averages
        assert effect["mean_after"][name] == pytest.approx(effect["mean_before"][name], rel=1e-3)


def test_matching_histograms_makes_them_equal_and_keeps_the_order_of_brightness() -> None:
    images = photographs()
    matched = match_images(images, "histogram")
    counts = [
        [np.bincount(image[..., c].ravel(), minlength=256) for c in range(3)] for image in matched
    ]
    assert (np.array(counts) == np.array(counts)[0]).all()
    for before, after in zip(images[..., 0], matched[..., 0], strict=True):
        order = np.argsort(before.ravel(), kind="stable")
        darker = before.ravel()[order]
        values = after.ravel()[order].astype(int)
        for step in np.flatnonzero(np.diff(darker))[::40]:
            assert values[: step + 1].max() <= values[step + 1 :].min()


def test_images_that_match_already_stay_as_they_are() -> None:
    one = photographs()[0]
    same = np.stack([one, one, one])
    for how in ("none", "luminance", "histogram"):
        assert (match_images(same, how) == same).all()


def test_matching_within_a_region_leaves_the_rest_alone() -> None:
    images = photographs()
    region = np.zeros(images.shape[1:3], dtype=bool)
    region[10:30, 10:30] = True
    for how in ("luminance", "histogram"):
        matched = match_images(images, how, region)
        assert (matched[:, ~region] == images[:, ~region]).all()
        light = luminance(matched[:, region]).mean(axis=1)
        assert np.ptp(light) / light.mean() < 0.02


@pytest.mark.slow
def test_an_edit_of_a_region_fades_towards_its_border() -> None:
    """A step along the border would be a cue to the level of its own."""
    rng = np.random.default_rng(0)
    base = np.full((5, 160, 160, 3), 120.0) + rng.normal(0.0, 8.0, (160, 160, 1))
    images = (base + 10.0 * np.arange(-2, 3)[:, None, None, None]).astype(np.uint8)
    down, across = np.indices((160, 160)) - 79.5
    region = down**2 / 1.5 + across**2 < 50.0**2
    abrupt = images.astype(float).mean(axis=3)
    for how in ("luminance", "histogram"):
        matched = match_images(images, how, region)
        change = matched.astype(float).mean(axis=3) - abrupt
        assert np.abs(change[0, 60:100, 60:100]).mean() > 15
        assert abs(seam_along(region, change[0])) < 2.0
        assert abs(seam_along(region, change[0].mean() * region)) > 4.0


def test_only_known_ways_of_matching_are_taken() -> None:
    with pytest.raises(OptionError, match="`how` must be one of none, luminance, histogram"):
        match_images(photographs(), "contrast")
