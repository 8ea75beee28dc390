"""Trials: the seeded list of stimuli that people and networks both answer."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import OptionError, TableError
from psychobench.stimuli import HUMAN_LEVELS, StimulusSet

IMAGES = "images"
"""The folder, beside the conditions files, in which they look for the images."""

_MOST_TRIALS = 100_000


def make_trials(
    stimuli: StimulusSet,
    *,
    levels: Sequence[float] | None = HUMAN_LEVELS,
    repetitions: int = 30,
    seed: int = 0,
) -> pd.DataFrame:
    """Make a list of trials in random order, every stimulus equally often.

    The published experiment is the default: 7 levels x 30 repetitions = 210 trials [1]_.

    Parameters
    ----------
    stimuli : StimulusSet
        What is shown.
    levels : sequence of float or None, optional
        Which levels are shown; None for all.
    repetitions : int, optional
        How often each image is shown; with one image per level, how often each level is.
    seed : int, optional
        The same seed gives the same order.

    Returns
    -------
    pandas.DataFrame
        One row per trial in the order of presentation: ``trial`` (from 1), ``stimulus``,
        ``level`` and ``file``.

    Raises
    ------
    OptionError
        If `repetitions` or `seed` cannot be used.
    StimulusError
        If a level is not there.

    References
    ----------
    .. [1] Ying, Li & Chen, arXiv 2310.13674, section 2.2.

    Examples
    --------
    >>> from psychobench import load_stimuli
    >>> trials = make_trials(load_stimuli(), seed=1)
    >>> len(trials)
    210
    >>> trials["level"].value_counts().unique().tolist()
    [30]
    """
    shown = stimuli if levels is None else stimuli.select(levels)
    _check_options(len(shown.table), repetitions, seed)
    rows = np.repeat(np.arange(len(shown.table)), repetitions)
    order = np.random.default_rng(seed).permutation(rows)
    trials = shown.table[["stimulus", "level", "file"]].iloc[order].reset_index(drop=True)
    trials.insert(0, "trial", np.arange(1, len(trials) + 1))
    return trials


def stimulus_rows(trials: pd.DataFrame, stimuli: StimulusSet) -> NDArray[np.int64]:
    """Find the image of every trial, so that a network can answer the list that people answer.

    Parameters
    ----------
    trials : pandas.DataFrame
        With the column ``stimulus``.
    stimuli : StimulusSet
        The set that they were made from.

    Returns
    -------
    ndarray of int64, shape (n_trials,)
        Row of each trial's image in ``stimuli.table`` and in ``stimuli.images()``.

    Raises
    ------
    TableError
        If a trial shows a stimulus that the set does not have.

    Examples
    --------
    A network answers each image once; the rows spread its answers over the trials.

    >>> from psychobench import load_stimuli
    >>> stimuli = load_stimuli()
    >>> trials = make_trials(stimuli)
    >>> p_target = stimuli.images().mean(axis=(1, 2, 3)) / 255
    >>> p_target[stimulus_rows(trials, stimuli)].shape
    (210,)
    """
    index = pd.Index(stimuli.table["stimulus"])
    rows: NDArray[np.int64] = index.get_indexer(trials["stimulus"].astype(str)).astype(np.int64)
    unknown = trials["stimulus"][rows < 0].astype(str).unique()
    if len(unknown):
        raise TableError(
            f"every trial must show a stimulus of {stimuli.name}: it has no "
            f"{', '.join(map(repr, unknown[:5]))}; make the list from these stimuli"
        )
    return rows


def psychopy_conditions(trials: pd.DataFrame) -> pd.DataFrame:
    """Arrange trials as a conditions file for a PsychoPy Builder loop.

    The loop is to be sequential with one repetition: the order is already random. The headings
    become variables in the experiment, so they avoid the names that Builder keeps for itself
    (``level`` and ``trial`` among them) and those it gives to new components (``image``).

    Parameters
    ----------
    trials : pandas.DataFrame
        As `make_trials` gives them.

    Returns
    -------
    pandas.DataFrame
        Columns ``image_file`` (path relative to the experiment), ``stimulus_id``,
        ``stimulus_level`` and ``trial_number``.

    Examples
    --------
    >>> from psychobench import load_stimuli
    >>> psychopy_conditions(make_trials(load_stimuli())).columns.tolist()
    ['image_file', 'stimulus_id', 'stimulus_level', 'trial_number']
    """
    return pd.DataFrame(
        {
            "image_file": [f"{IMAGES}/{file}" for file in trials["file"]],
            "stimulus_id": trials["stimulus"],
            "stimulus_level": trials["level"],
            "trial_number": trials["trial"],
        }
    )


def jspsych_conditions(trials: pd.DataFrame) -> list[dict[str, str | float | int]]:
    """Arrange trials as the ``timeline_variables`` of a jsPsych timeline.

    Parameters
    ----------
    trials : pandas.DataFrame
        As `make_trials` gives them.

    Returns
    -------
    list of dict
        One object per trial with the names of `psychopy_conditions`; ``image_file`` is a relative
        URL, so a blank in a file name is written ``%20``.

    Examples
    --------
    >>> from psychobench import load_stimuli
    >>> sorted(jspsych_conditions(make_trials(load_stimuli()))[0])
    ['image_file', 'stimulus_id', 'stimulus_level', 'trial_number']
    """
    conditions = psychopy_conditions(trials)
    conditions["image_file"] = conditions["image_file"].map(quote)
    return [
        {str(name): value for name, value in row.items()} for row in conditions.to_dict("records")
    ]


def _check_options(n_images: int, repetitions: int, seed: int) -> None:
    faults = []
    if repetitions < 1:
        faults.append(f"repetitions must be 1 or more: it is {repetitions}")
    if n_images * repetitions > _MOST_TRIALS:
        faults.append(
            f"a list must have at most {_MOST_TRIALS} trials: {n_images} images x {repetitions} "
            f"repetitions are {n_images * repetitions}; repeat them less often"
        )
    if seed < 0:
        faults.append(f"seed must be 0 or more: it is {seed}")
    if faults:
        raise OptionError(*faults)
