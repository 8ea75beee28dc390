"""One reproduction from its options: ask all, measure, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pandas as pd

from psychobench.plugins import Published, StimulusSet, Study, provenance, published, words
from psychobench_torch import __version__
from psychobench_torch.reproduction.answers import Answers, Store
from psychobench_torch.reproduction.attention_figures import look
from psychobench_torch.reproduction.claim_definitions import CLAIMS
from psychobench_torch.reproduction.claims import judge_all
from psychobench_torch.reproduction.departures import list_departures
from psychobench_torch.reproduction.measures import (
    Measured,
    People,
    Replicates,
    gather,
    measure,
    printed,
    replicate,
)
from psychobench_torch.reproduction.prepare import Options, Prepared, prepare
from psychobench_torch.reproduction.responses import Maker, Tell, ask, plan, tell_plan
from psychobench_torch.reproduction.sources import RECIPES
from psychobench_torch.reproduction.tables import FilledTable, fill_tables, gain_table

ANSWERS = "answers"  # the folder in --out that they are kept in


@dataclass(frozen=True)
class Reproduction:
    """A paper's experiments, run again.

    Attributes
    ----------
    observers : tuple of str
        The networks that answered.
    seeds : tuple of int
        Of their trainings.
    people : People
        The cohort.
    stimuli : StimulusSet
        What was judged.
    measured : Measured
        Every curve.
    readings : mapping of str to Replicates
        The measures by what counts as a PSE: ``none``, ``pse``, ``balanced``.
    tables : sequence of FilledTable
        The paper's tables.
    gain : pandas.DataFrame or None
        What carries FE's gain, where controls were asked.
    claims : pandas.DataFrame
        Each claim with its verdict.
    departures : pandas.DataFrame
        The paper's recipe beside what was done.
    paper : Published
        The paper's printed figures.
    infos : mapping
        What each network says of itself, by network and pre-training.
    provenance : mapping
        Versions, hashes, options.
    looks : Study or None
        Where the networks look; None where they do not say.
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
    looks: Study | None = None

    @property
    def heading(self) -> str:
        """What kind of evidence this is."""
        cohort, stimuli = self.people.cohort, self.stimuli
        return words.heading(simulated=cohort.simulated, rendered=stimuli.rendered)


def run(
    paper: str,
    options: Options,
    *,
    command: str = "",
    tell: Tell = print,
    make: Maker | None = None,
) -> Reproduction:
    """Run experiments 1 to 3 of Ying, Li & Chen (2023) [1]_.

    Parameters
    ----------
    paper : str
        ``ying2023``.
    options : Options
        What is asked for.
    command : str
        What the user typed, for the record.
    tell : callable
        Takes lines for the user.
    make : callable, optional
        Makes observers from network, ``object`` or ``face``, and seeds; by default the
        registered networks with the sources that the options name.

    Returns
    -------
    Reproduction

    Raises
    ------
    PsychobenchError
        If an option or a file is at fault; before any network is asked or trained.

    References
    ----------
    .. [1] Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674.
    """
    ready = prepare(paper, options)
    answers = _asked(ready, options, make or ready.sources.make, tell)
    looks = None if make is not None else _looked(ready, options, tell)
    return _assembled(ready, options, answers, looks, command)


def _asked(ready: Prepared, options: Options, make: Maker, tell: Tell) -> list[Answers]:
    """Let all networks answer that have not done so in an earlier run."""
    store = _store(ready, options)
    store.open()
    for note in ready.sources.notes:
        tell(f"Note: {note}.")
    cells = plan(ready.observers, options.trainings, store)
    tell_plan(cells, tell, bundled=ready.sources.bundled)
    try:
        return ask(cells, make, ready.stimuli, store, tell)
    except KeyboardInterrupt:
        if options.out is not None:
            tell(
                f"Stopped. What was answered is in {options.out}; the same command goes on from "
                "there."
            )
        raise


def _looked(ready: Prepared, options: Options, tell: Tell) -> Study:
    tell("mapping where the networks look ...")
    return look(ready.sources.make, ready.observers, options.seed, ready.stimuli, tell)


def _store(ready: Prepared, options: Options) -> Store:
    settings = {
        "stimuli": ready.stimuli.sha256,
        "people": ready.people.cohort.sha256,
        **ready.sources.settings,
        "seed": options.seed,
    }
    folder = None if options.out is None else options.out / ANSWERS
    versions = {"psychobench": version("psychobench"), "psychobench-torch": __version__}
    return Store(folder, settings, versions | RECIPES)


def _assembled(
    ready: Prepared,
    options: Options,
    answers: Sequence[Answers],
    looks: Study | None,
    command: str,
) -> Reproduction:
    people, paper = ready.people, published()
    measured = measure(gather(answers), people)
    sample = people.measures.pse
    readings = {
        "none": replicate(measured, sample),
        "pse": replicate(measured, sample, reading="pse"),
        "balanced": replicate(measured, sample, balanced=True),
    }
    infos: dict[str, Mapping[str, Any]] = {}
    for each in answers:
        infos.setdefault(f"{each.observer}, {each.pretraining}", each.info)
    return Reproduction(
        observers=ready.observers,
        seeds=options.trainings,
        people=people,
        stimuli=ready.stimuli,
        measured=measured,
        readings=readings,
        tables=fill_tables(measured, people, paper, infos),
        gain=gain_table(readings["none"]),
        claims=judge_all(CLAIMS, readings, people, printed(paper)),
        departures=list_departures(infos, ready.stimuli, people, options.seeds),
        paper=paper,
        infos=infos,
        provenance=provenance(
            command=command,
            options=options.record(),
            seed=options.seed,
            stimuli={"name": ready.stimuli.name, "sha256": ready.stimuli.sha256},
            humans={"file": str(people.cohort.path), "sha256": people.cohort.sha256},
            observers=infos,
        ),
        looks=looks,
    )
