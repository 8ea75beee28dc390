"""A paper's experiments, checked and made ready, and the comparison of answers with the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from psychobench.attention.study import AttentionStudy
from psychobench.comparison import match_cohorts
from psychobench.comparison.published import published
from psychobench.errors import StimulusError, all_of
from psychobench.fits.pse import fit
from psychobench.observers.protocol import Observer
from psychobench.observers.runner import respond
from psychobench.reports.provenance import provenance
from psychobench.reproduction.answers import check_answers
from psychobench.reproduction.attention_figures import Maker, map_attention
from psychobench.reproduction.claim_definitions import CLAIMS
from psychobench.reproduction.claims import evaluate_claims, out_of_reach
from psychobench.reproduction.departures import list_departures
from psychobench.reproduction.measures import People, measure, paper_measures, replicate
from psychobench.reproduction.paper import (
    CONDITIONS,
    DEFAULT_OBSERVERS,
    MASKS,
    NAME,
    PRETRAININGS,
    check_observers,
    check_paper,
    order_observers,
)
from psychobench.reproduction.pretraining_data import Infos
from psychobench.reproduction.result import Reproduction
from psychobench.reproduction.tables import fill_tables, gain_table
from psychobench.stimuli.sets import StimulusSet, load_stimuli
from psychobench.trials.cohort import load_cohort


@dataclass(frozen=True)
class PaperExperiments:
    """Experiments 1 to 3 of Ying, Li & Chen (2023) [1]_, ready to be run again.

    Make one with `prepare`; whoever has networks asks them with `ask`, and `compare` sets all
    answers beside the paper's tables and claims.

    Attributes
    ----------
    observers : tuple of str
        The networks that are to answer, in the paper's order.
    people : People
        The cohort with its curves.
    stimuli : StimulusSet
        The faces, which have the paper's masks.
    pretrainings : tuple of str
        Each network answers with each of these: ``object`` and ``face``.

    References
    ----------
    .. [1] Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674.
    """

    observers: tuple[str, ...]
    people: People
    stimuli: StimulusSet
    pretrainings: ClassVar[tuple[str, ...]] = PRETRAININGS

    @staticmethod
    def order_observers(names: str | Sequence[str], *, controls: bool = False) -> tuple[str, ...]:
        """Return the networks that are asked for in the paper's order, unknown ones left out."""
        return order_observers(_listed(names), controls=controls)

    @classmethod
    def prepare(
        cls,
        paper: str = NAME,
        *,
        observers: str | Sequence[str] = DEFAULT_OBSERVERS,
        controls: bool = False,
        stimuli: str = "rendered-average",
        humans: str = "simulated",
        columns: Any = None,
        where: Any = None,
    ) -> PaperExperiments:
        """Check everything that can be known before a network answers, and fit the people.

        Parameters
        ----------
        paper : str
            ``ying2023``.
        observers : str or sequence of str
            Some of the paper's networks: alexnet, vgg11, vgg13, vgg16, fe_alexnet; or ``all``.
        controls : bool
            Whether to include alexnet_linear, alexnet_fresh and alexnet_ungated.
        stimuli : str
            A bundled set, or a folder with images, levels.csv and the masks eyes, nose and mouth.
        humans : str
            The bundled cohort, which is simulated, or a CSV or TSV file.
        columns, where
            As `psychobench.load_cohort` takes them.

        Raises
        ------
        PsychobenchError
            With one line for each fault.
        """
        names = _listed(observers)
        _, _, people, chosen = all_of(
            lambda: check_paper(paper),
            lambda: check_observers(names),
            lambda: _people(humans, columns, where),
            lambda: _masked(load_stimuli(stimuli)),
        )
        return cls(order_observers(names, controls=controls), people, chosen)

    @property
    def outlook(self) -> str:
        """What a run can and cannot say, in words, before any network is asked."""
        reasons = [out_of_reach(claim, self.observers) for claim in CLAIMS]
        beyond = sum(bool(reason) for reason in reasons)
        networks = sum(reason.startswith("needs ") for reason in reasons)
        text = (
            f"At most {len(CLAIMS) - beyond} of the paper's {len(CLAIMS)} claims can be measured "
            f"in this run: {networks} need networks that are not included, {beyond - networks} "
            "have no measure with an interval."
        )
        if self.stimuli.rendered or self.people.cohort.simulated:
            text += (
                " Rendered faces and simulated people show the method; neither confirms or "
                "refutes the paper."
            )
        return text

    def ask(self, observer: Observer, name: str) -> pd.DataFrame:
        """Collect an observer's responses to all faces, whole and under each of the paper's masks.

        Parameters
        ----------
        observer : Observer
            A network.
        name : str
            What messages call it.

        Returns
        -------
        pandas.DataFrame
            One row per mask and image, as `psychobench.respond` returns them.
        """
        return respond(observer, self.stimuli, CONDITIONS, observer_name=name)

    def map_attention(self, make: Maker, seed: int) -> AttentionStudy:
        """Map where each network looks, for whole and masked faces.

        Parameters
        ----------
        make : callable
            Makes observers from network, ``object`` or ``face``, and seeds.
        seed : int
            Of the training that is mapped.
        """
        return map_attention(make, self.observers, seed, self.stimuli)

    def compare(
        self,
        answers: pd.DataFrame,
        infos: Infos | None = None,
        *,
        attention: AttentionStudy | None = None,
        pretraining_names: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Reproduction:
        """Compare answers with the people, and with the tables and claims of the paper.

        Parameters
        ----------
        answers : pandas.DataFrame
            One row per network, training, mask and image: ``observer, pretraining`` (``object`` or
            ``face``), ``seed, condition`` (``none`` or a mask), ``stimulus, level, p_target``, and
            where they are known ``label_log_odds`` (of the training labels) and ``accuracy`` (of
            the validation). The file trials.csv of a saved reproduction is such a table.
        infos : mapping, optional
            What each network says of itself, under ``alexnet, object`` and so on: the fields of its
            `psychobench.observers.protocol.ObserverInfo` as JSON has them. From these come the
            departures from the paper's recipe; without them none of the networks are listed.
        attention : AttentionStudy, optional
            Attention maps of the networks.
        pretraining_names : mapping, optional
            What names of pre-trainings mean, in words.
        options : mapping, optional
            What to record as the options of the run.

        Returns
        -------
        Reproduction

        Raises
        ------
        PsychobenchError
            If columns or answers are missing.
        """
        infos, answers = infos or {}, check_answers(answers)
        observers = order_observers([str(name) for name in answers["observer"].unique()])
        seeds = tuple(int(seed) for seed in np.sort(answers["seed"].unique()))
        people, paper, sample = self.people, published(), self.people.measures.pse
        measured = measure(answers, people)
        readings = {
            "none": replicate(measured, sample),
            "pse": replicate(measured, sample, reading="pse"),
            "balanced": replicate(measured, sample, balanced=True),
        }
        return Reproduction(
            observers=observers,
            seeds=seeds,
            people=people,
            stimuli=self.stimuli,
            measured=measured,
            readings=readings,
            tables=fill_tables(measured, people, paper, infos),
            gain=gain_table(readings["none"]),
            claims=evaluate_claims(CLAIMS, readings, people, paper_measures(paper)),
            departures=list_departures(
                infos, self.stimuli, people, len(seeds), pretraining_names or {}
            ),
            paper=paper,
            infos=infos,
            provenance=provenance(
                options=dict(options or {}),
                seed=seeds[0],
                stimuli={"name": self.stimuli.name, "sha256": self.stimuli.sha256},
                humans={"file": str(people.cohort.path), "sha256": people.cohort.sha256},
                observers=infos,
            ),
            attention=attention,
        )


def _listed(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def _people(humans: str, columns: Any, where: Any) -> People:
    cohort = load_cohort(humans, columns=columns or None, where=where or None)
    fits = fit(cohort.table)
    measures = match_cohorts(["none"], fits)["none"]
    mine = cohort.table[cohort.table["condition"] == measures.condition]
    levels = np.unique(mine["level"].to_numpy(np.float64).round(9))
    return People(cohort, fits, measures, levels)


def _masked(stimuli: StimulusSet) -> StimulusSet:
    """Check that a set has the paper's masks."""
    if missing := [mask for mask in MASKS if mask not in stimuli.masks]:
        raise StimulusError(
            f"stimuli must have the paper's masks eyes, nose and mouth: {stimuli.name} lacks "
            f"{', '.join(missing)}; `make_masks()` makes them from landmarks"
        )
    return stimuli
