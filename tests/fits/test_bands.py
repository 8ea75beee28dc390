"""Confidence bands of fitted curves: they cover the truth, and widen where the data say less."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from psychobench import fit
from psychobench.errors import PsychobenchError
from psychobench.fits.functions import SIGMOIDS, psi

LEVELS = np.linspace(0, 1, 7)
MIDDLE = np.array([0.35, 0.5, 0.65])


def drawn(sets: int, *, seed: int, trials: int = 40, falling: bool = False, **curve) -> tuple:
    """Simulated sets of counts from one curve, and its true values at the middle levels."""
    truth = {"threshold": 0.5, "width": 0.6, "guess": 0.04, "lapse": 0.06} | curve
    rng = np.random.default_rng(seed)
    sigmoid = SIGMOIDS["norm"]
    p = psi(sigmoid, LEVELS, **truth, falling=falling)
    table = pd.DataFrame(
        {
            "observer": np.repeat([f"s{n}" for n in range(sets)], len(LEVELS)),
            "level": np.tile(LEVELS, sets),
            "n_trials": trials,
            "n_target": rng.binomial(trials, p, (sets, len(LEVELS))).ravel(),
        }
    )
    return table, psi(sigmoid, MIDDLE, **truth, falling=falling)


@pytest.mark.slow
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("asymptotes", ["free", "equal"])
def test_the_band_covers_the_true_curve_at_its_confidence(asymptotes, falling):
    table, truth = drawn(400, seed=5, trials=100, guess=0.02, lapse=0.02, falling=falling)
    curves = fit(table, asymptotes=asymptotes).curves(MIDDLE)
    inside = (curves["low"] <= np.tile(truth, 400)) & (np.tile(truth, 400) <= curves["high"])
    covered = inside.to_numpy().reshape(400, 3).mean(axis=0)
    assert ((covered > 0.90) & (covered < 0.99)).all(), covered


@pytest.mark.slow
def test_a_higher_confidence_and_fewer_trials_make_wider_bands():
    table, _ = drawn(20, seed=2)
    few, _ = drawn(20, seed=2, trials=10)

    def width(found):
        return (found["high"] - found["low"]).mean()

    usual = width(fit(table).curves(MIDDLE))
    assert width(fit(table, confidence=0.99).curves(MIDDLE)) > 1.2 * usual
    assert width(fit(few).curves(MIDDLE)) > 1.5 * usual


@pytest.mark.slow
def test_overdispersion_widens_the_band_as_it_shrinks_the_effective_trials():
    rng = np.random.default_rng(4)
    p = psi(SIGMOIDS["norm"], np.repeat(LEVELS, 4), 0.5, 0.6, 0.02, 0.02)
    blocks = pd.DataFrame(
        {
            "observer": "p1",
            "level": np.repeat(LEVELS, 4),
            "session": [f"s{n}" for n in range(4)] * len(LEVELS),
            "n_trials": 30,
            "n_target": rng.binomial(30, rng.beta(10 * p, 10 * (1 - p))),
        }
    )
    plain, varying = fit(blocks), fit(blocks, likelihood="beta-binomial")
    assert (varying.data["n_effective"] < varying.data["n_trials"]).all()
    np.testing.assert_array_equal(plain.data["n_effective"], plain.data["n_trials"])
    narrow, wide = plain.curves(MIDDLE), varying.curves(MIDDLE)
    assert ((wide["high"] - wide["low"]) > (narrow["high"] - narrow["low"])).all()


def test_a_curve_without_free_parameters_has_no_width():
    table, _ = drawn(1, seed=1)
    held = {"threshold": (0.5, 0.5), "width": (0.6, 0.6)}
    curves = fit(table, asymptotes="fixed", bounds=held).curves(MIDDLE)
    np.testing.assert_allclose(curves["low"], curves["p"])
    np.testing.assert_allclose(curves["high"], curves["p"])


@pytest.mark.slow
def test_bands_do_not_depend_on_the_unit_of_the_level():
    table, _ = drawn(3, seed=6)
    one = fit(table).curves(MIDDLE)
    many = fit(table.assign(level=table["level"] * 1000)).curves(MIDDLE * 1000)
    np.testing.assert_allclose(many[["p", "low", "high"]], one[["p", "low", "high"]], rtol=1e-4)


@pytest.mark.slow
def test_probabilities_and_failed_fits_have_no_band():
    network = pd.DataFrame({"observer": "net", "level": LEVELS, "p_target": LEVELS})
    assert fit(network).curves(MIDDLE)[["low", "high"]].isna().all().all()
    table, _ = drawn(1, seed=1)
    lonely = pd.DataFrame({"observer": ["one"], "level": 0.5, "n_trials": 9, "n_target": 4})
    curves = fit(pd.concat([table, lonely])).curves()
    assert curves.loc[curves["observer"] == "one", ["p", "low", "high"]].isna().all().all()
    assert curves.loc[curves["observer"] == "s0", ["p", "low", "high"]].notna().all().all()


def test_curves_are_a_tidy_table_over_the_levels_asked_for():
    table, _ = drawn(2, seed=3)
    fits = fit(table.assign(half=np.where(table["observer"] == "s0", "a", "b")), by="half")
    curves = fits.curves("0,.5,1")
    assert list(curves) == ["observer", "condition", "half", "level", "p", "low", "high"]
    assert curves["level"].tolist() == [0, 0.5, 1] * 2
    np.testing.assert_allclose(curves["p"], fits.predict([0, 0.5, 1]).ravel())
    assert (curves["low"] <= curves["p"]).all()
    assert (curves["p"] <= curves["high"]).all()
    assert fits.curves().groupby("observer")["level"].agg(["min", "max"]).values.tolist() == [
        [0, 1],
        [0, 1],
    ]
    with pytest.raises(PsychobenchError, match="`levels` must be"):
        fits.curves("human")
