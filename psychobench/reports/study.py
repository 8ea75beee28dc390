"""One comparison, whole: what was asked, who answered, what was fitted, tested and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.comparison import Comparison, stimulus_names
from psychobench.pse import Fits
from psychobench.reports import words
from psychobench.responses.cohort import Cohort
from psychobench.stimuli.sets import StimulusSet

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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

    @cached_property
    def table(self) -> pd.DataFrame:
        """All that was found of each observer and mask, with its cohort's PSE and JND."""
        table = self.comparison.to_frame()
        pretraining = [self.observers[name]["pretraining"] for name in table["observer"]]
        table.insert(2, "pretraining", pretraining)
        for found in (self.curves, self.consistency):
            table = table.merge(found, on=["observer", "mask"], how="left", validate="1:1")
        cohorts = [self.comparison.cohorts[mask] for mask in table["mask"]]
        for measure, samples in (
            ("pse", [cohort.pse for cohort in cohorts]),
            ("jnd", [cohort.jnd for cohort in cohorts]),
        ):
            for name in ("n", "mean", "sem", "sd"):
                table[f"cohort_{name}_{measure}"] = [getattr(each, name, None) for each in samples]
        return table

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
            words.family_sentence(self.comparison),
            *([words.trials_sentence()] if self.table["pse_low"].notna().any() else []),
            *words.reasons(self.table),
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
        from psychobench.reports.figure import draw_study

        return draw_study(self)

    def _other_stimuli(self) -> str:
        named = "stimulus" in self.cohort.table
        return words.other_stimuli(self.cohort.name, self.stimuli.name, named)
