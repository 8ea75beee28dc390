import numpy as np
import pandas as pd
import pytest
import scipy.stats

from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.pse import fit

LEVELS = np.linspace(0, 1, 7)


def table_of(hits, trials=30):
    hits = np.atleast_2d(hits)
    return pd.DataFrame(
        {
            "observer": np.repeat([f"p{i}" for i in range(len(hits))], hits.shape[1]),
            "level": np.tile(np.linspace(0, 1, hits.shape[1]), len(hits)),
            "n_trials": trials,
            "n_target": hits.ravel(),
        }
    )


def drawn(n, seed, pse=0.5, width=0.6, trials=40):
    rng = np.random.default_rng(seed)
    return table_of(rng.binomial(trials, psi(SIGMOIDS["norm"], LEVELS, pse, width, 0.02, 0.02),
                                 (n, 7)), trials)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["threshold", "width", "lapse"])
def test_a_profile_interval_ends_where_a_held_fit_is_half_a_chi_squared_worse(name):
    table = table_of([2, 3, 8, 17, 24, 26, 27])
    found = fit(table, asymptotes="free", priors="published").table.iloc[0]
    prior = [9 * np.log1p(-found.guess) + 9 * np.log1p(-found["lapse"])]
    for end in ("low", "high"):
        held = found[f"{name}_{end}"]
        if name == "lapse" and held == 0:
            continue
        bounds = {name: (held, held)}
        other = fit(table, bounds=bounds, priors="published").table.iloc[0]
        prior.append(9 * np.log1p(-other.guess) + 9 * np.log1p(-other["lapse"]))
        fall = found.log_likelihood + prior[0] - other.log_likelihood - prior[-1]
        assert fall == pytest.approx(scipy.stats.chi2.ppf(0.95, 1) / 2, abs=0.05)


def test_a_pse_interval_is_a_threshold_interval_where_the_two_are_one():
    rates = {"guess": (0.02, 0.02), "lapse": (0.020001, 0.020001)}  # next to one
    found = fit(drawn(5, seed=1), bounds=rates).table
    np.testing.assert_allclose(found["pse_low"], found["threshold_low"], atol=2e-3)
    np.testing.assert_allclose(found["pse_high"], found["threshold_high"], atol=2e-3)


@pytest.mark.slow
def test_with_one_rate_the_pse_is_the_threshold_and_has_its_interval_and_its_bounds():
    found = fit(drawn(5, seed=1), asymptotes="equal").table
    for end in ("low", "high"):
        np.testing.assert_array_equal(found[f"pse_{end}"], found[f"threshold_{end}"])
    held = fit(drawn(1, seed=1), asymptotes="equal", bounds={"threshold": (0.5, 0.5)}).table.iloc[0]
    assert held.pse == 0.5
    assert np.isnan([held.pse_low, held.pse_high]).all()


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_one_trial_per_level_leaves_a_step_as_wide_an_interval_as_a_dense_grid(shift):
    levels = np.array([0, 0.2, 0.3, 0.5, 0.7, 0.8, 1])
    table = table_of([0, 0, 0, 0, 1, 1, 1], trials=1).assign(level=levels + shift)
    found = fit(table).table.iloc[0]
    places, widths = np.linspace(0.2, 1, 801)[:, None, None], np.geomspace(0.01, 100, 400)[:, None]
    shares = np.clip(psi(SIGMOIDS["norm"], levels, places, widths), 1e-100, 1 - 1e-16)
    best = np.where(levels > 0.6, np.log(shares), np.log1p(-shares)).sum(axis=2).max(axis=1)
    inside = places[best > -scipy.stats.chi2.ppf(0.95, 1) / 2, 0, 0]
    ends = found[["threshold_low", "threshold_high"]].astype(float) - shift
    np.testing.assert_allclose(ends, [inside[0], inside[-1]], atol=3e-3)


@pytest.mark.slow
def test_the_interval_of_the_jnd_is_that_of_the_width_in_other_units():
    found = fit(drawn(3, seed=4)).table
    np.testing.assert_allclose(found["jnd_low"] / found["jnd"], found["width_low"] / found["width"])


@pytest.mark.slow
def test_a_higher_confidence_gives_a_wider_interval():
    table = drawn(4, seed=3)
    for bootstrap in (0, 200):
        some, more = (fit(table, confidence=p, bootstrap=bootstrap).table for p in (0.68, 0.95))
        assert ((more["pse_high"] - more["pse_low"]) > (some["pse_high"] - some["pse_low"])).all()


@pytest.mark.slow
def test_profile_and_bootstrap_agree_where_data_are_many():
    table = drawn(4, seed=6, trials=200)
    profile, bootstrap = fit(table).table, fit(table, bootstrap=400).table
    for end in ("pse_low", "pse_high", "jnd_low", "jnd_high"):
        width = profile[end[:3] + "_high"] - profile[end[:3] + "_low"]
        assert (np.abs(profile[end] - bootstrap[end]) < 0.25 * width).all()


@pytest.mark.slow
@pytest.mark.parametrize("bootstrap", [0, 100])
def test_intervals_cover_the_true_pse_about_as_often_as_they_say(bootstrap):
    found = fit(drawn(150, seed=9), bootstrap=bootstrap).table
    covered = (found["pse_low"] <= 0.5) & (found["pse_high"] >= 0.5)
    assert 0.9 <= covered.mean() <= 0.99


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bootstrap_and_another_seed_another():
    table = drawn(2, seed=5)
    one, same, other = (fit(table, bootstrap=50, seed=s).table for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert (one["pse_low"] != other["pse_low"]).all()


def test_a_bootstrap_of_which_many_refits_have_no_pse_gives_no_interval_and_says_so():
    hits = [0, 1, 2, 3, 60, 121, 122]  # the upper asymptote may lie on either side of .5
    found = fit(table_of(hits, 240), bootstrap=200).table.iloc[0]
    assert found.status == "ok"
    assert np.isnan(found.pse_low)
    assert "refits have no PSE" in found.reason


@pytest.mark.slow
def test_a_falling_curve_has_the_mirrored_interval():
    rising = fit(table_of([1, 2, 6, 17, 24, 28, 29])).table.iloc[0]
    falling = fit(table_of([29, 28, 24, 13, 6, 2, 1])).table.iloc[0]
    assert falling.status == "reversed"
    assert falling.pse_low == pytest.approx(rising.pse_low, abs=2e-3)
    assert falling.pse_high == pytest.approx(rising.pse_high, abs=2e-3)
    assert falling.lapse_high == pytest.approx(rising.guess_high, abs=2e-3)


def test_an_interval_that_data_leave_open_has_no_end():
    found = fit(table_of([10, 12, 13, 15, 17, 18, 20]), confidence=0.999).table.iloc[0]
    assert found.status == "ok"
    assert np.isnan(found.width_high)
    assert found.width_low > 0
