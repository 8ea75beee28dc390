"""What a reproduction is asked for, and all of it checked before any network is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from psychobench.plugins import (
    StimulusError,
    StimulusSet,
    all_of,
    check_writable,
    fit,
    load_cohort,
    load_stimuli,
    match_cohorts,
)
from psychobench_torch.reproduction.measures import People
from psychobench_torch.reproduction.paper import (
    MASKS,
    check_observers,
    check_paper,
    order_observers,
)
from psychobench_torch.reproduction.sources import Sources, check_sources


@dataclass(frozen=True)
class Options:
    """The arguments of `psychobench_torch.reproduce`, which describes them."""

    observers: Sequence[str]
    controls: bool = False
    stimuli: str = "rendered-average"
    humans: str = "simulated"
    columns: Any = ()
    where: Any = ()
    affectnet: Path | None = None
    vggface2: Path | None = None
    object_pretraining: str = "procedural-objects"
    face_pretraining: str | None = None
    seeds: int = 5
    seed: int = 0
    out: Path | None = None

    @property
    def trainings(self) -> tuple[int, ...]:
        """The seed of each training."""
        return tuple(range(self.seed, self.seed + self.seeds))

    def record(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain


@dataclass(frozen=True)
class Prepared:
    """What a reproduction needs, all of it checked, nobody asked yet."""

    observers: tuple[str, ...]
    people: People
    stimuli: StimulusSet
    sources: Sources


def prepare(paper: str, options: Options) -> Prepared:
    """Check everything that can be known before a network is asked.

    Raises
    ------
    PsychobenchError
        With one line for each fault.
    """
    observers = order_observers(options.observers, controls=options.controls)
    _, _, people, stimuli, sources, _ = all_of(
        lambda: check_paper(paper),
        lambda: check_observers(options.observers),
        lambda: _people(options.humans, options.columns, options.where),
        lambda: _masked(load_stimuli(options.stimuli)),
        lambda: check_sources(
            options.object_pretraining,
            options.face_pretraining,
            options.affectnet,
            options.vggface2,
            observers=observers,
            folder=options.out,
        ),
        lambda: None if options.out is None else check_writable(options.out),
    )
    return Prepared(observers, people, stimuli, sources)


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
