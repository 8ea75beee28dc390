"""Populations by partial pooling: recovery, calibration, shrinkage, and who cannot be in one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import ndtr, ndtri

import psychobench
from psychobench.errors import FitError, OptionError
from psychobench.fits.blocks import Blocks
from psychobench.fits.ml import engine as ml
from psychobench.fits.options import FitOptions
from psychobench.fits.population.model import fit_population_model
from psychobench.fits.population.partial_pooling import fit_population

LEVELS = np.array([0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0])
QUARTERS = np.array([0.25, 0.5, 0.75])
SPREAD = ndtri(0.95) - ndtri(0.05)
MEAN, SD, LOG_WIDTH, LOG_SD = 0.53, 0.127, np.log(0.6), 0.25


def simulate(n, trials, rng, levels=LEVELS, rate=40, chance=None):
    """Draw people from a known population, and let them answer: counts, PSEs, widths."""
    pse, width = rng.normal(MEAN, SD, n), np.exp(rng.normal(LOG_WIDTH, LOG_SD, n))
    guess, lapse = np.minimum(rng.beta(1, rate, (2, n)) if rate < np.inf else np.zeros((2, n)), 0.4)
    if chance is not None:
        guess, share = np.full(n, chance), np.full(n, 0.5)
    else:
        share = (0.5 - guess) / (1 - guess - lapse)
    threshold = pse - width / SPREAD * ndtri(share)
    rise = ndtr((levels - threshold[:, None]) / width[:, None] * SPREAD)
    hits = rng.binomial(trials, guess[:, None] + (1 - guess - lapse)[:, None] * rise)
    return counts(hits, trials, levels), pse, width


def counts(hits, trials, levels=LEVELS):
    n = len(hits)
    return pd.DataFrame(
        {
            "observer": np.repeat([f"p{i:02}" for i in range(n)], len(levels)),
            "level": np.tile(levels, n),
            "n_trials": trials,
            "n_target": np.asarray(hits).ravel(),
        }
    )


def row(population, parameter="pse"):
    return population.table.set_index("parameter").loc[parameter]


@pytest.fixture(scope="module")
def sparse():
    """Thirty people with five trials per level, and the population estimated from them."""
    table, pse, width = simulate(30, 5, np.random.default_rng(0))
    return table, pse, width, fit_population(table)


@pytest.mark.slow
def test_a_populations_mean_and_spread_are_recovered():
    table, pse, width = simulate(30, 30, np.random.default_rng(1))
    population = fit_population(table)
    for parameter, mean, sd in (("pse", MEAN, SD), ("width", np.exp(LOG_WIDTH), LOG_SD)):
        found = row(population, parameter)
        assert found["mean_low"] < mean < found["mean_high"]
        assert found["sd_low"] < sd < found["sd_high"]
    assert row(population)["sd"] == pytest.approx(pse.std(ddof=1), rel=0.1)
    people = population.individuals
    assert (people["pse_low"] < pse).to_numpy()[pse < people["pse_high"]].mean() > 0.85
    assert np.corrcoef(np.log(people["width"]), np.log(width))[0, 1] > 0.4


@pytest.mark.slow
def test_intervals_of_small_populations_cover_the_true_mean_and_spread():
    rng = np.random.default_rng(2)
    covered = np.zeros(3)
    for _ in range(10):
        table, pse, _ = simulate(8, 10, rng, LEVELS[::2])
        blocks = Blocks(
            np.tile(LEVELS[::2] - 0.5, (8, 1)), np.full((8, 4), 10.0),
            table["n_target"].to_numpy(float).reshape(8, 4),
        )  # fmt: skip
        pooled = fit_population_model(blocks, FitOptions())
        low, high = 0.5 + pooled.location.mean_quantiles(np.array([0.025, 0.975]))
        least, most = pooled.location.spread_quantiles(np.array([0.025, 0.975]))
        middle = 0.5 + pooled.locations @ pooled.axes.location
        error = np.sqrt(pooled.locations @ pooled.axes.location**2 - (middle - 0.5) ** 2)
        covered += [low < MEAN < high, least < SD < most, (np.abs(middle - pse) < 2 * error).mean()]
    assert (covered >= 0.79 * 10).all(), covered
    assert covered[2] < 0.999 * 10


@pytest.mark.slow
def test_pooling_brings_sparse_people_nearer_to_the_truth_than_separate_fits(sparse):
    table, pse, width, population = sparse
    people, hits = population.individuals, table["n_target"].to_numpy(float).reshape(-1, 7)
    blocks = Blocks(np.tile(LEVELS, (30, 1)), np.full((30, 7), 5.0), hits)
    usable = people["status_alone"].isin(["ok", "step"]).to_numpy()

    def error(estimates, truth):
        return np.sqrt(np.mean((estimates - truth)[usable] ** 2))

    assert error(people["pse"], pse) < 0.85 * error(people["pse_alone"], pse)
    logs = np.log(ml.fit(blocks, FitOptions()).width), np.log(people["width"])
    assert error(logs[1], np.log(width)) < 0.6 * error(logs[0], np.log(width))
    spreads = [each[usable].std(ddof=1) for each in (people["pse"], pse, people["pse_alone"])]
    assert spreads == sorted(spreads)


@pytest.mark.slow
def test_with_many_trials_pooling_gives_the_mean_and_sd_of_separate_fits():
    table, *_ = simulate(12, 200, np.random.default_rng(3), rate=np.inf)
    population = fit_population(table, asymptotes="fixed")
    found, people = row(population), population.individuals
    alone = people["pse_alone"]
    assert found["mean"] == pytest.approx(alone.mean(), abs=0.003)
    # the SD's posterior has its median a little above the sample's SD: 12 people are few
    assert found["sd"] == pytest.approx(alone.std(), rel=0.1)
    np.testing.assert_allclose(people["pse"], alone, atol=0.02)
    assert (people["pooling"] < 0.05).all()
    t = stats.t.interval(0.95, 11, alone.mean(), alone.sem())
    assert found["mean_high"] - found["mean_low"] == pytest.approx(t[1] - t[0], rel=0.1)


@pytest.mark.slow
def test_who_answered_little_is_placed_where_the_population_is(sparse):
    table = sparse[0].head(140)
    few = counts([[0, 1, 0, 0, 0, 0, 0]], [0, 1, 0, 0, 1, 0, 0]).assign(observer="new")
    population = fit_population(pd.concat([table, few]))
    new = population.individuals.iloc[-1]
    found = row(population)
    assert new["n_trials"] == 2
    assert abs(new["pse"] - found["mean"]) < 0.5 * found["sd"]
    assert new["pooling"] > 0.8
    assert new["pse_high"] - new["pse_low"] == pytest.approx(4 * found["sd"], rel=0.25)


@pytest.mark.slow
def test_people_whose_pse_lies_outside_the_levels_are_part_of_the_population():
    rng = np.random.default_rng(5)
    pse = rng.normal(0.8, 0.25, 24)
    hits = rng.binomial(20, ndtr((LEVELS - pse[:, None]) / 0.15))
    population = fit_population(counts(hits, 20))
    people, found = population.individuals, row(population)
    outside = ~people["status_alone"].isin(["ok", "step"])
    assert 2 < outside.sum() < 12
    # leaving them out moves the mean inwards and hides part of the spread
    usable = people["pse_alone"][~outside]
    assert abs(found["mean"] - pse.mean()) < 0.5 * abs(usable.mean() - pse.mean())
    assert usable.std() < 0.9 * pse.std(ddof=1)
    assert found["sd_low"] < pse.std(ddof=1) < found["sd_high"]


@pytest.mark.slow
def test_the_posterior_is_that_of_importance_sampling():
    """Fixed asymptotes and few people, integrated in another way altogether."""
    hits = np.array([[0, 2, 6, 8], [0, 0, 4, 7], [1, 5, 7, 8], [0, 3, 3, 8]])
    levels = np.array([-0.5, -0.2, 0.2, 0.5])
    pooled = fit_population_model(
        Blocks(np.tile(levels, (4, 1)), np.full((4, 4), 8.0), hits.astype(float)),
        FitOptions(asymptotes="fixed"),
    )
    normal = ndtri(stats.qmc.Sobol(4, seed=0).random(2048))
    theta = np.array([0, np.log(0.15), -0.4, np.log(0.3)]) + [0, 1, 0.5, 1] * normal
    tau, omega = np.exp(theta[:, 1]), np.exp(theta[:, 3])
    reach = 0.75 * np.sqrt(0.1**2 + tau**2)  # the wider the population, the less sure its mean
    theta[:, 0] = reach * normal[:, 0]
    x = np.linspace(-5, 5, 31)
    w = stats.norm.pdf(x) / stats.norm.pdf(x).sum()
    m = (theta[:, [0]] + tau[:, None] * x)[:, :, None]
    width = np.exp(theta[:, [2]] + omega[:, None] * x)[:, None, :]
    log_weight = np.log(reach * tau * omega) + 0.5 * (normal**2).sum(axis=1)
    nu = (theta[:, 2] - np.log(0.5)) / 1.5
    log_weight -= 0.5 * ((theta[:, 0] / 2) ** 2 + (tau / 0.5) ** 2 + nu**2 + omega**2)
    likelihood = np.ones((4, 2048, 31, 31))
    for column, level in enumerate(levels):
        p = np.clip(ndtr((level - m) / width * SPREAD), 1e-12, 1 - 1e-12)
        for person, k in enumerate(hits[:, column]):
            likelihood[person] *= p**k * (1 - p) ** (8 - k)
    log_weight += np.log(np.einsum("pijk,j,k->pi", likelihood, w, w)).sum(axis=0)
    weight = np.exp(log_weight - log_weight.max())

    def sampled(values):
        order = np.argsort(values)
        return np.interp(QUARTERS, np.cumsum(weight[order]) / weight.sum(), values[order])

    mean, spread = sampled(theta[:, 0]), sampled(tau)
    np.testing.assert_allclose(pooled.location.mean_quantiles(QUARTERS), mean, atol=0.012)
    np.testing.assert_allclose(pooled.location.spread_quantiles(QUARTERS), spread, rtol=0.07)


@pytest.mark.slow
def test_levels_in_another_unit_give_the_same_population_in_that_unit(sparse):
    table = sparse[0].head(70)
    one = fit_population(table)
    other = fit_population(table.assign(level=table["level"] * 1e-6 + 5e-6))
    found, moved = row(one), row(other)
    for name in ("mean", "mean_low", "mean_high"):
        assert moved[name] == pytest.approx(found[name] * 1e-6 + 5e-6, abs=1e-10)
    assert moved["sd"] == pytest.approx(found["sd"] * 1e-6)
    assert row(other, "slope")["mean"] == pytest.approx(row(one, "slope")["mean"] * 1e6)
    np.testing.assert_allclose(other.individuals["pooling"], one.individuals["pooling"], rtol=1e-5)


@pytest.mark.slow
def test_mirrored_levels_and_answers_mirror_the_population(sparse):
    table = sparse[0].head(70)
    mirrored = table.assign(level=1 - table["level"], n_target=5 - table["n_target"])
    one, other = row(fit_population(table)), row(fit_population(mirrored))
    assert other["mean"] == pytest.approx(1 - one["mean"], abs=1e-4)
    assert other["mean_low"] == pytest.approx(1 - one["mean_high"], abs=1e-4)


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter(sparse):
    table = sparse[0].head(70)
    shuffled = table.sample(frac=1, random_state=1)
    one, other = fit_population(table), fit_population(shuffled)
    assert row(other)["mean"] == pytest.approx(row(one)["mean"], abs=1e-9)
    ours = one.individuals.set_index("observer")["pse"]
    theirs = other.individuals.set_index("observer")["pse"]
    np.testing.assert_allclose(theirs[ours.index], ours, atol=1e-9)


@pytest.mark.slow
def test_conditions_and_further_columns_have_populations_of_their_own():
    rng = np.random.default_rng(6)
    parts = []
    for condition, group, shift in (("a", "x", 0.0), ("a", "y", 0.5), ("b", "x", 0.0)):
        table, *_ = simulate(4, 10, rng)
        part = table.assign(condition=condition, group=group, level=table["level"] + shift)
        parts.append(part.assign(observer=part["observer"] + condition + group))
    population = fit_population(pd.concat(parts), by=["group"])
    pses = population.table[population.table["parameter"] == "pse"]
    assert pses[["condition", "group"]].to_numpy().tolist() == [["a", "x"], ["a", "y"], ["b", "x"]]
    assert pses["mean"].iloc[1] > pses["mean"].iloc[0] + 0.2
    assert len(population.individuals) == 12


@pytest.mark.slow
def test_a_forced_choice_has_a_population_of_thresholds():
    table, threshold, _ = simulate(20, 40, np.random.default_rng(7), chance=0.5)
    population = fit_population(table, task="2afc")
    found = row(population, "threshold")
    assert found["mean_low"] < MEAN < found["mean_high"]
    assert np.corrcoef(population.individuals["threshold"], threshold)[0, 1] > 0.8


@pytest.mark.slow
def test_who_cannot_belong_is_named_with_the_reason(sparse):
    table = sparse[0].head(70)
    falling = counts([[20, 19, 18, 10, 2, 1, 0]], 20).assign(observer="swapped")
    single = counts([[0, 2, 0, 0, 0, 0, 0]], [0, 5, 0, 0, 0, 0, 0]).assign(observer="gone")
    population = fit_population(pd.concat([table, falling, single]))
    assert population.left_out["observer"].tolist() == ["swapped", "gone"]
    assert population.left_out["why"].iloc[0] == "the curve falls"
    assert "all answers are at one level" in population.left_out["why"].iloc[1]
    assert row(population)["n"] == 10
    assert "Left out: swapped (the curve falls); gone" in population.sentences()[-1]


@pytest.mark.slow
def test_a_condition_with_too_few_people_is_a_row_with_its_reason(sparse):
    table = sparse[0].head(70).assign(condition="full")
    population = fit_population(pd.concat([table, table.head(14).assign(condition="thin")]))
    thin = population.table[population.table["condition"] == "thin"].iloc[0]
    assert "needs 3 people" in thin["reason"]
    assert np.isnan(thin["mean"])
    with pytest.raises(FitError, match="needs 3 people"):
        fit_population(table.head(14))


def test_what_cannot_be_pooled_is_refused(sparse):
    table = sparse[0].head(70)
    with pytest.raises(OptionError, match="use gumbel for weibull"):
        fit_population(table, sigmoid="weibull")
    network = table[["observer", "level"]].assign(p_target=0.5)
    with pytest.raises(FitError, match="holds probabilities"):
        fit_population(network)
    with pytest.raises(OptionError, match="confidence"):
        fit_population(table, confidence=95)


@pytest.mark.slow
def test_sentences_give_mean_and_spread_with_their_intervals(sparse):
    population = fit_population(sparse[0].head(70), confidence=0.9)
    found = row(population)
    said = population.sentences()[0]
    assert said.startswith(f"Condition all, 10 people: mean of the PSE {found['mean']:.3f}, 90%")
    assert f"{found['sd_high']:.3f}" in said


@pytest.mark.slow
def test_everybody_of_a_real_study_is_in_its_population(shared):
    columns = {"observer": "subject", "response": "chose_anger"}
    trials = psychobench.read_trials(shared / "wegrzyn2015" / "trials.csv", columns=columns)
    population = fit_population(trials[trials["condition"] != "eyes"])
    assert (population.table["n"] == 30).all()
    pses = population.table[population.table["parameter"] == "pse"].set_index("condition")
    widths = population.table[population.table["parameter"] == "width"].set_index("condition")
    assert pses.loc["whole", "mean"] == pytest.approx(0.5, abs=0.04)
    # parts of a face say less than the whole: people agree less, and their curves are flatter
    assert widths.loc["mouth", "mean_low"] > widths.loc["whole", "mean_high"]
    assert pses.loc["mouth", "sd_low"] > pses.loc["whole", "sd_high"]
