"""What observers answer in a comparison: all seeds, drawn trials, and without labels' log-odds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.fits.pse import Fits, fit
from psychobench.observers.base_rates import without_log_odds
from psychobench.observers.protocol import Observer, ObserverInfo
from psychobench.observers.runner import (
    draw_binary,
    make_replicates,
    read_info,
    respond_replicates,
)
from psychobench.stimuli.sets import StimulusSet

WHICH = ["seed", "balanced"]  # what tells the fits of one observer and mask apart


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
        The first again, without labels' log-odds where an observer says them; None if none does.
    infos : Mapping of str to list of ObserverInfo
        Every replicate's, by observer.
    """

    first: pd.DataFrame
    seeds: pd.DataFrame
    balanced: pd.DataFrame | None
    infos: Mapping[str, list[ObserverInfo]]


@dataclass(frozen=True)
class AnswerFits:
    """The same as fitted curves; `seeds` has the column `seed`."""

    first: Fits
    seeds: Fits
    balanced: Fits | None


def ask(
    observers: Mapping[str, Observer],
    stimuli: StimulusSet,
    masks: Sequence[str],
    *,
    seeds: int,
    first_seed: int,
    trials: int | None,
) -> Answers:
    """Let every observer, and its replicates, judge every image under every mask.

    Drawn answers of the first seed are the same whether there are further seeds or not. Without
    log-odds the same random numbers decide, so that what differs is the criterion.
    """
    answered, infos = [], dict[str, list[ObserverInfo]]()
    n_images = len(masks) * len(stimuli.table)
    for name, observer in observers.items():
        replicates = make_replicates(observer, seeds)
        often = f", trained {len(replicates)} times," if len(replicates) > 1 else ""
        click.echo(f"{name}{often} judges {n_images} images ...", err=True)
        infos[name] = []
        asked = _noted(replicates, infos[name])
        answered.append(
            respond_replicates(asked, stimuli, masks, first_seed=first_seed, observer_name=name)
        )
    everything = pd.concat(answered, ignore_index=True)
    is_first = everything["seed"] == first_seed
    first, rest = everything[is_first], everything[~is_first]
    balanced = _balanced(first, {name: each[0].label_log_odds for name, each in infos.items()})
    if trials is not None:
        first = draw_binary(first, trials, np.random.default_rng(first_seed))
        rest = draw_binary(rest, trials, np.random.default_rng([first_seed, 1]))
        if balanced is not None:
            balanced = draw_binary(balanced, trials, np.random.default_rng(first_seed))
    together = pd.concat([first, rest], ignore_index=True)
    return Answers(first.drop(columns="seed").reset_index(drop=True), together, balanced, infos)


def fit_answers(answers: Answers, *, engine: str, seed: int) -> AnswerFits:
    """Fit all curves at once: every seed's, and those without log-odds."""
    trials = [answers.seeds.assign(balanced=False)]
    if answers.balanced is not None:
        trials.append(answers.balanced.assign(balanced=True))
    fits = fit(pd.concat(trials, ignore_index=True), by=WHICH, engine=engine, seed=seed)
    balanced = fits.table["balanced"].to_numpy(dtype=bool)
    first = fits.table["seed"].to_numpy() == answers.seeds["seed"].iloc[0]
    return AnswerFits(
        _only(fits, first & ~balanced, WHICH),
        _only(fits, ~balanced, ["balanced"]),
        None if answers.balanced is None else _only(fits, balanced, WHICH),
    )


def _noted(observers: Iterable[Observer], infos: list[ObserverInfo]) -> Iterator[Observer]:
    """Read each one's info as soon as it has answered, while its weights are at hand."""
    for observer in observers:
        yield observer
        infos.append(read_info(observer))


def _balanced(trials: pd.DataFrame, log_odds: Mapping[str, float | None]) -> pd.DataFrame | None:
    if all(each is None for each in log_odds.values()):
        return None
    of_each = trials["observer"].map({name: each or 0.0 for name, each in log_odds.items()})
    return trials.assign(p_target=without_log_odds(trials["p_target"], of_each))


def _only(fits: Fits, chosen: NDArray[np.bool_], dropped: list[str]) -> Fits:
    taken = fits.take(np.flatnonzero(chosen))
    return Fits(taken.table.drop(columns=dropped), taken.options, taken.falling, taken.data)
