"""Conditions and groups compared: agreement with scipy and statsmodels, and calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import AnovaRM, anova_lm
from statsmodels.stats.multitest import multipletests

import psychobench
from psychobench.comparison.conditions.anova import Factor, analyse_variance, eta2_interval
from psychobench.comparison.conditions.condition_tests import compare_conditions
from psychobench.comparison.conditions.pairs import Labels, paired_test, welch_test
from psychobench.errors import ComparisonError, OptionError

WHAT = Labels("condition", "", "a", "b")


def people(values, conditions="abcdef", groups=None, **columns):
    """Lay values (people x conditions) out as a table of fits."""
    n, k = values.shape
    table = pd.DataFrame(
        {
            "observer": np.repeat([f"p{i:02}" for i in range(n)], k),
            "condition": np.tile(list(conditions[:k]), n),
            "pse": values.ravel(),
            "status": "ok",
            **columns,
        }
    )
    return table if groups is None else table.assign(group=np.repeat(groups, k))


@pytest.fixture
def study():
    """Twelve people in three conditions whose variances differ."""
    rng = np.random.default_rng(3)
    return rng.normal(0.5, 0.05, (12, 1)) + rng.normal([0, 0.03, 0.06], [0.02, 0.03, 0.08], (12, 3))


def test_two_conditions_are_compared_by_scipys_paired_t(study):
    (pair,) = compare_conditions(people(study[:, :2]), within="condition").pairs
    theirs = stats.ttest_rel(study[:, 1], study[:, 0])
    assert (pair.t, pair.p, pair.df) == pytest.approx((theirs.statistic, theirs.pvalue, 11))
    assert (pair.low, pair.high) == pytest.approx(tuple(theirs.confidence_interval()))
    assert pair.difference == pytest.approx((study[:, 1] - study[:, 0]).mean())
    assert pair.p_bonferroni == pair.p_holm == pair.p


def test_two_groups_are_compared_by_scipys_welch_t(study):
    groups = ["old"] * 5 + ["new"] * 7
    tests = compare_conditions(people(study[:, :1], groups=groups), between="group")
    theirs = stats.ttest_ind(study[5:, 0], study[:5, 0], equal_var=False)
    (pair,) = tests.pairs
    assert (pair.t, pair.p, pair.df) == pytest.approx((theirs.statistic, theirs.pvalue, theirs.df))
    assert (pair.first, pair.second, pair.n_first, pair.n_second) == ("old", "new", 5, 7)
    assert tests.effects == ()


@pytest.mark.slow
def test_pairs_are_corrected_as_statsmodels_corrects(study):
    frame = compare_conditions(people(study), within="condition").to_frame()
    assert len(frame) == 3
    for name, method in (("p_bonferroni", "bonferroni"), ("p_holm", "holm")):
        np.testing.assert_allclose(frame[name], multipletests(frame["p"], method=method)[1])


def test_an_anova_within_people_is_statsmodels_own(study):
    rng = np.random.default_rng(4)
    values = np.hstack([study, study + rng.normal(0.02, 0.04, study.shape)])
    table = people(values).assign(
        condition=np.tile(list("abc"), 24), time=np.tile(np.repeat(["early", "late"], 3), 12)
    )
    effects = compare_conditions(table, within=["condition", "time"]).effects_frame()
    theirs = AnovaRM(table, "pse", "observer", within=["condition", "time"]).fit().anova_table
    np.testing.assert_allclose(effects["f"], theirs["F Value"])
    np.testing.assert_allclose(effects["p_uncorrected"], theirs["Pr > F"])
    np.testing.assert_allclose(effects["df2"] / effects["epsilon"], theirs["Den DF"])


def test_a_mixed_anova_splits_variance_as_nested_linear_models_do(study):
    groups = np.array(["old"] * 5 + ["new"] * 7)
    table = people(study, groups=groups)
    effects = compare_conditions(table, within="condition", between="group").effects_frame()
    effects = effects.set_index("effect")
    means = people(study.mean(axis=1, keepdims=True), groups=groups)
    across = anova_lm(smf.ols("pse ~ C(group, Sum)", means).fit(), typ=3)
    assert effects.loc["group", "f"] == pytest.approx(across.loc["C(group, Sum)", "F"])
    # within people: each person's own mean takes all differences between people
    centred = table.assign(pse=table["pse"] - table.groupby("observer")["pse"].transform("mean"))
    model = smf.ols("pse ~ C(condition, Sum) * C(group, Sum)", centred).fit()
    inside = anova_lm(model, typ=3)
    error = model.ssr / (2 * 10)
    for effect, term in (
        ("condition", "C(condition, Sum)"),
        ("condition x group", "C(condition, Sum):C(group, Sum)"),
    ):
        expected = inside.loc[term, "sum_sq"] / 2 / error
        assert effects.loc[effect, "f"] == pytest.approx(expected)


def test_several_groups_have_welchs_anova(study):
    pytest.importorskip("scipy", minversion="1.16")  # has Welch's
    groups = np.repeat(["a", "b", "c"], 4)
    tests = compare_conditions(people(study[:, 2:], groups=groups), between="group")
    theirs = stats.f_oneway(*(study[groups == g, 2] for g in "abc"), equal_var=False)
    (effect,) = tests.effects
    assert (effect.f, effect.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert len(tests.pairs) == 3


@pytest.mark.slow
def test_epsilon_is_one_under_sphericity_and_lowest_where_one_contrast_has_all_variance():
    rng = np.random.default_rng(0)
    round_ = compare_conditions(people(rng.normal(size=(4000, 4))), within="condition")
    assert round_.effects[0].epsilon == pytest.approx(1, abs=0.01)
    line = rng.normal(size=(50, 1)) * [-1, 0, 1] + rng.normal(size=(50, 3)) * 1e-4
    assert compare_conditions(people(line), within="condition").effects[0].epsilon == pytest.approx(
        0.5, abs=1e-3
    )


@pytest.mark.slow
def test_the_corrected_anova_keeps_its_level_where_sphericity_fails():
    rng = np.random.default_rng(7)
    spreads = np.array([0.2, 0.2, 0.2, 2.0])
    factor = Factor("condition", np.arange(4), 4)
    runs = [
        analyse_variance(rng.normal(size=(15, 4)) * spreads, [factor], [], 0.95)[0]
        for _ in range(1000)
    ]
    corrected = np.mean([run.p < 0.05 for run in runs])
    plain = np.mean([run.p_uncorrected < 0.05 for run in runs])
    assert corrected < 0.075 < plain


@pytest.mark.slow
@pytest.mark.parametrize("true", [0.0, 0.8])
def test_intervals_of_effect_sizes_cover_the_true_ones(true):
    rng = np.random.default_rng(11)
    shift, inside = true * np.sqrt((1 + 1.5**2) / 2), {"d_av": 0, "d_z": 0, "welch": 0}
    spread = np.sqrt(1 + 1.5**2 - 2 * 0.6 * 1.5)  # of differences, correlation .6
    for _ in range(600):
        one, other = rng.multivariate_normal([0, shift], [[1, 0.9], [0.9, 2.25]], 20).T
        paired = paired_test(WHAT, one, other, 0.95)
        apart = welch_test(WHAT, rng.normal(0, 1, 20), rng.normal(shift, 1.5, 30), 0.95)
        inside["d_av"] += paired.d_av_low < true < paired.d_av_high
        inside["d_z"] += paired.d_z_low < shift / spread < paired.d_z_high
        inside["welch"] += apart.d_av_low < true < apart.d_av_high
    assert all(0.92 < count / 600 < 0.98 for count in inside.values()), inside


def test_the_interval_of_eta_squared_is_where_f_is_at_the_tails():
    low, high = eta2_interval(5.0, 2, 58, 0.95)
    for end, quantile in ((low, 0.975), (high, 0.025)):
        noncentrality = end / (1 - end) * 61
        assert stats.ncf.cdf(5.0, 2, 58, noncentrality) == pytest.approx(quantile, abs=1e-4)
    assert eta2_interval(0.5, 2, 58, 0.95)[0] == 0


def test_mirroring_levels_turns_every_sign_and_keeps_every_p(study):
    one = compare_conditions(people(study), within="condition").to_frame()
    other = compare_conditions(people(1 - study), within="condition").to_frame()
    np.testing.assert_allclose(other[["t", "difference", "d_z"]], -one[["t", "difference", "d_z"]])
    np.testing.assert_allclose(other["p"], one["p"])


def test_pairwise_deletion_keeps_whom_listwise_deletion_drops(study):
    table = people(study)
    table.loc[[0, 5], "status"] = ["never", "outside"]  # p00 in a, p01 in c
    by_pair = compare_conditions(table, within="condition")
    by_list = compare_conditions(table, within="condition", deletion="listwise")
    assert by_pair.to_frame()["n_first"].tolist() == [11, 10, 11]
    assert by_list.to_frame()["n_first"].tolist() == [10, 10, 10]
    assert by_pair.effects == by_list.effects
    assert (by_pair.n, by_pair.n_complete, by_pair.effects[0].n) == (12, 10, 10)
    assert by_pair.left_out.to_numpy().tolist() == [["p00", "a", "never"], ["p01", "c", "outside"]]


def test_people_without_a_value_are_named_with_the_reason(study):
    table = people(study).drop(index=4)
    table.loc[0, "status"] = "reversed"
    said = compare_conditions(table, within="condition").sentences()[0]
    assert "p00, a (reversed); p01, b (no fit)" in said
    assert "12 people had a PSE" in said
    assert "10 had every value" in said


def test_the_included_statuses_are_a_choice_and_a_steps_jnd_is_never_included(study):
    table = people(study[:, :2]).assign(jnd=study[:, :2].ravel())
    table.loc[0, "status"], table.loc[2, "status"] = "step", "reversed"
    (pair,) = compare_conditions(table, within="condition").pairs
    assert pair.n_first == 11
    (pair,) = compare_conditions(table, within="condition", statuses=["ok", "reversed"]).pairs
    assert pair.n_first == 11
    tests = compare_conditions(table, "jnd", within="condition")
    assert tests.pairs[0].n_first == 10
    assert tests.left_out["why"].tolist() == ["step", "reversed"]


def test_sentences_report_direction_test_correction_and_effect(study):
    tests = compare_conditions(people(study + np.array([0, 0.2, 0])), within="condition")
    _, anova, first, *_ = tests.sentences()
    pair = tests.pairs[0]
    assert anova.startswith("The PSE depended on condition: F(")
    assert first.startswith("The PSE was higher for b (M = ")
    for part in (f"t(11) = {pair.t:.2f}", "p < .001", "Bonferroni-corrected for 3 tests", "d_z = "):
        assert part in first
    same = compare_conditions(
        people(study[:, [0, 0]] + [[0, 0.01], [0.01, 0]] * 6), within="condition"
    )
    assert same.sentences()[-1].startswith("No difference in PSE was found between b")
    assert "corrected for" not in same.sentences()[-1]


def test_a_factorial_design_compares_what_it_asks_for(study):
    table = people(study[:, :2], groups=["x", "y"] * 6)
    tests = compare_conditions(table, within="condition", between="group")
    assert [(pair.factor, pair.where, pair.kind) for pair in tests.pairs] == [
        ("condition", "averaged over group", "paired"),
        ("group", "averaged over condition", "welch"),
        ("condition", "group=x", "paired"),
        ("condition", "group=y", "paired"),
    ]
    assert tests.family_size == 4
    means = study[:, :2].mean(axis=1)
    expected = stats.ttest_ind(means[1::2], means[::2], equal_var=False)
    assert tests.pairs[1].p == pytest.approx(expected.pvalue)


def test_marginal_means_of_two_factors_are_each_persons_own(study):
    rng = np.random.default_rng(8)
    values = rng.normal(size=(10, 2, 4))
    table = pd.DataFrame(
        [
            {"observer": who, "face": f"f{i}", "time": f"t{j}", "pse": values[who, i, j]}
            for who in range(10)
            for i in range(2)
            for j in range(4)
        ]
    ).assign(status="ok")
    tests = compare_conditions(table, within="face,time")
    assert [effect.effect for effect in tests.effects] == ["face", "time", "face x time"]
    # 1 + 6 means, and the faces at each of 4 times: not the 28 pairs of cells
    assert [pair.where for pair in tests.pairs] == [
        "averaged over time",
        *["averaged over face"] * 6,
        *[f"time=t{j}" for j in range(4)],
    ]
    expected = stats.ttest_rel(*values.mean(axis=2).T[::-1])
    assert tests.pairs[0].t == pytest.approx(expected.statistic)
    # with two levels, the comparison of means is the main effect
    assert tests.effects[0].f == pytest.approx(expected.statistic**2)
    all_cells = compare_conditions(table, within=["face", "time"], pairs="cells")
    assert all_cells.family_size == 4 + 2 * 6
    with pytest.raises(OptionError, match="did you mean 'marginal'"):
        compare_conditions(table, within="face,time", pairs="marginel")


def test_all_cells_that_differ_in_one_factor_can_be_compared(study):
    tests = compare_conditions(
        people(study[:, :2], groups=["x", "y"] * 6),
        within="condition",
        between="group",
        pairs="cells",
    )
    assert [(pair.factor, pair.where, pair.kind) for pair in tests.pairs] == [
        ("condition", "group=x", "paired"),
        ("condition", "group=y", "paired"),
        ("group", "condition=a", "welch"),
        ("group", "condition=b", "welch"),
    ]
    assert [effect.effect for effect in tests.effects] == [
        "group",
        "condition",
        "condition x group",
    ]
    assert tests.family_size == 4


def test_a_pair_that_cannot_be_tested_stays_with_its_reason(study):
    values = study.copy()
    values[1:, 2] = np.nan
    tests = compare_conditions(people(values), within="condition")
    found = compare_conditions(people(values), within="condition", family="valid")
    assert (tests.family_size, found.family_size) == (3, 1)
    assert tests.pairs[0].p_bonferroni == min(1, 3 * found.pairs[0].p_bonferroni)
    assert tests.to_frame()["reason"].notna().tolist() == [False, True, True]
    assert "two people with a value in every cell" in tests.no_anova
    assert "were not compared" in tests.sentences()[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "name a column in `within`"),
        ({"within": "mask"}, "there is no 'mask'"),
        ({"within": "condition", "measure": "jnd"}, "there is no 'jnd'"),
        ({"within": "condition", "measure": "status"}, "'status' is not"),
        ({"within": "simulated"}, "every row has simulated '1'"),
        ({"between": "condition"}, "observer 'p00' has condition a, b, c; name it in `within`"),
        ({"within": "group"}, "observer 'p00' has several in group 'x'"),
        ({"between": "group"}, "observer 'p00' has several in this design"),
        ({"within": "group", "between": "group"}, "'group' is in `within` and `between`"),
    ],
)
def test_a_table_without_the_named_design_is_refused(study, options, message):
    table = people(study, groups=["x", "y"] * 6, simulated=1)
    with pytest.raises(ComparisonError, match=message):
        compare_conditions(table, **options)


def test_options_that_cannot_be_are_refused_together(study):
    with pytest.raises(OptionError) as caught:
        compare_conditions(
            people(study), within="condition", statuses=["fine"], deletion="none", confidence=95
        )
    assert len(caught.value.faults) == 3


def test_alike_values_give_no_t(study):
    with pytest.raises(ComparisonError, match="differences that vary"):
        compare_conditions(people(study[:, [0, 0]]), within="condition")


@pytest.mark.slow
def test_three_real_conditions_are_compared_though_some_have_no_pse(shared):
    columns = {"observer": "subject", "response": "chose_anger"}
    trials = psychobench.read_trials(shared / "wegrzyn2015" / "trials.csv", columns=columns)
    fits = psychobench.fit(trials)
    tests = compare_conditions(fits, within="condition")
    table = fits.table
    usable = table["status"].isin(["ok", "step"])
    assert len(tests.left_out) == (~usable).sum() > 0
    wide = table[usable].pivot(index="observer", columns="condition", values="pse")
    for pair in tests.pairs:
        both = wide[[pair.first, pair.second]].dropna()
        theirs = stats.ttest_rel(both[pair.second], both[pair.first])
        assert (pair.n_first, pair.p) == (len(both), pytest.approx(theirs.pvalue))
    full = wide.dropna().stack().rename("pse").reset_index()
    theirs = AnovaRM(full, "pse", "observer", within=["condition"]).fit().anova_table
    assert tests.effects[0].f == pytest.approx(theirs["F Value"].iloc[0])
    # the mouth alone says less about the emotion than the whole face
    jnds = compare_conditions(fits, "jnd", within="condition").to_frame()
    row = jnds[(jnds["first"] == "mouth") & (jnds["second"] == "whole")].iloc[0]
    assert (row["difference"] < 0) & (row["p_bonferroni"] < 0.01)
