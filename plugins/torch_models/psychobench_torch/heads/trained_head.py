"""What a training of a head gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from psychobench.plugins import ObserverError
from psychobench_torch.storage.training_log import Epoch


@dataclass(frozen=True)
class TrainedHead:
    """A head with the record of its training.

    Parameters
    ----------
    head : torch.nn.Module
        The values of the best epoch, rounded as the cache has them (to float16; the factors of a
        change at a low rank to 8 bits) and held as float32: a head is the same whether it was just
        trained or read back.
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
    change : mapping of str to Tensor
        What `psychobench_torch.heads.low_rank.pack` keeps of a head that was trained at a low rank;
        empty for a whole head.
    """

    head: nn.Module
    epochs: tuple[Epoch, ...]
    n_train: int
    n_validation: int
    kind: str = "excitation"
    seed: int = 0
    log_odds: float = 0.0
    change: Mapping[str, Tensor] = field(default_factory=dict, compare=False, repr=False)

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
