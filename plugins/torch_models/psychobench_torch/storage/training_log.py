"""The record of a training, epoch by epoch: a table, and curves of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from psychobench_torch.storage.store import csv_bytes

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training images gave.

    Parameters
    ----------
    loss : float
        Mean cross-entropy of a training image, in nats.
    accuracy : float
        Share of the validation images that were judged right.
    seconds : float
        Wall time of the steps; no part of comparisons, since it depends on the machine.
    images_per_second : float
        Training images over `seconds`; no part of comparisons.

    Examples
    --------
    >>> Epoch(0.5, 0.9, seconds=2.0) == Epoch(0.5, 0.9, seconds=3.0)
    True
    """

    loss: float
    accuracy: float
    seconds: float = field(default=float("nan"), compare=False)
    images_per_second: float = field(default=float("nan"), compare=False)


def log_frame(epochs: Sequence[Epoch]) -> pd.DataFrame:
    """Return the epochs of a training as a table.

    Returns
    -------
    pandas.DataFrame
        One row per epoch: epoch (from 1), loss, accuracy, seconds, images_per_second, best (True
        for the first epoch of the highest accuracy, the one that is kept; for the last where no
        accuracy was measured).

    Examples
    --------
    >>> log_frame([Epoch(0.7, 0.5), Epoch(0.5, 0.9)])[["epoch", "loss", "best"]].to_numpy().tolist()
    [[1, 0.7, False], [2, 0.5, True]]
    """
    import pandas as pd

    names = [each.name for each in fields(Epoch)]
    rows = [[getattr(epoch, name) for name in names] for epoch in epochs]
    table = pd.DataFrame(rows, columns=pd.Index(names))
    table.insert(0, "epoch", range(1, len(table) + 1))
    known = table["accuracy"].dropna()
    best = known.idxmax() if len(known) else table.index.max()
    table["best"] = [index == best for index in table.index]
    return table


def log_csv(epochs: Sequence[Epoch]) -> bytes:
    r"""Write `log_frame` as CSV.

    Examples
    --------
    >>> log_csv([Epoch(0.7, 0.5, 2.0, 10.0)]).decode().splitlines()[1]
    '1,0.7,0.5,2.0,10.0,True'
    """
    return csv_bytes(log_frame(epochs))


def draw_log(trainings: dict[str, Sequence[Epoch]], folder: Path | None = None) -> Figure:
    """Draw loss and accuracy over epochs, one curve for each named training, into a folder too."""
    from psychobench.plugins import draw_training

    tables = {name: log_frame(epochs) for name, epochs in trainings.items()}
    return draw_training(tables, folder=folder)
