"""Steps: where they take the place of a curve, and that everything then is of the step."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import xlogy

from psychobench import fit

LEVELS = np.arange(7.0)


def table(rows, trials=30, levels=LEVELS):
    return pd.concat(
        pd.DataFrame({"observer": name, "level": levels, "n_trials": trials, "n_target": hits})
        for name, hits in rows.items()
    )


def one(hits, trials=30, levels=LEVELS, **options):
    return fit(table({"p1": hits}, trials, levels), **options).table.iloc[0]


def test_a_level_on_the_way_keeps_the_curves_own_pse(shared):
    found = fit(shared / "cases/step_pse_outside_interval.csv").table.iloc[0]
    assert found.status == "ok"
    assert found.pse_low <= found.pse <= found.pse_high
    assert found.pse == pytest.approx(3.06, abs=0.1)  # psignifit's


@pytest.mark.parametrize("engine", ["ml", "bayes"])
def test_a_steps_columns_are_those_of_the_step(engine):
    fits = fit(table({"p1": [2, 1, 1, 29, 28, 29, 30]}), engine=engine, likelihood="binomial")
    found = fits.table.iloc[0]
    assert (found.status, found.step, found.pse, found.threshold) == ("step", True, 2.5, 2.5)
    assert found[["width", "jnd", "slope", "jnd_low", "width_low"]].isna().all()
    assert found.jnd_high > 0
    assert found.pse_low <= 2 < 3 <= found.pse_high
    assert "between levels 2 and 3" in found.reason
    drawn = fits.predict([0, 2.4, 2.6, 6])[0]
    assert drawn.tolist() == [found.guess, found.guess, 1 - found["lapse"], 1 - found["lapse"]]
    rates = [found.guess, 1 - found.guess, 1 - found["lapse"], found["lapse"]]
    likely = xlogy([4, 86, 116, 4], rates)
    assert found.log_likelihood == pytest.approx(likely.sum())


def test_the_band_of_a_step_is_open_between_its_two_levels():
    curves = fit(table({"p1": [2, 1, 1, 29, 28, 29, 30]})).curves([1.9, 2.1, 2.9, 3.1])
    low, high = curves["low"].to_numpy(), curves["high"].to_numpy()
    assert (low[1:3] <= low[0]).all()
    assert (high[1:3] >= high[3]).all()
    assert high[0] < 0.2 < 0.8 < low[3]


@pytest.mark.slow
def test_a_fit_is_a_step_exactly_where_two_constants_are_within_the_criterion():
    rng = np.random.default_rng(4)
    psi = 0.02 + 0.95 / (1 + np.exp(-9 * (LEVELS - rng.uniform(2, 4, (60, 1)))))
    hits = rng.binomial(10, psi)
    rows = table({f"p{row}": each for row, each in enumerate(hits)}, 10)
    held = "guess=0.02:0.02,lapse=0.03:0.03"  # their prior is then the same for both
    found = fit(rows, bounds=held).table
    curve = fit(rows, bounds=f"{held},width=0.11:600").table["log_likelihood"]  # too wide for steps
    low, high = (xlogy(hits, p) + xlogy(10 - hits, 1 - p) for p in (0.02, 0.97))
    cuts = [low[:, :cut].sum(axis=1) + high[:, cut:].sum(axis=1) for cut in range(1, 7)]
    expected = np.max(cuts, axis=0) >= curve.to_numpy() - 1.92
    assert 10 < expected.sum() < 50
    assert found["step"].tolist() == expected.tolist()


def test_a_fall_from_one_level_to_the_next_is_a_reversed_step():
    found = one([30, 30, 30, 0, 0, 0, 0])
    assert (found.status, found.step, found.pse) == ("reversed", True, 2.5)
    assert "between levels 2 and 3" in found.reason


def test_two_constants_on_one_side_of_half_are_no_step():
    found = one([0, 0, 0, 0, 0, 0, 12])
    assert (found.status, found.step) == ("outside", False)


def test_bounds_that_forbid_a_step_leave_the_curve():
    step = [0, 0, 0, 30, 30, 30, 30]
    assert one(step, bounds="width=0.5:9").status == "ok"
    assert one(step, bounds="threshold=2.6:5").status == "ok"
    assert one(step, bounds="threshold=2.4:5").status == "step"


def test_a_forced_choices_step_is_of_its_threshold():
    found = one([15, 14, 16, 30, 30, 29, 30], task="2afc")
    assert (found.status, found.step, found.threshold) == ("step", True, 2.5)
    assert found.threshold_low <= 2 < 3 <= found.threshold_high
    assert np.isnan(found.pse)


def test_probabilities_are_a_step_where_no_level_lies_between_the_asymptotes():
    def network(p):
        table = pd.DataFrame({"observer": "net", "level": LEVELS, "p_target": p})
        return fit(table).table.iloc[0]

    steep = network([0.1, 0.11, 0.1, 0.9, 0.89, 0.9, 0.9])
    assert (steep.status, steep.pse) == ("step", 2.5)
    assert steep.guess == pytest.approx(0.31 / 3)
    between = network([0.1, 0.1, 0.1, 0.3, 0.9, 0.9, 0.9])
    assert (between.status, between.step) == ("ok", False)
    assert 3 < between.pse < 4
