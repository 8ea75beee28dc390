import numpy as np
import pandas as pd
import pytest
import scipy.stats

from psychobench.fits.pse import fit

LEVELS = np.linspace(0, 1, 6)


def one(hits, trials=30, levels=None, **options):
    levels = np.linspace(0, 1, len(hits)) if levels is None else levels
    table = pd.DataFrame({"observer": "p1", "level": levels, "n_trials": trials, "n_target": hits})
    return fit(table, **options).table.iloc[0]


def network(p, levels=None):
    levels = np.linspace(0, 1, len(p)) if levels is None else levels
    return fit(pd.DataFrame({"observer": "net", "level": levels, "p_target": p})).table.iloc[0]


@pytest.mark.slow
def test_a_curve_that_crosses_inside_the_levels_is_ok_and_needs_no_reason():
    found = one([1, 3, 10, 20, 27, 29])
    assert (found.status, found.reason) == ("ok", None)


@pytest.mark.slow
@pytest.mark.parametrize("hits", [[0] * 6, [30] * 6, [14, 15, 16, 15, 14, 15], [6, 7, 6, 5, 6, 7]])
def test_flat_responding_has_no_pse(hits):
    found = one(hits)
    assert found.status == "never"
    assert np.isnan([found.pse, found.pse_low, found.pse_high, found.slope]).all()
    assert "constant" in found.reason


@pytest.mark.slow
def test_answers_have_a_pse_once_their_rise_is_clearer_than_that_of_guessing():
    rises = [[14 - tilt, 15, 15, 15, 15, 15 + tilt] for tilt in range(10)]
    table = pd.concat(
        pd.DataFrame({"observer": tilt, "level": LEVELS, "n_trials": 30, "n_target": hits})
        for tilt, hits in enumerate(rises)
    )
    statuses = fit(table).table["status"].tolist()
    # the best rising course against a constant has a p of .05 in between, by simulation
    assert statuses[:5] == ["never"] * 5
    assert "never" not in statuses[7:]


@pytest.mark.slow
def test_a_curve_between_asymptotes_on_one_side_of_half_has_no_pse():
    found = one([180, 180, 181, 240, 299, 300], 300)
    assert found.status == "never"
    assert found.guess > 0.5
    assert "never .5" in found.reason


@pytest.mark.slow
def test_decreasing_answers_are_reversed_and_their_pse_is_reported():
    found = one([29, 27, 20, 10, 3, 1])
    assert found.status == "reversed"
    assert found.pse == pytest.approx(0.5)
    assert found.slope < 0


def test_a_weak_decrease_is_not_called_reversed():
    assert one([18, 16, 15, 14, 13]).status == "never"


def test_a_crossing_beyond_the_levels_is_outside():
    found = one([0, 0, 0, 1, 4, 13])
    assert found.status == "outside"
    assert found.pse > 1
    assert "0 to 1" in found.reason


@pytest.mark.slow
def test_a_rise_that_may_end_below_half_has_a_crossing_only_under_a_belief_about_lapses():
    hits = [0, 0, 1, 3, 6, 10]
    assert one(hits).status == "never"
    for belief in ({"priors": "published"}, {"asymptotes": "fixed"}):
        found = one(hits, **belief)
        assert found.status == "outside"
        assert found.pse > 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hits", "levels", "pse"),
    [
        ([0, 0, 0, 30, 30, 30], LEVELS, 0.5),
        ([0, 0, 30, 30], [0.0, 0.1, 0.4, 1.0], 0.25),
        ([0, 30, 30, 30], [0.0, 0.2, 0.5, 1.0], 0.1),
        ([0, 30], [2.0, 8.0], 5.0),
        ([2, 1, 1, 29, 28, 29], LEVELS, 0.5),  # lapses beside the step
    ],
)
def test_a_step_puts_the_pse_midway_between_the_levels_around_it(hits, levels, pse):
    found = one(hits, levels=levels)
    assert found.status == "step"
    assert found.pse == pytest.approx(pse)
    assert np.isnan(found.width)
    assert "between" in found.reason


@pytest.mark.slow
@pytest.mark.parametrize(("at", "side"), [(9, 1), (15, 0), (21, -1)])
def test_a_level_on_the_way_up_places_the_pse_beside_it(at, side):
    found = one([0, 0, at, 30, 30, 30])
    assert found.status == "ok"
    assert np.sign((found.pse - 0.4).round(6)) == side
    assert found.pse_low <= found.pse <= found.pse_high


@pytest.mark.slow
@pytest.mark.parametrize("bootstrap", [0, 50])
def test_the_interval_of_a_step_reaches_the_levels_around_it(bootstrap):
    found = one([0, 0, 0, 30, 30, 30], bootstrap=bootstrap)
    assert found.pse_low == pytest.approx(0.4, abs=0.03)
    assert found.pse_high == pytest.approx(0.6, abs=0.03)


@pytest.mark.slow
def test_a_step_downwards_is_reversed_at_its_midpoint():
    found = one([30, 30, 30, 0, 0, 0])
    assert (found.status, found.pse, found.step) == ("reversed", 0.5, True)


@pytest.mark.slow
def test_a_step_on_a_logarithmic_sigmoid_is_midway_in_level_units():
    levels = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
    found = one([0, 0, 0, 30, 30, 30], levels=levels, sigmoid="weibull")
    assert (found.status, found.pse) == ("step", pytest.approx(0.6))


def test_a_networks_step_is_a_step():
    found = network([1e-4, 1e-4, 2e-4, 0.9998, 0.9999, 0.9999])
    assert (found.status, found.pse) == ("step", pytest.approx(0.5))
    assert np.isnan(found.pse_low)


@pytest.mark.slow
def test_a_networks_range_under_a_twentieth_has_no_pse():
    assert network(0.48 + 0.045 * LEVELS).status == "never"
    assert network(0.47 + 0.055 * LEVELS).status == "ok"
    assert network(np.full(6, 0.5)).status == "never"


def test_a_network_that_never_reaches_half_has_no_pse():
    p = 0.05 + 0.3 * scipy.stats.norm.cdf((np.linspace(0, 1, 21) - 0.5) / 0.1)
    assert network(p).status == "never"


def test_a_network_with_its_answers_the_other_way_round_is_reversed():
    p = 1 - scipy.stats.norm.cdf((np.linspace(0, 1, 21) - 0.55) / 0.15)
    found = network(p)
    assert found.status == "reversed"
    assert found.pse == pytest.approx(0.55, abs=1e-4)


@pytest.mark.slow
def test_the_status_of_a_forced_choice_is_its_thresholds():
    chance, ceiling = one([15, 16, 15, 14, 15, 15], task="2afc"), one([30] * 6, task="2afc")
    assert chance.status == ceiling.status == "never"
    assert one([15, 17, 20, 25, 29, 30], task="2afc").status == "ok"
    assert one([30, 29, 25, 20, 17, 15], task="2afc").status == "reversed"
    late = one([150, 150, 151, 156, 175, 215], 300, task="2afc")
    assert late.status == "outside"
    assert "threshold" in late.reason


@pytest.mark.slow
def test_single_answers_have_no_proportions_that_could_cross_half():
    rng = np.random.default_rng(2)
    level = rng.uniform(size=200)
    hits = rng.uniform(size=200) < scipy.stats.norm.cdf(level, 0.5, 0.2)
    found = fit(pd.DataFrame({"observer": "a", "level": level, "response": hits})).table.iloc[0]
    assert pd.isna(found["crossings"])
    assert found["reason"] is None


def test_several_crossings_of_half_are_flagged_whatever_the_status():
    ok, never = one([4, 16, 12, 20, 26, 29]), one([16, 14, 16, 14, 16, 14])
    assert (ok.status, ok.crossings, never.status, never.crossings) == ("ok", 3, "never", 5)
    assert "cross .5 3 times" in ok.reason
    assert "cross .5 5 times" in never.reason


@pytest.mark.slow
def test_a_proportion_of_exactly_half_crosses_nothing_by_itself():
    assert one([3, 15, 27]).crossings == 1
    assert one([3, 15, 9, 6]).crossings == 0


DESERVED = {
    "ok": [1, 3, 6, 14, 22, 27, 29],
    "outside": [0, 0, 0, 1, 3, 6, 10],
    "never": [15, 14, 16, 15, 14, 16, 15],  # psignifit alone finds a threshold beyond the levels
    "reversed": [29, 27, 22, 14, 6, 3, 1],
    "step": [0, 0, 0, 30, 30, 30, 30],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "likelihood"),
    [
        ("ml", "binomial"),
        ("ml", "beta-binomial"),
        ("bayes", "binomial"),
        ("bayes", "beta-binomial"),
        ("psignifit", "binomial"),  # the other takes psignifit a quarter of a minute
    ],
)
def test_each_status_is_reached_with_every_engine_by_data_that_deserve_it(engine, likelihood):
    if engine == "psignifit":
        pytest.importorskip("psignifit")
    levels = np.linspace(-6, 6, 7)
    table = pd.concat(
        [pd.DataFrame({"observer": "failed", "level": [2.0], "n_trials": 30, "n_target": [20]})]
        + [
            pd.DataFrame({"observer": name, "level": levels, "n_trials": 30, "n_target": hits})
            for name, hits in DESERVED.items()
        ]
    )
    found = fit(table, engine=engine, likelihood=likelihood, asymptotes="equal").table
    found = found.set_index("observer")
    assert found["status"].to_dict() == {name: name for name in found.index}
    assert found["pse"].isna().to_dict() == {
        name: name in ("failed", "never") for name in found.index
    }
    assert found.loc["step", "pse"] == pytest.approx(-1.0)
    assert abs(found.loc[["ok", "reversed"], "pse"]).max() < 1
    assert found.loc["outside", "pse"] > 6
    assert found.loc[found.index != "ok", "reason"].notna().all()
