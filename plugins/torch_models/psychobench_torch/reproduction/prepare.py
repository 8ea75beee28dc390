"""What a reproduction is asked for, and all of it checked before any network is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from psychobench.plugins import PaperExperiments, all_of, check_output_folder
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

    experiments: PaperExperiments
    sources: Sources


def prepare(paper: str, options: Options) -> Prepared:
    """Check everything that can be known before a network is asked.

    Raises
    ------
    PsychobenchError
        With one line for each fault.
    """
    experiments, sources, _ = all_of(
        lambda: PaperExperiments.prepare(
            paper,
            observers=options.observers,
            controls=options.controls,
            stimuli=options.stimuli,
            humans=options.humans,
            columns=options.columns,
            where=options.where,
        ),
        lambda: check_sources(
            options.object_pretraining,
            options.face_pretraining,
            options.affectnet,
            options.vggface2,
            observers=PaperExperiments.order_observers(
                options.observers, controls=options.controls
            ),
            folder=options.out,
        ),
        lambda: None if options.out is None else check_output_folder(options.out),
    )
    return Prepared(experiments, sources)
