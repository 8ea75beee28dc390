"""Priors: settable in every engine, what they mean, what they cost, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import psychobench as pb
from psychobench.errors import OptionError
from psychobench.fits import densities
from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.ml.problem import make_problem
from psychobench.fits.ml.scoring import evaluate
from psychobench.fits.options import FitOptions
from psychobench.fits.prior_options import Shape

CASES = Path(__file__).parents[3] / "shared" / "data" / "cases"
LEVELS = np.linspace(0, 1, 7)
THEIRS = {
    Shape("beta", (2.0, 5.0)): stats.beta(2, 5),
    Shape("beta", (1.0, 10.0)): stats.beta(1, 10),
    Shape("gamma", (3.0, 0.1)): stats.gamma(3, scale=0.1),
    Shape("halfnormal", (0.4,)): stats.halfnorm(scale=0.4),
    Shape("lognormal", (0.7, 0.3)): stats.lognorm(0.7, scale=0.3),
    Shape("normal", (0.4, 0.2)): stats.norm(0.4, 0.2),
    Shape("uniform", (0.1, 0.8)): stats.uniform(0.1, 0.7),
}


def counts(hits, trials=30, observer="p1"):
    return pd.DataFrame(
        {"observer": observer, "level": LEVELS, "n_trials": trials, "n_target": hits}
    )


@pytest.mark.parametrize("shape", THEIRS, ids=str)
def test_shapes_are_those_of_scipy(shape):
    x, p, theirs = np.linspace(0.12, 0.78, 9), np.linspace(0.02, 0.98, 7), THEIRS[shape]
    np.testing.assert_allclose(densities.cdf(shape, x), theirs.cdf(x), atol=1e-12)
    np.testing.assert_allclose(densities.quantile(shape, p), theirs.ppf(p), atol=1e-10)
    logs = densities.log_density(shape, x)
    np.testing.assert_allclose(np.diff(logs), np.diff(theirs.logpdf(x)), atol=1e-12)
    h = 1e-5
    up, down = (densities.log_density(shape, x + d) for d in (h, -h))
    first, second = densities.log_density_slopes(shape, x)
    np.testing.assert_allclose(first, (up - down) / (2 * h), atol=1e-6)
    slopes = (densities.log_density_slopes(shape, x + d)[0] for d in (h, -h))
    np.testing.assert_allclose(second, -np.subtract(*list(slopes)[::-1]) / (2 * h), atol=1e-5)


@pytest.mark.parametrize("falling", [False, True])
def test_a_mode_under_priors_is_where_scipys_densities_and_the_likelihood_put_it(falling):
    hits = np.array([4, 5, 9, 16, 22, 24, 25])
    table = counts(30 - hits if falling else hits)
    priors = {
        "guess": "beta(2, 8)",
        "width": "lognormal(0.3, 0.6)",
        "threshold": "normal(0.3, 0.1)",
    }
    found = pb.fit(table, priors=priors).table.iloc[0]

    def value(threshold, width, guess, lapse):
        p = psi(SIGMOIDS["norm"], LEVELS, threshold, width, guess, lapse, falling=falling)
        return (
            stats.binom(30, p).logpmf(table["n_target"]).sum()
            + stats.beta(2, 8).logpdf(guess)
            + stats.lognorm(0.3, scale=0.6).logpdf(width)
            + stats.norm(0.3, 0.1).logpdf(threshold)
        )

    at = np.array([found[name] for name in ("threshold", "width", "guess", "lapse")])
    best = value(*at)
    for column, step in enumerate((0.01, 0.02, 0.01, 0.01)):
        for side in (-1, 1):
            moved = at.copy()
            moved[column] += side * step
            if moved[column] >= 0:
                assert value(*moved) < best


@pytest.mark.parametrize("engine", ["ml", "bayes"])
def test_every_engine_takes_the_same_priors(engine):
    table = counts([9, 9, 10, 15, 22, 24, 24])
    free, tight = (
        pb.fit(table, engine=engine, priors=text).table["guess"].iloc[0]
        for text in ("none", "guess=beta(1, 60), lapse=beta(1, 60)")
    )
    assert free == pytest.approx(0.29, abs=0.03)
    assert tight < free - 0.05
    within = pb.fit(table, engine=engine, priors="guess=uniform(0.05, 0.1)").table.iloc[0]
    for name in ("guess_low", "guess", "guess_high"):
        assert 0.05 - 1e-9 <= within[name] <= 0.1 + 1e-9


def test_maximum_likelihood_has_no_prior_unless_one_is_asked_for():
    table = counts([9, 9, 10, 15, 22, 24, 24])
    plain, none = (pb.fit(table, priors=each).table for each in (None, "none"))
    pd.testing.assert_frame_equal(plain, none)
    better = pb.fit(table, priors="published").table["log_likelihood"] < plain["log_likelihood"]
    assert better.all()


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared data are not here")
def test_half_a_face_has_the_asymptotes_that_it_shows():
    table = pd.read_csv(CASES / "prior_cannot_be_switched_off.csv")
    found = pb.fit(table[table["observer"] == "masked1"]).table.iloc[0]
    expected = {"guess": 0.275, "lapse": 0.199, "pse": 0.482, "jnd": 0.078}
    assert found[list(expected)].to_dict() == pytest.approx(expected, abs=2e-3)


def test_the_gradient_of_priors_is_that_of_their_values_also_where_the_pse_is_a_parameter():
    from dataclasses import replace

    from psychobench.fits.ml.derivatives import FitsLast, differentiate

    blocks = Blocks(LEVELS[None], np.full((1, 7), 30.0), np.array([[4.0, 5, 9, 16, 22, 24, 25]]))
    options = FitOptions(
        likelihood="beta-binomial",
        priors={
            "threshold": "normal(0.3, 0.1)", "width": "gamma(3, 0.1)", "guess": "beta(2, 9)",
            "lapse": "beta(1, 20)", "overdispersion": "beta(2, 10)",
        },
    )  # fmt: skip
    problem = make_problem(blocks, options)
    theta = np.array([0.05, np.log(0.7), 0.08, 0.05, 0.02])
    for one in (problem, replace(problem, at_pse=True)):
        found = differentiate(FitsLast.of(one, np.arange(1)), theta[:, None])
        for column in range(5):
            ends = []
            for side in (-1, 1):
                moved = theta.copy()
                moved[column] += side * 1e-6
                ends.append(evaluate(one, moved[None]).value[0])
            assert found.gradient[column, 0] == pytest.approx(np.diff(ends)[0] / 2e-6, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"priors": "flat"}, "none, published, levels"),
        ({"priors": "slope=beta(1,10)"}, "threshold, width, guess, lapse, overdispersion"),
        ({"priors": "guess=cauchy(1,10)"}, "lognormal"),
        ({"priors": "guess=beta(1)"}, r"beta\(a,b\)"),
        ({"priors": "guess=beta(0.5,1)"}, "1 or more"),
        ({"priors": "lapse=uniform(0.2,0.3)", "bounds": "lapse=0:0.1"}, "within the bounds"),
        ({"priors": "guess=normal(3,0.1)"}, "within the bounds"),
        ({"priors": "guess=beta(1,10)", "asymptotes": "fixed"}, "holds guess and lapse"),
        ({"priors": "guess=beta(1,10)", "task": "2afc"}, "holds guess at 0.5"),
        ({"priors": "overdispersion=beta(1,10)"}, "no overdispersion"),
        ({"priors": "guess=beta(1,9),lapse=beta(1,10)", "asymptotes": "equal"}, "one prior"),
    ],
)
def test_priors_that_mean_nothing_are_one_clear_line(options, words):
    with pytest.raises(OptionError, match=words) as caught:
        pb.fit(counts([1, 3, 10, 15, 20, 27, 29]), **options)
    assert "\n" not in str(caught.value)


def test_a_prior_that_fights_the_answers_says_what_it_costs_and_what_they_want():
    hits = [11, 11, 11, 12, 15, 24, 30, 32, 32, 32, 32]
    table = pd.DataFrame(
        {"observer": "p1", "level": np.linspace(0, 1, 11), "n_trials": 40, "n_target": hits}
    )
    strong = "guess=beta(1,60),lapse=beta(1,60)"
    plain, bound = (pb.fit(table, priors=each).table.iloc[0] for each in (None, strong))
    cost = plain["log_likelihood"] - bound["log_likelihood"]
    assert cost > 1.92
    assert bound["prior_cost"] == pytest.approx(cost, abs=1e-3)
    wanted = f"a guess rate of {plain['guess']:.2f} instead of {bound['guess']:.2f}"
    assert wanted in bound["reason"]
    assert np.isnan(plain["prior_cost"])
    assert plain["reason"] is None
    mild = pb.fit(counts([1, 3, 10, 15, 20, 27, 29]), priors="published").table.iloc[0]
    assert np.isnan(mild["prior_cost"])
    assert mild["reason"] is None
