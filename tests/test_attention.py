"""Maps on images, how much goes where, whether that changes, and whether the answer hangs on it."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

import psychobench as pb
from psychobench.attention.faithfulness import faithfulness
from psychobench.attention.image_maps import normalise_maps, on_image
from psychobench.attention.mapped import MapRequest
from psychobench.attention.measure import NamedObserver, measure_attention
from psychobench.attention.regions import REGIONS, face_regions, set_regions
from psychobench.attention.shares import level_slopes, mask_shifts, tabulate_shares
from psychobench.errors import ObserverError, OptionError
from psychobench.observers.attention_protocol import AttentionMaps, request_maps, with_attention
from psychobench.observers.protocol import ObserverInfo
from psychobench.observers.registry import load_observer
from psychobench.stimuli import load_stimuli

INFO = ObserverInfo("looker", "1", ("sad", "happy"), "happy", "none", "a rule")
LEVELS = (0.0, 0.5, 1.0)


class Looker:
    """Answers by one corner's brightness, and looks at the brightest pixels."""

    attention_methods = ("bright",)
    info = INFO

    def __init__(self, tilt: float = 0.0) -> None:
        self.tilt = tilt

    def respond(self, images):
        return images[:, :8, :8].mean(axis=(1, 2, 3)) / 255

    def attention(self, images, *, method, layer=None, target=None, **options):
        maps = images.mean(axis=3).astype(np.float32)
        return AttentionMaps(maps, method, layer or "retina", target or "happy", options)

    def replicates(self, n):
        return [Looker(0.1 * number) for number in range(n)]


@pytest.fixture(scope="module")
def stimuli():
    return load_stimuli().select(LEVELS)


@pytest.fixture(scope="module")
def regions(stimuli):
    return set_regions(stimuli)


# --- maps on images ----------------------------------------------------------------------------


def test_an_empty_map_stays_empty_when_it_is_normalised():
    maps = np.stack([np.zeros((3, 3)), -np.ones((3, 3)), np.eye(3) * 4])
    normalised = normalise_maps(maps)
    assert not normalised[:2].any()
    np.testing.assert_array_equal(normalised[2], np.eye(3))
    found = AttentionMaps(maps.astype(np.float32), "cam", "conv5", "happy")
    assert found.empty.tolist() == [True, True, False]


def test_maps_are_refused_where_they_are_no_numbers():
    maps = np.zeros((2, 3, 3), np.float32)
    maps[1, 0, 0] = np.nan
    with pytest.raises(ObserverError, match="1 of 2 maps, the first for image 1"):
        AttentionMaps(maps, "cam", "conv5", "happy")
    with pytest.raises(ObserverError, match="float32 of shape"):
        AttentionMaps(np.zeros((2, 3, 3)), "cam", "conv5", "happy")


def test_what_the_observer_did_not_see_has_no_share():
    """An observer that sees the central square of a wide photograph."""
    maps = AttentionMaps(
        np.ones((1, 4, 4), np.float32), "cam", "conv5", "happy", window=(0, 0.25, 1, 0.75)
    )
    placed = on_image(maps, 10, 20)[0]
    assert placed[:, 5:15].min() == 1
    assert placed.sum() == 100


# --- regions -----------------------------------------------------------------------------------


def test_every_pixel_belongs_to_one_region_and_features_are_where_landmarks_are(stimuli, regions):
    landmarks = pd.read_csv(stimuli.folder / "landmarks.csv")
    parts = {"left_pupil": "eyes", "right_pupil": "eyes", "mouth_centre": "mouth"}
    for row in landmarks[landmarks["feature"].isin(parts)].itertuples():
        label = regions.labels[0][int(row.y), int(row.x)]
        assert regions.names[label] == parts[row.feature]
    brow = landmarks[landmarks["feature"] == "left_brow"][["x", "y"]].mean()
    assert regions.names[regions.labels[0][int(brow["y"]), int(brow["x"])]] == "brows"
    assert regions.names[regions.labels[0][0, 0]] == "background"
    assert regions.areas.sum(axis=1) == pytest.approx(1)
    assert set(np.unique(regions.labels)) == set(range(len(REGIONS)))


def test_fixed_regions_do_not_grow_with_the_smile_and_own_ones_do(stimuli, regions):
    mouth = REGIONS.index("mouth")
    assert len(set(regions.areas[:, mouth])) == 1
    own = set_regions(stimuli, "own").areas[:, mouth]
    assert own[2] > 1.1 * own[1]
    assert own.max() <= regions.areas[0, mouth]


def test_five_landmarks_mark_no_brows():
    five = np.array([[30, 40], [70, 40], [50, 60], [38, 78], [62, 78.0]])
    found = face_regions([five], (100, 100))
    assert found.names == ("eyes", "nose", "mouth", "face", "background")
    assert found.areas[0, 3] > found.areas[0, 0] > 0


# --- shares ------------------------------------------------------------------------------------


def maps_of(regions, shares_of_mouth, seed=0):
    """Even maps whose mouth gets a share that is known."""
    mouth = regions.labels == REGIONS.index("mouth")
    wanted = np.asarray(shares_of_mouth)[:, None, None]
    n_in, n_out = mouth.sum((1, 2), keepdims=True), (~mouth).sum((1, 2), keepdims=True)
    return np.where(mouth, wanted / n_in, (1 - wanted) / n_out).astype(np.float32)


def table(regions, shares, unit="head 1", mask="none", levels=LEVELS):
    found = AttentionMaps(maps_of(regions, shares), "cam", "conv5", "happy")
    return tabulate_shares(
        found, regions, levels, observer="o", pretraining="-", mask=mask, unit=unit
    )


def test_an_even_map_gives_each_region_the_share_of_its_area(regions):
    found = AttentionMaps(np.ones((3, 7, 7), np.float32), "cam", "conv5", "happy")
    shares = tabulate_shares(
        found, regions, LEVELS, observer="o", pretraining="-", mask="none", unit="head 1"
    )
    assert shares["ratio"].to_numpy() == pytest.approx(1, abs=1e-4)
    assert not shares["empty"].any()


def test_shares_ignore_the_maps_unit_and_what_is_negative(regions):
    maps = maps_of(regions, [0.3, 0.3, 0.3])
    np.testing.assert_allclose(regions.shares(maps * 1e6), regions.shares(maps), rtol=1e-5)
    signed = np.where(maps > np.median(maps), maps, -maps)
    np.testing.assert_allclose(regions.shares(signed), regions.shares(np.maximum(signed, 0)))


def test_an_empty_map_has_no_shares_and_leaves_the_slope(regions):
    maps = maps_of(regions, [0.1, 0.2, 0.3])
    maps[1] = 0
    found = AttentionMaps(maps, "cam", "conv5", "happy")
    shares = tabulate_shares(
        found, regions, LEVELS, observer="o", pretraining="-", mask="none", unit="head 1"
    )
    assert shares.loc[shares["level"] == 0.5, "share"].isna().all()
    assert shares.loc[shares["level"] == 0.5, "empty"].all()
    slopes = level_slopes(shares).set_index("region")["slope"]
    assert slopes["mouth"] == pytest.approx(0.2, abs=1e-4)


def test_one_network_has_a_slope_and_no_p(regions):
    slopes = level_slopes(table(regions, [0.1, 0.2, 0.3])).set_index("region")
    assert slopes.loc["mouth", "slope"] == pytest.approx(0.2, abs=1e-4)
    assert slopes["units"].tolist() == [1] * len(REGIONS)
    assert slopes[["t", "p", "p_holm", "p_bonferroni"]].isna().all(axis=None)


def test_slopes_of_several_heads_are_tested_as_scipy_tests_them(regions):
    rng = np.random.default_rng(1)
    gains = rng.normal(0.1, 0.05, 8)
    shares = pd.concat(
        [table(regions, 0.2 + gain * np.array(LEVELS), f"head {i}") for i, gain in enumerate(gains)]
    )
    slopes = level_slopes(shares).set_index("region")
    expected = stats.ttest_1samp(gains, 0)
    assert slopes.loc["mouth", "t"] == pytest.approx(expected.statistic, rel=1e-3)
    assert slopes.loc["mouth", "p"] == pytest.approx(expected.pvalue, rel=1e-2)
    family = slopes["p"].notna().sum()
    assert slopes.loc["mouth", "p_bonferroni"] == pytest.approx(
        min(1, family * slopes.loc["mouth", "p"])
    )
    assert (slopes["p_holm"] <= slopes["p_bonferroni"] + 1e-12).all()


def test_without_a_trend_the_test_rejects_as_often_as_it_says(regions):
    """All units of 200 families at once: a family's tests are of one region."""
    rng = np.random.default_rng(5)
    rows = [
        {"observer": f"o{o}", "pretraining": "-", "mask": "none", "region": "mouth",
         "unit": f"head {u}", "level": level, "share": 0.2 + rng.normal(0, 0.02)}
        for o in range(200) for u in range(6) for level in LEVELS
    ]  # fmt: skip
    p = level_slopes(pd.DataFrame(rows))["p"]
    assert stats.binomtest(int((p < 0.05).sum()), len(p), 0.05).pvalue > 0.01


def test_attention_that_moves_to_the_mouth_when_the_eyes_are_hidden_is_found(regions):
    rng = np.random.default_rng(2)
    parts = []
    for unit in range(6):
        base, shift = rng.normal(0.2, 0.02), rng.normal(0.1, 0.02)
        parts.append(table(regions, [base] * 3, f"head {unit}"))
        parts.append(table(regions, [base + shift] * 3, f"head {unit}", mask="eyes"))
    found = mask_shifts(pd.concat(parts)).set_index("region")
    assert found.loc["mouth", "difference"] == pytest.approx(0.1, abs=0.03)
    assert found.loc["mouth", "p_holm"] < 0.01
    assert found.loc["eyes", "difference"] < 0
    assert not len(mask_shifts(table(regions, [0.1, 0.2, 0.3])))


# --- faithfulness ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(3).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)


def test_a_map_of_what_decides_is_more_faithful_than_chance_and_its_opposite_less():
    """The answer is the corner's brightness; the corner is white on black."""
    images = np.zeros((1, 32, 32, 3), np.uint8)
    images[:, :8, :8] = 255
    truth = np.zeros((1, 32, 32), np.float32)
    truth[:, :8, :8] = 1
    looker, rng = Looker(), np.random.default_rng(0)

    def judge(maps):
        found = AttentionMaps(maps, "m", "l", "happy")
        result = faithfulness(looker.respond, images, found, rng, n_random=20, fill="mean")
        return result.to_frame().set_index("curve")

    right, wrong = judge(truth), judge(1 - truth)
    assert right.loc["deletion", "auc"] < right.loc["deletion", "auc_random"]
    assert right.loc["insertion", "auc"] > right.loc["insertion", "auc_random"]
    assert right["better_than"].tolist() == [1, 1]
    assert wrong["better_than"].tolist() == [0, 0]


def test_a_random_map_is_as_good_as_chance(noise):
    rng = np.random.default_rng(4)
    images = np.repeat(noise, 30, axis=0)
    maps = rng.random((len(images), 8, 8)).astype(np.float32)
    found = AttentionMaps(maps, "m", "l", "happy")
    table = faithfulness(
        Looker().respond, images, found, rng, steps=4, n_random=5, fill="mean"
    ).to_frame()
    assert table["better_than"].mean() == pytest.approx(0.5, abs=0.12)


def test_curves_begin_and_end_with_the_image_and_with_nothing(noise):
    found = AttentionMaps(np.random.default_rng(0).random((2, 4, 4), np.float32), "m", "l", "happy")
    result = faithfulness(Looker().respond, noise, found, np.random.default_rng(0), steps=3)
    whole = Looker().respond(noise)
    np.testing.assert_allclose(result.deletion[:, 0], whole)
    np.testing.assert_allclose(result.insertion[:, -1], whole)
    np.testing.assert_allclose(result.insertion[:, 0], result.deletion[:, -1])
    other = faithfulness(
        Looker().respond, noise, found, np.random.default_rng(0), steps=3, explained="other"
    )
    np.testing.assert_allclose(other.deletion, 1 - result.deletion)


# --- asking observers --------------------------------------------------------------------------


def test_an_observer_without_attention_is_told_who_has_it():
    with pytest.raises(ObserverError, match="'template' has none; these have: "):
        with_attention(load_observer("template"), "template")


def test_an_observer_must_give_one_map_for_each_image(stimuli):
    class Short(Looker):
        def attention(self, images, **asked):
            return super().attention(images[:1], **asked)

    with pytest.raises(ObserverError, match="returned 1 maps for 3 images"):
        request_maps(Short(), stimuli.images(), name="short", method="bright")


def test_an_unknown_method_is_answered_with_those_that_the_observer_has():
    with pytest.raises(ObserverError, match="has no 'layercam', only bright"):
        pb.map_attention(Looker())


@pytest.mark.slow
def test_heads_and_people_are_units_but_not_both(stimuli):
    options = {"method": "bright", "stimuli": stimuli, "masks": ["none", "eyes"], "levels": "0,1"}
    heads = pb.map_attention(Looker(), seeds=3, **options)
    assert heads.slopes["units"].tolist() == [3] * (2 * len(REGIONS))
    assert [each.label for each in heads.maps] == ["looker", "looker, eyes hidden"]
    faces = pb.map_attention(Looker(), rendered_people=2, **options)
    assert faces.unit == "person"
    assert faces.slopes["units"].tolist() == [2] * (2 * len(REGIONS))
    with pytest.raises(OptionError, match="either heads or people"):
        pb.map_attention(Looker(), rendered_people=2, seeds=2, **options)


@pytest.fixture(scope="module")
def study(stimuli):
    return pb.map_attention(
        {"mine": Looker()}, method="bright", stimuli=stimuli, levels=[0.0, 1.0],
        masks="none,eyes", faithfulness=True, seed=7,
    )  # fmt: skip


@pytest.fixture
def coarse_figures(monkeypatch):
    """Write figures as small PNG files only; vector graphics take seconds each."""

    def save_coarsely(figure, folder, name):
        figure.savefig(folder / f"{name}.png", dpi=40)

    monkeypatch.setattr("psychobench.draw.figures.save_figure", save_coarsely)


@pytest.mark.slow
def test_faithfulness_is_measured_for_each_observer_and_mask(study):
    (maps, found), other = study.faithfulness
    assert (maps.observer, maps.mask, other[0].mask) == ("mine", "none", "eyes")
    assert found.deletion.shape == (2, 17)
    frame = study.faithfulness_frame()
    assert len(frame) == 2 * 2 * 2  # masks, levels, curves
    assert sorted(frame["level"].unique()) == [0, 1]


@pytest.mark.slow
@pytest.mark.usefixtures("coarse_figures")
def test_raw_maps_are_kept_with_their_provenance_and_without_pickle(study, stimuli, tmp_path):
    study.save(tmp_path, colour_scale="map")
    with np.load(tmp_path / "maps" / "mine---none.npz", allow_pickle=False) as kept:
        np.testing.assert_array_equal(kept["maps"], study.maps[0].found.maps)
        assert kept["levels"].tolist() == list(LEVELS)
        about = json.loads(str(kept["provenance"]))
    assert about["layer"] == "retina"
    assert about["run"]["seed"] == 7
    assert about["stimuli"]["sha256"] == stimuli.sha256
    assert json.loads((tmp_path / "attention.json").read_text()) == study.to_json()
    assert {path.name for path in tmp_path.iterdir()} >= {
        "maps.png", "shares.png", "shares.csv", "slopes.csv", "shifts.csv", "attention.json",
        "faithfulness.png", "faithfulness.csv",
    }  # fmt: skip


def test_a_notebook_shows_how_much_goes_where(study):
    html = study._repr_html_()
    assert "DEMONSTRATION" in html
    assert "<td>mine</td>" in html
    assert len(study.to_frame()) == len(study.shares)
    titles = [axis.get_title() for axis in study.plot(colour_scale="row").axes]
    assert titles[:2] == ["0", "1"]


def test_one_panel_of_shares_goes_onto_an_axis_of_ones_own(study, stimuli):
    axis = Figure().subplots()
    one = pb.map_attention(Looker(), method="bright", stimuli=stimuli, levels="0,1")
    assert one.plot_shares(axis) is axis.figure
    assert axis.get_ylabel() == "share of the map / share of the area"
    with pytest.raises(OptionError, match="one axis takes one observer"):
        study.plot_shares(axis)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"levels": "low"}, "`levels` must be one of 'all', numbers"),
        ({"readings": "total"}, "`readings` must be of the form NAME=VALUE"),
        ({"regions": "some"}, "`regions` must be one of fixed, own"),
        ({"seeds": 0}, "`seeds` must be a whole number, 1 or more"),
        ({"pretraining": ["a/w.pt", "b/w.pt"]}, "each `pretraining` must have a name of its own"),
    ],
)
def test_a_wrong_argument_is_named(options, said):
    with pytest.raises(OptionError, match=re.escape(said)):
        pb.map_attention(Looker(), **{"method": "bright", **options})


def test_a_study_of_nothing_but_empty_maps_says_so(stimuli):
    class Blind(Looker):
        def attention(self, images, **asked):
            found = super().attention(images, **asked)
            return AttentionMaps(found.maps * 0, found.method, found.layer, found.target)

    study = pb.map_attention({"blind": Blind()}, method="bright", stimuli=stimuli, levels="all")
    assert "blind: 3 of 3 maps are empty" in study.summary()
    assert study.levels == LEVELS
    document = study.to_json()
    assert document["maps"][0]["empty"] == [0, 1, 2]
    assert {row["share"] for row in document["shares"]} == {None}
    assert document["slopes"] == []


def test_a_set_without_landmarks_is_mapped_without_shares(stimuli):
    looker = NamedObserver("looker", Looker())
    study = measure_attention([looker], MapRequest("bright"), stimuli, ("none",), regions=None)
    assert not len(study.shares)
    assert "each region" not in study.summary()
    document = study.to_json()
    assert document["shares"] == document["slopes"] == document["shifts"] == []
    with pytest.raises(OptionError, match="shares need landmarks"):
        study.plot_shares()
