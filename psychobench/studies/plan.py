"""The plan of a study: everything loaded and checked, no observer asked yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psychobench.comparison import CohortMeasures, match_cohorts
from psychobench.comparison.cohort_measures import check_match
from psychobench.errors import OptionError, all_of
from psychobench.fits.pse import Fits, fit
from psychobench.observers.named import load_observers, name_observers
from psychobench.observers.protocol import Observer
from psychobench.observers.runner import check_masks
from psychobench.stimuli.sets import StimulusSet, load_stimuli
from psychobench.studies.options import StudyOptions, option_checks
from psychobench.trials.cohort import Cohort, load_cohort


@dataclass(frozen=True)
class Plan:
    """What a study needs, all of it checked.

    Attributes
    ----------
    options : StudyOptions
        The options.
    observers : dict of str to Observer
        By the name that they have in tables.
    stimuli : StimulusSet
        What the observers will judge.
    masks : tuple of str
        The conditions in which they will judge it.
    cohort : Cohort
        The people.
    cohort_fits : Fits
        The people's fitted curves.
    cohorts : dict of str to CohortMeasures
        The people that each mask is tested against.
    """

    options: StudyOptions
    observers: dict[str, Observer]
    stimuli: StimulusSet
    masks: tuple[str, ...]
    cohort: Cohort
    cohort_fits: Fits
    cohorts: dict[str, CohortMeasures]


def make_plan(given: Mapping[str, Any]) -> Plan:
    """Load and check everything that a study needs.

    Parameters
    ----------
    given : mapping
        The arguments of `psychobench.study` by name.

    Raises
    ------
    PsychobenchError
        With the faults of all arguments.
    """
    checks = option_checks(given)
    stimuli, cohort, found, *read = all_of(
        lambda: _load_stimuli(given["stimuli"]),
        lambda: load_cohort(given["humans"], columns=given["columns"], where=given["where"]),
        lambda: load_observers(given["observers"], given["pretraining"], given["seed"]),
        *checks.values(),
    )
    options = StudyOptions(**dict(zip(checks, read, strict=True)))
    stimuli = _select(stimuli, options, cohort)
    masks = options.masks or tuple((options.match or {}).values()) or ("none", *stimuli.masks)
    conditions = list(cohort.table["condition"].unique())
    masks, *_ = all_of(
        lambda: check_masks(stimuli, masks),
        lambda: check_match(masks, conditions, options.match),
        lambda: _check_share(options, masks),
        lambda: _check_recovery(options, len(found)),
    )
    cohort_fits = fit(cohort.table, **options.fitting)
    cohorts = match_cohorts(masks, cohort_fits, match=options.match, statuses=options.statuses)
    return Plan(options, name_observers(found), stimuli, tuple(masks), cohort, cohort_fits, cohorts)


def _load_stimuli(stimuli: str | Path | StimulusSet) -> StimulusSet:
    return stimuli if isinstance(stimuli, StimulusSet) else load_stimuli(stimuli)


def _select(stimuli: StimulusSet, options: StudyOptions, cohort: Cohort) -> StimulusSet:
    """Keep the levels that were asked for."""
    if isinstance(options.levels, tuple):
        return stimuli.select(options.levels)
    if options.levels == "human":
        return stimuli.select(sorted(cohort.table["level"].unique()))
    return stimuli


def _check_recovery(options: StudyOptions, observers: int) -> None:
    if options.recovery and observers < 2:
        raise OptionError(
            "`recovery` needs at least two observers, one of which is found: there is one; add to "
            "`observers` or leave out `recovery`"
        )


def _check_share(options: StudyOptions, masks: tuple[str, ...]) -> None:
    """Check that observers have conditions that can share a lapse rate."""
    if options.fitting["share"] and options.trials is not None and len(masks) < 2:
        raise OptionError(
            "`share` needs at least two masks: an observer's lapse rate is shared between its "
            "conditions; leave out `share` or add to `masks`"
        )
