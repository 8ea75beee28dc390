"""The main job: check everything, let observers answer, fit, test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psychobench.cli.answers import AnswerFits, Answers, ask, fit_answers
from psychobench.cli.notes import note_input, typed
from psychobench.comparison import (
    CohortMeasures,
    Comparison,
    check_margin,
    compare_balanced,
    compare_curves,
    compare_errors,
    compare_seeds,
    compare_with,
    match_cohorts,
)
from psychobench.errors import OptionError, all_of
from psychobench.fits.pse import Fits, fit
from psychobench.observers.protocol import Observer
from psychobench.observers.registry import list_observers, load_observer
from psychobench.observers.runner import check_masks
from psychobench.reports.provenance import provenance
from psychobench.reports.study import Study, Trainings
from psychobench.resources import check_writable
from psychobench.stimuli.sets import StimulusSet, load_stimuli
from psychobench.trials.cohort import Cohort, load_cohort
from psychobench.trials.columns import parse_columns, parse_names, parse_pairs, parse_where


@dataclass(frozen=True)
class Plan:
    """What a comparison needs, all of it checked, nobody asked yet."""

    observers: dict[str, Observer]
    stimuli: StimulusSet
    masks: tuple[str, ...]
    cohort: Cohort
    cohort_fits: Fits
    cohorts: dict[str, CohortMeasures]


def run_study(*, out: Path | None, **options: Any) -> Study:
    """Run one comparison from the command line's options.

    Raises
    ------
    PsychobenchError
        If an option or a file is at fault; before any observer is asked or trained.
    """
    plan = _plan(out=out, **options)
    note_input(plan.cohort.table, plan.cohort.path)
    seed, people = options["seed"], plan.cohort.table
    answers = ask(
        plan.observers,
        plan.stimuli,
        plan.masks,
        seeds=options["seeds"],
        first_seed=seed,
        trials=options["trials"],
    )
    fits = fit_answers(answers, engine=options["engine"], seed=seed)
    tested = parse_names(options["statuses"], "statuses")
    comparison = compare_with(
        fits.first, plan.cohorts, family=options["family"], tested=tested, margin=options["margin"]
    )
    infos = {name: each[0].to_dict() for name, each in answers.infos.items()}
    return Study(
        comparison=comparison,
        curves=compare_curves(
            fits.first,
            plan.cohort_fits,
            plan.cohorts,
            dict(people["level"].round(9).groupby(people["condition"]).unique()),
            tested=tested,
            seed=seed,
        ),
        consistency=compare_errors(answers.first, people, plan.cohorts),
        observer_fits=fits.first,
        cohort_fits=plan.cohort_fits,
        answers=answers.first,
        cohort=plan.cohort,
        stimuli=plan.stimuli,
        observers=infos,
        provenance=provenance(
            command=typed(),
            options={**options, "out": None if out is None else str(out)},
            seed=seed,
            stimuli={"name": plan.stimuli.name, "sha256": plan.stimuli.sha256},
            humans={"file": str(plan.cohort.path), "sha256": plan.cohort.sha256},
            observers=infos,
            replicates=_replicates(answers, seed),
        ),
        trainings=None if options["seeds"] == 1 else _trainings(answers, fits, comparison),
        balanced=None
        if fits.balanced is None
        else compare_balanced(
            comparison,
            fits.balanced,
            {name: each[0].label_log_odds for name, each in answers.infos.items()},
        ),
    )


def _trainings(answers: Answers, fits: AnswerFits, comparison: Comparison) -> Trainings:
    """Test what all seeds say, with what the comparison counts."""
    return Trainings(
        compare_seeds(
            fits.seeds, comparison.cohorts, family=comparison.family, tested=comparison.tested
        ),
        fits.seeds,
        answers.seeds,
    )


def _replicates(answers: Answers, first_seed: int) -> dict[str, dict[str, Any]]:
    """Tell the weights of every further seed, by observer."""
    return {
        name: {
            f"seed {seed}": {"weights_sha256": each.weights_sha256}
            for seed, each in enumerate(infos[1:], first_seed + 1)
        }
        for name, infos in answers.infos.items()
        if len(infos) > 1
    }


def _plan(*, out: Path | None, **options: Any) -> Plan:
    names = parse_names(options["observer"], "observers")
    stimuli, cohort, observers, match, *_ = all_of(
        lambda: load_stimuli(options["stimuli"]),
        lambda: load_cohort(
            options["humans"],
            columns=parse_columns(options["columns"]),
            where=parse_where(options["where"]),
        ),
        lambda: _observers(names, options["pretraining"], options["seed"]),
        lambda: _match(options["match"]),
        lambda: None if out is None else check_writable(out),
        lambda: None if options["margin"] is None else check_margin(options["margin"]),
    )
    if options["levels"] == "human":
        stimuli = stimuli.select(sorted(cohort.table["level"].unique()))
    matched = list(match.values()) if match else ["none", *stimuli.masks]
    masks = check_masks(stimuli, parse_names(options["mask"], "masks") or matched)
    cohort_fits = fit(cohort.table, engine=options["engine"], seed=options["seed"])
    cohorts = match_cohorts(
        masks, cohort_fits, match=match, tested=parse_names(options["statuses"], "statuses")
    )
    return Plan(observers, stimuli, masks, cohort, cohort_fits, cohorts)


def _observers(names: Sequence[str], pretraining: str | None, seed: int) -> dict[str, Observer]:
    """Make the observers; a pre-training goes to those that have one, and at least one must."""
    having = {entry.name for entry in list_observers() if "pretraining" in entry.options}
    chosen = [name for name in names if name.partition(":")[0] in having] or names
    made = all_of(
        *(
            lambda name=name: load_observer(
                name, seed=seed, pretraining=pretraining if name in chosen else None
            )
            for name in names
        )
    )
    return dict(zip(names, made, strict=True))


def _match(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    matched = parse_pairs(text, "match", "whole=none", commas=True)
    if not all(matched.values()):
        raise OptionError(
            f"--match must give every condition a mask: '{text}' leaves one out; "
            "write for instance --match whole=none"
        )
    if len(set(matched.values())) < len(matched):
        raise OptionError(f"--match must name each mask once: '{text}' repeats one")
    return matched
