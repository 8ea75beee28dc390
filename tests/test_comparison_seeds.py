"""A network trained many times, and the same network without its labels' base rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from psychobench.comparison import compare_seeds, measure_cohort, one_sample_t, seed_summary
from psychobench.errors import ComparisonError, OptionError
from psychobench.observers.base_rates import without_log_odds

PEOPLE = np.random.default_rng(1).normal(0.532, 0.127, 50)
SEEDS = np.random.default_rng(2).normal(0.7, 0.03, 10)


@dataclass(frozen=True)
class FakeFits:
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        return self.table.copy()


def trained(pses, mask="none", name="net", status="ok"):
    """Fits of one network, one row per seed."""
    return pd.DataFrame(
        {
            "observer": name,
            "condition": mask,
            "seed": range(len(pses)),
            "pse": pses,
            "jnd": 0.1 + 0.01 * np.arange(len(pses)),
            "status": status,
            "reason": None,
        }
    )


def people(pses=PEOPLE):
    table = trained(pses, "all").assign(observer=[f"h{i}" for i in range(len(pses))])
    return measure_cohort(table)["all"]


def compared(*tables, **options):
    fits = pd.concat(tables, ignore_index=True)
    return compare_seeds(FakeFits(fits), dict.fromkeys(fits["condition"], people()), **options)


def test_welchs_t_is_scipys_and_positive_where_the_network_is_higher():
    row = compared(trained(SEEDS)).table.iloc[0]
    expected = stats.ttest_ind(SEEDS, PEOPLE, equal_var=False)
    assert row["welch_t"] == pytest.approx(expected.statistic)
    assert row["welch_t"] > 0
    assert row["welch_df"] == pytest.approx(expected.df)
    assert row["welch_p"] == pytest.approx(expected.pvalue)
    jnds = 0.1 + 0.01 * np.arange(10), 0.1 + 0.01 * np.arange(50)
    assert row["jnd_welch_p"] == pytest.approx(stats.ttest_ind(*jnds, equal_var=False).pvalue)


@pytest.mark.slow
def test_welch_errs_at_its_level_where_a_constant_network_errs_nearly_always():
    # network and people from one distribution: every rejection is an error
    rng, masks = np.random.default_rng(3), [f"m{i}" for i in range(300)]
    seeds, persons = rng.normal(0.5, 0.1, (300, 10)), rng.normal(0.5, 0.1, (300, 50))
    cohorts = {mask: people(each) for mask, each in zip(masks, persons, strict=True)}
    tables = [trained(each, mask) for mask, each in zip(masks, seeds, strict=True)]
    welch = compare_seeds(FakeFits(pd.concat(tables)), cohorts).table["welch_p"]
    constant = [one_sample_t(each[0], who).p for each, who in zip(seeds, persons, strict=True)]
    assert np.mean(welch < 0.05) == pytest.approx(0.05, abs=0.025)
    assert np.mean(np.array(constant) < 0.05) > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 10])
def test_the_interval_holds_the_next_training_as_often_as_it_says(n):
    rng = np.random.default_rng(4)
    trainings = rng.normal(0.6, 0.05, (2000, n + 1))
    held = 0
    for values in trainings:
        summary = seed_summary(values[:n])
        held += summary.low < values[n] < summary.high
    assert held / len(trainings) == pytest.approx(0.95, abs=0.015)


def test_the_interval_of_the_mean_is_students():
    summary = seed_summary(SEEDS)
    expected = stats.ttest_1samp(SEEDS, 0).confidence_interval(0.95)
    assert (summary.mean_low, summary.mean_high) == pytest.approx((expected.low, expected.high))


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30), st.floats(0.5, 2), st.floats(-3, 3))
def test_a_summary_follows_the_unit_of_the_levels(values, scale, shift):
    mine = seed_summary(values)
    theirs = seed_summary(scale * np.array(values) + shift)
    for name in ("mean", "low", "high", "mean_low", "mean_high"):
        assert getattr(theirs, name) == pytest.approx(scale * getattr(mine, name) + shift, abs=1e-9)
    assert theirs.sd == pytest.approx(scale * mine.sd, abs=1e-9)


def test_seeds_without_a_pse_are_counted_and_told_and_enter_no_mean():
    lost = trained(SEEDS)
    lost.loc[3, ["status", "pse"]] = ["never", np.nan]
    lost.loc[7, ["status", "pse"]] = ["outside", 9.0]
    result = compared(lost)
    row, kept = result.table.iloc[0], np.delete(SEEDS, [3, 7])
    assert (row["seeds"], row["seeds_with_pse"]) == (10, 8)
    assert row["seeds_statuses"] == "8 ok, 1 never, 1 outside"
    assert row["seeds_mean_pse"] == pytest.approx(kept.mean())
    assert row["seeds_sd_pse"] == pytest.approx(kept.std(ddof=1))
    assert row["welch_t"] == pytest.approx(stats.ttest_ind(kept, PEOPLE, equal_var=False).statistic)
    assert len(result.values) == 10
    assert result.values["pse"].isna().sum() == 2


def test_the_statuses_that_count_are_the_users_choice():
    far = trained(SEEDS)
    far.loc[7, ["status", "pse"]] = ["outside", 1.2]
    assert compared(far, statuses=("ok", "outside")).table["seeds_with_pse"].tolist() == [10]
    with pytest.raises(OptionError, match="'fine'"):
        compared(far, statuses=("fine",))


def test_a_steps_jnd_is_a_bound_and_counts_for_nothing():
    row = compared(trained(SEEDS, status="step")).table.iloc[0]
    assert (row["seeds_with_pse"], row["seeds_with_jnd"]) == (10, 0)
    assert np.isnan(row["jnd_welch_p"])


def test_families_count_as_those_of_the_other_tests_do():
    lost = trained(np.full(10, np.nan), "eyes", status="never")
    tables = trained(SEEDS), trained(SEEDS - 0.15, "nose"), lost
    valid, planned = compared(*tables), compared(*tables, family="planned")
    assert (valid.family_size, planned.family_size) == (2, 3)
    p = valid.table["welch_p"].to_numpy()
    np.testing.assert_allclose(valid.table["welch_p_bonferroni"], np.minimum(1, 2 * p))
    np.testing.assert_allclose(planned.table["welch_p_bonferroni"], np.minimum(1, 3 * p))
    assert (valid.table["welch_p_holm"][:2] <= valid.table["welch_p_bonferroni"][:2]).all()
    with pytest.raises(OptionError, match="valid, planned"):
        compared(*tables, family="all")


def test_an_observer_with_one_curve_has_no_spread_and_no_row():
    result = compared(trained(SEEDS), trained(SEEDS[:1], name="rule"))
    assert result.table["observer"].tolist() == ["net"]
    assert set(result.values["observer"]) == {"net", "rule"}
    alone = compared(trained(SEEDS[:1]))
    assert alone.table.empty
    assert alone.family_size == 0


def test_trainings_must_be_told_apart_and_have_people():
    with pytest.raises(ComparisonError, match='`by="seed"`'):
        compare_seeds(FakeFits(trained(SEEDS).drop(columns="seed")), {"none": people()})
    with pytest.raises(ComparisonError, match="'none' has none"):
        compare_seeds(FakeFits(trained(SEEDS)), {"eyes": people()})


@pytest.mark.parametrize("values", [[], [0.5], [np.nan, 0.5]])
def test_one_training_says_nothing_of_the_next(values):
    summary = seed_summary(values)
    assert summary.n == len([each for each in values if np.isfinite(each)])
    assert np.isnan([summary.sd, summary.low, summary.high, summary.mean_low]).all()


@pytest.mark.parametrize("confidence", [0, 1, np.nan])
def test_a_coverage_of_nothing_or_everything_is_refused(confidence):
    with pytest.raises(OptionError, match="confidence"):
        seed_summary(SEEDS, confidence=confidence)


@given(st.floats(0.001, 0.999), st.floats(-5, 5))
def test_removing_log_odds_undoes_a_base_rate_by_bayes_rule(balanced, log_odds):
    # what a judge of balanced labels would say, moved by the base rate
    odds = balanced / (1 - balanced) * np.exp(log_odds)
    moved = odds / (1 + odds)
    assert without_log_odds(moved, log_odds) == pytest.approx(balanced, rel=1e-6)


def test_certain_answers_stay_certain_and_balanced_labels_change_nothing():
    p = np.array([0.0, 1e-300, 0.25, 0.5, 1.0])
    assert without_log_odds(p, 3.0)[[0, 4]].tolist() == [0.0, 1.0]
    assert without_log_odds(p, -800.0)[[0, 4]].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(without_log_odds(p, 0.0), p, rtol=1e-12)
    assert without_log_odds(p[1:4], 0.7).tolist() == sorted(without_log_odds(p[1:4], 0.7))


@pytest.mark.parametrize("p", [[-0.1], [1.1], [np.nan]])
def test_only_probabilities_have_odds(p):
    with pytest.raises(OptionError, match=r"\[0, 1\]"):
        without_log_odds(p, 0.5)
    with pytest.raises(OptionError, match="finite"):
        without_log_odds([0.5], np.inf)
