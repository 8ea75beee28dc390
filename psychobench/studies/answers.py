"""What observers answer in a study: every seed, drawn trials, and without labels' log-odds."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychobench.observers.base_rates import without_log_odds
from psychobench.observers.protocol import Observer, ObserverInfo
from psychobench.observers.runner import (
    draw_binary,
    make_replicates,
    read_info,
    respond_replicates,
)
from psychobench.studies.plan import Plan

NOTES = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answers:
    """The observers' trials.

    Attributes
    ----------
    first : pandas.DataFrame
        Of each observer's first seed, which the paper's test is about.
    seeds : pandas.DataFrame
        Of all seeds, the first included, with a column `seed`.
    balanced : pandas.DataFrame or None
        Of the first seed without the labels' log-odds, where observers report these; None if no
        observer does.
    infos : Mapping of str to list of ObserverInfo
        The info of every replicate, by observer.
    """

    first: pd.DataFrame
    seeds: pd.DataFrame
    balanced: pd.DataFrame | None
    infos: Mapping[str, list[ObserverInfo]]


def collect_answers(plan: Plan) -> Answers:
    """Let every observer and its replicates judge every image under every mask.

    Drawn answers of the first seed do not depend on the number of seeds. Without log-odds the same
    random numbers are used, so that only the criterion differs.
    """
    options, answered = plan.options, []
    infos: dict[str, list[ObserverInfo]] = {}
    for name, observer in plan.observers.items():
        infos[name] = []
        answered.append(_judge(plan, name, observer, infos[name]))
    everything = pd.concat(answered, ignore_index=True)
    is_first = everything["seed"] == options.seed
    first, rest = everything[is_first], everything[~is_first]
    balanced = _balanced(first, {name: each[0].label_log_odds for name, each in infos.items()})
    if options.trials is not None:
        first = draw_binary(first, options.trials, np.random.default_rng(options.seed))
        rest = draw_binary(rest, options.trials, np.random.default_rng([options.seed, 1]))
        if balanced is not None:
            rng = np.random.default_rng(options.seed)
            balanced = draw_binary(balanced, options.trials, rng)
    together = pd.concat([first, rest], ignore_index=True)
    return Answers(first.drop(columns="seed").reset_index(drop=True), together, balanced, infos)


def _judge(plan: Plan, name: str, observer: Observer, infos: list[ObserverInfo]) -> pd.DataFrame:
    """Let one observer and its replicates judge everything; their infos are added to `infos`."""
    replicates = make_replicates(observer, plan.options.seeds)
    times = f", trained {len(replicates)} times," if len(replicates) > 1 else ""
    n_images = len(plan.masks) * len(plan.stimuli.table)
    NOTES.info("%s%s judges %d images ...", name, times, n_images)
    return respond_replicates(
        _with_infos(replicates, infos),
        plan.stimuli,
        plan.masks,
        first_seed=plan.options.seed,
        observer_name=name,
    )


def _with_infos(observers: Iterable[Observer], infos: list[ObserverInfo]) -> Iterator[Observer]:
    """Read each observer's info as soon as it has answered, while its weights are in memory."""
    for observer in observers:
        yield observer
        infos.append(read_info(observer))


def _balanced(trials: pd.DataFrame, log_odds: Mapping[str, float | None]) -> pd.DataFrame | None:
    if all(each is None for each in log_odds.values()):
        return None
    of_each = trials["observer"].map({name: each or 0.0 for name, each in log_odds.items()})
    return trials.assign(p_target=without_log_odds(trials["p_target"], of_each))
