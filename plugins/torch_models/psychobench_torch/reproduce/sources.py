"""Where networks and their training data come from: the bundled ones, or the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psychobench.resources import sha256
from psychobench.responses.protocol import Observer
from psychobench.responses.registry import load_observer
from psychobench_torch.pretraining import choose_pretraining
from psychobench_torch.reproduce.ask import Tell

FACES = "rendered-faces"  # what stands for face-based pre-training where nothing else is named


@dataclass(frozen=True)
class Sources:
    """What networks are made from, checked but not loaded.

    Attributes
    ----------
    choices : mapping of str to str
        From ``object`` and ``face`` to what ``--pretraining`` takes.
    """

    choices: Mapping[str, str]

    @property
    def bundled(self) -> bool:
        """Whether all training data are rendered here."""
        return True

    @property
    def settings(self) -> dict[str, Any]:
        """What answers depend on, as plain values."""
        return {f"{name}-based pre-training": _of(choice) for name, choice in self.choices.items()}

    def load(self, tell: Tell) -> None:
        """Read the user's own data, which checks them, before anything is trained."""

    def make(self, observer: str, pretraining: str, seed: int) -> Observer:
        """Make an observer; nothing is trained before it is asked."""
        return load_observer(observer, pretraining=self.choices[pretraining], seed=seed)


def check_sources(
    object_pretraining: str,
    face_pretraining: str | None,
    affectnet: Path | None,
    vggface2: Path | None,
) -> Sources:
    """Check what networks are to be made from."""
    choices = {"object": object_pretraining, "face": face_pretraining or FACES}
    for choice in choices.values():
        choose_pretraining(choice)
    return Sources(choices)


def _of(choice: str) -> str:
    """Name a choice; a file by its hash."""
    file = choose_pretraining(choice).file
    return choice if file is None else sha256(file)
