"""Simulated cohorts: people whose fitted PSEs have a wanted mean and standard error."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from psychobench.arguments import PEOPLES, Levels, parse_levels
from psychobench.fits.options import FitOptions
from psychobench.fits.pse import Fits, fit_checked
from psychobench.outputs import check_output_file, write_output
from psychobench.stimuli.levels import HUMAN_LEVELS
from psychobench.stimuli.sets import load_stimuli
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import csv_bytes, json_text
from psychobench.trials.simulate import MODEL, simulate_people
from psychobench.trials.table import read_trials

KIND = "simulated cohort"


@dataclass(frozen=True)
class SimulatedCohort(ShownAsTable):
    """People who never existed, with what they were made from.

    Attributes
    ----------
    table : DataFrame
        Their trials, see `psychobench.trials.simulate.simulate_people`; a column `simulated` is 1
        in every row.
    options : dict
        What was asked for.
    reached : dict
        `mean_pse` and `sem_pse` of the fitted PSEs, and `statuses`, the number of people with each.
    """

    table: pd.DataFrame
    options: dict[str, Any]
    reached: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def summary(self) -> str:
        """Return what was made, in one line."""
        return (
            f"{self.options['people']} SIMULATED people, {len(self.table)} trials, fitted PSEs "
            f"with mean {self.reached['mean_pse']:.4f} and SEM {self.reached['sem_pse']:.4f}."
        )

    def save(self, out: str | Path, *, overwrite: bool = False) -> Path:
        """Write the trials as a CSV file, and beside it FILE.json with what they were made from.

        Parameters
        ----------
        out : str or path
            A file that ends in ``.csv``.
        overwrite : bool
            Whether to replace a file that psychobench did not write there, or that was edited.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        OptionError
            If the file has another ending.
        ResourceError
            If it cannot be written, or must not be replaced.
        """
        path = check_output_file(out, (".csv",), kind=KIND, overwrite=overwrite)
        data = csv_bytes(self.table)
        record = json_text(self._record(hashlib.sha256(data).hexdigest()))
        beside = {path.name + ".json": record.encode()}
        return write_output(path, data, kind=KIND, overwrite=overwrite, beside=beside)

    def _record(self, sha256: str) -> dict[str, Any]:
        return {
            "title": f"{self.options['people']} SIMULATED people: nobody judged anything",
            "simulated": True,
            "made_by": "psychobench.simulate_cohort",
            "options": self.options,
            "sha256": sha256,
            "reached": {
                "mean_pse": round(self.reached["mean_pse"], 6),
                "sem_pse": round(self.reached["sem_pse"], 6),
                "statuses": self.reached["statuses"],
            },
            "engine": "ml, default options",
            "model": MODEL,
        }


def simulate_cohort(
    *,
    people: int = 50,
    mean_pse: float = 0.532,
    sem_pse: float = 0.018,
    levels: Levels = PEOPLES,
    repetitions: int = 30,
    seed: int = 0,
) -> SimulatedCohort:
    """Simulate people whose *fitted* PSEs have a given mean and standard error.

    Each person has a PSE, a width, a guess and a lapse rate of their own and answers every trial by
    chance. The defaults are the published cohort's figures [1]_. The table says in a column that it
    is simulated, and so does everything that is made from it.

    Parameters
    ----------
    people : int
        Number of people, at least 2.
    mean_pse, sem_pse : float
        Mean of the fitted PSEs and its standard error, in level units.
    levels : {"human", "all"} or sequence of float
        Levels that are judged: those of the published cohort, all of the bundled set's, or these.
    repetitions : int
        Trials of each person at each level.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    OptionError
        If an argument cannot be used, or the targets cannot be met.

    References
    ----------
    .. [1] Ying, Li & Chen, arXiv 2310.13674, section 2.2: 50 people, 7 levels x 30 repetitions,
       mean PSE .532, SEM .018.

    Examples
    --------
    >>> made = simulate_cohort(people=20, sem_pse=0.03, seed=2)
    >>> len(made.table)
    4200
    >>> abs(made.reached["mean_pse"] - 0.532) < 0.001
    True
    """
    tested = _levels(parse_levels(levels))
    options: dict[str, Any] = {
        "people": people, "mean_pse": mean_pse, "sem_pse": sem_pse, "levels": list(tested),
        "repetitions": repetitions, "seed": seed,
    }  # fmt: skip
    with tqdm(desc="Simulating", unit=" fits", leave=False, disable=None) as bar:

        def fit_once_more(table: pd.DataFrame) -> Fits:
            bar.update()
            return fit_pses(table)

        table = simulate_people(
            fit_once_more, **{**options, "levels": tested}, stimuli=_bundled_stimuli(tested)
        )
    return SimulatedCohort(table, options, table.attrs["reached"])


def fit_pses(table: pd.DataFrame) -> Fits:
    """Fit a table as `psychobench.fit` does, without intervals: in a small part of its time."""
    return fit_checked(read_trials(table), (), FitOptions(), intervals=False)


def _levels(levels: str | tuple[float, ...]) -> Sequence[float]:
    if isinstance(levels, tuple):
        return levels
    if levels == PEOPLES:
        return HUMAN_LEVELS
    return [float(level) for level in sorted(load_stimuli().table["level"].unique())]


def _bundled_stimuli(levels: Sequence[float]) -> list[str] | None:
    """Name the bundled stimulus of each level, where every level has one."""
    table = load_stimuli().table
    names = dict(zip(table["level"], table["stimulus"], strict=True))
    return [names[level] for level in levels] if all(level in names for level in levels) else None
