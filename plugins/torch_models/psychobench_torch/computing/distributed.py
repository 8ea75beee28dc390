"""Several processes that train one network: ``torchrun`` starts them, PyTorch connects them.

Without ``torchrun`` a process is a group of one, and `torch.distributed` is not used.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from psychobench.plugins import OptionError, ResourceError
from psychobench_torch.computing.device import compute_device
from psychobench_torch.computing.processes import n_processes


@dataclass(frozen=True)
class ProcessGroup:
    """The processes that share a training, seen from one of them.

    Parameters
    ----------
    rank : int
        Number of this process, from 0; process 0 alone writes files and shows progress.
    size : int
        How many there are.
    device : torch.device
        Where this one computes.
    """

    rank: int
    size: int
    device: torch.device

    def share(self, n: int) -> slice:
        """Return which of the `n` images of a batch are this process's.

        Examples
        --------
        >>> ProcessGroup(1, 2, torch.device("cpu")).share(8)
        slice(4, 8, None)
        """
        part = n // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def total(self, values: Tensor) -> Tensor:
        """Add up a tensor over the processes; all of them get the sum."""
        if self.size > 1:
            values = values.clone()
            distributed.all_reduce(values)
        return values

    def wrap(self, network: nn.Module) -> nn.Module:
        """Make the processes average their gradients; a group of one is left as it is."""
        if self.size == 1:
            return network
        ids = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=ids)

    def check_batch(self, batch: int) -> None:
        """Refuse a batch that cannot be shared out evenly, which would bias the gradient.

        Raises
        ------
        OptionError
            If `batch` is no multiple of the number of processes.
        """
        if batch % self.size:
            raise OptionError(
                f"`batch` must be a multiple of the number of processes: it is {batch} for "
                f"{self.size}; start another number of processes with torchrun"
            )

    def check_agreement(self, step: int) -> None:
        """Refuse to go on where processes read different checkpoints.

        Raises
        ------
        ResourceError
            If `step` is not the same everywhere.
        """
        steps = torch.zeros(self.size, dtype=torch.int64, device=self.device)
        steps[self.rank] = step
        found = self.total(steps).tolist()
        if len(set(found)) > 1:
            raise ResourceError(
                "all processes must find the same checkpoint: they found those of steps "
                f"{', '.join(map(str, found))}; put the folder on a disk that all machines share"
            )


@contextlib.contextmanager
def process_group() -> Iterator[ProcessGroup]:
    """Join the processes that ``torchrun`` started, or be a group of one; leave it at the end.

    The processes talk through nccl where they compute on CUDA, else through gloo.

    Yields
    ------
    Team

    Examples
    --------
    >>> with process_group() as alone:
    ...     (alone.rank, alone.size)
    (0, 1)
    """
    if n_processes() == 0:
        yield ProcessGroup(0, 1, compute_device())
        return
    device = compute_device()
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    joined = not distributed.is_initialized()
    if joined:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield ProcessGroup(distributed.get_rank(), distributed.get_world_size(), device)
    finally:
        if joined:
            distributed.destroy_process_group()
