"""The training loop of pre-training: any network, any images, any number of processes."""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from psychobench.plugins import ObserverError, OptionError
from psychobench_torch.computing.device import explain_memory, fast_autocast
from psychobench_torch.computing.distributed import ProcessGroup, process_group
from psychobench_torch.data import LabelledImages
from psychobench_torch.networks.batch_norm import fold_batch_norm
from psychobench_torch.networks.images import fit_square, normalise
from psychobench_torch.pretraining import state
from psychobench_torch.pretraining.batches import (
    DROPOUT,
    SAMPLE,
    SPLIT,
    Part,
    batches,
    mixed,
    plan,
    seeded,
)
from psychobench_torch.pretraining.network import BATCH, equalise_channels, make_network, memory_of
from psychobench_torch.pretraining.recipe import RECIPE_VERSION, PretrainingRecipe
from psychobench_torch.storage.checkpoints import (
    RECORD,
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from psychobench_torch.storage.training_log import Epoch

CHECKPOINT_SECONDS = 120.0
CHECK_STEPS = 16  # steps between looks at the loss where a look makes the device wait
N_EQUALISE = 2_940  # images on which channels are scaled alike


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A pre-trained network with the record of its training.

    Parameters
    ----------
    network : torch.nn.Module
        On the CPU, in evaluation mode, its values rounded to float16 and held as float32.
    recipe : PretrainingRecipe
        What was followed.
    classes : tuple of str
        What it tells apart.
    origin : str
        In words, what it saw.
    n_train : int
        Number of training images.
    epochs : tuple of Epoch
        In order; an epoch is a pass through the training images. Accuracy is not a number where
        there are no validation images.
    kept : int
        The epoch whose weights these are, from 1.
    minutes : float
        Of training, over all sittings.
    processes : int
        How many shared the work.
    """

    network: nn.Module
    recipe: PretrainingRecipe
    classes: tuple[str, ...]
    origin: str
    n_train: int
    epochs: tuple[Epoch, ...]
    kept: int
    minutes: float
    processes: int


def pretrain(
    recipe: PretrainingRecipe,
    data: LabelledImages,
    *,
    folder: Path | None = None,
    progress: bool = True,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Pretrained:
    """Train a network to classify the images of `data`.

    Under ``torchrun`` all its processes share the work, and each gets the same result.

    Parameters
    ----------
    recipe : PretrainingRecipe
        What to train and how.
    data : LabelledImages
        Those that it marks as validation are not trained on.
    folder : pathlib.Path, optional
        For checkpoints. If one of this very training is there, it goes on from it; on the CPU it
        ends with the same values as if it had never been interrupted.
    progress : bool, optional
        Show a progress bar on stderr: images, loss and accuracy on the training images so far in
        this epoch, accuracy on the validation images after the last.
    checkpoint_seconds : float, optional
        Time between checkpoints; 0 writes one at every step.

    Returns
    -------
    Pretrained

    Raises
    ------
    OptionError
        If there is no such architecture, or the data do not suffice.
    ObserverError
        If the loss is no longer a number, the checkpoint is of another training, or memory runs
        out.
    ResourceError
        If a checkpoint is damaged or cannot be written.
    """
    train, validation = split(recipe, data)
    n_steps = recipe.steps(len(train))
    if not n_steps:
        raise OptionError(
            f"a recipe must have at least one step: {len(train)} training images do not fill a "
            "batch in any stage; use smaller batches or more presentations"
        )
    with process_group() as processes, _own_random_numbers(processes):
        for stage in recipe.stages:
            processes.check_batch(stage.batch)
        if recipe.batch_norm and processes.size > 1:
            raise OptionError(
                "batch normalisation needs whole batches: start one process, not "
                f"{processes.size}, or set batch_norm to False"
            )
        work = f"pre-training {recipe.architecture}"
        needed = memory_of(recipe, len(data.classes), processes.size)
        with explain_memory(work, needed, "take a smaller batch"):
            training = Training(recipe, data, train, validation, processes, folder, n_steps)
            training.run(progress=progress and processes.rank == 0, every=checkpoint_seconds)
            return training.result()


def _own_random_numbers(processes: ProcessGroup) -> AbstractContextManager[None]:
    """Leave torch's global generators, which dropout draws from, as they were."""
    return torch.random.fork_rng([processes.device] if processes.device.type == "cuda" else [])


def split(recipe: PretrainingRecipe, data: LabelledImages) -> tuple[Part, Part]:
    """Separate training from validation images; the latter may be none.

    The data's own split is heeded. Where there is none and the best epoch is to be kept, a share
    of each class is set aside, drawn by the recipe's seed.
    """
    if data.validation is not None:
        held = np.asarray(data.validation)
    else:
        held = np.zeros(len(data.labels), bool)
        if recipe.keep == "best":
            order = torch.randperm(len(held), generator=seeded(recipe.seed, SPLIT)).numpy()
            for number in range(len(data.classes)):
                members = order[data.labels[order] == number]
                share = max(1, round(len(members) * recipe.validation_share))
                held[members[: min(share, len(members) - 1)]] = True
    if recipe.keep == "best" and not held.any():
        raise OptionError(
            "keeping the best epoch needs validation images: there are none; provide at least two "
            "images of every class"
        )
    parts = (np.flatnonzero(~held), np.flatnonzero(held))
    train, validation = (Part(data.images, data.labels, chosen) for chosen in parts)
    return train, validation


class Training:
    """A training in progress, as one process sees it."""

    def __init__(
        self,
        recipe: PretrainingRecipe,
        data: LabelledImages,
        train: Part,
        validation: Part,
        processes: ProcessGroup,
        folder: Path | None,
        n_steps: int,
    ) -> None:
        self.recipe, self.data, self.processes, self.folder = recipe, data, processes, folder
        self.train, self.validation, self.n_steps = train, validation, n_steps
        self.network = make_network(recipe, len(data.classes)).to(processes.device)
        self.optimiser, self.schedule = state.make_optimiser(self.network, recipe, n_steps)
        self.criterion = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
        self.best: dict[str, Tensor] | None = None
        self.epochs: list[Epoch] = []
        self.kept = self.step = self.epoch_steps = 0
        self.loss = 0.0  # summed over the steps of the epoch
        self.right = self.seen = 0.0  # training images of the epoch in this sitting, to be shown
        self.seconds = self.epoch_began = 0.0  # of training, over all sittings
        self._resume()
        self.parallel = processes.wrap(self.network)

    def run(self, *, progress: bool, every: float) -> None:
        """Do the steps that are left."""
        last_written, came_to = time.monotonic(), time.monotonic() - self.seconds
        look_each = 1 if self.processes.device.type == "cpu" else CHECK_STEPS
        pending = torch.zeros(3, device=self.processes.device)
        shown = [step.batch for step in plan(self.recipe, len(self.train))]
        self.network.train()
        with tqdm(
            total=sum(shown), initial=sum(shown[: self.step]), desc="pre-training", unit="image",
            disable=not progress,
        ) as bar:  # fmt: skip
            for step, views, labels in batches(self.train, self.recipe, self.processes, self.step):
                pending += self._update(step.number, views, labels)
                self.step, self.epoch_steps = step.number + 1, self.epoch_steps + 1
                self.seconds = time.monotonic() - came_to
                bar.update(step.batch)
                ends = step.ends_epoch(len(self.train)) or self.step == self.n_steps
                if not (ends or self.step % look_each == 0):
                    continue
                self._look(pending, bar)
                if ends:
                    self._end_epoch(step.batch)
                    self.seconds = time.monotonic() - came_to
                if self.step == self.n_steps or time.monotonic() - last_written >= every:
                    self._save()
                    last_written = time.monotonic()

    def result(self) -> Pretrained:
        """Return the kept weights, rounded as a file holds them."""
        if self.best is not None:
            self.network.load_state_dict(self.best)
        network = self.network.eval()
        if self.recipe.batch_norm:
            network.features = fold_batch_norm(cast(nn.Sequential, network.features))
        if self.recipe.equalise:
            drawn = torch.randperm(len(self.train), generator=seeded(self.recipe.seed, SAMPLE))
            sample = self.train.chosen[drawn[:N_EQUALISE].sort().values.numpy()]
            size = self.recipe.stages[-1].size
            with self._precision():
                equalise_channels(network, self.data.images[sample], size)
        return Pretrained(
            network.cpu().half().float(),
            self.recipe,
            self.data.classes,
            self.data.origin,
            len(self.train),
            tuple(self.epochs),
            self.kept,
            self.seconds / 60,
            self.processes.size,
        )

    def _update(self, number: int, views: Tensor, labels: Tensor) -> Tensor:
        """Make one step of the optimiser.

        Returns
        -------
        Tensor, shape (3,)
            Of this process's share: the mean loss, the number named right, the number of images.
        """
        torch.manual_seed(mixed(self.recipe.seed, DROPOUT, number, self.processes.rank))
        with self._precision():
            scores = self.parallel(views)
        loss: Tensor = self.criterion(scores.float(), labels)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.schedule.step()
        right = (scores.detach().argmax(1) == labels).sum()
        return torch.stack([loss.detach(), right, torch.full_like(right, len(labels))])

    def _look(self, pending: Tensor, bar: tqdm[Any]) -> None:
        """Sum losses and hits since the last check over all processes; check they are finite."""
        loss, right, seen = self.processes.total(pending).tolist()
        pending.zero_()
        if not np.isfinite(loss):
            raise self._diverged("the loss")
        self.loss += loss / self.processes.size
        self.right, self.seen = self.right + right, self.seen + seen
        said = {"loss": self.loss / self.epoch_steps, "accuracy": self.right / self.seen}
        if self.epochs and len(self.validation):
            said["validation"] = self.epochs[-1].accuracy
        bar.set_postfix({name: f"{value:.3f}" for name, value in said.items()}, refresh=False)

    def _end_epoch(self, batch: int) -> None:
        accuracy = self._accuracy() if len(self.validation) else math.nan
        known = [epoch.accuracy for epoch in self.epochs]
        if self.recipe.keep == "last":
            self.kept = len(known) + 1
        elif not known or accuracy > max(known):
            self.best, self.kept = state.values_of(self.network), len(known) + 1
        seconds = self.seconds - self.epoch_began
        speed = self.epoch_steps * batch / seconds
        self.epochs.append(Epoch(self.loss / self.epoch_steps, accuracy, seconds, speed))
        self.loss, self.epoch_steps, self.epoch_began = 0.0, 0, self.seconds
        self.right = self.seen = 0.0

    @torch.inference_mode()
    def _accuracy(self) -> float:
        """Measure accuracy on the validation images, shared out among the processes."""
        self.network.eval()
        n_right = torch.zeros((), dtype=torch.int64, device=self.processes.device)
        mine = np.arange(self.processes.rank, len(self.validation), self.processes.size)
        for start in range(0, len(mine), BATCH):
            images, labels = self.validation.load(mine[start : start + BATCH])
            shown = fit_square(images.to(self.processes.device), self.recipe.stages[-1].size)
            with self._precision():
                guesses = self.network(normalise(shown)).argmax(1)
            n_right += (guesses == labels.to(self.processes.device)).sum()
        self.network.train()
        return int(self.processes.total(n_right)) / len(self.validation)

    def _precision(self) -> torch.autocast:
        if self.recipe.autocast:
            return fast_autocast(self.processes.device, training=True)
        return torch.autocast(self.processes.device.type, enabled=False)

    def _determinants(self) -> dict[str, Any]:
        return {
            "version": RECIPE_VERSION,
            "recipe": asdict(self.recipe),
            "data": self.data.sha256,
            "classes": len(self.data.classes),
            "training images": len(self.train),
        }

    def _save(self) -> None:
        if not state.all_finite(self.network):
            raise self._diverged("a weight")
        if self.folder is None or self.processes.rank:
            return
        tensors, record = state.capture(self.network, self.optimiser, self.schedule, self.best)
        record |= {name: getattr(self, name) for name in _KEPT}
        record["epochs"] = [asdict(epoch) for epoch in self.epochs]
        write_checkpoint(self.folder, Checkpoint(tensors, record), self._determinants())

    def _resume(self) -> None:
        found = self.folder and read_checkpoint(self.folder, self._determinants())
        if found:
            self.best = state.restore(
                found.tensors, found.record, self.network, self.optimiser, self.schedule
            )
            for name in _KEPT:
                setattr(self, name, found.record[name])
            self.epochs = [Epoch(**epoch) for epoch in found.record["epochs"]]
        self.processes.check_agreement(self.step)

    def _diverged(self, what: str) -> ObserverError:
        remedy = f"take a learning rate below {self.recipe.learning_rate:g}"
        if self.folder and (self.folder / RECORD).is_file():
            remedy += f", in another folder: {self.folder} keeps the last good checkpoint"
        return ObserverError(
            f"training must keep to finite numbers: {what} of {self.recipe.architecture} was none "
            f"by step {self.step} of {self.n_steps}; {remedy}"
        )


_KEPT = ("step", "epoch_steps", "loss", "seconds", "epoch_began", "kept")
