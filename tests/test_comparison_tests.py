"""What each test of an observer against a cohort says, beside scipy, statsmodels and print."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from psychobench.comparison import (
    Sample,
    bonferroni,
    effect_interval,
    equivalence,
    holm,
    jzs_bayes_factor,
    one_sample_t,
    single_case_t,
    smallest_margin,
)
from psychobench.errors import ComparisonError, OptionError

PSES = np.random.default_rng(1).normal(0.532, 0.127, 50)


def test_one_sample_t_is_scipys_with_the_observer_on_the_left():
    ours = one_sample_t(0.7, PSES)
    theirs = stats.ttest_1samp(PSES, 0.7)
    assert ours.t == pytest.approx(-theirs.statistic)
    assert ours.p == pytest.approx(theirs.pvalue)
    assert ours.df == 49


def test_a_summary_tests_like_the_values_it_summarises():
    assert one_sample_t(0.7, Sample.of(PSES)) == one_sample_t(0.7, PSES)
    assert single_case_t(0.7, Sample.of(PSES)) == single_case_t(0.7, PSES)


def test_the_paper_s_cohort_gives_the_paper_s_t():
    # ying2023 prints a cohort of 50 with PSE .532, SEM .018, and t = 9.320 for VGG11 at .701
    cohort = Sample(mean=0.532, sd=0.018 * np.sqrt(50), n=50)
    assert one_sample_t(0.701, cohort).t == pytest.approx(9.32, abs=0.35)


def test_single_case_t_widens_the_spread_by_the_mean_s_uncertainty():
    case = single_case_t(0.7, PSES)
    assert case.t == pytest.approx(one_sample_t(0.7, PSES).t / np.sqrt(51))
    assert case.p == pytest.approx(2 * stats.t.sf(case.t, 49))


def test_single_case_t_agrees_with_a_two_sample_t_of_one_against_the_cohort():
    # with one case, Student's pooled t is Crawford & Howell's
    theirs = stats.ttest_ind([0.7], PSES, equal_var=True)
    ours = single_case_t(0.7, PSES)
    assert (ours.t, ours.p) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue))


@pytest.mark.slow
def test_single_case_p_is_right_for_members_of_the_population_and_one_sample_p_is_not():
    # 50 people and one more from the same population, 4,000 times over
    rng = np.random.default_rng(3)
    cohorts = [Sample.of(each) for each in rng.normal(0.5, 0.1, (4000, 50))]
    members = rng.normal(0.5, 0.1, 4000)
    pairs = list(zip(members, cohorts, strict=True))
    single = np.mean([2 * stats.t.sf(abs((x - s.mean) / s.sd) / 1.02**0.5, 49) for x, s in pairs])
    assert single == pytest.approx(0.5, abs=0.02)
    rejected = np.mean([single_case_t(x, s).p < 0.05 for x, s in pairs[:400]])
    against_mean = np.mean([one_sample_t(x, s).p < 0.05 for x, s in pairs[:400]])
    assert rejected == pytest.approx(0.05, abs=0.035)
    assert against_mean > 0.7


def test_percentile_of_the_average_person_is_50_and_its_interval_lies_evenly():
    case = single_case_t(float(PSES.mean()), PSES)
    assert case.percentile == pytest.approx(50)
    assert case.percentile_low + case.percentile_high == pytest.approx(100)


@pytest.mark.slow
def test_percentile_intervals_cover_the_true_percentile():
    rng = np.random.default_rng(4)
    truth = 100 * stats.norm.cdf(1.5)
    cases = [single_case_t(1.5, each) for each in rng.normal(0, 1, (400, 20))]
    covered = np.mean([case.percentile_low <= truth <= case.percentile_high for case in cases])
    assert covered == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize(("t", "n"), [(0, 2), (2, 50), (-30, 50), (7, 2), (3e3, 50), (1e4, 3)])
def test_effect_intervals_invert_the_noncentral_t(t, n):
    # the noncentral t by quadrature over the SD's distribution, not by scipy's nct
    def below(delta):
        edges = stats.chi.ppf([1e-14, 1 - 1e-14], n - 1) / np.sqrt(n - 1)
        kinks = np.clip((delta + np.array([-8, 0, 8])) / t, *edges) if t else []
        area, _ = integrate.quad(
            lambda s: (
                stats.norm.cdf(t * s - delta)
                * stats.chi.pdf(s * np.sqrt(n - 1), n - 1)
                * np.sqrt(n - 1)
            ),
            *edges,
            points=kinks,
            limit=300,
        )
        return area

    low, high = effect_interval(t, n)
    assert below(low * np.sqrt(n)) == pytest.approx(0.975, abs=1e-6)
    assert below(high * np.sqrt(n)) == pytest.approx(0.025, abs=1e-6)


def test_effect_intervals_stay_continuous_where_scipy_s_noncentral_t_gives_out():
    near, far = effect_interval(1e4, 50), effect_interval(1.0001e4, 50)
    np.testing.assert_allclose(far, np.multiply(near, 1.0001), rtol=1e-6)
    assert np.isfinite(effect_interval(1e9, 50)).all()


@given(st.floats(-2, 2), st.floats(0.01, 1), st.integers(0, 2**31))
def test_equivalence_is_statsmodels_two_one_sided_tests(value, margin, seed):
    values = np.random.default_rng(seed).normal(0.5, 0.2, 12)
    ours = equivalence(value, values, margin)
    # theirs tests the mean between two limits: the value minus and plus the margin
    p, (_, at_low, _), (_, at_high, _) = DescrStatsW(values).ttost_mean(
        value - margin, value + margin
    )
    assert ours.p == pytest.approx(p, abs=1e-12)
    assert ours.p_below == pytest.approx(at_low, abs=1e-12)
    assert ours.p_above == pytest.approx(at_high, abs=1e-12)


@given(st.floats(-2, 2), st.sampled_from([0.05, 0.01, 0.05 / 28]))
def test_the_smallest_margin_is_where_equivalence_begins_to_reject(value, alpha):
    smallest = smallest_margin(value, PSES, alpha)
    assert equivalence(value, PSES, smallest * 1.0001).p < alpha
    assert equivalence(value, PSES, smallest * 0.9999).p > alpha


@pytest.mark.parametrize("margin", [0, -0.1, np.nan, np.inf])
def test_a_margin_that_is_no_positive_number_is_refused(margin):
    with pytest.raises(OptionError, match="`margin` must be a number above 0"):
        equivalence(0.5, PSES, margin)


@pytest.mark.parametrize(
    ("t", "n", "r", "printed", "digits"),
    [
        # Student's sleep data, paired: manual of the R package BayesFactor, ttestBF (17.25888)
        (4.0621277, 10, np.sqrt(2) / 2, 17.25888, 5),
        # manual of pingouin 0.5, bayesfactor_ttest(3.5, 20, 20, paired=True)
        (3.5, 20, 0.707, 17.185, 3),
        # Rouder et al. (2009), p. 231: t(79) = 2.03 is 1.56 in favour of the null
        (2.03, 80, 1.0, 1 / 1.56, 2),
    ],
)
def test_bayes_factors_are_those_in_print(t, n, r, printed, digits):
    assert jzs_bayes_factor(t, n, r).bf10 == pytest.approx(printed, abs=0.6 * 10**-digits)


@pytest.mark.parametrize(("t", "n"), [(0, 2), (0.3, 5), (2.5, 50), (9.3, 50), (12, 1000)])
def test_bayes_factors_average_the_noncentral_t_over_a_cauchy_prior(t, n):
    # the other road: effect sizes from a Cauchy, the likelihood from scipy's noncentral t
    def density(d):
        return stats.nct.pdf(t, n - 1, d * np.sqrt(n)) * stats.cauchy.pdf(d, scale=0.707)

    reach = 10 / np.sqrt(n)
    edges = t / np.sqrt(n) + reach * np.array([-1, 0, 1])
    inside = integrate.quad(density, edges[0], edges[1])[0]
    inside += integrate.quad(density, edges[1], edges[2], limit=200)[0]
    expected = inside / stats.t.pdf(t, n - 1)
    assert jzs_bayes_factor(t, n).bf10 == pytest.approx(expected, rel=1e-4)


def test_bayes_factors_do_not_care_for_the_sign_and_survive_extremes():
    assert jzs_bayes_factor(-3, 20) == jzs_bayes_factor(3, 20)
    huge = jzs_bayes_factor(1e6, 5000)
    assert huge.bf10 == np.inf
    assert np.isfinite(huge.log_bf10)
    assert jzs_bayes_factor(0, 10**6).bf10 < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_corrections_are_statsmodels(seed):
    p = np.random.default_rng(seed).random(1 + seed * 3) ** 3
    for ours, theirs in ((bonferroni, "bonferroni"), (holm, "holm")):
        expected = multipletests(p, method=theirs)[1]
        np.testing.assert_allclose(ours(p, len(p)), expected, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("more", [0, 1, 5])
def test_tests_of_a_family_that_were_not_made_count_as_its_largest_p(more):
    p = np.random.default_rng(more).random(8) ** 3
    padded = multipletests([*p, *[1.0] * more], method="holm")[1][: len(p)]
    np.testing.assert_allclose(holm([*p, np.nan], len(p) + more)[:-1], padded, atol=1e-12)


def test_a_family_smaller_than_its_tests_is_refused():
    with pytest.raises(OptionError, match="at least the number of tests, 2: it is 1"):
        holm([0.1, 0.2], 1)


@pytest.mark.parametrize("values", [[], [0.5], [0.5, 0.5, 0.5], [0.5, np.nan]])
def test_people_who_do_not_vary_give_no_test(values):
    with pytest.raises(ComparisonError):
        one_sample_t(0.5, values)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_there_is_no_test_against_a_value_that_is_not_finite(value):
    for test in (one_sample_t, single_case_t, smallest_margin):
        with pytest.raises(ComparisonError, match="finite"):
            test(value, PSES)
