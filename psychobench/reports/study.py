"""One comparison, whole: what was asked, who answered, what was fitted, tested and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.comparison import (
    BalancedComparison,
    Comparison,
    SeedComparison,
    stimulus_names,
)
from psychobench.comparison.base_rate import BALANCED_COLUMNS
from psychobench.comparison.seeds import SEED_COLUMNS
from psychobench.fits.pse import Fits
from psychobench.reports import words
from psychobench.stimuli.sets import StimulusSet
from psychobench.trials.cohort import Cohort

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEYS = ["observer", "mask"]


@dataclass(frozen=True)
class Trainings:
    """Observers trained again from further seeds.

    Attributes
    ----------
    comparison : SeedComparison
        What all seeds say.
    fits : Fits
        Every seed's curves, the first's included, with a column `seed`.
    answers : pandas.DataFrame
        Every seed's trials, with a column `seed`.
    """

    comparison: SeedComparison
    fits: Fits
    answers: pd.DataFrame


@dataclass(frozen=True)
class Study:
    """A comparison with all that it was made from.

    Attributes
    ----------
    comparison : Comparison
        The tests.
    curves, consistency : pandas.DataFrame
        Distances between curves and error consistencies, one row per observer and mask.
    observer_fits, cohort_fits : Fits
        What was fitted to the observers' and to the people's answers.
    answers : pandas.DataFrame
        The observers' trials.
    cohort : Cohort
        The people.
    stimuli : StimulusSet
        What the observers judged.
    observers : Mapping of str to Mapping
        What each observer says of itself, by name.
    provenance : Mapping
        Versions, hashes, options and seed.
    trainings : Trainings, optional
        Where several seeds were asked for.
    balanced : BalancedComparison, optional
        Where an observer says the log-odds of its training labels.
    """

    comparison: Comparison
    curves: pd.DataFrame
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

    @cached_property
    def table(self) -> pd.DataFrame:
        """All that was found of each observer and mask, with its cohort's PSE and JND.

        The intervals of an observer that was trained several times are about one more training.
        """
        table = self._with_seeds(self.comparison.to_frame())
        pretraining = [self.observers[name]["pretraining"] for name in table["observer"]]
        table.insert(2, "pretraining", pretraining)
        for found in (self._balanced(), self.curves, self.consistency):
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
    def heading(self) -> str:
        """What kind of evidence this is."""
        return words.heading(simulated=self.cohort.simulated, rendered=self.stimuli.rendered)

    @cached_property
    def notes(self) -> list[str]:
        """What a reader has to know beside the table."""
        unique = {cohort.condition: cohort for cohort in self.comparison.cohorts.values()}
        return [
            *([] if self.same_stimuli else [self._other_stimuli()]),
            *(words.cohort_sentence(each, self.cohort.title) for each in unique.values()),
            *words.weights_sentences(self.observers),
            words.family_sentence(self.comparison),
            *([words.trials_sentence()] if self._drawn_intervals() else []),
            *([] if self.trainings is None else words.seed_sentences(self.trainings.comparison)),
            *words.reasons(self.table),
            *([] if self.balanced is None else words.flips(self.table)),
        ]

    @cached_property
    def same_stimuli(self) -> bool:
        """Whether the cohort's file names the images that the observers judged."""
        if "stimulus" not in self.cohort.table:
            return False
        judged = set(stimulus_names(self.cohort.table["stimulus"]).dropna())
        return bool(judged) and judged <= set(stimulus_names(self.stimuli.table["stimulus"]))

    def plot(self) -> Figure:
        """Draw curves, data and PSEs of observers and cohort, one panel per mask."""
        from psychobench.reports.study_figure import draw_study

        return draw_study(self)

    def _drawn_intervals(self) -> bool:
        """Whether an observer that was trained once has an interval: of drawn answers."""
        return bool(self.table.loc[self.table["seeds"] == 1, "pse_low"].notna().any())

    def _other_stimuli(self) -> str:
        named = "stimulus" in self.cohort.table
        return words.other_stimuli(self.cohort.name, self.stimuli.name, named)
