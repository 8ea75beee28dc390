"""Trial lists: the seeded order of stimuli that people and networks both answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import EVERY, PEOPLES, Levels, check_whole
from psychobench.errors import OptionError, TableError
from psychobench.observers.trial_files import write_trials
from psychobench.stimuli import StimulusSet, load_stimuli
from psychobench.tables.notebook import ShownAsTable

_MOST_TRIALS = 100_000


@dataclass(frozen=True, eq=False)
class TrialList(ShownAsTable):
    """Trials in the order in which they are shown.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per trial: ``trial`` (from 1), ``stimulus``, ``level`` and ``file`` (the image's
        name in the folder of `stimuli`).
    stimuli : StimulusSet
        What is shown.
    repetitions : int
        How often each image is shown.
    seed : int
        What the order was drawn from.
    """

    table: pd.DataFrame
    stimuli: StimulusSet
    repetitions: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table, one row per trial."""
        return self.table.copy()

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the list, its images and conditions files for PsychoPy and jsPsych.

        Parameters
        ----------
        folder : path-like
            Created if need be; all files are written, or none. README.txt in it says how either
            program is set up.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        ResourceError
            If the folder cannot be written, or a file in it must not be replaced.
        """
        write_trials(
            Path(folder),
            self.table,
            self.stimuli,
            repetitions=self.repetitions,
            seed=self.seed,
            overwrite=overwrite,
        )


def make_trials(
    stimuli: StimulusSet | str | Path = "rendered-average",
    *,
    levels: Levels = None,
    repetitions: int = 30,
    seed: int = 0,
) -> TrialList:
    """Make a list of trials in random order, every stimulus equally often.

    The published experiment is the default: 7 levels x 30 repetitions = 210 trials [1]_.

    Parameters
    ----------
    stimuli : StimulusSet or path-like, optional
        What is shown: a loaded set, a bundled set's name, or a folder with images and
        ``levels.csv``.
    levels : {"human", "all"}, str, number or sequence of numbers, optional
        Which levels are shown: the seven that people judged, all, or these. By default
        ``"human"`` of a bundled set and ``"all"`` of your own.
    repetitions : int, optional
        How often each image is shown; with one image per level, how often each level is.
    seed : int, optional
        The same seed gives the same order.

    Returns
    -------
    TrialList
        Its table is in the order of presentation; ``save(folder)`` writes all that PsychoPy and
        jsPsych need.

    Raises
    ------
    OptionError
        If `levels`, `repetitions` or `seed` cannot be used.
    StimulusError
        If the set cannot be used, or does not have a level.

    References
    ----------
    .. [1] Ying, Li & Chen, arXiv 2310.13674, section 2.2.

    Examples
    --------
    >>> trials = make_trials(seed=1).to_frame()
    >>> len(trials)
    210
    >>> trials["level"].value_counts().unique().tolist()
    [30]
    """
    loaded = stimuli if isinstance(stimuli, StimulusSet) else load_stimuli(stimuli)
    if levels is None:
        levels = PEOPLES if loaded.bundled else EVERY
    shown = loaded.select(levels)
    _check_options(len(shown.table), repetitions, seed)
    rows = np.repeat(np.arange(len(shown.table)), repetitions)
    order = np.random.default_rng(seed).permutation(rows)
    trials = shown.table[["stimulus", "level", "file"]].iloc[order].reset_index(drop=True)
    trials.insert(0, "trial", np.arange(1, len(trials) + 1))
    return TrialList(trials, loaded, repetitions, seed)


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

    >>> import psychobench as pb
    >>> stimuli = pb.load_stimuli()
    >>> trials = make_trials(stimuli).to_frame()
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


def _check_options(n_images: int, repetitions: int, seed: int) -> None:
    faults: list[str] = []
    for value, option, least in ((repetitions, "repetitions", 1), (seed, "seed", 0)):
        try:
            check_whole(value, option, least=least)
        except OptionError as error:
            faults += error.faults
    if not faults and n_images * repetitions > _MOST_TRIALS:
        faults.append(
            f"a list must have at most {_MOST_TRIALS} trials: {n_images} images x {repetitions} "
            f"repetitions are {n_images * repetitions}; lower `repetitions`"
        )
    if faults:
        raise OptionError(*faults)
