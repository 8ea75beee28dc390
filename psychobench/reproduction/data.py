"""What a reproduction found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from psychobench.attention.study import AttentionStudy
from psychobench.comparison.published import Published
from psychobench.reports import words
from psychobench.reproduction.measures import Measured, People, Replicates
from psychobench.reproduction.tables import FilledTable
from psychobench.stimuli.sets import StimulusSet


@dataclass(frozen=True)
class ReproductionData:
    """What a reproduction found: tables, curves, claims, departures.

    Attributes
    ----------
    observers : tuple of str
        The networks, in the paper's order.
    seeds : tuple of int
        Of their trainings.
    people : People
        The cohort.
    stimuli : StimulusSet
        The faces that people and networks judged.
    measured : Measured
        Every fitted curve.
    readings : mapping of str to Replicates
        The measures by what counts as a PSE: ``none`` (none outside the tested levels), ``pse``
        (those outside, too), ``balanced`` (with the log odds of the training labels removed).
    tables : sequence of FilledTable
        The paper's tables.
    gain : pandas.DataFrame or None
        What the gain of feature excitation rests on, where controls were included.
    claims : pandas.DataFrame
        Each claim with its verdict.
    departures : pandas.DataFrame
        The paper's recipe beside what was done here.
    paper : Published
        The figures that the paper prints.
    infos : mapping
        The `info` of each network, under ``alexnet, object`` and so on.
    provenance : mapping
        Versions, hashes, options.
    attention : AttentionStudy or None
        Attention maps of the networks; None where there are none.
    """

    observers: tuple[str, ...]
    seeds: tuple[int, ...]
    people: People
    stimuli: StimulusSet
    measured: Measured
    readings: Mapping[str, Replicates]
    tables: Sequence[FilledTable]
    gain: pd.DataFrame | None
    claims: pd.DataFrame
    departures: pd.DataFrame
    paper: Published
    infos: Mapping[str, Mapping[str, Any]]
    provenance: Mapping[str, Any]
    attention: AttentionStudy | None = None

    @property
    def heading(self) -> str:
        """What kind of evidence this is, for headings."""
        cohort, stimuli = self.people.cohort, self.stimuli
        return words.heading(simulated=cohort.simulated, rendered=stimuli.rendered)
