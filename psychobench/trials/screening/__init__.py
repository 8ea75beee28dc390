"""Screening: what to look at in each participant's trials before any fit."""

from psychobench.trials.screening.exclusion import Exclusion, exclude, parse_exclusion
from psychobench.trials.screening.screening_checks import CHECKS, Screening, check_trials

__all__ = ["CHECKS", "Exclusion", "Screening", "check_trials", "exclude", "parse_exclusion"]
