"""One reproduction from its options: check all, ask all, measure, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychobench import __version__ as core_version
from psychobench.attention.study import Study
from psychobench.comparison import match_cohorts
from psychobench.comparison.published import Published, recompute
from psychobench.errors import OptionError, StimulusError, all_of
from psychobench.pse import fit
from psychobench.reports import words
from psychobench.reports.provenance import provenance
from psychobench.resources import check_writable
from psychobench.responses.cohort import load_cohort
from psychobench.responses.columns import parse_columns, parse_where
from psychobench.stimuli.sets import StimulusSet, load_stimuli
from psychobench_torch import __version__
from psychobench_torch.reproduce.ask import Maker, Tell, ask, plan, tell_plan
from psychobench_torch.reproduce.claims import judge_all
from psychobench_torch.reproduce.claims_list import CLAIMS
from psychobench_torch.reproduce.departures import list_departures
from psychobench_torch.reproduce.looks import look
from psychobench_torch.reproduce.measures import (
    Measured,
    People,
    Replicates,
    gather,
    measure,
    printed,
    replicate,
)
from psychobench_torch.reproduce.paper import MASKS, check_paper, choose_observers
from psychobench_torch.reproduce.sources import Sources, check_sources
from psychobench_torch.reproduce.store import Answers, Store
from psychobench_torch.reproduce.tables import FilledTable, fill_tables, gain_table

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


@dataclass(frozen=True)
class Prepared:
    """What a reproduction needs, all of it checked, nobody asked yet."""

    observers: tuple[str, ...]
    people: People
    stimuli: StimulusSet
    sources: Sources


def run(
    paper: str,
    *,
    observers: Sequence[str],
    controls: bool = False,
    stimuli: str = "rendered-average",
    humans: str = "simulated",
    columns: Sequence[str] = (),
    where: Sequence[str] = (),
    affectnet: Path | None = None,
    vggface2: Path | None = None,
    object_pretraining: str = "procedural-objects",
    face_pretraining: str | None = None,
    seeds: int = 5,
    seed: int = 0,
    out: Path | None = None,
    command: str = "",
    tell: Tell = print,
    make: Maker | None = None,
) -> Reproduction:
    """Run experiments 1 to 3 of Ying, Li & Chen (2023) [1]_; parameters as the command's options.

    Parameters
    ----------
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
    trainings = tuple(range(seed, seed + seeds))
    options = {
        "observers": list(observers), "controls": controls, "stimuli": stimuli, "humans": humans,
        "columns": list(columns), "where": list(where), "affectnet": _text(affectnet),
        "vggface2": _text(vggface2), "object_pretraining": object_pretraining,
        "face_pretraining": face_pretraining, "seeds": seeds, "seed": seed, "out": _text(out),
    }  # fmt: skip
    _, chosen, people, judged, sources, _ = all_of(
        lambda: check_paper(paper),
        lambda: choose_observers(tuple(observers), controls=controls),
        lambda: _people(humans, columns, where),
        lambda: _masked(load_stimuli(stimuli)),
        lambda: check_sources(
            object_pretraining,
            face_pretraining,
            affectnet,
            vggface2,
            observers=_chosen(observers, controls),
            folder=out,
        ),
        lambda: None if out is None else check_writable(out),
    )
    ready = Prepared(chosen, people, judged, sources)
    store = _store(out, ready, seed)
    store.open()
    for note in ready.sources.notes:
        tell(f"Note: {note}.")
    cells = plan(ready.observers, trainings, store)
    tell_plan(cells, tell, bundled=ready.sources.bundled)
    try:
        answers = ask(cells, make or ready.sources.make, ready.stimuli, store, tell)
    except KeyboardInterrupt:
        if out is not None:
            tell(f"Stopped. What was answered is in {out}; the same command goes on from there.")
        raise
    looks = None
    if make is None:
        tell("mapping where the networks look ...")
        looks = look(ready.sources.make, ready.observers, seed, ready.stimuli, tell)
    return _assembled(ready, trainings, answers, looks, options, command)


def _chosen(observers: Sequence[str], controls: bool) -> tuple[str, ...]:
    """Name the networks; none where they are misnamed, which another check says."""
    try:
        return choose_observers(tuple(observers), controls=controls)
    except OptionError:
        return ()


def _people(humans: str, columns: Sequence[str], where: Sequence[str]) -> People:
    cohort = load_cohort(humans, columns=parse_columns(columns), where=parse_where(where))
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
            f"{', '.join(missing)}; psychobench stimuli mask makes them from landmarks"
        )
    return stimuli


def _store(out: Path | None, ready: Prepared, seed: int) -> Store:
    settings = {
        "stimuli": ready.stimuli.sha256,
        "people": ready.people.cohort.sha256,
        **ready.sources.settings,
        "seed": seed,
    }
    folder = None if out is None else out / ANSWERS
    return Store(folder, settings, {"psychobench": core_version, "psychobench-torch": __version__})


def _assembled(
    ready: Prepared,
    seeds: tuple[int, ...],
    answers: Sequence[Answers],
    looks: Study | None,
    options: Mapping[str, Any],
    command: str,
) -> Reproduction:
    people, paper = ready.people, recompute()
    measured = measure(gather(answers), people)
    sample = people.measures.pse
    readings = {
        "none": replicate(measured, sample),
        "pse": replicate(measured, sample, reading="pse"),
        "balanced": replicate(measured, sample, balanced=True),
    }
    infos = {f"{each.observer}, {each.pretraining}": each.info for each in reversed(answers)}
    infos = dict(reversed(infos.items()))
    return Reproduction(
        observers=ready.observers,
        seeds=seeds,
        people=people,
        stimuli=ready.stimuli,
        measured=measured,
        readings=readings,
        tables=fill_tables(measured, people, paper),
        gain=gain_table(readings["none"]),
        claims=judge_all(CLAIMS, readings, people, printed(paper)),
        departures=list_departures(infos, ready.stimuli, people, len(seeds)),
        paper=paper,
        infos=infos,
        provenance=provenance(
            command=command,
            options=dict(options),
            seed=seeds[0],
            stimuli={"name": ready.stimuli.name, "sha256": ready.stimuli.sha256},
            humans={"file": str(people.cohort.path), "sha256": people.cohort.sha256},
            observers=infos,
        ),
        looks=looks,
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
