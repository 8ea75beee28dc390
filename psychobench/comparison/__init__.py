"""Comparison: observers' PSEs, JNDs, curves and errors tested against those of a cohort."""

from psychobench.comparison.against_cohort import FAMILIES, Comparison, compare, compare_with
from psychobench.comparison.agreement.error_consistency import ErrorConsistency, error_consistency
from psychobench.comparison.agreement.judgements import stimulus_names
from psychobench.comparison.base_rate import BalancedComparison, compare_balanced
from psychobench.comparison.bayes_factor import BayesFactor, jzs_bayes_factor
from psychobench.comparison.cohort_consistency import compare_errors
from psychobench.comparison.cohort_measures import CohortMeasures, match_cohorts, measure_cohort
from psychobench.comparison.cohort_recovery import recover_by_mask
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.comparison.curve_distance import CurveDistance, compare_curves, curve_distance
from psychobench.comparison.equivalence import (
    Equivalence,
    check_margin,
    equivalence,
    smallest_margin,
)
from psychobench.comparison.one_sample import OneSampleT, one_sample_t
from psychobench.comparison.sample import Sample, effect_interval
from psychobench.comparison.seeds import (
    SeedComparison,
    SeedSummary,
    compare_seeds,
    seed_summary,
)
from psychobench.comparison.single_case import SingleCaseT, single_case_t

__all__ = [
    "FAMILIES",
    "BalancedComparison",
    "BayesFactor",
    "CohortMeasures",
    "Comparison",
    "CurveDistance",
    "Equivalence",
    "ErrorConsistency",
    "OneSampleT",
    "Sample",
    "SeedComparison",
    "SeedSummary",
    "SingleCaseT",
    "bonferroni",
    "check_margin",
    "compare",
    "compare_balanced",
    "compare_curves",
    "compare_errors",
    "compare_seeds",
    "compare_with",
    "curve_distance",
    "effect_interval",
    "equivalence",
    "error_consistency",
    "holm",
    "jzs_bayes_factor",
    "match_cohorts",
    "measure_cohort",
    "one_sample_t",
    "recover_by_mask",
    "seed_summary",
    "single_case_t",
    "smallest_margin",
    "stimulus_names",
]
