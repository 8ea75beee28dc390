"""What is read off a curve: any proportion, slopes, Weber fractions, d', Spearman-Kaerber."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import psychobench as pb
from psychobench.errors import OptionError
from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.readings import sensitivity, spearman_kaerber

LEVELS = np.linspace(1.0, 3.0, 9)


def table(guess=0.1, lapse=0.05, n=400, falling=False, sigmoid="norm"):
    """Counts that lie on a curve, as well as whole numbers allow."""
    where = (np.log(2.0), 0.5) if SIGMOIDS[sigmoid].log_levels else (2.0, 1.0)
    p = psi(SIGMOIDS[sigmoid], LEVELS, *where, guess, lapse, falling=falling)
    return pd.DataFrame(
        {"observer": "p1", "level": LEVELS, "n_trials": n, "n_target": np.round(n * p).astype(int)}
    )


@pytest.mark.slow
@pytest.mark.parametrize("sigmoid", ["norm", "gumbel", "weibull", "lognorm"])
@pytest.mark.parametrize("falling", [False, True])
def test_at_the_level_of_a_proportion_the_curve_has_that_proportion(sigmoid, falling):
    fits = pb.fit(table(falling=falling, sigmoid=sigmoid), sigmoid=sigmoid)
    found = fits.thresholds(at=[0.25, 0.5, 0.75])
    np.testing.assert_allclose(fits.predict(found["level"])[0], found["at"], atol=1e-9)
    assert found["level"][1] == pytest.approx(fits.table["pse"][0])


@pytest.mark.slow
@pytest.mark.parametrize("falling", [False, True])
def test_unscaled_proportions_lie_between_the_asymptotes(falling):
    fits = pb.fit(table(falling=falling))
    guess, lapse = fits.table.loc[0, ["guess", "lapse"]].astype(float)
    found = fits.thresholds(at=".5,.75", unscaled=True)
    expected = guess + (1 - guess - lapse) * found["at"]
    np.testing.assert_allclose(fits.predict(found["level"])[0], expected, atol=1e-9)
    assert found["level"][0] == pytest.approx(fits.table["threshold"][0])


@pytest.mark.slow
def test_a_proportion_that_the_curve_never_has_has_no_level():
    fits = pb.fit(table(guess=0.3, lapse=0.3))
    assert fits.thresholds(at=[0.1, 0.5, 0.9])["level"].isna().tolist() == [True, False, True]


@pytest.mark.slow
def test_in_two_alternatives_75_percent_correct_is_half_of_f():
    fits = pb.fit(table(guess=0.5, lapse=0.0), task="2afc", asymptotes="fixed")
    scaled = fits.thresholds(at=0.75)["level"][0]
    assert scaled == pytest.approx(fits.thresholds(at=0.5, unscaled=True)["level"][0])
    assert scaled == pytest.approx(2.0, abs=0.01)


@pytest.mark.slow
def test_fit_adds_a_column_for_each_proportion():
    fits = pb.fit(table(), at=".75,.9")
    levels = fits.thresholds(at=[0.75, 0.9])["level"]
    assert fits.table[["level_at_0.75", "level_at_0.9"]].iloc[0].tolist() == levels.tolist()
    plain = pb.fit(table()).table
    pd.testing.assert_frame_equal(fits.table[list(plain)], plain)


@pytest.mark.parametrize("wrong", [75, "0", [0.5, 1.0], "high", []])
def test_only_proportions_have_a_level(wrong):
    with pytest.raises(OptionError, match="`at` must be"):
        pb.fit(table(), at=wrong)


@pytest.mark.slow
def test_slopes_are_those_of_the_curve_and_beta_is_palamedes():
    fits = pb.fit(table())
    row, slopes = fits.table.iloc[0], fits.slopes().iloc[0]
    for at, name in ((row["pse"], "slope_pse"), (row["threshold"], "slope_threshold")):
        ends = fits.predict([at - 1e-5, at + 1e-5])[0]
        assert slopes[name] == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-6)
    assert slopes["slope_pse"] == pytest.approx(row["slope"])
    room = 1 - row["guess"] - row["lapse"]
    assert slopes["slope_unscaled"] == pytest.approx(slopes["slope_threshold"] / room)
    # the cumulative normal: beta is 1 / sd, and psi = guess + room Phi((x - m) / sd)
    expected = row["guess"] + room * norm.cdf(LEVELS, row["threshold"], slopes["sd"])
    np.testing.assert_allclose(fits.predict(LEVELS)[0], expected)
    assert slopes["beta"] == pytest.approx(1 / slopes["sd"])


def test_beta_is_the_exponent_of_the_weibull_function():
    fits = pb.fit(table(0.0, 0.0, sigmoid="weibull"), sigmoid="weibull", asymptotes="fixed")
    beta = fits.slopes()["beta"][0]
    alpha = fits.thresholds(at=1 - np.exp(-1))["level"][0]
    expected = 1 - np.exp(-((LEVELS / alpha) ** beta))
    np.testing.assert_allclose(fits.predict(LEVELS)[0], expected, atol=1e-9)


@pytest.mark.slow
def test_weber_fractions_do_not_depend_on_the_unit_of_levels():
    fits = pb.fit(table())
    metres = pb.fit(table().assign(level=lambda t: t["level"] / 1000))
    assert fits.weber_fractions()["weber_fraction"][0] == pytest.approx(
        metres.weber_fractions()["weber_fraction"][0], rel=1e-5
    )
    found = fits.weber_fractions(standard=2)
    assert found["weber_fraction"][0] == pytest.approx(fits.table["jnd"][0] / 2)
    with pytest.raises(OptionError, match="must not be 0"):
        fits.weber_fractions(standard=0)


def test_dprime_between_levels_is_their_distance_in_standard_deviations():
    sd = 0.4
    p = norm.cdf(LEVELS, 2.0, sd)
    found = sensitivity(LEVELS, p, np.full(9, 1e9))
    np.testing.assert_allclose(found.dprime, 0.25 / sd, rtol=1e-4)
    middle = (found.low_level + found.high_level) / 2
    np.testing.assert_allclose(found.criterion, (2.0 - middle) / sd, atol=1e-3)


counts = st.lists(st.integers(0, 20), min_size=4, max_size=8)


@pytest.mark.slow
@given(counts)
def test_dprimes_add_up_and_swapping_the_responses_turns_their_signs(hits):
    levels, p = np.arange(len(hits), dtype=float), np.array(hits) / 20
    trials = np.full(len(hits), 20.0)
    near, every = sensitivity(levels, p, trials), sensitivity(levels, p, trials, neighbours=False)
    assert np.isfinite(every.dprime).all()
    ends = (every.low_level == 0) & (every.high_level == levels[-1])
    assert near.dprime.sum() == pytest.approx(every.dprime[ends][0])
    swapped = sensitivity(levels, 1 - p, trials)
    np.testing.assert_allclose(swapped.dprime, -near.dprime, atol=1e-9)
    np.testing.assert_allclose(swapped.criterion, -near.criterion, atol=1e-9)


def test_spearman_kaerber_recovers_mean_and_sd_where_the_curve_is_whole():
    levels = np.linspace(-4, 4, 33)
    p = norm.cdf(levels, 0.3, 0.8)
    p[0], p[-1] = 0.0, 1.0
    found = spearman_kaerber(levels, p, np.full(33, 50.0))
    assert found.pse == pytest.approx(0.3, abs=1e-3)
    assert found.sd == pytest.approx(0.8, abs=0.01)  # Sheppard: a uniform within each gap


def test_its_standard_error_is_the_spread_of_its_estimates():
    rng, levels = np.random.default_rng(0), np.linspace(-2, 2, 9)
    p, n = norm.cdf(levels, 0.1, 0.5), 40
    draws = rng.binomial(n, p, size=(4000, 9)) / n
    found = [spearman_kaerber(levels, each, np.full(9, n)) for each in draws]
    known = [each for each in found if each.reason is None]
    assert len(known) > 3500
    spread = np.std([each.pse for each in known])
    assert np.mean([each.pse_se for each in known]) == pytest.approx(spread, rel=0.05)
    assert np.mean([each.pse for each in known]) == pytest.approx(0.1, abs=0.01)


def test_without_both_ends_there_is_no_spearman_kaerber_estimate_but_a_reason():
    found = pb.fit(table(guess=0.27, lapse=0.2)).spearman_kaerber().iloc[0]
    assert np.isnan(found["pse"])
    assert found["reason"].startswith("the proportions run from 0.27")


def test_falling_and_rising_proportions_have_the_same_estimate():
    levels, p, n = np.arange(6.0), np.array([0, 0.1, 0.4, 0.7, 0.9, 1]), np.full(6, 10.0)
    rising, falling = spearman_kaerber(levels, p, n), spearman_kaerber(levels, 1 - p, n)
    np.testing.assert_allclose(rising[:3], falling[:3])


def test_what_needs_counts_or_yes_no_answers_says_so():
    probabilities = table().assign(p_target=lambda t: t["n_target"] / t["n_trials"])
    fits = pb.fit(probabilities.drop(columns=["n_target", "n_trials"]))
    for reading in (fits.sensitivity, fits.spearman_kaerber):
        with pytest.raises(OptionError, match="counted answers are needed"):
            reading()
    with pytest.raises(OptionError, match='needs `task="yes-no"`'):
        pb.fit(table(guess=0.5), task="2afc").sensitivity()
    with pytest.raises(OptionError, match="`unscaled` needs `at`"):
        pb.fit(table(), unscaled=True)


@pytest.mark.slow
def test_the_intervals_of_levels_are_those_of_the_pse_and_the_threshold_at_half():
    both = pd.concat([table(n=40), table(n=40, falling=True).assign(observer="p2")])
    fits = pb.fit(both)
    for unscaled, name in ((False, "pse"), (True, "threshold")):
        found = fits.thresholds(at=0.5, unscaled=unscaled)
        expected = fits.table[[name, f"{name}_low", f"{name}_high"]].to_numpy()
        np.testing.assert_allclose(found[["level", "low", "high"]], expected, atol=2e-3)
        other = fits.thresholds(at=[0.3, 0.8], unscaled=unscaled)
        assert (other["low"] < other["level"]).all()
        assert (other["level"] < other["high"]).all()
    swapped = pb.fit(both.assign(n_target=both["n_trials"] - both["n_target"]))
    np.testing.assert_allclose(
        swapped.thresholds(at=0.2)[["level", "low", "high"]],
        fits.thresholds(at=0.8)[["level", "low", "high"]],
        atol=2e-3,
    )


def test_levels_of_posteriors_have_no_profile_interval():
    found = pb.fit(table(n=40), engine="bayes").thresholds(at=0.75)
    assert np.isnan(found[["low", "high"]].to_numpy(float)).all()
