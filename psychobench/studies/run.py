"""The main job: check everything, let observers answer, fit, test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from psychobench.comparison import (
    Comparison,
    compare_balanced,
    compare_curves,
    compare_errors,
    compare_seeds,
    compare_with,
    recover_by_mask,
)
from psychobench.comparison.against_cohort import Family
from psychobench.comparison.cohort_measures import DEFAULT_STATUSES
from psychobench.fits.prior_options import PriorsLike
from psychobench.observers.protocol import Observer
from psychobench.plans.plan import plain
from psychobench.reports.provenance import provenance
from psychobench.stimuli.sets import StimulusSet
from psychobench.studies.answers import Answers, collect_answers
from psychobench.studies.data import Trainings
from psychobench.studies.fitting import AnswerFits, fit_answers
from psychobench.studies.plan import Plan, make_plan
from psychobench.studies.result import Study
from psychobench.trials.cohort import Cohort
from psychobench.trials.table import note_reading


def study(
    observers: str | Observer | Iterable[str | Observer] | Mapping[str, Observer],
    *,
    humans: str | Path | pd.DataFrame | Cohort = "simulated",
    stimuli: str | Path | StimulusSet = "rendered-average",
    masks: str | Sequence[str] | None = None,
    match: Mapping[str, str] | str | Sequence[str] | None = None,
    levels: str | Sequence[float] = "all",
    columns: Mapping[str, str] | str | Sequence[str] | None = None,
    where: Mapping[str, str] | str | Sequence[str] | None = None,
    pretraining: str | None = None,
    trials: int | None = None,
    seeds: int = 10,
    margin: float | None = None,
    family: Family = "valid",
    statuses: str | Sequence[str] = DEFAULT_STATUSES,
    seed: int = 0,
    engine: str = "ml",
    sigmoid: str = "norm",
    asymptotes: str = "free",
    likelihood: str | None = None,
    task: str = "yes-no",
    bounds: Mapping[str, tuple[float, float]] | str | None = None,
    bootstrap: int = 0,
    share: str | Sequence[str] = (),
    confidence: float = 0.95,
    recovery: int = 0,
    priors: PriorsLike = None,
) -> Study:
    """Compare how observers and people judge the same stimuli.

    Every observer judges every image under every mask. Psychometric functions are fitted to its
    answers and to each person's. PSE and JND are tested against the cohort's: could the observer
    be one of these people, does it differ from the average person, is it equivalent to the average
    person? Curves and errors are compared as well. Observers that can be trained again are trained
    `seeds` times, and the PSEs of all trainings are tested together.

    Everything is checked before any observer is asked or trained.

    Parameters
    ----------
    observers : str, Observer, sequence of these, or mapping of str to Observer
        Who is compared with people: registered names (`psychobench.list_observers()`), objects with
        `info` and `respond`, or objects by the name that they shall have in tables. An object
        without such a name is asked for its `info` first, which may load its weights.
    humans : str, path, DataFrame or Cohort
        The people: ``"simulated"``, the bundled cohort, which is SIMULATED; a CSV or TSV file; a
        table of trials or counts; or what `psychobench.load_cohort` returned.
    stimuli : str, path or StimulusSet
        What the observers judge: the name of a bundled set (rendered faces), a folder with images
        and ``levels.csv``, or a loaded set.
    masks : str or sequence of str, optional
        What is hidden from the observers; by default nothing (``"none"``) and then each of the
        set's masks, or the masks of `match`.
    match : mapping or str, optional
        The mask that each of the cohort's conditions is compared with, ``{"whole": "none"}`` or
        ``"whole=none"``. Without it, a cohort with a single condition stands for all masks.
    levels : {"all", "human"} or sequence of float
        The stimulus levels that the observers judge: all of the set's, those that the people
        judged, or these.
    columns, where : mapping or str, optional
        Names of the columns of `humans`, and the rows to keep; see `psychobench.read_trials`.
    pretraining : str, optional
        What the weights of registered observers saw before this task.
    trials : int, optional
        Number of yes-no answers drawn for each image. By default the observers' probabilities are
        fitted as they are.
    seeds : int
        How many times each observer is trained, from `seed` on; 1 trains it once.
    margin : float, optional
        Equivalence margin in level units; without it equivalence is not tested.
    family : {"valid", "planned"}
        The tests that the corrections count: those of all fits with a PSE, or all planned.
    statuses : str or sequence of str
        The PSE statuses that are included in means and tests.
    seed : int
        Seed of every random draw, and of the first training.
    engine, sigmoid, asymptotes, task, bounds, confidence
        As in `psychobench.fit`, for people and observers alike; `task` must be ``"yes-no"``.
    likelihood, bootstrap, share, priors
        As in `psychobench.fit`, for counted answers: those of people and, with `trials`, those of
        observers.

    recovery : int
        Number of simulations in which people answer as one of the observers does, for each of
        them: how often is it found to describe them best? See `psychobench.recover_observers`;
        0 for none.

    Returns
    -------
    Study

    Raises
    ------
    PsychobenchError
        With one line for each argument that is at fault.

    References
    ----------
    Ying, Li & Chen (2023), arXiv:2310.13674.

    Examples
    --------
    >>> result = study("template", masks=["none", "mouth"], seeds=1)
    >>> result.to_frame()[["observer", "mask", "pse", "status"]].round(3)
       observer   mask    pse status
    0  template   none  0.776     ok
    1  template  mouth  0.621     ok
    """
    given = dict(locals())
    plan = make_plan(given)
    if plan.cohort.path is not None:
        note_reading(plan.cohort.table)
    answers = collect_answers(plan)
    fits = fit_answers(answers, plan.options.fitting_of_observers)
    return _compare(plan, answers, fits, given)


def _compare(plan: Plan, answers: Answers, fits: AnswerFits, given: Mapping[str, Any]) -> Study:
    """Test the fitted curves against the people's."""
    options, people = plan.options, plan.cohort.table
    comparison = compare_with(
        fits.first,
        plan.cohorts,
        family=options.family,
        statuses=options.statuses,
        margin=options.margin,
    )
    distances = compare_curves(
        fits.first,
        plan.cohort_fits,
        plan.cohorts,
        dict(people["level"].round(9).groupby(people["condition"]).unique()),
        statuses=options.statuses,
        seed=options.seed,
    )
    log_odds = {name: each[0].label_log_odds for name, each in answers.infos.items()}
    return Study(
        comparison=comparison,
        curve_distances=distances,
        consistency=compare_errors(answers.first, people, plan.cohorts),
        observer_fits=fits.first,
        cohort_fits=plan.cohort_fits,
        answers=answers.first,
        cohort=plan.cohort,
        stimuli=plan.stimuli,
        observers={name: each[0].to_dict() for name, each in answers.infos.items()},
        provenance=_provenance(plan, answers, given),
        trainings=None if options.seeds == 1 else _trainings(answers, fits, comparison),
        recovery=_recovery(plan, answers),
        balanced=None
        if fits.balanced is None
        else compare_balanced(comparison, fits.balanced, log_odds),
    )


def _recovery(plan: Plan, answers: Answers) -> pd.DataFrame | None:
    """Simulate how often each observer would be found, if that was asked for."""
    options = plan.options
    if not options.recovery:
        return None
    return recover_by_mask(
        answers.first,
        plan.cohort.table,
        plan.cohorts,
        simulations=options.recovery,
        seed=options.seed,
    )


def _trainings(answers: Answers, fits: AnswerFits, comparison: Comparison) -> Trainings:
    """Test all seeds, with the options of the comparison."""
    return Trainings(
        compare_seeds(
            fits.seeds, comparison.cohorts, family=comparison.family, statuses=comparison.statuses
        ),
        fits.seeds,
        answers.seeds,
    )


def _provenance(plan: Plan, answers: Answers, given: Mapping[str, Any]) -> dict[str, Any]:
    """Record versions, options, seed, and the hashes of stimuli, people and weights."""
    cohort, stimuli = plan.cohort, plan.stimuli
    named = {"observers": list(plan.observers), "humans": cohort.name, "stimuli": stimuli.name}
    options = {name: plain(value) for name, value in {**given, **named}.items()}
    return provenance(
        options=options,
        seed=plan.options.seed,
        stimuli={"name": stimuli.name, "sha256": stimuli.sha256},
        humans={
            "file": cohort.name if cohort.path is None else str(cohort.path),
            "sha256": cohort.sha256,
        },
        observers={name: each[0].to_dict() for name, each in answers.infos.items()},
        replicates={
            name: {
                f"seed {each_seed}": {"weights_sha256": each.weights_sha256}
                for each_seed, each in enumerate(infos[1:], plan.options.seed + 1)
            }
            for name, infos in answers.infos.items()
            if len(infos) > 1
        },
    )
