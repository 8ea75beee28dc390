"""Comparison: observers tested against a cohort."""

from psychobench.comparison.cohorts import CohortPSE, cohort_pses, match_cohorts
from psychobench.comparison.compare import FAMILIES, Comparison, compare, compare_with
from psychobench.comparison.tests import OneSampleT, bonferroni, one_sample_t

__all__ = [
    "FAMILIES",
    "CohortPSE",
    "Comparison",
    "OneSampleT",
    "bonferroni",
    "cohort_pses",
    "compare",
    "compare_with",
    "match_cohorts",
    "one_sample_t",
]
