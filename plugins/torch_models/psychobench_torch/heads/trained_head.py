"""What a training of a head gives."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from psychobench.plugins import ObserverError
from psychobench_torch.storage.training_log import Epoch


@dataclass(frozen=True)
class TrainedHead:
    """A head with the record of its training.

    Parameters
    ----------
    head : torch.nn.Module
        The values of the best epoch, rounded to float16 and held as float32, as the cache has
        them: a head is the same whether it was just trained or read back.
    epochs : tuple of Epoch
        Training loss and validation accuracy of every epoch, in order.
    n_train, n_validation : int
        Number of images in either part; nobody is in both where the images say who is whom.
    kind : str
        One of `psychobench_torch.heads.head_types.HEADS`.
    seed : int
        Of this training: initial values, split, order, dropout.
    log_odds : float
        Natural logarithm of the odds happy : sad among the training labels.
    """

    head: nn.Module
    epochs: tuple[Epoch, ...]
    n_train: int
    n_validation: int
    kind: str = "excitation"
    seed: int = 0
    log_odds: float = 0.0

    @property
    def best(self) -> int:
        """The epoch that was kept, from 1: the first of the highest validation accuracy."""
        return 1 + max(range(len(self.epochs)), key=lambda i: self.epochs[i].accuracy)

    @property
    def accuracy(self) -> float:
        """Validation accuracy of the epoch that was kept."""
        return self.epochs[self.best - 1].accuracy


class DivergedError(ObserverError):
    """A training's loss is not a number any more.

    Parameters
    ----------
    fault : str
        What happened, where, and what to do.
    kept : TrainedHead, optional
        The best of the epochs before; None where the first one failed.
    """

    def __init__(self, fault: str, kept: TrainedHead | None) -> None:
        super().__init__(fault)
        self.kept = kept
