"""Models of conditions: likelihoods that others print, tests that keep their level, invariances."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from scipy.stats import betabinom, binom, binomtest

import psychobench as pb
from psychobench.errors import FitError, OptionError
from psychobench.fits.functions import SIGMOIDS, psi

LEVELS = np.linspace(-1, 1, 7)
SPREAD = SIGMOIDS["norm"].spread
QUICKPSY = {
    "observer": "participant",
    "condition": "cond",
    "level": "phase",
    "response": "resp",
}


def simulate(shapes, n=40, people=1, seed=0, guess=0.0, lapse=0.0):
    """Counts of people whose conditions have the PSEs and widths in `shapes`."""
    rng = np.random.default_rng(seed)
    parts = []
    for person in range(people):
        for number, (pse, width) in enumerate(shapes):
            p = psi(SIGMOIDS["norm"], LEVELS, pse, width, guess, lapse)
            parts.append(
                pd.DataFrame(
                    {
                        "observer": f"p{person:03}",
                        "condition": "abc"[number],
                        "level": LEVELS,
                        "n_trials": n,
                        "n_target": rng.binomial(n, p),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def direct_maximum(table, vary, asymptotes, likelihood="binomial"):
    """Maximise one person's binomial log-likelihood, coefficients included, with scipy alone."""
    conditions = [part for _, part in table.groupby("condition", sort=False)]
    further = {"fixed": [], "free": ["guess", "lapse"], "binomial": [], "beta-binomial": ["eta"]}
    names = ["pse", "jnd", *further[asymptotes], *further[likelihood]]
    slots, kinds = {}, []
    for name in names:
        count = len(conditions) if name in vary else 1
        slots[name] = [len(kinds) + number % count for number in range(len(conditions))]
        kinds += [name] * count

    def loss(theta):
        total = 0.0
        for number, part in enumerate(conditions):
            value = {name: theta[slots[name][number]] for name in names}
            guess, lapse = value.get("guess", 0.0), value.get("lapse", 0.0)
            width = np.exp(value["jnd"])
            share = (0.5 - guess) / (1 - guess - lapse)
            threshold = value["pse"] - SIGMOIDS["norm"].position(share, 0.0, width)
            p = np.clip(
                psi(SIGMOIDS["norm"], part["level"], threshold, width, guess, lapse),
                1e-12,
                1 - 1e-12,
            )
            distribution = binom(part["n_trials"], p)
            if "eta" in value:
                v = 1 / value["eta"] ** 2 - 1
                distribution = betabinom(part["n_trials"], p * v, (1 - p) * v)
            total -= distribution.logpmf(part["n_target"]).sum()
        return total

    limits = {"pse": (-2, 2), "jnd": (-3, 3), "eta": (0.01, 0.9)}
    bounds = [limits.get(name, (0, 0.45)) for name in kinds]
    best = np.inf
    for pse in (-0.2, 0.0, 0.3):
        for rate in (0.01, 0.06):
            start = [{"pse": pse, "jnd": 0.0}.get(name, rate) for name in kinds]
            found = scipy.optimize.minimize(
                loss, start, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-13}
            )
            best = min(best, found.fun)
    return -best


def test_quickpsys_log_likelihoods_are_reproduced_with_one_sigma_for_both_conditions(shared):
    found = pb.compare_models(
        shared / "quickpsy" / "qpdat.csv", columns=QUICKPSY, vary="pse", asymptotes="fixed"
    ).to_frame()
    assert found["log_likelihood"].round(2).tolist() == [-44.81, -26.51, -22.98]
    assert found["parameters"].tolist() == [3, 3, 3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("vary", "asymptotes", "likelihood"),
    [
        ("pse", "fixed", "binomial"),
        ("pse,jnd", "fixed", "beta-binomial"),
        ("jnd", "free", "binomial"),
    ],
)
def test_the_likelihood_is_the_maximum_that_scipy_finds_binomial_coefficients_included(
    vary, asymptotes, likelihood
):
    table = simulate([(-0.2, 0.9), (0.25, 1.3)], seed=4, guess=0.03, lapse=0.06)
    options = {"asymptotes": asymptotes, "likelihood": likelihood}
    found = pb.compare_models(table, vary=vary, **options).to_frame()
    theirs = direct_maximum(table, vary.split(","), **options)
    assert found["log_likelihood"][0] == pytest.approx(theirs, abs=2e-4)


@pytest.mark.slow
def test_the_model_in_which_everything_differs_is_the_sum_of_separate_fits():
    table = simulate([(-0.2, 0.9), (0.1, 1.3)], seed=5, lapse=0.05)
    whole = pb.compare_models(table, vary="pse,jnd,guess,lapse").to_frame()
    alone = [
        direct_maximum(part.assign(condition="a"), ["pse"], "free")
        for _, part in table.groupby("condition")
    ]
    assert whole["log_likelihood"][0] == pytest.approx(sum(alone), abs=2e-4)


def test_one_overdispersion_of_all_conditions_is_recovered_and_counts_as_a_parameter():
    rng = np.random.default_rng(5)
    table = simulate([(-0.2, 1.0), (0.2, 1.0)], people=15, n=100)
    mean = psi(SIGMOIDS["norm"], table["level"], table["condition"].map({"a": -0.2, "b": 0.2}), 1.0,
               0.0, 0.0)  # fmt: skip
    precision = 1 / 0.3**2 - 1
    chance = rng.beta(mean * precision, (1 - mean) * precision)
    table["n_target"] = rng.binomial(100, chance)
    options = {"vary": ["pse", "pse,jnd"], "asymptotes": "fixed", "bootstrap": 0}
    models = pb.compare_models(table, likelihood="beta-binomial", **options)
    found = models.to_frame()
    assert (found.loc[found["vary"] == "pse", "parameters"] == 4).all()
    eta = models.parameters("pse")["overdispersion"]
    assert (eta[::2].to_numpy() == eta[1::2].to_numpy()).all()
    assert 0.15 < eta.median() < 0.31  # its maximum likelihood is too small, as an SD's
    # under the binomial likelihood every wobble of a level speaks for another slope
    own, plain = (each.loc[each["vary"] == "pse,jnd", "p"] < 0.05
                  for each in (found, pb.compare_models(table, **options).to_frame()))  # fmt: skip
    assert own.mean() < 0.2 < plain.mean()


def test_information_criteria_follow_from_the_likelihood_with_the_number_of_answers_as_n():
    row = pb.compare_models(simulate([(-0.2, 1), (0.2, 1)]), vary="pse", asymptotes="fixed")
    row = row.to_frame().iloc[0]
    n = 2 * 7 * 40
    assert row["n_trials"] == n
    assert row["aic"] == pytest.approx(2 * 3 - 2 * row["log_likelihood"])
    assert row["bic"] == pytest.approx(3 * np.log(n) - 2 * row["log_likelihood"])


@pytest.mark.slow
def test_larger_models_are_never_less_likely_and_are_tested_against_the_largest_nested_one():
    table = simulate([(-0.1, 0.8), (0.1, 1.2), (0.0, 1.0)], people=6, seed=8, guess=0.1, lapse=0.1)
    models = ["none", "pse", "jnd", "pse,jnd", "pse,jnd,guess,lapse"]
    found = pb.compare_models(table, vary=models, bootstrap=0).to_frame()
    assert found["vary"].tolist() == models * 6
    best = found.pivot_table(index="observer", columns="vary", values="log_likelihood")
    for small, large in [("none", "pse"), ("none", "jnd"), ("pse", "pse,jnd"),
                         ("jnd", "pse,jnd"), ("pse,jnd", models[-1])]:  # fmt: skip
        assert (best[large] >= best[small] - 1e-7).all()
    tests = found.drop_duplicates("vary").set_index("vary")
    assert pd.isna(tests.loc["none", "against"])
    assert tests.loc["pse", ["against", "df"]].tolist() == ["none", 2]
    assert tests.loc[models[-1], ["against", "df"]].tolist() == ["pse,jnd", 4]


@pytest.mark.slow
def test_the_likelihood_ratio_test_keeps_its_level_and_finds_what_differs():
    same = simulate([(0.0, 1.0), (0.0, 1.0)], people=200, seed=1)
    shifted = simulate([(-0.15, 1.0), (0.15, 1.0)], people=200, seed=2)
    models = ["none", "pse", "pse,jnd"]
    null = pb.compare_models(same, vary=models, asymptotes="fixed").to_frame()
    effect = pb.compare_models(shifted, vary=models, asymptotes="fixed").to_frame()
    for vary in ("pse", "pse,jnd"):  # the JND differs in neither
        false = int((null.loc[null["vary"] == vary, "p"] < 0.05).sum())
        assert binomtest(false, 200, 0.05).pvalue > 0.01
    assert (effect.loc[effect["vary"] == "pse", "p"] < 0.05).mean() > 0.99
    jnd = int((effect.loc[effect["vary"] == "pse,jnd", "p"] < 0.05).sum())
    assert binomtest(jnd, 200, 0.05).pvalue > 0.01


@pytest.mark.slow
def test_on_a_bound_the_bootstrap_decides_unless_nobody_wants_one():
    same = simulate([(0.0, 1.0), (0.0, 1.0)], people=2, seed=3)  # true lapse rates are 0
    found, simple = (
        pb.compare_models(same, vary=["pse", "pse,lapse"], bootstrap=bootstrap)
        for bootstrap in (None, 0)
    )
    for models, test in ((found, "bootstrap"), (simple, "chi-squared")):
        tested = models.to_frame().query("vary == 'pse,lapse'")
        assert tested["on_bound"].all()
        assert (tested["doubt"] == "a parameter lies on its bound").all()
        assert (tested["test"] == test).all()
    assert "on its bound, so that chi-squared is doubtful" in simple.sentences()[0]
    assert "doubtful" not in found.sentences()[0]


def test_a_bootstrap_ends_once_p_is_known_well_enough_and_is_left_out_where_nothing_is_in_doubt():
    table = simulate([(-0.05, 1.0), (0.05, 1.0)], people=2, seed=1)
    models = ["none", "pse"]
    sure = pb.compare_models(table, vary=models, asymptotes="fixed").to_frame()
    assert (sure["test"].dropna() == "chi-squared").all()
    assert sure["simulations"].isna().all()
    few = table.assign(n_trials=3, n_target=[0, 0, 1, 2, 2, 3, 3] * 4)
    doubtful = pb.compare_models(few, vary=models, asymptotes="fixed").to_frame()
    tested = doubtful[doubtful["against"].notna()]
    assert (tested["doubt"] == "fewer than 20 answers per parameter").all()
    assert (tested["simulations"] == 50).all()  # the conditions are alike
    assert (tested["p"] == 1).all()


@pytest.mark.slow
def test_bootstrap_p_values_are_those_of_chi_squared_where_trials_are_many():
    table = simulate([(-0.02, 1.0), (0.02, 1.05)], n=200, seed=12)
    one = pb.compare_models(table, vary=["none", "pse"], asymptotes="fixed").to_frame()
    other = pb.compare_models(
        table, vary=["none", "pse"], asymptotes="fixed", bootstrap=999
    ).to_frame()
    assert other["p"][1] == pytest.approx(one["p"][1], rel=0.4)  # 50 reach the observed one
    assert other["simulations"][1] <= 999
    assert other["test"].tolist() == [None, "bootstrap"]


def test_pses_and_jnds_are_recovered():
    table = simulate([(-0.15, 1.0), (0.15, 1.0)], n=400, people=30, seed=6, guess=0.02, lapse=0.05)
    models = pb.compare_models(table, vary="pse")
    found = models.parameters()
    means = found.groupby("condition")[["pse", "jnd", "guess", "lapse"]].mean()
    shift = SIGMOIDS["norm"].position(0.48 / 0.93, 0.0, 1.0)
    np.testing.assert_allclose(means["pse"], [-0.15 + shift, 0.15 + shift], atol=0.01)
    np.testing.assert_allclose(means["jnd"], 0.6745 / SPREAD, atol=0.01)
    assert found.groupby("observer")["jnd"].agg(np.ptp).max() < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "likelihood"),
    [
        ("swapped responses", "beta-binomial"),
        ("mirrored", "binomial"),
        ("scaled", "binomial"),
        ("shifted", "binomial"),
    ],
)
def test_how_answers_and_levels_are_called_changes_no_likelihood(change, likelihood):
    table = simulate([(-0.2, 0.9), (0.2, 1.2)], people=2, seed=9, guess=0.04, lapse=0.1)
    other = table.copy()
    if change == "swapped responses":
        other["n_target"] = other["n_trials"] - other["n_target"]
    elif change == "mirrored":
        other["level"] = -other["level"]
    elif change == "scaled":
        other["level"] = 250 * other["level"]
    else:
        other["level"] = other["level"] + 1000
    models = ["none", "pse", "pse,lapse", "pse,jnd"]
    if change in ("swapped responses",):
        models[2] = "pse,jnd,lapse,guess"
    columns = ["log_likelihood", "aic", "bic", "statistic", "p"]
    one, two = (
        pb.compare_models(each, vary=models, bootstrap=0, likelihood=likelihood).to_frame()
        for each in (table, other)
    )
    np.testing.assert_allclose(one[columns], two[columns], atol=2e-5, rtol=1e-5)


@pytest.mark.slow
def test_swapping_the_responses_swaps_guess_and_lapse():
    table = simulate([(-0.2, 0.9), (0.2, 1.2)], seed=9, guess=0.04, lapse=0.1)
    other = table.assign(n_target=table["n_trials"] - table["n_target"])
    one = pb.compare_models(table, vary="pse,lapse").parameters()
    two = pb.compare_models(other, vary="pse,guess").parameters()
    names = ["pse", "jnd", "guess", "lapse"]
    np.testing.assert_allclose(
        one[names], two[["pse", "jnd", "lapse", "guess"]], atol=1e-4, rtol=1e-4
    )


def test_a_forced_choice_compares_thresholds():
    rng = np.random.default_rng(2)
    table = simulate([(-0.3, 1.0), (0.3, 1.0)], n=80)
    at = table["condition"].map({"a": -0.3, "b": 0.3})
    p = psi(SIGMOIDS["norm"], table["level"] - at, 0.0, 1.0, 0.5, 0.02)
    table["n_target"] = rng.binomial(80, p)
    found = pb.compare_models(table, vary=["none", "pse"], task="2afc")
    parameters = found.parameters("pse")
    np.testing.assert_allclose(parameters["threshold"], [-0.3, 0.3], atol=0.12)
    assert parameters["pse"].isna().all()
    assert (parameters["guess"] == 0.5).all()
    assert found.to_frame()["p"][1] < 0.001


def test_the_curves_are_those_of_the_chosen_model_and_their_band_holds_them():
    table = simulate([(-0.15, 1.0), (0.15, 1.0)], people=2, seed=10, lapse=0.03)
    models = pb.compare_models(table, vary=["none", "pse"])
    chosen = models.to_frame().query("chosen")["vary"]
    assert chosen.tolist() == ["pse", "pse"]
    curves = models.curves()
    assert list(curves) == ["observer", "condition", "level", "p", "low", "high"]
    assert (curves["low"] <= curves["p"]).all()
    assert (curves["p"] <= curves["high"]).all()
    common = models.curves(levels="-.5,0,.5", vary="none")
    assert len(common) == 2 * 2 * 3
    wide = common.pivot_table(index=["observer", "level"], columns="condition", values="p")
    np.testing.assert_allclose(wide["a"], wide["b"], atol=1e-12)


def test_sharing_makes_bands_narrower():
    table = simulate([(-0.15, 1.0), (0.15, 1.0)], seed=10)
    models = pb.compare_models(table, vary=["pse", "pse,jnd"], asymptotes="fixed")
    bands = [models.curves(vary=vary) for vary in ("pse", "pse,jnd")]
    shared, own = ((band["high"] - band["low"]).mean() for band in bands)
    assert shared < own


def test_the_sentences_say_what_differs():
    table = simulate([(-0.3, 1.0), (0.3, 1.0)], n=100, seed=3)
    models = pb.compare_models(table, vary=["none", "pse", "pse,jnd"], asymptotes="fixed")
    (sentence,) = models.sentences()
    assert sentence.startswith("p000: The PSE differs between conditions (chi-squared(1) = ")
    assert "there is no evidence that the JND differs, too" in sentence
    assert "AIC and BIC are lowest for the model in which the PSE differs." in sentence


def test_of_many_observers_it_is_said_in_how_many_what_differs():
    table = simulate([(-0.3, 1.0), (0.3, 1.0)], people=8, n=100, seed=3)
    models = pb.compare_models(table, vary=["none", "pse", "pse,jnd"], asymptotes="fixed")
    first, second, third = models.sentences()
    assert first == "The PSE differs between conditions in 8 of 8 observers (p < .05)."
    found = models.to_frame().query("vary == 'pse,jnd'")
    count = int((found["p"] < 0.05).sum())
    assert second.startswith(
        f"Where the PSE may differ, the JND differs between conditions in {count} of 8 observers"
    )
    assert third.startswith("Lowest AIC by observer: pse ")


@pytest.mark.slow
def test_results_are_drawn_saved_and_shown(tmp_path):
    models = pb.compare_models(simulate([(-0.3, 1.0), (0.3, 1.0)], people=2), vary=["none", "pse"])
    assert len(models.plot().axes) == 2
    assert models.plot(vary="none").axes[0].get_title() == "p000: none"
    assert "<table" in models._repr_html_()
    saved = json.loads(models.save(tmp_path / "models.json").read_text())
    expected = ["vary", "observer", "log_likelihood", "parameters", "aic", "bic", "against",
                "statistic", "df", "p"]  # fmt: skip
    assert list(saved[0])[: len(expected)] == expected
    assert saved[0]["p"] is None
    assert len(pd.read_csv(models.save(tmp_path / "models.csv"))) == 4


def test_observers_with_one_condition_are_left_out_by_name(caplog):
    table = simulate([(-0.3, 1.0), (0.3, 1.0)], people=2)
    table = table[(table["observer"] != "p001") | (table["condition"] == "a")]
    with caplog.at_level("INFO", "psychobench"):
        found = pb.compare_models(table, vary="pse")
    assert found.to_frame()["observer"].tolist() == ["p000"]
    assert "'p001' is left out: fewer than two conditions" in caplog.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vary": "slope"}, "`vary` must name parameters, pse, jnd, guess, lapse, or none"),
        ({"vary": []}, "at least one model"),
        ({"vary": "guess", "task": "2afc"}, "needs a guess rate that is estimated: .* 0.5"),
        ({"vary": "lapse", "asymptotes": "fixed"}, "needs a lapse rate that is estimated"),
        ({"bounds": "threshold=0:1"}, "leave threshold free"),
        ({"bounds": "guess=.5:.6"}, "below .5"),
        ({"bootstrap": -1}, "`bootstrap` must be a whole number"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_error(options, words):
    with pytest.raises(OptionError, match=words):
        pb.compare_models(simulate([(-0.3, 1.0), (0.3, 1.0)]), **options)


def test_one_condition_alone_or_probabilities_cannot_be_compared():
    table = simulate([(-0.3, 1.0)])
    with pytest.raises(FitError, match="an observer with two conditions"):
        pb.compare_models(table)
    table["p_target"] = table.pop("n_target") / table.pop("n_trials")
    with pytest.raises(FitError, match="counted answers"):
        pb.compare_models(table)
