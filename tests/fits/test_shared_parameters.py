"""Fits that share any of PSE, JND, guess and lapse rate, by maximum likelihood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import psychobench as pb
from psychobench.errors import OptionError
from psychobench.fits.functions import SIGMOIDS, psi

LEVELS = np.linspace(0, 1, 8)


def simulate(shapes, n=60, people=1, seed=0, guess=0.0, lapse=0.04):
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame(
            {
                "observer": f"p{person:02}",
                "condition": "abc"[number],
                "level": LEVELS,
                "n_trials": n,
                "n_target": rng.binomial(n, psi(SIGMOIDS["norm"], LEVELS, *shape, guess, lapse)),
            }
        )
        for number, shape in enumerate(shapes)
        for person in range(people)
    ]
    return pd.concat(parts, ignore_index=True)  # an observer's conditions are not neighbours


SHAPES = [(0.4, 0.5), (0.55, 0.6), (0.5, 0.5)]


@pytest.mark.slow
@pytest.mark.parametrize("share", ["jnd", "pse", "guess,lapse", "pse,jnd,guess,lapse"])
def test_what_is_shared_is_one_number_with_one_interval_and_the_rest_is_not(share):
    found = pb.fit(simulate(SHAPES[:2], people=2), share=share).table
    assert found["condition"].tolist() == ["a", "a", "b", "b"]
    for name in ("pse", "jnd", "guess", "lapse"):
        for column in (name, f"{name}_low", f"{name}_high"):
            spread = found.groupby("observer")[column].agg(np.ptp)
            assert (spread < 1e-9).all() or name not in share.split(",")
        assert (found[f"{name}_low"] <= found[name] + 1e-9).all()
        assert (found[name] <= found[f"{name}_high"] + 1e-9).all()
    for name in {"pse", "jnd"} - set(share.split(",")):
        assert found.groupby("observer")[name].agg(np.ptp).min() > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("share", ["jnd", "pse,jnd", "guess,lapse"])
def test_intervals_end_where_all_answers_fit_half_a_chi_squared_worse(share):
    """At an interval's end, holding the parameter there costs 1.92: checked by moving bounds."""
    table = simulate(SHAPES[:2], seed=3, guess=0.05)
    column = "lapse" if "lapse" in share else "jnd"
    held = "lapse" if column == "lapse" else "width"
    fits = pb.fit(table, share=share, asymptotes="free", priors="published")
    row = fits.table.iloc[0]
    best = penalised(fits.table, share)
    limit = chi2.ppf(0.95, 1) / 2
    for end, bounds in (("high", (row[f"{held}_high"], 0.9)), ("low", (0.0, row[f"{held}_low"]))):
        if row[f"{column}_{end}"] == 0:
            continue
        moved = pb.fit(table, share=share, bounds={held: bounds}, priors="published").table
        assert best - penalised(moved, share) == pytest.approx(limit, abs=0.06)


def penalised(found, share):
    """The log-likelihood with the prior of fits, which counts once for a rate that is shared."""
    value = found["log_likelihood"].sum()
    for name in ("guess", "lapse"):
        prior = 9 * np.log1p(-found[name].astype(float))
        value += prior.iloc[0] if name in share else prior.sum()
    return value


@pytest.mark.slow
def test_sharing_the_lapse_rate_and_the_guess_rate_agrees_with_sharing_the_lapse_rate_alone():
    table = simulate(SHAPES[:2], seed=1)  # true guess rates are 0, and so are the estimates
    one = pb.fit(table, share="lapse").table
    both = pb.fit(table, share="lapse,guess").table
    assert one["guess"].max() < 1e-6
    for name in ("lapse", "pse", "jnd", "lapse_high", "pse_low", "pse_high"):
        np.testing.assert_allclose(
            both[name].astype(float), one[name].astype(float), atol=2e-3, rtol=1e-2
        )


@pytest.mark.slow
def test_a_common_jnd_has_the_narrower_interval_and_covers_the_true_one():
    table = simulate([(0.4, 0.5), (0.55, 0.5)], people=60, seed=2, lapse=0.0)
    options = {"asymptotes": "fixed"}
    own, common = pb.fit(table, **options).table, pb.fit(table, share="jnd", **options).table
    spans = [(each["jnd_high"] - each["jnd_low"]).mean() for each in (own, common)]
    assert spans[1] < 0.8 * spans[0]
    true = 0.5 * 0.6745 / SIGMOIDS["norm"].spread
    first = common.drop_duplicates("observer")
    covered = ((first["jnd_low"] <= true) & (true <= first["jnd_high"])).mean()
    assert covered > 0.86  # 60 intervals of 95%


@pytest.mark.slow
def test_a_shared_pse_is_where_every_curve_is_half_although_rates_differ():
    table = simulate(SHAPES[:2], seed=4, guess=0.1, lapse=0.02)
    fits = pb.fit(table, share="pse")
    pse = fits.table["pse"][0]
    np.testing.assert_allclose(fits.predict([pse])[:, 0], 0.5, atol=1e-9)


@pytest.mark.slow
def test_conditions_whose_levels_differ_share_in_level_units():
    table = simulate([(0.5, 0.5), (0.5, 0.5)], n=400, seed=5)
    wider = table["condition"] == "b"
    table.loc[wider, "level"] = 3 * table.loc[wider, "level"] - 1  # 0 to 1 becomes -1 to 2
    p = psi(SIGMOIDS["norm"], table["level"], 0.5, 0.5, 0.0, 0.04)
    table["n_target"] = np.round(400 * p).astype(int)
    found = pb.fit(table, share="pse,jnd").table
    np.testing.assert_allclose(found["width"], 0.5, atol=0.02)
    np.testing.assert_allclose(found["threshold"], 0.5, atol=0.01)


@pytest.mark.slow
def test_observers_of_a_condition_share_as_conditions_of_an_observer_do():
    table = simulate(SHAPES[:2], people=2, seed=6)
    swapped = table.rename(columns={"observer": "condition", "condition": "observer"})
    one = pb.fit(table, share="jnd", share_over="observers").table
    other = pb.fit(swapped, share="jnd").table
    assert (one.groupby("condition")["jnd"].agg(np.ptp) < 1e-9).all()
    assert one["jnd"].round(9).nunique() == 2
    names = ["pse", "jnd", "lapse", "pse_low", "jnd_high", "log_likelihood"]
    np.testing.assert_allclose(one[names], other[names], rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_what_all_fits_share_follows_from_all_answers():
    table = simulate([(0.4, 0.5), (0.55, 0.5)], people=4, seed=7, lapse=0.0)
    options = {"asymptotes": "fixed", "share": "jnd"}
    alone = pb.fit(table, asymptotes="fixed").table
    by_observer, by_all = (
        pb.fit(table, **options, share_over=over).table for over in ("conditions", "all")
    )
    assert by_all["jnd"].agg(np.ptp) < 1e-9
    spans = [(each["jnd_high"] - each["jnd_low"]).mean() for each in (alone, by_observer, by_all)]
    # an interval shrinks with the root of the number of fits behind it
    assert spans[0] / spans[1] == pytest.approx(np.sqrt(2), rel=0.15)
    assert spans[0] / spans[2] == pytest.approx(np.sqrt(8), rel=0.15)
    gained = alone["log_likelihood"].sum() - by_all["log_likelihood"].sum()
    assert 0 < 2 * gained < chi2.ppf(0.999, 7)


@pytest.mark.slow
def test_with_overdispersion_a_common_jnd_has_a_wider_interval_and_its_bootstrap_agrees():
    rng = np.random.default_rng(8)
    table = simulate([(0.4, 0.6), (0.55, 0.6)], n=60, lapse=0.0)
    chance = psi(SIGMOIDS["norm"], table["level"],
                 table["condition"].map({"a": 0.4, "b": 0.55}), 0.6, 0.0, 0.0)  # fmt: skip
    table["n_target"] = rng.binomial(60, rng.beta(chance * 8, (1 - chance) * 8))
    options = {"asymptotes": "fixed", "share": "jnd"}
    plain = pb.fit(table, **options).table
    profiled = pb.fit(table, likelihood="beta-binomial", **options).table
    drawn = pb.fit(table, likelihood="beta-binomial", bootstrap=300, **options).table
    assert profiled["overdispersion"].nunique() == 2
    spans = [(each["jnd_high"] - each["jnd_low"])[0] for each in (plain, profiled, drawn)]
    assert spans[1] > 1.5 * spans[0]
    assert spans[2] == pytest.approx(spans[1], rel=0.35)
    assert np.ptp(drawn["jnd_low"]) < 1e-9 > np.ptp(drawn["jnd_high"])


@pytest.mark.slow
def test_goodness_of_fit_finds_the_condition_that_does_not_share_what_it_is_told_to():
    table = simulate([(0.5, 0.4), (0.5, 0.4), (0.5, 1.6)], n=100, seed=9, lapse=0.0)
    found = pb.fit(table, asymptotes="fixed", share="jnd", gof=99).table
    assert found["deviance_p"][2] <= 0.02
    alike = pb.fit(table[table["condition"] != "c"], asymptotes="fixed", share="jnd", gof=99)
    assert alike.table["deviance_p"].min() > 0.02
    assert alike.goodness.residuals["pse_without"].notna().all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"share": "slope"}, "`share` must name parameters, pse, jnd, guess, lapse"),
        ({"share": "guess", "task": "2afc"}, "a guess rate that is not held"),
        ({"share": "pse,lapse", "asymptotes": "fixed"}, 'held.*use `asymptotes="free"`'),
        ({"share": "pse", "bounds": "threshold=0:1"}, "a threshold without `bounds`"),
        ({"share": "jnds"}, "did you mean 'jnd'"),
        ({"share": "jnd", "bounds": "width=.5:.5"}, "a width that is not held"),
        ({"share": "jnd", "engine": "psignifit"}, 'needs `engine="ml"` or `engine="bayes"`'),
        ({"share": "jnd", "share_over": "people"}, "`share_over` must be one of conditions"),
        ({"share": "jnd", "share_over": "observers"}, "a condition with two observers"),
    ],
)
def test_sharing_is_refused_where_it_makes_no_sense(options, words):
    with pytest.raises(OptionError, match=words):
        pb.fit(simulate(SHAPES[:2]), **{"asymptotes": "free", **options})


def test_sharing_needs_an_observer_with_two_conditions():
    with pytest.raises(OptionError, match='`share="pse,jnd"` needs an observer with two'):
        pb.fit(simulate(SHAPES[:1]), share="pse,jnd")
