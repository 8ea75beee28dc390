"""Screening: what to look at in each participant's trials before any fit."""

from psychobench.trials.screening.exclusion import (
    Excluded,
    Exclusion,
    ExclusionRules,
    exclude_participants,
    parse_exclusion,
    parse_exclusions,
)
from psychobench.trials.screening.screening_checks import CHECKS, Screening, check_trials
from psychobench.trials.screening.unused_columns import note_unused_columns

__all__ = [
    "CHECKS",
    "Excluded",
    "Exclusion",
    "ExclusionRules",
    "Screening",
    "check_trials",
    "exclude_participants",
    "note_unused_columns",
    "parse_exclusion",
    "parse_exclusions",
]
