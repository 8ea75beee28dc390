"""One comparison, whole: what was asked, who answered, what was fitted, tested and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.comparison import Comparison
from psychobench.pse import Fits
from psychobench.report import words
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
    observer_fits: Fits
    cohort_fits: Fits
    answers: pd.DataFrame
    cohort: Cohort
    stimuli: StimulusSet
    observers: Mapping[str, Mapping[str, Any]]
    provenance: Mapping[str, Any]

    @cached_property
    def table(self) -> pd.DataFrame:
        """The comparison's table with each observer's pre-training and its cohort's PSE."""
        table = self.comparison.to_frame()
        pretraining = [self.observers[name]["pretraining"] for name in table["observer"]]
        table.insert(2, "pretraining", pretraining)
        cohorts = [self.comparison.cohorts[mask] for mask in table["mask"]]
        return table.assign(
            cohort_n=[cohort.n for cohort in cohorts],
            cohort_mean_pse=[cohort.mean for cohort in cohorts],
            cohort_sem_pse=[cohort.sem for cohort in cohorts],
        )

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
            words.test_sentence(self.comparison),
            *words.reasons(self.table),
        ]

    @cached_property
    def same_stimuli(self) -> bool:
        """Whether the cohort's file names the images that the observers judged."""
        if "stimulus" not in self.cohort.table:
            return False
        judged = _stems(self.cohort.table["stimulus"])
        return bool(judged) and judged <= _stems(self.stimuli.table["stimulus"])

    def plot(self) -> Figure:
        """Draw curves, data and PSEs of observers and cohort, one panel per mask."""
        from psychobench.report.figure import draw_study

        return draw_study(self)

    def _other_stimuli(self) -> str:
        named = "stimulus" in self.cohort.table
        return words.other_stimuli(self.cohort.name, self.stimuli.name, named)


def _stems(stimuli: pd.Series[Any]) -> set[str]:
    return {PurePath(str(name)).stem for name in stimuli.dropna().unique()}
