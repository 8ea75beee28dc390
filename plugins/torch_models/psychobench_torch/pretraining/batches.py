"""Batches of a pre-training: images and crops are drawn from the seed and the step alone.

Nothing is carried from step to step, so a training goes on anywhere as if it had never stopped, and
any number of processes share out the very same batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from psychobench.plugins import read_ahead
from psychobench_torch.computing.distributed import ProcessGroup
from psychobench_torch.networks.images import cut_crops, draw_crops, normalise, to_tensor
from psychobench_torch.pretraining.recipe import PretrainingRecipe

ORDER, CROPS, DROPOUT, SPLIT, SAMPLE = range(1, 6)  # streams of random numbers


@dataclass(frozen=True)
class Part:
    """Some of the images of a set.

    Parameters
    ----------
    images : ndarray of uint8, shape (m, side, side, 3)
        All of the set; may be a memory map.
    labels : ndarray of int64, shape (m,)
        Theirs.
    chosen : ndarray of int64, shape (n,)
        Which ones belong to the part.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    chosen: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.chosen)

    def load(self, places: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Read images (n, 3, side, side) and labels by their places in the part."""
        indices = self.chosen[places]
        return to_tensor(self.images[indices]), torch.from_numpy(self.labels[indices])


@dataclass(frozen=True)
class Step:
    """One step of the optimiser: its number from 0, the views' size, what was shown before it."""

    number: int
    size: int
    batch: int
    start: int

    def ends_epoch(self, n: int) -> bool:
        """Return whether this step completes a pass through `n` images."""
        return (self.start + self.batch) // n > self.start // n


def plan(recipe: PretrainingRecipe, n: int, first: int = 0) -> Iterator[Step]:
    """List the steps of a training on `n` images, from number `first` on.

    Examples
    --------
    >>> from psychobench_torch.pretraining.recipe import Stage
    >>> recipe = PretrainingRecipe(stages=(Stage(64, 32, 16), Stage(80, 16, 16)))
    >>> [(step.number, step.size, step.start) for step in plan(recipe, 20, first=1)]
    [(1, 64, 16), (2, 80, 32)]
    """
    return islice(_all_steps(recipe, n), first, None)


def _all_steps(recipe: PretrainingRecipe, n: int) -> Iterator[Step]:
    number = start = 0
    for stage in recipe.stages:
        for _ in range(stage.steps(n)):
            yield Step(number, stage.size, stage.batch, start)
            number, start = number + 1, start + stage.batch


def mixed(*entropy: int) -> int:
    """Make one seed of several numbers, unrelated to that of any others."""
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])


def seeded(*entropy: int) -> torch.Generator:
    """Make a generator from several numbers.

    Examples
    --------
    >>> a, b = (float(torch.rand(1, generator=seeded(0, stream))) for stream in (1, 2))
    >>> a == b
    False
    """
    return torch.Generator().manual_seed(mixed(*entropy))


def places(step: Step, n: int, seed: int) -> NDArray[np.int64]:
    """Return which of `n` images a step shows: pass after pass in a new order, none left out."""
    shown = np.arange(step.start, step.start + step.batch)
    passes = range(shown[0] // n, shown[-1] // n + 1)
    return np.concatenate([_order(n, seed, k)[shown[shown // n == k] % n] for k in passes])


@lru_cache(maxsize=4)
def _order(n: int, seed: int, number: int) -> NDArray[np.int64]:
    order: NDArray[np.int64] = torch.randperm(n, generator=seeded(seed, ORDER, number)).numpy()
    return order


def batches(
    part: Part, recipe: PretrainingRecipe, processes: ProcessGroup, first: int
) -> Iterator[tuple[Step, Tensor, Tensor]]:
    """Yield this process's share of each step: normalised views and labels, on its device."""
    side = part.images.shape[1]

    def read(step: Step) -> tuple[Step, Tensor, Tensor]:
        mine = places(step, len(part), recipe.seed)[processes.share(step.batch)]
        images, labels = part.load(mine)
        if processes.device.type == "cuda":
            images, labels = images.pin_memory(), labels.pin_memory()
        return step, images, labels

    for step, images, labels in read_ahead(read, plan(recipe, len(part), first)):
        crops = draw_crops(
            step.batch,
            side,
            smallest=recipe.smallest_crop,
            generator=seeded(recipe.seed, CROPS, step.number),
        ).part(processes.share(step.batch))
        views = cut_crops(images.to(processes.device, non_blocking=True), crops, step.size)
        yield step, normalise(views), labels.to(processes.device, non_blocking=True)
