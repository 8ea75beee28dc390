"""Posteriors of fits with parameters in common, against a grid and against separate fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import psychobench as pb
from psychobench.fits.functions import SIGMOIDS

LEVELS, N = np.linspace(0, 1, 6), 20
HITS = {"a": [0, 3, 9, 16, 19, 20], "b": [0, 1, 3, 10, 17, 20]}


def table(conditions="ab", observer="p1"):
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "observer": observer,
                    "condition": name,
                    "level": LEVELS,
                    "n_trials": N,
                    "n_target": HITS[name],
                }
            )
            for name in conditions
        ],
        ignore_index=True,
    )


def edge(x, low, high, foot, end):
    """The published prior: a plateau with edges that rise and fall along a raised cosine."""
    beyond = np.clip(np.maximum((low - x) / (low - foot), (x - high) / (end - high)), 0, 1)
    return np.cos(beyond * np.pi / 2) ** 2


@pytest.mark.slow
def test_the_posterior_of_a_common_width_is_that_of_a_grid():
    found = pb.fit(table(), engine="bayes", share="jnd", asymptotes="fixed", likelihood="binomial")
    threshold, width = np.linspace(0, 1, 301), np.linspace(0.2, 1.4, 241)
    spread = SIGMOIDS["norm"].spread
    u = (LEVELS[:, None, None] - threshold[:, None]) / width * spread
    p = np.clip(ndtr(u), 1e-300, 1)
    q = np.clip(ndtr(-u), 1e-300, 1)
    each = {}
    for name, hits in HITS.items():
        k = np.array(hits)[:, None, None]
        log = (k * np.log(p) + (N - k) * np.log(q)).sum(axis=0)
        each[name] = np.exp(log) * edge(threshold, 0, 1, -0.5, 1.5)[:, None]
    prior = edge(width, 0.4, 1, 0.2, 3)  # twice and once the gap; the range and three of them
    shared = each["a"].sum(axis=0) * each["b"].sum(axis=0) * prior
    alone = each["a"] @ (each["b"].sum(axis=0) * prior)
    row = found.table.iloc[0]
    for name, axis, weight in (("width", width, shared), ("threshold", threshold, alone)):
        mass = np.cumsum(weight) / weight.sum()
        low, high = np.interp([0.025, 0.975], mass, axis)
        error = 0.08 * (high - low)
        assert row[f"{name}_low"] == pytest.approx(low, abs=error)
        assert row[f"{name}_high"] == pytest.approx(high, abs=error)
        assert row[f"{name}_mean"] == pytest.approx(weight @ axis / weight.sum(), abs=error / 2)
    best = np.unravel_index(
        (each["a"][:, None] * each["b"][None] * prior).argmax(), (301, 301, 241)
    )
    assert row["width"] == pytest.approx(width[best[2]], abs=0.01)
    assert row["threshold"] == pytest.approx(threshold[best[0]], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("share", ["lapse", "jnd"])
def test_who_shares_with_nobody_has_the_posterior_of_a_separate_fit(share):
    people = pd.concat([table(), table("a", "p2")], ignore_index=True)
    options = {"engine": "bayes", "likelihood": "binomial"}
    shared = pb.fit(people, share=share, **options).table
    alone = pb.fit(table("a", "p2"), **options).table.iloc[0]
    own = shared.iloc[2]
    for name in ("pse", "jnd", "lapse"):
        span = alone[f"{name}_high"] - alone[f"{name}_low"]
        assert own[name] == pytest.approx(alone[name], abs=0.02 * span)
        for end in ("low", "high", "mean"):
            assert own[f"{name}_{end}"] == pytest.approx(alone[f"{name}_{end}"], abs=0.09 * span)
    assert np.ptp(shared[share][:2]) < 1e-9
    assert np.ptp(shared[f"{share}_high"][:2]) < 1e-9


@pytest.mark.slow
def test_the_same_seed_gives_the_same_posterior_with_overdispersion_across_observers():
    people = pd.concat([table("a"), table("a", "p2")], ignore_index=True)
    one, two = (
        pb.fit(people, engine="bayes", share="jnd", share_over="observers", seed=4).table
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert one["likelihood"].eq("beta-binomial").all()
    # two people with the same answers: twice the data
    alone = pb.fit(table("a"), engine="bayes").table.iloc[0]
    ratio = (alone["jnd_high"] - alone["jnd_low"]) / (one["jnd_high"] - one["jnd_low"])
    assert 1.2 < ratio[0] < 1.8


@pytest.mark.slow
def test_a_rate_at_its_end_has_the_interval_that_a_separate_fit_gives_it():
    level = np.linspace(0, 1, 5)
    steep = pd.DataFrame(
        {
            "observer": "a",
            "condition": np.repeat(["x", "y"], 5),
            "level": np.tile(level, 2),
            "n_trials": 10,
            "n_target": [0, 0, 6, 10, 10, 0, 0, 3, 10, 10],
        }
    )
    options = {"engine": "bayes", "likelihood": "binomial"}
    together = pb.fit(steep, share="jnd", **options).table
    alone = pb.fit(steep, **options).table
    for name in ("guess_high", "lapse_high"):
        np.testing.assert_allclose(together[name], alone[name], atol=0.04)
