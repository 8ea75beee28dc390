"""A demonstration: a small data set of simulated people, and its analysis."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr

from psychobench.analysis.files import ALWAYS, KIND
from psychobench.analysis.result import Analysis
from psychobench.analysis.run import analyse
from psychobench.outputs import check_output_file, check_output_folder, write_output
from psychobench.stimuli.levels import HUMAN_LEVELS
from psychobench.tables.output import csv_bytes

TRIALS, RESULTS = "trials.csv", "results"
_TRIALS_KIND = "demonstration"
_PEOPLE, _REPETITIONS = 12, 10
_MEAN_PSE = {"upright": 0.45, "inverted": 0.55}
_PSE_SD, _SPREAD = 0.06, 0.2  # between people; of each one's cumulative Gaussian
ENGINE, GOF = "ml", 0  # the fastest


def demo(out: str | PathLike[str] = "psychobench-demo", *, overwrite: bool = False) -> Analysis:
    """Write a small data set and its report, to see what an analysis gives.

    Twelve SIMULATED people judge seven morphs of a face, ten times each, upright and inverted.
    The same call gives the same numbers.

    Parameters
    ----------
    out : str or path
        Folder, created if it does not exist. It gets ``trials.csv`` and, in ``results``, all that
        `Analysis.save` writes, ``report.html`` first of all.
    overwrite : bool
        Whether to replace files that psychobench did not write there, or that were edited.

    Returns
    -------
    Analysis

    Raises
    ------
    ResourceError
        If the folder cannot be written, or a file in it must not be replaced.
    """
    trials, results = Path(out) / TRIALS, Path(out) / RESULTS
    check_output_file(trials, (".csv",), kind=_TRIALS_KIND, overwrite=overwrite)
    check_output_folder(results, ALWAYS, kind=KIND, overwrite=overwrite)
    write_output(trials, csv_bytes(demo_trials()), kind=_TRIALS_KIND, overwrite=overwrite)
    found = analyse(trials, engine=ENGINE, gof=GOF)
    found.save(results, overwrite=overwrite)
    return found


def demo_trials() -> pd.DataFrame:
    """Return the trials of the demonstration: ``observer, condition, level, response``."""
    rng = np.random.default_rng(1)
    levels = np.tile(HUMAN_LEVELS, _REPETITIONS)
    own = rng.normal(0.0, _PSE_SD, _PEOPLE)
    parts = []
    for person, offset in enumerate(own, start=1):
        for condition, mean in _MEAN_PSE.items():
            shown = rng.permutation(levels)
            p_target = ndtr((shown - mean - offset) / _SPREAD)
            rows = {
                "observer": f"sim{person:02d}",
                "condition": condition,
                "trial": np.arange(1, len(shown) + 1),
                "level": shown,
                "response": (rng.random(len(shown)) < p_target).astype(int),
                "simulated": 1,
            }
            parts.append(pd.DataFrame(rows))
    return pd.concat(parts, ignore_index=True)
