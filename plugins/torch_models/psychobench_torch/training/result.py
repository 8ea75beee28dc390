"""What a finished training leaves: weights, a model card, and the record of its epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.plugins import ShownAsTable
from psychobench_torch.storage.training_log import Epoch, draw_log
from psychobench_torch.training.folder import LOG, WEIGHTS
from psychobench_torch.training.report import describe_head, describe_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COMMON = ("seed", "stands_for", "notes", "sha256")
_OF_PHASE = {
    "transfer": (
        "kind",
        "pretraining",
        "pretraining_origin",
        "data",
        "classes",
        "n_train",
        "n_validation",
        "best_epoch",
        "validation_accuracy",
        "log_odds",
        "size",
    ),
    "pretraining": (
        "architecture",
        "source",
        "data",
        "n_train",
        "epoch_kept",
        "chance_accuracy",
        "validation_accuracy",
        "held_out_accuracy",
        "minutes",
    ),
}


@dataclass(frozen=True)
class TrainedWeights(ShownAsTable):
    """Weights that `psychobench_torch.train` trained.

    Parameters
    ----------
    observer : str
        Name of the observer that they are for.
    phase : {"transfer", "pretraining"}
        Whether a head was trained, or the network that it stands on.
    folder : pathlib.Path
        Where weights, model card, log and curves are.
    card : mapping
        The model card.
    """

    observer: str
    phase: str
    folder: Path
    card: Mapping[str, Any]

    @property
    def weights(self) -> Path:
        """The file of weights, which `pretraining` of an observer takes."""
        return self.folder / WEIGHTS

    def to_frame(self) -> pd.DataFrame:
        """Return the record of the training.

        Returns
        -------
        pandas.DataFrame
            One row per epoch: epoch (from 1), loss (nats), accuracy (on validation images),
            seconds, images_per_second, best.
        """
        return pd.read_csv(self.folder / LOG)

    def to_dict(self) -> dict[str, Any]:
        """Return what matters of the model card, as JSON takes it."""
        names = (*_OF_PHASE[self.phase], *_COMMON)
        return {
            "observer": self.observer,
            "phase": self.phase,
            "weights": str(self.weights),
            **{name: self.card.get(name) for name in names},
        }

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw loss and accuracy over the epochs.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Draw the loss alone into these axes.
        """
        table = self.to_frame()
        rows = zip(table["loss"], table["accuracy"], strict=True)
        epochs = [Epoch(float(loss), float(accuracy)) for loss, accuracy in rows]
        if ax is None:
            return draw_log({self.observer: epochs})
        ax.plot(table["epoch"], table["loss"], label=self.observer)
        ax.set(xlabel="epoch", ylabel="loss (nats)")
        figure = ax.get_figure(root=True)
        assert figure is not None
        return figure

    def __str__(self) -> str:
        describe = describe_head if self.phase == "transfer" else describe_network
        values = self.to_dict()
        return "\n".join([*describe(values), *(f"  {note}." for note in values["notes"] or ())])
