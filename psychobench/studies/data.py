"""The data of a study: its answers, fits, tests, and what a reader has to know about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison import (
    BalancedComparison,
    Comparison,
    SeedComparison,
    stimulus_names,
)
from psychobench.comparison.base_rate import BALANCED_COLUMNS
from psychobench.comparison.seeds import SEED_COLUMNS
from psychobench.fits.pse import Fits
from psychobench.formatting import Scale, scale_of
from psychobench.reports import words
from psychobench.stimuli.sets import StimulusSet
from psychobench.studies import sentences
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.cohort import Cohort

KEYS = ["observer", "mask"]
CURVE_COLUMNS = ["observer", "condition", "level", "p", "low", "high"]
GRID = 201  # levels at which curves are evaluated


@dataclass(frozen=True)
class Trainings(ShownAsTable):
    """Observers trained from several seeds.

    Attributes
    ----------
    comparison : SeedComparison
        The comparison of all seeds with people.
    fits : Fits
        The curves of every seed, the first included, with a column `seed`.
    answers : pandas.DataFrame
        The trials of every seed, with a column `seed`.
    """

    comparison: SeedComparison
    fits: Fits
    answers: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the comparison's table."""
        return self.comparison.to_frame()


@dataclass(frozen=True)
class StudyData:
    """A comparison of observers with people, with everything that it was made from.

    Attributes
    ----------
    comparison : Comparison
        The tests.
    curve_distances, consistency : pandas.DataFrame
        Distances between curves, and error consistency, one row per observer and mask.
    observer_fits, cohort_fits : Fits
        The curves fitted to the observers' and to the people's answers.
    answers : pandas.DataFrame
        The observers' trials.
    cohort : Cohort
        The people.
    stimuli : StimulusSet
        What the observers judged.
    observers : Mapping of str to Mapping
        The info of each observer, by name.
    provenance : Mapping
        Versions, hashes, options and seed.
    trainings : Trainings, optional
        The comparison over seeds, if there are several.
    balanced : BalancedComparison, optional
        The comparison without label log-odds, if an observer reports these.
    recovery : pandas.DataFrame, optional
        How often each observer would be found if it were the true one, if that was asked for.
    """

    comparison: Comparison
    curve_distances: pd.DataFrame
    consistency: pd.DataFrame
    observer_fits: Fits
    cohort_fits: Fits
    answers: pd.DataFrame
    cohort: Cohort
    stimuli: StimulusSet
    observers: Mapping[str, Mapping[str, Any]]
    provenance: Mapping[str, Any]
    trainings: Trainings | None = None
    balanced: BalancedComparison | None = None
    recovery: pd.DataFrame | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """Every result for each observer and mask, with the PSE and JND of its cohort.

        The intervals of an observer that was trained several times are prediction intervals for one
        further training.
        """
        table = self._with_seeds(self.comparison.to_frame())
        pretraining = [self.observers[name]["pretraining"] for name in table["observer"]]
        table.insert(2, "pretraining", pretraining)
        asked = [] if self.recovery is None else [self.recovery]
        for found in (self._balanced(), self.curve_distances, self.consistency, *asked):
            table = table.merge(found, on=KEYS, how="left", validate="1:1")
        cohorts = [self.comparison.cohorts[mask] for mask in table["mask"]]
        for measure, samples in (
            ("pse", [cohort.pse for cohort in cohorts]),
            ("jnd", [cohort.jnd for cohort in cohorts]),
        ):
            for name in ("n", "mean", "sem", "sd"):
                table[f"cohort_{name}_{measure}"] = [getattr(each, name, None) for each in samples]
        return table

    def _with_seeds(self, table: pd.DataFrame) -> pd.DataFrame:
        empty = pd.DataFrame(columns=SEED_COLUMNS)
        found = empty if self.trainings is None else self.trainings.comparison.table
        found = table[KEYS].merge(found.astype(dict.fromkeys(KEYS, object)), "left", on=KEYS)
        several = found["seeds"].notna()
        for measure in ("pse", "jnd"):
            for name in (f"{measure}_low", f"{measure}_high"):
                ends = found.pop(name).astype(np.float64).where(table[measure].notna())
                table[name] = table[name].where(~several, ends)
        found["seeds"] = found["seeds"].where(several, 1)
        counts = dict.fromkeys(("seeds", "seeds_with_pse", "seeds_with_jnd"), "Int64")
        return table.join(found.drop(columns=KEYS).astype(counts))

    def _balanced(self) -> pd.DataFrame:
        if self.balanced is not None:
            return self.balanced.table
        return self.comparison.table[KEYS].reindex(columns=[*KEYS, *BALANCED_COLUMNS])

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    @property
    def levels(self) -> NDArray[np.float64]:
        """The levels of the stimuli, shape (n,)."""
        return self.stimuli.table["level"].to_numpy(np.float64)

    @property
    def scale(self) -> Scale:
        """How PSEs and JNDs are written: as precise as the means of the people."""
        cohorts = self.comparison.cohorts.values()
        return scale_of([cohort.pse.sem for cohort in cohorts], self.levels)

    @property
    def heading(self) -> str:
        """What kind of evidence this is."""
        return words.heading(simulated=self.cohort.simulated, rendered=self.stimuli.rendered)

    @cached_property
    def notes(self) -> list[str]:
        """What a reader has to know besides the table, one sentence or paragraph each."""
        unique = {cohort.condition: cohort for cohort in self.comparison.cohorts.values()}
        return [
            *([] if self.same_stimuli else [self._other_stimuli()]),
            *(
                words.cohort_sentence(each, self.cohort.title, self.levels)
                for each in unique.values()
            ),
            *sentences.weights_sentences(self.observers),
            sentences.family_sentence(self.comparison),
            *([sentences.trials_sentence()] if self._drawn_intervals() else []),
            *(
                []
                if self.trainings is None
                else sentences.seed_sentences(self.trainings.comparison)
            ),
            *sentences.reasons(self.table),
            *([] if self.balanced is None else sentences.verdict_flips(self.table)),
        ]

    @cached_property
    def same_stimuli(self) -> bool:
        """Whether the cohort's file names the images that the observers judged."""
        if "stimulus" not in self.cohort.table:
            return False
        judged = set(stimulus_names(self.cohort.table["stimulus"]).dropna())
        return bool(judged) and judged <= set(stimulus_names(self.stimuli.table["stimulus"]))

    def curves(self, *, people: bool = False) -> pd.DataFrame:
        """Return the fitted curves as a tidy table, to draw in one's own way.

        Parameters
        ----------
        people : bool
            Whether the curves of the people follow those of the observers. Their condition is that
            of their own table; `comparison.cohorts` maps masks to it.

        Returns
        -------
        pandas.DataFrame
            Columns `observer`, `condition` (for observers, the mask), `level`, `p` (fitted
            probability of the target), `low` and `high` (confidence band of `p`, NaN where there is
            none). Levels run over those of the stimuli.
        """
        grid = np.linspace(self.levels.min(), self.levels.max(), GRID)
        fits = [self.observer_fits, *([self.cohort_fits] if people else [])]
        return pd.concat([each.curves(grid)[CURVE_COLUMNS] for each in fits], ignore_index=True)

    def _drawn_intervals(self) -> bool:
        """Return whether an observer that was trained once has an interval, from drawn answers."""
        return bool(self.table.loc[self.table["seeds"] == 1, "pse_low"].notna().any())

    def _other_stimuli(self) -> str:
        named = "stimulus" in self.cohort.table
        return sentences.other_stimuli(self.cohort.name, self.stimuli.name, named)
