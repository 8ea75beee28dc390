"""Statistics of images, what predicts the level, and what matching does about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from psychobench.errors import OptionError
from psychobench.stimuli.image_statistics import image_statistics, level_trends, luminance
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


def test_trends_and_their_intervals_agree_with_scipy() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"level": LEVELS, "a": LEVELS + rng.normal(0, 0.2, 9), "b": rng.normal(5, 1, 9)}
    )
    for row in level_trends(table).itertuples():
        known = pearsonr(table[row.property], LEVELS)
        low, high = known.confidence_interval(0.95)
        assert (row.r, row.r_low, row.r_high) == pytest.approx((known.statistic, low, high))


def test_a_set_that_brightens_is_flagged_and_one_that_does_not_is_not() -> None:
    drifting = level_trends(image_statistics(photographs(), LEVELS.tolist())).set_index("property")
    assert drifting["flagged"][["luminance", "rms_contrast", "red", "green", "blue"]].all()
    assert (drifting["r"]["luminance"] > 0.99).all()
    rng = np.random.default_rng(3)
    flags = [
        level_trends(pd.DataFrame({"level": LEVELS, "x": rng.normal(1.0, 0.2, 9)}))["flagged"][0]
        for _ in range(400)
    ]
    assert np.mean(flags) == pytest.approx(0.05, abs=0.03)  # as often as the interval says


def test_nothing_is_flagged_where_nothing_varies_or_too_few_images_are_there() -> None:
    same = pd.DataFrame({"level": LEVELS, "x": np.full(9, 0.3)})
    few = pd.DataFrame({"level": [0.0, 0.5, 1.0], "x": [1.0, 2.0, 3.0]})
    tiny = pd.DataFrame({"level": LEVELS, "x": 1.0 + 1e-4 * LEVELS})
    assert not level_trends(same)["flagged"][0]
    assert np.isnan(level_trends(same)["r"][0])
    assert not level_trends(few)["flagged"][0]
    assert level_trends(few)["r"][0] == pytest.approx(1.0)
    assert not level_trends(tiny)["flagged"][0]


def test_matching_luminance_makes_mean_and_contrast_equal() -> None:
    images = photographs()
    effect = matching_effect(images, match_images(images, "luminance"), LEVELS)
    effect = effect.set_index("property")
    for name in ("luminance", "rms_contrast"):
        assert effect["range_percent_before"][name] > 10
        assert effect["range_percent_after"][name] < 0.1
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


def test_only_known_ways_of_matching_are_taken() -> None:
    with pytest.raises(OptionError, match="`how` must be one of none, luminance, histogram"):
        match_images(photographs(), "contrast")
