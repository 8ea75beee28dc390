"""Run an observer on a stimulus set: images in, a table of trials out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import ObserverError, OptionError, StimulusError
from psychobench.observers.plugin_faults import as_observer_error
from psychobench.observers.protocol import Observer, ObserverInfo, ReplicableObserver

if TYPE_CHECKING:
    from psychobench.stimuli import StimulusSet

BATCH_BYTES = 2**30  # pictures decoded at once; the bundled set with all masks is 13 MB
_FAULTS_SHOWN = 5


def check_masks(stimuli: StimulusSet, masks: Sequence[str]) -> tuple[str, ...]:
    """Check that a stimulus set has these masks, before any observer runs.

    Parameters
    ----------
    stimuli : StimulusSet
        The set.
    masks : sequence of str
        Mask names; ``none`` leaves the images as they are.

    Returns
    -------
    tuple of str
        The names, each once, in order of first appearance.

    Raises
    ------
    StimulusError
        If there is no mask of that name, or no name at all.
    """
    known = ("none", *stimuli.masks)
    faults = [
        f"a mask must belong to the stimuli: '{mask}' does not belong to '{stimuli.name}', "
        f"which has {', '.join(known)}"
        for mask in dict.fromkeys(masks)
        if mask not in known
    ]
    if not masks:
        faults = [f"at least one mask must be named: '{stimuli.name}' has {', '.join(known)}"]
    if faults:
        raise StimulusError(*faults)
    return tuple(dict.fromkeys(masks))


def read_info(observer: Observer) -> ObserverInfo:
    """Read an observer's info, which may load its weights.

    Raises
    ------
    ObserverError
        If its `info` fails or is not an `ObserverInfo`.
    """
    with as_observer_error(f"an observer's info must be readable: {type(observer).__name__}"):
        info = observer.info
    if not isinstance(info, ObserverInfo):
        raise ObserverError(
            f"an observer's info must be an ObserverInfo: {type(observer).__name__} has "
            f"{type(info).__name__}"
        )
    return info


def make_replicates(observer: Observer, n: int) -> list[Observer]:
    """Return an observer and those that differ from it only in their seed, where it offers any.

    Parameters
    ----------
    observer : Observer
        The first.
    n : int
        How many, the first included.

    Returns
    -------
    list of Observer
        `n` of them; the observer alone where it has no method `replicates`.

    Raises
    ------
    OptionError
        If `n` is below 1.
    ObserverError
        If `replicates` fails or does not give `n` observers.

    Examples
    --------
    >>> import psychobench
    >>> observers = make_replicates(psychobench.load_observer("template"), 2)
    >>> [each.info.options["seed"] for each in observers]
    [0, 1]
    """
    if n < 1:
        raise OptionError(f"`seeds` must be 1 or more: it is {n}")
    if n == 1 or not offers_replicates(observer):
        return [observer]
    # info is not read: that may load or train one by one what replicates() does for all at once
    who = type(observer).__name__
    with as_observer_error(f"an observer must return its replicates: {who}"):
        found = list(cast(ReplicableObserver, observer).replicates(n))
    if len(found) != n:
        raise ObserverError(
            f"replicates({n}) must return {n} observers: {who} returned {len(found)}"
        )
    return found


def offers_replicates(observer: Observer) -> bool:
    """Return whether an observer can be made from other seeds; no weights are loaded."""
    return callable(getattr(observer, "replicates", None))


def respond(
    observer: Observer,
    stimuli: StimulusSet,
    masks: Sequence[str] = ("none",),
    *,
    observer_name: str | None = None,
) -> pd.DataFrame:
    """Run an observer on every image of a set, under each mask, in one batch.

    Images that take more than 1 GiB together are shown one mask at a time instead.

    Parameters
    ----------
    observer : Observer
        The observer.
    stimuli : StimulusSet
        The images.
    masks : sequence of str
        The conditions: mask names, ``none`` for the whole face.
    observer_name : str, optional
        The name in the table; the observer's own by default.

    Returns
    -------
    pandas.DataFrame
        Trials: `observer`, `condition` (the mask), `stimulus`, `level`, `p_target`; one row for
        each mask and image, masks in the order given, images in the set's.

    Raises
    ------
    StimulusError
        If the set has no such mask.
    ObserverError
        If the observer fails, or its answers are not one probability for each image.

    Examples
    --------
    >>> import psychobench
    >>> observer = psychobench.load_observer("template")
    >>> trials = respond(observer, psychobench.load_stimuli(), ["none", "mouth"])
    >>> list(trials.columns), len(trials)
    (['observer', 'condition', 'stimulus', 'level', 'p_target'], 42)
    """
    masks = check_masks(stimuli, masks)
    name = observer_name or read_info(observer).name
    shown = stimuli.table[["stimulus", "level"]]
    trials = pd.concat(
        [shown.assign(observer=name, condition=mask) for mask in masks], ignore_index=True
    )[["observer", "condition", "stimulus", "level"]]
    answers = [_answers(observer, images, name) for images in _batches(stimuli, masks)]
    probabilities = np.concatenate(answers)
    faults = list(islice(_faults(trials, probabilities), _FAULTS_SHOWN))
    if faults:
        raise ObserverError(*faults)
    return trials.assign(p_target=probabilities.astype(np.float64))


def respond_replicates(
    observers: Iterable[Observer],
    stimuli: StimulusSet,
    masks: Sequence[str] = ("none",),
    *,
    first_seed: int = 0,
    observer_name: str | None = None,
) -> pd.DataFrame:
    """Run all replicates of one observer on the same images.

    Parameters
    ----------
    observers : iterable of Observer
        What `make_replicates` returned; they run one after the other.
    stimuli, masks, observer_name
        As for `respond`.
    first_seed : int
        The first one's seed; the others have the next ones.

    Returns
    -------
    pandas.DataFrame
        Trials as `respond` gives them, with a column `seed` after `condition`, seed by seed.

    Raises
    ------
    StimulusError, ObserverError
        As for `respond`.

    Examples
    --------
    >>> import psychobench
    >>> from psychobench.comparison import compare_seeds, match_cohorts
    >>> observers = make_replicates(psychobench.load_observer("template"), 2)
    >>> trials = respond_replicates(observers, psychobench.load_stimuli())
    >>> fits = psychobench.fit(trials, by=["seed"])
    >>> people = psychobench.fit(psychobench.load_cohort().table)
    >>> compare_seeds(fits, match_cohorts(["none"], people)).table["seeds_statuses"].tolist()
    ['2 ok']
    """
    answers = []
    for seed, observer in enumerate(observers, first_seed):
        trials = respond(observer, stimuli, masks, observer_name=observer_name)
        trials.insert(2, "seed", seed)
        answers.append(trials)
    return pd.concat(answers, ignore_index=True)


def draw_binary(table: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the 0/1 answers that a person's design would collect from probabilities.

    Parameters
    ----------
    table : pandas.DataFrame
        Trials with `p_target`, as `respond` gives them.
    n : int
        Repetitions of each row, at least 1.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    pandas.DataFrame
        Trials with `response` in place of `p_target`, `n` rows for each of `table`.

    Raises
    ------
    OptionError
        If `n` is below 1.

    Examples
    --------
    >>> sure = pd.DataFrame({"observer": "o", "level": [0.0, 1.0], "p_target": [0.0, 1.0]})
    >>> draw_binary(sure, 2, np.random.default_rng(0))["response"].tolist()
    [0, 0, 1, 1]
    """
    if n < 1:
        raise OptionError(f"`trials` must be 1 or more: it is {n}")
    repeated = table.loc[table.index.repeat(n)].reset_index(drop=True)
    drawn = rng.random(len(repeated)) < repeated.pop("p_target")
    return repeated.assign(response=drawn.astype(np.int64))


def _batches(stimuli: StimulusSet, masks: Sequence[str]) -> Iterator[NDArray[np.uint8]]:
    first = stimuli.images(masks[0])
    rest = (stimuli.images(mask) for mask in masks[1:])
    if first.nbytes * len(masks) > BATCH_BYTES:
        yield first
        yield from rest
    else:
        yield np.concatenate([first, *rest])


def _answers(observer: Observer, images: NDArray[np.uint8], name: str) -> NDArray[np.floating]:
    with as_observer_error(
        f"an observer must answer every image: '{name}'", f" on images of shape {images.shape}"
    ):
        answers = observer.respond(images)
    if not isinstance(answers, np.ndarray) or answers.shape != (len(images),):
        shape = getattr(answers, "shape", None)
        raise ObserverError(
            f"an observer must return an array of one probability for each image, shape "
            f"({len(images)},): '{name}' returned {type(answers).__name__} of shape {shape}"
        )
    if not np.issubdtype(answers.dtype, np.floating):
        raise ObserverError(
            f"an observer's answers must be float64: those of '{name}' are {answers.dtype}"
        )
    return answers


def _faults(trials: pd.DataFrame, probabilities: NDArray[np.floating]) -> Iterator[str]:
    bad = ~((probabilities >= 0) & (probabilities <= 1))  # NaN is bad too
    for index in np.flatnonzero(bad):
        row = trials.iloc[index]
        yield (
            f"an observer's answer must be a probability in [0, 1]: '{row.observer}' gave "
            f"{probabilities[index]:g} for stimulus '{row.stimulus}' (level {row.level:g}, "
            f"mask '{row.condition}')"
        )
