"""Order of the answers: drift, sessions, the answer before, and staircases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import psychobench as pb
from psychobench.trials.order import SORTED
from psychobench.trials.staircases import LEAST_SCORE, adaptive_score


def simulate(people, n, *, drift=0.0, previous=0.0, session=0.0, levels=7, seed=0):
    """Trials of constant stimuli; sizes are shifts of the PSE, whose sd is .2."""
    rng, parts = np.random.default_rng(seed), []
    for person in range(people):
        level = rng.permutation(np.resize(np.linspace(0, 1, levels), n))
        answers = []
        for trial, at in enumerate(level):
            moved = drift * (trial / n - 0.5) + session * (trial >= n / 2)
            moved += previous * (answers[-1] - 0.5) if answers else 0.0
            answers.append(int(rng.random() < 0.02 + 0.96 * ndtr((at - 0.5 - moved) / 0.2)))
        parts.append(
            pd.DataFrame(
                {
                    "observer": f"p{person}",
                    "level": level,
                    "response": answers,
                    "trial": range(n),
                    "session": np.where(np.arange(n) >= n / 2, "b", "a"),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def staircase(n, *, down=2, seed=0):
    """Run a 1-up-`down`-down staircase with correct answers in two alternatives."""
    rng, at, levels, answers, run = np.random.default_rng(seed), 0.9, [], [], 0
    for _ in range(n):
        answer = int(rng.random() < 0.5 + 0.48 * ndtr((at - 0.5) / 0.15))
        levels.append(round(at, 6))
        answers.append(answer)
        run = (run + 1) % down if answer else 0
        at += 0.07 if not answer else -0.07 if run == 0 else 0.0
    return np.array(levels), np.array(answers, dtype=float)


def quest(n, seed=0):
    """Place each trial at the mean of a posterior on a grid."""
    rng, grid = np.random.default_rng(seed), np.linspace(0, 1, 101)
    log_posterior, levels, answers = -0.5 * ((grid - 0.6) / 0.3) ** 2, [], []
    for _ in range(n):
        weight = np.exp(log_posterior - log_posterior.max())
        levels.append(float((weight * grid).sum() / weight.sum()))
        answers.append(float(rng.random() < ndtr((levels[-1] - 0.5) / 0.15)))
        p = 0.01 + 0.98 * ndtr((levels[-1] - grid) / 0.15)
        log_posterior = log_posterior + np.log(p if answers[-1] else 1 - p)
    return np.array(levels), np.array(answers)


def score(data):
    return adaptive_score(*data, np.zeros(len(data[0]), dtype=int))


def test_staircases_and_quest_are_recognised_by_their_order():
    assert min(score(staircase(80, down=down, seed=s)) for down in (1, 2, 3) for s in range(5)) > (
        LEAST_SCORE
    )
    assert min(score(quest(60, seed=s)) for s in range(5)) > LEAST_SCORE


def test_two_interleaved_staircases_are_recognised():
    one, other = staircase(60, seed=1), staircase(60, down=1, seed=2)
    mixed = [np.column_stack(pair).ravel() for pair in zip(one, other, strict=True)]
    assert score(mixed) > LEAST_SCORE


@pytest.mark.parametrize("levels", [5, 9, 200])
def test_random_constant_stimuli_are_no_staircase(levels):
    trials = simulate(20, 120, levels=levels)
    parts = [part for _, part in trials.groupby("observer")]
    scores = [score(part[["level", "response"]].to_numpy(float).T) for part in parts]
    assert max(scores) < LEAST_SCORE


def test_the_order_of_a_staircase_makes_it_one():
    levels, answers = staircase(80)
    shuffled = np.random.default_rng(0).permutation(80)
    assert score((levels[shuffled], answers[shuffled])) < LEAST_SCORE


@pytest.mark.slow
def test_a_staircase_is_fitted_trial_by_trial_and_its_bias_told():
    level, response = staircase(120)
    table = pd.DataFrame({"observer": "ann", "level": level, "response": response})
    fits = pb.fit(table, engine="bayes", task="2afc")
    assert fits.dependence.staircases == ("ann, all",)
    assert fits.table["likelihood"].tolist() == ["binomial"]
    assert fits.table["overdispersion"].tolist() == [0.0]
    assert "slope tends to come out too steep" in fits.summary()
    binomial = pb.fit(table, engine="bayes", task="2afc", likelihood="binomial").table
    assert fits.table["threshold"][0] == pytest.approx(binomial["threshold"][0])


@pytest.mark.slow
def test_a_staircase_beside_constant_stimuli_changes_nothing_for_them():
    level, response = staircase(100, down=1)
    stairs = pd.DataFrame({"observer": "ann", "level": level, "response": response})
    others = simulate(2, 100)[["observer", "level", "response"]]
    mixed = pb.fit(pd.concat([others, stairs]), engine="bayes").table
    alone = pb.fit(others, engine="bayes").table
    assert mixed["likelihood"].tolist() == ["beta-binomial", "beta-binomial", "binomial"]
    columns = ["pse", "pse_low", "pse_high", "overdispersion", "overdispersion_high"]
    pd.testing.assert_frame_equal(mixed[columns][:2], alone[columns])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("effect", "size"), [("drift", 0.5), ("previous", -0.25), ("session", 0.35)]
)
def test_planted_dependence_is_found_and_its_size_recovered(effect, size):
    found = pb.fit(simulate(8, 300, **{effect: size})).dependence.table
    own = found[found["effect"] == effect]
    assert own["flagged"].mean() > 0.7
    assert own["sentence"].notna().equals(own["flagged"])
    if effect != "session":
        assert own["shift"].median() == pytest.approx(size, rel=0.3)


@pytest.mark.slow
def test_answers_to_levels_alone_are_flagged_in_about_one_observer_of_twenty():
    found = pb.fit(simulate(60, 100, seed=1)).dependence.table
    rate = found.groupby("observer")["flagged"].any().mean()
    assert 0 < rate <= 0.13  # the central 99% of a binomial proportion of .05 of 60


def test_the_order_of_sorted_rows_is_not_taken_for_time():
    trials = simulate(2, 70).drop(columns=["trial", "session"])
    found = pb.fit(trials.sort_values(["observer", "level", "response"])).dependence
    assert found.table.empty
    assert found.missing == SORTED
    as_rows = pb.fit(trials)
    assert len(as_rows.dependence.table) == 4  # drift and previous, of two observers
    assert "staircase" not in as_rows.summary()


def test_counts_have_no_order():
    counts = pd.DataFrame(
        {"observer": "a", "level": [0.0, 0.5, 1.0], "n_trials": 20, "n_target": [1, 10, 19]}
    )
    assert pb.fit(counts).dependence is None


@pytest.mark.parametrize("engine", ["ml", "bayes"])
def test_the_order_of_answers_that_jump_can_be_examined(engine):
    level = np.tile([0.0, 0.25, 0.5, 0.75, 1.0], 16)
    jumps = pd.DataFrame({"observer": "a", "level": level, "response": (level > 0.6) * 1.0})
    fits = pb.fit(jumps.assign(trial=range(len(jumps))), engine=engine)
    assert fits.table["step"].tolist() == [True]
    assert not fits.dependence.table["flagged"].any()
