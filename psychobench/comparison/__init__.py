"""Comparison: observers tested against a cohort."""

from psychobench.comparison.bayes_factor import BayesFactor, jzs_bayes_factor
from psychobench.comparison.cohorts import CohortPSE, cohort_pses, match_cohorts
from psychobench.comparison.compare import FAMILIES, Comparison, compare, compare_with
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.comparison.equivalence import Equivalence, equivalence, smallest_margin
from psychobench.comparison.sample import Sample, effect_interval
from psychobench.comparison.single_case import SingleCaseT, single_case_t
from psychobench.comparison.tests import OneSampleT, one_sample_t

__all__ = [
    "FAMILIES",
    "BayesFactor",
    "CohortPSE",
    "Comparison",
    "Equivalence",
    "OneSampleT",
    "Sample",
    "SingleCaseT",
    "bonferroni",
    "cohort_pses",
    "compare",
    "compare_with",
    "effect_interval",
    "equivalence",
    "holm",
    "jzs_bayes_factor",
    "match_cohorts",
    "one_sample_t",
    "single_case_t",
    "smallest_margin",
]
