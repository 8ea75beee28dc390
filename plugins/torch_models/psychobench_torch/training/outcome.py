"""What a finished training leaves in its folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.data.load import Selection, open_selection
from psychobench_torch.storage.training_log import Epoch, draw_log, log_csv
from psychobench_torch.training.folder import LOG, PLAN, WEIGHTS
from psychobench_torch.training.plan import PretrainingPlan, TransferPlan

_CROPS = 8 / 7  # side of a decoded image over that of a crop: 256 px for 224 px


@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished training.

    Parameters
    ----------
    plan : TransferPlan or PretrainingPlan
        What was asked for.
    epochs : sequence of Epoch
        The record of the training.
    save : callable
        Writes weights and model card to the path it is given, and returns the card.
    tidy : callable
        Removes what was only kept to continue the training; called when all files are written.
    """

    plan: TransferPlan | PretrainingPlan
    epochs: Sequence[Epoch]
    save: Callable[[Path], dict[str, Any]]
    tidy: Callable[[], None]

    def write(self, folder: Path) -> dict[str, Any]:
        """Write weights, model card, log and curves into a folder; return the card."""
        text = json.dumps(self.plan.determinants(), indent=1)
        (folder / PLAN).write_text(text + "\n", encoding="utf-8")
        (folder / LOG).write_bytes(log_csv(self.epochs))
        draw_log({self.plan.design.name: self.epochs}, folder)
        return self.save(folder / WEIGHTS)


def load_images(
    plan: TransferPlan | PretrainingPlan, selection: Selection, size: int, *, progress: bool
) -> LabelledImages:
    """Decode the chosen images, large enough for crops of `size` px."""
    assert plan.choice is not None
    side = -(-round(size * _CROPS) // 8) * 8
    return open_selection(selection, plan.choice, side, None, progress)
