"""Conditions that share any of PSE, JND, guess and lapse rate, with the engine ml."""

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
@pytest.mark.parametrize("share", ["jnd", "pse", "pse,jnd", "guess,lapse", "pse,jnd,guess,lapse"])
def test_what_is_shared_is_one_number_with_one_interval_and_the_rest_is_not(share):
    found = pb.fit(simulate(SHAPES, people=2), share=share).table
    assert found["condition"].tolist() == ["a", "a", "b", "b", "c", "c"]
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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"share": "slope"}, "`share` must name parameters, pse, jnd, guess, lapse"),
        ({"share": "guess", "task": "2afc"}, "a guess rate that is not held"),
        ({"share": "pse,lapse", "asymptotes": "fixed"}, "a lapse rate that is not held"),
        ({"share": "pse", "engine": "bayes"}, 'needs `engine="ml"`'),
        ({"share": "pse", "likelihood": "beta-binomial"}, 'needs `likelihood="binomial"`'),
        ({"share": "pse", "bounds": "threshold=0:1"}, "a threshold without `bounds`"),
        ({"share": "jnd", "bootstrap": 10}, "leave out `bootstrap`"),
        ({"share": "jnd", "gof": 10}, "leave out `gof`"),
    ],
)
def test_sharing_is_refused_where_it_makes_no_sense(options, words):
    with pytest.raises(OptionError, match=words):
        pb.fit(simulate(SHAPES[:2]), **options)


def test_sharing_needs_an_observer_with_two_conditions():
    with pytest.raises(OptionError, match='`share="pse,jnd"` needs an observer with two'):
        pb.fit(simulate(SHAPES[:1]), share="pse,jnd")
