"""Screening: what to look at in each participant's trials before any fit."""

from psychobench.responses.screening.exclude import Exclusion, exclude, parse_exclusion
from psychobench.responses.screening.screen import CHECKS, Screening, check_trials

__all__ = ["CHECKS", "Exclusion", "Screening", "check_trials", "exclude", "parse_exclusion"]
