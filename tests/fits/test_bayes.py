"""The engine `bayes`: accuracy against dense grids, priors, equivariance, statuses, agreement."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from psychobench import fit
from psychobench.errors import FitError, OptionError
from psychobench.fits.bayes.engine import fit_posterior
from psychobench.fits.bayes.log_posterior import make_log_posterior
from psychobench.fits.blocks import Blocks, pool_levels
from psychobench.fits.options import FitOptions
from psychobench.fits.priors import GUESS, LAPSE, THRESHOLD, WIDTH, make_prior

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bayes_grid.json").read_text())
LEVELS = np.linspace(0.0, 1.0, 7)
RISING = [1, 3, 5, 15, 24, 28, 30]


def table(hits, *, levels=LEVELS, trials=30, observer="a"):
    return pd.DataFrame(
        {"observer": observer, "level": levels, "n_trials": trials, "n_target": hits}
    )


def one(hits, **options):
    levels = options.pop("levels", LEVELS)
    return fit(table(hits, levels=levels), engine="bayes", **options).table.iloc[0]


def options_of(case):
    return FitOptions(
        engine="bayes",
        sigmoid=case["sigmoid"],
        asymptotes=case["asymptotes"],
        likelihood="beta-binomial" if case["overdispersed"] else "binomial",
        task="yes-no" if case["chance"] is None else "2afc",
        bounds={"guess": (0, case["top"]), "lapse": (0, case["top"])} if "top" in case else {},
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(REFERENCE)))
def test_estimates_and_ends_are_within_2_percent_of_the_interval_of_a_dense_grid(number):
    case = REFERENCE[number]
    assert case["grids_differ"] < 0.01  # the reference has converged
    blocks = Blocks(*(np.array([case[name]], dtype=float) for name in ("levels", "n", "k")))
    found = fit_posterior(blocks, options_of(case))
    for name, (mean, low, high) in case["mean_low_high"].items():
        near = (0.02 if name in ("threshold", "width", "pse") else 0.04) * (high - low)
        ends = found.interval(name, 0.95)
        assert [found.means[name][0], ends[0][0], ends[1][0]] == pytest.approx(
            [mean, low, high], abs=near
        ), name
    if case.get("humps"):  # the climb may end on another maximum
        return
    for place, name in enumerate(("threshold", "width")):
        _, low, high = case["mean_low_high"][name]
        value = getattr(found.curves, name)[0]
        assert value == pytest.approx(case["map"][place], abs=0.02 * (high - low)), name


def test_the_priors_are_those_of_the_paper():
    prior = make_prior(
        Blocks(LEVELS[None], np.full((1, 7), 30.0), np.zeros((1, 7))), FitOptions(engine="bayes")
    )
    at = np.array([[-1.0, -0.75, -0.5, 0.0, 0.5, 0.75, 1.0]])  # levels run from -.5 to .5
    assert np.exp(prior.threshold.log_density(at))[0] == pytest.approx(
        [0, 0.5, 1, 1, 1, 0.5, 0], abs=1e-9
    )
    gap = 1 / 6
    at = np.array([[gap, 1.5 * gap, 2 * gap, 1.0, 2.0, 3.0]])
    assert np.exp(prior.width.log_density(at))[0] == pytest.approx([0, 0.5, 1, 1, 0.5, 0], abs=1e-9)
    whole = quad(lambda w: np.exp(prior.width.log_density(np.array([[w]])))[0, 0], gap, 3)[0]
    part = quad(lambda w: np.exp(prior.width.log_density(np.array([[w]])))[0, 0], gap, 1.3)[0]
    assert prior.width.cdf(np.array([[1.3]]))[0, 0] == pytest.approx(part / whole, abs=1e-6)


def test_draws_from_the_prior_follow_it():
    options = FitOptions(engine="bayes", bounds={"lapse": (0.0, 0.1)})
    prior = make_prior(Blocks(LEVELS[None], np.full((1, 7), 30.0), np.zeros((1, 7))), options)
    theta = prior.draw(40_000, np.random.default_rng(3))[0]
    assert np.abs(theta[THRESHOLD]).max() < 1
    assert theta[LAPSE].max() <= 0.1
    assert (np.abs(theta[THRESHOLD]) < 0.5).mean() == pytest.approx(2 / 3, abs=0.01)
    assert theta[GUESS].mean() == pytest.approx(1 / 11, abs=0.002)
    median = np.median(theta[WIDTH])[None, None]
    assert prior.width.cdf(median)[0, 0] == pytest.approx(0.5, abs=0.01)


def test_without_answers_the_posterior_is_the_prior():
    trials = np.zeros((1, 7))
    found = fit_posterior(Blocks(LEVELS[None], trials, trials), FitOptions(engine="bayes"))
    assert found.means["threshold"][0] == pytest.approx(0.5, abs=1e-3)
    assert found.means["lapse"][0] == pytest.approx(1 / 11, abs=1e-3)
    assert found.quantile("lapse", 0.5)[0] == pytest.approx(1 - 0.5**0.1, abs=1e-3)


def test_equal_asymptotes_count_the_prior_of_the_rate_once():
    trials = np.zeros((1, 7))
    options = FitOptions(engine="bayes", asymptotes="equal")
    found = fit_posterior(Blocks(LEVELS[None], trials, trials), options)
    once = 1 - (1 - 0.5 * (1 - 0.5**10)) ** 0.1  # median of Beta(1, 10) below .5
    assert found.quantile("guess", 0.5)[0] == pytest.approx(once, abs=1e-3)
    assert np.array_equal(found.means["guess"], found.means["lapse"])


def test_estimates_recover_a_generous_observer():
    rng = np.random.default_rng(8)
    p = 0.03 + 0.94 / (1 + np.exp(-(LEVELS - 0.42) / 0.5 * 2 * np.log(19)))
    row = fit(
        table(rng.binomial(4000, p), trials=4000), engine="bayes", sigmoid="logistic"
    ).table.iloc[0]
    assert row[["threshold", "pse_mean"]].tolist() == pytest.approx([0.42, 0.42], abs=0.01)
    assert row["width_mean"] == pytest.approx(0.5, abs=0.03)
    assert row["pse_low"] < 0.42 < row["pse_high"]


COLUMNS = [
    "threshold", "width", "pse", "jnd", "threshold_mean", "width_mean", "pse_mean", "jnd_mean",
    "pse_low", "pse_high", "width_low", "width_high", "jnd_low", "jnd_high",
]  # fmt: skip


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (3.0, 1e6), (1e300, 0.0), (1e-300, 0.0)])
def test_levels_in_another_unit_change_nothing_but_the_unit(scale, shift):
    here, there = one(RISING), one(RISING, levels=LEVELS * scale + shift)
    for name in COLUMNS:
        moved = shift if name.startswith(("threshold", "pse")) else 0.0
        assert (there[name] - moved) / scale == pytest.approx(here[name], abs=2e-4), name


def test_mirrored_levels_mirror_the_pse():
    here, there = one(RISING), one([30 - k for k in RISING[::-1]])
    for low, high in (("pse_low", "pse_high"), ("threshold_low", "threshold_high")):
        assert there[low] == pytest.approx(1 - here[high], abs=1e-3)
    assert there["pse"] == pytest.approx(1 - here["pse"], abs=1e-4)
    assert there["guess_mean"] == pytest.approx(here["lapse_mean"], abs=1e-4)


@pytest.mark.slow
def test_a_row_depends_on_no_other_and_on_no_order():
    rng = np.random.default_rng(4)
    tables = [
        table(rng.binomial(30, np.linspace(0.05, 0.95, 7)), observer=f"p{i}") for i in range(20)
    ]
    tables.append(table([0, 8, 10], levels=[0, 0.5, 1], trials=10, observer="few"))
    tables.append(table(RISING[::-1], observer="falls"))
    together = fit(pd.concat(tables), engine="bayes").table
    backwards = fit(pd.concat(tables[::-1]), engine="bayes").table[::-1]
    alone = pd.concat([fit(part, engine="bayes").table for part in tables[-3:]])
    for name in COLUMNS:
        values = together[name].to_numpy()
        same = {"rel": 1e-4, "nan_ok": True}  # a step has no width and no JND
        assert backwards[name].to_numpy() == pytest.approx(values, **same)
        assert alone[name].to_numpy() == pytest.approx(values[-3:], **same)


def test_binomial_posteriors_do_not_depend_on_how_blocks_are_split():
    whole = Blocks(LEVELS[None], np.full((1, 7), 30.0), np.array([RISING], dtype=float))
    half = np.array([[0, 1, 3, 9, 12, 14, 15]], dtype=float)
    split = Blocks(
        np.tile(LEVELS, 2)[None], np.full((1, 14), 15.0), np.hstack([half, whole.hits - half])
    )
    options = FitOptions(engine="bayes", likelihood="binomial")
    one, two = fit_posterior(whole, options), fit_posterior(split, options)
    for name in ("pse", "width", "lapse"):
        assert two.quantile(name, 0.1) == pytest.approx(one.quantile(name, 0.1), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hits", "status"),
    [
        (RISING, "ok"),
        ([0, 0, 0, 0, 30, 30, 30], "step"),
        ([0, 0, 0, 15, 30, 30, 30], "ok"),
        ([30, 28, 25, 14, 6, 2, 1], "reversed"),
        ([0, 0, 0, 1, 2, 5, 9], "outside"),
        ([15, 14, 16, 15, 14, 16, 15], "never"),
        ([30] * 7, "never"),
    ],
)
def test_each_status_is_given_to_the_data_that_deserve_it(hits, status):
    row = one(hits)
    assert row["status"] == status
    assert np.isfinite(row["pse"]) == (status != "never")
    if status == "step":
        assert row["pse"] == one(hits[:], likelihood="binomial")["pse"]
        assert row["pse_low"] < row["pse"] < row["pse_high"]


@pytest.mark.slow
def test_a_falling_curve_is_the_rising_one_with_answers_traded():
    up, down = one(RISING), one([30 - k for k in RISING])
    assert down["status"] == "reversed"
    for name in ("pse", "pse_low", "pse_high", "width_mean"):
        assert down[name] == pytest.approx(up[name], abs=1e-6)
    assert down["guess_mean"] == pytest.approx(up["lapse_mean"], abs=1e-6)


def test_where_part_of_the_posterior_has_no_pse_the_row_says_so():
    levels_off = table([0, 1, 20, 140, 152, 150, 154], trials=300)
    row = fit(levels_off, engine="bayes", likelihood="binomial").table.iloc[0]
    assert row["status"] == "ok"
    assert np.isfinite(row[["pse", "pse_mean"]].astype(float)).all()
    assert np.isnan(row[["pse_low", "pse_high"]].astype(float)).all()
    assert "of the posterior has no PSE: no interval" in row["reason"]


def test_held_parameters_have_no_interval():
    row = one(RISING, asymptotes="fixed", bounds={"threshold": (0.5, 0.5)})
    assert (row["threshold"], row["threshold_mean"]) == (0.5, 0.5)
    assert np.isnan([row["threshold_low"], row["guess_low"], row["lapse_high"]]).all()
    assert row["width_low"] < row["width"] < row["width_high"]


@pytest.mark.parametrize("likelihood", ["binomial", "beta-binomial"])
def test_where_all_is_held_there_is_nothing_to_be_unsure_of_but_the_overdispersion(likelihood):
    held = {"threshold": (0.5, 0.5), "width": (0.7, 0.7), "guess": (0.1, 0.1), "lapse": (0.1, 0.1)}
    for asymptotes in ("free", "equal", "fixed"):
        row = one(RISING, asymptotes=asymptotes, bounds=held, likelihood=likelihood)
        assert (row["pse"], row["width_mean"], row["guess_mean"]) == (0.5, 0.7, 0.1)
        assert np.isnan([row["pse_low"], row["width_high"], row["jnd_low"], row["guess_low"]]).all()
        assert np.isfinite(row["overdispersion_high"]) == (likelihood == "beta-binomial")


def test_a_forced_choice_has_a_threshold_and_no_pse():
    row = one([15, 16, 18, 22, 27, 29, 30], task="2afc")
    assert row["guess"] == 0.5
    assert row["lapse"] < 0.5
    assert np.isnan(row[["pse", "pse_mean", "pse_low"]].astype(float)).all()
    assert row["threshold_low"] < 0.5 < row["threshold_high"]


@pytest.mark.parametrize(
    "sigmoid", ["logistic", "gumbel", "rgumbel", "tdist", "weibull", "lognorm"]
)
def test_every_sigmoid_gives_a_pse_within_its_interval(sigmoid):
    row = one(RISING, sigmoid=sigmoid, levels=LEVELS + 0.1)
    assert row["status"] == "ok"
    assert row["pse_low"] < row["pse"] < row["pse_high"]
    assert row["jnd_low"] < row["jnd_mean"] < row["jnd_high"]


def test_probabilities_are_fitted_as_by_ml():
    answers = pd.DataFrame({"observer": "net", "level": LEVELS, "p_target": np.array(RISING) / 30})
    ours, ml = (fit(answers, engine=name).table for name in ("bayes", "ml"))
    same = ["threshold", "width", "guess", "lapse", "pse", "status", "likelihood"]
    assert ours[same].equals(ml[same])
    assert ours[["pse_low", "pse_mean"]].isna().all(axis=None)


def test_bounds_that_leave_the_prior_nothing_are_a_clear_fault():
    with pytest.raises(FitError, match="smallest gap between the levels"):
        one(RISING, bounds={"width": (0.05, 0.1)})
    with pytest.raises(OptionError, match='`bootstrap` needs `engine="ml"`'):
        one(RISING, bootstrap=10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hits", "task"),
    [([1, 3, 5, 15, 24, 28, 30], "yes-no"), ([14, 16, 17, 22, 27, 29, 30], "2afc")],
)
def test_estimates_agree_with_psignifit_within_its_grid(hits, task):
    psignifit = pytest.importorskip("psignifit")
    data = np.column_stack([LEVELS, hits, np.full(7, 30)])
    free, settings = {"lapse": (0.0, 0.5)}, {"experiment_type": "2AFC"}
    if task == "yes-no":  # binomial there, for the sake of time
        free["guess"] = (0.0, 0.5)
        settings = {"experiment_type": "yes/no", "fixed_parameters": {"eta": 1e-6}}
    theirs = psignifit.psignifit(data, sigmoid="norm", verbose=False, **settings)
    row = one(hits, task=task, bounds=free, likelihood=None if task == "2afc" else "binomial")
    for name in ("threshold", "width"):
        low, high = theirs.confidence_intervals[name]["0.95"]
        mean = theirs.parameter_estimate_mean[name]
        assert row[f"{name}_mean"] == pytest.approx(mean, abs=0.03 * (high - low))
        assert row[f"{name}_low"] == pytest.approx(low, abs=0.1 * (high - low))
        assert row[f"{name}_high"] == pytest.approx(high, abs=0.1 * (high - low))


@pytest.mark.parametrize("sigmoid", ["norm", "gumbel", "tdist"])
def test_few_nodes_stand_for_many_single_answers_at_any_steepness(sigmoid):
    rng = np.random.default_rng(5)
    levels, hits = rng.uniform(size=(1, 400)), rng.integers(0, 2, (1, 400)).astype(float)
    blocks = Blocks(levels, np.ones((1, 400)), hits)
    model = make_log_posterior(blocks, FitOptions(engine="bayes", sigmoid=sigmoid))
    theta = np.zeros((1, 5, 60))
    theta[0, THRESHOLD], theta[0, WIDTH] = rng.uniform(-0.3, 0.3, 60), np.geomspace(0.05, 2, 60)
    theta[0, GUESS], theta[0, LAPSE] = 10 ** rng.uniform(-3, -1, (2, 60))
    directly = replace(model, overdispersed=False).log_likelihood(theta)[0]
    together = model.log_likelihood_by_eta(theta, np.array([[0.01, 0.4]]))[0]
    np.testing.assert_allclose(together, np.tile(directly[:, None], 2), atol=2e-3)


def test_pooled_levels_keep_all_answers_and_both_ends():
    rng = np.random.default_rng(6)
    z = np.sort(rng.uniform(-0.5, 0.5, (3, 90)), axis=1)
    trials, hits = rng.integers(0, 3, (2, 3, 90)).astype(float)
    pooled = pool_levels(z, trials, np.minimum(hits, trials), 20)
    assert pooled[0].shape == (3, 20)
    np.testing.assert_array_equal(pooled[1].sum(axis=1), trials.sum(axis=1))
    np.testing.assert_array_equal(pooled[2].sum(axis=1), np.minimum(hits, trials).sum(axis=1))
    used = np.where(trials > 0, z, np.nan)
    np.testing.assert_array_equal(pooled[0].min(axis=1), np.nanmin(used, axis=1))
    np.testing.assert_array_equal(pooled[0].max(axis=1), np.nanmax(used, axis=1))
