import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psychobench.errors import FitError, OptionError, PsychobenchError, TableError
from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.pse import fit

LEVELS = np.array([0.0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0])
PARAMETERS = ["threshold", "width", "guess", "lapse"]
DOCUMENTED = [
    "observer", "condition", "engine", "sigmoid", "asymptotes", "likelihood", "threshold", "width",
    "guess", "lapse", "overdispersion", "pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high",
    "slope", "crossings", "status", "step", "reason", "n_trials", "log_likelihood", "deviance",
    "deviance_p",
]  # fmt: skip


def counts(hits, trials=30, levels=None, observer="p1", **columns):
    levels = np.linspace(0, 1, len(hits)) if levels is None else levels
    return pd.DataFrame(
        {"observer": observer, "level": levels, "n_trials": trials, "n_target": hits, **columns}
    )


def row(table, **options):
    return fit(table, **options).table.iloc[0]


def drawn(pse, width=0.4, trials=3000, levels=LEVELS, seed=0, guess=0.03, lapse=0.03):
    p = psi(SIGMOIDS["norm"], levels, pse, width, guess, lapse)
    return counts(np.random.default_rng(seed).binomial(trials, p), trials, levels)


@pytest.mark.slow
@pytest.mark.parametrize("pse", [0.3, 0.532, 0.75])
def test_a_known_pse_width_and_asymptotes_are_recovered(pse):
    found = row(drawn(pse))
    assert found.pse == pytest.approx(pse, abs=0.01)
    assert found.width == pytest.approx(0.4, abs=0.04)
    assert [found.guess, found["lapse"]] == pytest.approx([0.03, 0.03], abs=0.02)
    assert found.status == "ok"
    assert found.pse_low < pse < found.pse_high


@pytest.mark.slow
@pytest.mark.parametrize("sigmoid", SIGMOIDS)
def test_every_sigmoid_recovers_the_curve_that_made_the_probabilities(sigmoid):
    curve, levels = SIGMOIDS[sigmoid], np.linspace(0.1, 1, 19)
    p = psi(curve, levels, curve.to_position(0.5), 0.6, 0.05, 0.1)
    table = pd.DataFrame({"observer": "net", "level": levels, "p_target": p})
    found = row(table, sigmoid=sigmoid)
    assert found[PARAMETERS].tolist() == pytest.approx(
        [float(curve.to_position(0.5)), 0.6, 0.05, 0.1], abs=1e-3
    )


@pytest.mark.slow
def test_psi_at_the_pse_is_half_and_its_slope_there_is_the_slope():
    for sigmoid in SIGMOIDS:
        fits = fit(counts([3, 4, 10, 20, 26, 28], levels=np.linspace(0.5, 3, 6)), sigmoid=sigmoid)
        found, h = fits.table.iloc[0], 1e-5
        near = fits.predict([found.pse - h, found.pse, found.pse + h])[0]
        assert near[1] == pytest.approx(0.5)
        assert (near[2] - near[0]) / (2 * h) == pytest.approx(found.slope, rel=1e-4)


def test_pse_differs_from_the_threshold_where_guess_and_lapse_differ():
    found = row(drawn(0.5, guess=0.2, lapse=0.0))
    assert found.threshold == pytest.approx(0.5, abs=0.02)
    assert found.pse < found.threshold - 0.03


def test_jnd_is_half_the_distance_between_the_quartiles():
    found = row(drawn(0.5))
    curve = SIGMOIDS["norm"]
    lower, upper = curve.position([0.25, 0.75], found.threshold, found.width)
    assert found.jnd == pytest.approx((upper - lower) / 2)


@pytest.mark.slow
def test_swapping_source_and_target_ends_mirrors_the_pse():
    table = drawn(0.4, trials=60)
    mirrored = table.assign(level=1 - table["level"], n_target=60 - table["n_target"])
    found, other = row(table), row(mirrored)
    assert other.pse == pytest.approx(1 - found.pse, abs=1e-5)
    assert [other.guess, other["lapse"]] == pytest.approx([found["lapse"], found.guess], abs=1e-4)
    assert other.pse_low == pytest.approx(1 - found.pse_high, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("sigmoid", SIGMOIDS)
def test_swapping_the_responses_reverses_the_curve_and_keeps_the_pse(sigmoid):
    table = counts([3, 6, 12, 21, 33, 47, 55, 58], 60, np.linspace(0.1, 1.2, 8))
    swapped = table.assign(n_target=60 - table["n_target"])
    found, other = row(table, sigmoid=sigmoid), row(swapped, sigmoid=sigmoid)
    assert (found.status, other.status) == ("ok", "reversed")
    assert other.pse == pytest.approx(found.pse, abs=1e-6)
    assert other.slope == pytest.approx(-found.slope, rel=1e-4)
    assert other.guess == pytest.approx(found["lapse"], abs=1e-6)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    hits=st.lists(st.integers(0, 12), min_size=4, max_size=9),
    scale=st.sampled_from([1e-9, 0.37, 250.0]),
    shift=st.sampled_from([0.0, -3.0, 1e6]),
)
def test_scaling_and_shifting_the_levels_scales_and_shifts_the_fit(hits, scale, shift):
    shift = shift if scale > 1e-3 else 0.0
    found = row(counts(hits, 12))
    levels = shift + scale * np.linspace(0, 1, len(hits))
    other = row(counts(hits, 12, levels=levels))
    assert other.status == found.status
    assert other.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-3)
    if found.status in ("ok", "step"):
        assert (other.pse - shift) / scale == pytest.approx(found.pse, abs=2e-3)
        assert other.width / scale == pytest.approx(found.width, rel=2e-2, nan_ok=True)


@pytest.mark.slow
def test_the_order_of_rows_decides_the_order_of_fits_and_nothing_else():
    table = pd.concat([drawn(0.4, trials=20).assign(observer=f"p{i}") for i in range(3)])
    table["n_target"] = np.random.default_rng(1).permutation(table["n_target"].to_numpy())
    shuffled = table.sample(frac=1, random_state=4)
    one, other = (fit(t, bootstrap=20).table.set_index("observer") for t in (table, shuffled))
    assert list(other.index) == list(dict.fromkeys(shuffled["observer"]))
    pd.testing.assert_frame_equal(one, other.loc[one.index], rtol=1e-6)


@pytest.mark.slow
def test_splitting_blocks_changes_nothing_in_a_binomial_fit():
    whole = drawn(0.5, trials=40)
    first = whole["n_target"] // 3
    split = pd.concat(
        [
            whole.assign(n_trials=25, n_target=np.minimum(first, 25)),
            whole.assign(n_trials=15, n_target=whole["n_target"] - np.minimum(first, 25)),
        ]
    )
    split["n_target"] = split["n_target"].clip(upper=split["n_trials"])
    pooled = split.groupby("level", as_index=False)[["n_trials", "n_target"]].sum()
    one, other = fit(split).table, fit(pooled.assign(observer="p1")).table
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.slow
def test_trials_and_their_counts_give_the_same_fit():
    table = drawn(0.5, trials=12)
    trials = pd.DataFrame(
        [
            ("p1", level, int(i < k))
            for level, n, k in table[["level", "n_trials", "n_target"]].itertuples(index=False)
            for i in range(int(n))
        ],
        columns=["observer", "level", "response"],
    )
    pd.testing.assert_frame_equal(fit(trials).table, fit(table).table)


@pytest.mark.slow
def test_sessions_are_blocks_of_a_beta_binomial_fit():
    levels = np.repeat(LEVELS, 40)
    p = psi(SIGMOIDS["norm"], levels, 0.5, 0.5)
    rng = np.random.default_rng(3)
    hits = rng.binomial(20, rng.beta(p * 6 + 1e-3, (1 - p) * 6 + 1e-3))
    table = counts(hits, 20, levels, session=np.tile(np.arange(40).astype(str), len(LEVELS)))
    by_session = row(table, likelihood="beta-binomial")
    pooled = row(table.drop(columns="session"), likelihood="beta-binomial")
    assert by_session.overdispersion == pytest.approx(np.sqrt(1 / 7), abs=0.05)
    assert by_session.log_likelihood != pytest.approx(pooled.log_likelihood, abs=1.0)
    assert np.isnan(row(table).overdispersion)


@pytest.mark.slow
def test_overdispersed_answers_widen_the_interval_under_the_beta_binomial():
    table = counts([1, 12, 3, 27, 14, 29])
    plain, wide = row(table), row(table, likelihood="beta-binomial")
    assert wide.overdispersion > 0.2
    assert wide.pse_high - wide.pse_low > 1.2 * (plain.pse_high - plain.pse_low)
    assert wide.log_likelihood > plain.log_likelihood + 2


@pytest.mark.slow
def test_one_answer_per_block_cannot_tell_overdispersion():
    assert row(counts([0, 1, 0, 1, 1, 1], 1), likelihood="beta-binomial").overdispersion == 0


def test_probabilities_have_no_likelihood_and_no_interval():
    p = psi(SIGMOIDS["norm"], LEVELS, 0.55, 0.5, 0.02, 0.08)  # F = .48 / .9 at the PSE
    found = row(pd.DataFrame({"observer": "net", "level": LEVELS, "p_target": p}))
    assert found.likelihood == "cross-entropy"
    assert pd.isna(
        found[["n_trials", "log_likelihood", "deviance", "deviance_p", "pse_low", "jnd_high"]]
    ).all()
    assert found.pse == pytest.approx(0.5627, abs=1e-4)


@pytest.mark.parametrize("asked", [{"bootstrap": 9}, {"gof": 9}, {"likelihood": "binomial"}])
def test_probabilities_are_refused_what_needs_a_number_of_trials(asked):
    table = pd.DataFrame({"observer": "net", "level": LEVELS, "p_target": LEVELS**2})
    with pytest.raises(OptionError, match=f"`{next(iter(asked))}` needs counted answers"):
        fit(table, **asked)


def test_probabilities_weigh_levels_equally_however_often_each_was_shown():
    p = np.array([0.1, 0.15, 0.4, 0.8, 0.7, 0.95])
    once = pd.DataFrame({"observer": "net", "level": np.linspace(0, 1, 6), "p_target": p})
    often = pd.concat([once, once.iloc[[3]], once.iloc[[3]]])
    assert row(often).pse == pytest.approx(row(once).pse, abs=1e-9)


def test_columns_are_the_documented_ones_with_by_after_the_condition():
    fits = fit(drawn(0.5).assign(group="a"), by=["group", "condition"])
    assert list(fits.table)[:2] == ["observer", "condition"]
    assert [name for name in fits.table if name != "group"][: len(DOCUMENTED)] == DOCUMENTED
    assert list(fits.table)[2] == "group"


@pytest.mark.slow
def test_by_splits_conditions_in_order_of_first_appearance():
    late = drawn(0.7, trials=90).assign(group="late")
    table = pd.concat([late, drawn(0.3, trials=90).assign(group="early")])
    found = fit(table, by="group").table
    assert list(found["group"]) == ["late", "early"]
    assert found["pse"].tolist() == pytest.approx([0.7, 0.3], abs=0.06)


@pytest.mark.slow
def test_rows_without_a_value_to_split_by_are_a_curve_of_their_own():
    table = pd.concat([drawn(0.3, trials=90).assign(group="a"), drawn(0.7, trials=90)])
    found = fit(table, by=["group"]).table
    assert found["group"].isna().tolist() == [False, True]
    assert found["pse"].tolist() == pytest.approx([0.3, 0.7], abs=0.06)


def test_by_must_name_a_column_of_the_table():
    with pytest.raises(PsychobenchError, match="group"):
        fit(drawn(0.5), by=["group"])


@pytest.mark.slow
def test_asymptotes_are_held_tied_or_free_as_asked():
    table = counts([2, 2, 5, 22, 26, 26])
    free, equal, fixed = (row(table, asymptotes=kind) for kind in ("free", "equal", "fixed"))
    assert equal.guess == equal["lapse"] > 0
    assert (fixed.guess, fixed["lapse"]) == (0, 0)
    assert free.log_likelihood >= fixed.log_likelihood - 1e-9
    held = row(table, asymptotes="fixed", bounds={"guess": (0.02, 0.02)})
    assert (held.guess, held["lapse"]) == (0.02, 0)


@pytest.mark.slow
def test_bounds_hold_and_bind():
    table = counts([1, 3, 10, 20, 27, 29])
    for name, bounds in {
        "threshold": (0.6, 0.8), "width": (0.3, 0.5), "guess": (0.05, 0.1), "lapse": (0.1, 0.2)
    }.items():  # fmt: skip
        found = row(table, bounds={name: bounds})[name]
        assert min(abs(found - bounds[0]), abs(found - bounds[1])) < 1e-9


def test_bounds_that_leave_no_width_fail_the_fit():
    with pytest.raises(FitError, match="width"):
        fit(counts([0, 5, 20, 30]), bounds={"width": (1e-6, 1e-5)})


def test_forced_choices_have_a_threshold_but_no_pse():
    p = psi(SIGMOIDS["norm"], LEVELS, 0.5, 0.6, 0.25, 0.02)
    found = row(counts((900 * p).round().astype(int), 900, LEVELS), task="nafc:4")
    assert (found.guess, found.status) == (0.25, "ok")
    assert found.threshold == pytest.approx(0.5, abs=0.01)
    assert pd.isna(found[["pse", "pse_low", "slope", "crossings"]]).all()


@pytest.mark.slow
def test_an_observer_who_cannot_be_fitted_is_a_failed_row_among_the_others():
    table = pd.concat(
        [
            counts([5, 9], 10, [0.5, 0.5], observer="one level"),
            drawn(0.5, trials=30),
            counts([0, 0], 0, [0.2, 0.4], observer="silent"),
        ]
    )
    fits = fit(table)
    assert fits.table["status"].tolist() == ["failed", "ok", "failed"]
    assert "one level, 0.5" in fits.table["reason"][0]
    assert "no trial has an answer" in fits.table["reason"][2]
    assert (
        fits.table.loc[[0, 2], ["pse", "width", "n_trials", "log_likelihood"]]
        .isna()
        .to_numpy()
        .all()
    )
    assert np.isnan(fits.predict([0.5])[[0, 2]]).all()


def test_a_table_of_which_nothing_can_be_fitted_is_refused():
    with pytest.raises(FitError, match=r"two levels: every answer in table is at level 0\.5"):
        fit(counts([3, 4], levels=[0.5, 0.5]))
    with pytest.raises(FitError, match=r"one level, 0\.2.*one level, 0\.4"):
        fit(pd.concat([counts([3], levels=[0.2]), counts([3], levels=[0.4], observer="p2")]))
    with pytest.raises(TableError, match="answer"):
        fit(counts([0, 0], 0, levels=[0.2, 0.5]))


def test_logarithmic_sigmoids_refuse_levels_that_have_no_logarithm():
    with pytest.raises(FitError, match=r"weibull needs levels above 0.*'p1' has level 0;"):
        fit(drawn(0.5), sigmoid="weibull")


def test_a_misspelt_option_lists_the_choices():
    with pytest.raises(OptionError, match="norm, logistic, gumbel, rgumbel, tdist"):
        fit(drawn(0.5), sigmoid="probit")


@pytest.mark.slow
def test_json_rows_have_null_and_never_nan():
    table = pd.concat(
        [drawn(0.5, trials=30), counts([4, 4, 4], 9, observer="flat"),
         counts([1, 2], 3, [0.5, 0.5], observer="one level")]
    )  # fmt: skip
    rows = fit(table).to_json()
    text = json.dumps(rows, allow_nan=False)
    assert len(json.loads(text)) == 3
    assert rows[1]["pse"] is None
    assert isinstance(rows[0]["n_trials"], int)
    assert rows[0]["reason"] is None


def test_the_deviance_counts_what_a_saturated_model_would_gain():
    table = counts([2, 3, 12, 18, 24, 29])
    p = table["n_target"] / 30
    saturated = (30 * (p * np.log(p) + (1 - p) * np.log(1 - p))).sum()
    found = row(table)
    assert found.deviance == pytest.approx(2 * (saturated - found.log_likelihood), abs=1e-6)
    assert np.isnan(found.deviance_p)


@pytest.mark.slow
def test_goodness_of_fit_tells_a_curve_from_what_no_curve_fits():
    table = pd.concat([drawn(0.5, trials=30), counts([1, 15, 2, 28, 14, 29], observer="jagged")])
    p = fit(table, gof=200).table["deviance_p"]
    assert p[0] > 0.05 > 0.02 > p[1]
