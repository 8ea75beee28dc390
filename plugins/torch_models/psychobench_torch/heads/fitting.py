"""The training of one head: its values, its optimiser, its best epoch; steps allocate little."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from psychobench_torch.computing.device import compute_device
from psychobench_torch.heads.low_rank import Unchanging, is_large, with_low_rank
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.storage.checkpoints import Checkpoint
from psychobench_torch.storage.training_log import Epoch

STATES = {"adam": 2, "adamw": 2, "sgd": 1, "rmsprop": 1}  # values an optimiser keeps of each weight
VALIDATION_BATCH = 512  # validation images at once
N_CLASSES = 2


class HeadFit:
    """A head, from its initial values to the best of its epochs.

    Parameters
    ----------
    head : torch.nn.Module
        With its initial values; from here on it belongs to this training.
    recipe : TransferRecipe
        How it is trained.
    generator : torch.Generator
        Draws the order of the images; on the CPU.
    seed : int
        Draws dropout, and names the training to who watches it.
    """

    def __init__(
        self, head: nn.Module, recipe: TransferRecipe, generator: torch.Generator, seed: int
    ) -> None:
        self.device, self.seed = compute_device(), seed
        head = with_low_rank(head, recipe.rank, seed)
        self.head, self.recipe, self.generator = head.to(self.device), recipe, generator
        self.dropout = torch.Generator(self.device).manual_seed(seed)
        prepare_dropout(self.head, self.dropout)
        self.unchanging = Unchanging(self.head)
        if not recipe.rank:
            prepare_layers(self.head, getattr(torch, recipe.products))
        self.optimiser = make_optimiser(recipe, list(self.head.parameters()))
        averaged = self._values() if recipe.average_every else []
        self.mean = [torch.zeros_like(value) for value in averaged]
        self.best: dict[str, Tensor] = {}
        self.epochs: list[Epoch] = []

    def train(self, features: Tensor, places: Tensor, labels: Tensor, bar: tqdm[Any]) -> float:
        """Go once through the images in a fresh order.

        Parameters
        ----------
        features : Tensor, shape (n, n_features)
            Among them those of the training images.
        places : Tensor of int64, shape (n_train,)
            Where in `features` these are.
        labels : Tensor of int64, shape (n_train,)
            Their classes.
        bar : tqdm
            Moves on by images.

        Returns
        -------
        float
            Mean loss of an image; not finite where the training diverged.
        """
        self.head.train()
        order = torch.randperm(len(places), generator=self.generator)
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        averaged = 0
        batches = torch.split(order, self.recipe.batch)
        for step, chosen in enumerate(batches, start=1):
            batch = features[places[chosen].to(features.device)].to(self.device).float()
            self.unchanging.look_up(features, places[chosen])
            scores = self.head(batch)
            loss = nn.functional.cross_entropy(scores, labels[chosen].to(self.device))
            if self.recipe.rank:  # else gradients are overwritten: see `prepare_layers`
                self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            if self.mean and (step % self.recipe.average_every == 0 or step == len(batches)):
                averaged += 1
                _average(self.mean, self._values(), averaged)
            total += loss.detach() * len(chosen)
            bar.update(len(chosen))
        self.unchanging.forget()
        return float(total) / len(order)

    def run_epoch(
        self,
        view: tuple[Tensor, Tensor],
        plain: tuple[Tensor, Tensor],
        labels: tuple[Tensor, Tensor],
        bar: tqdm[Any],
    ) -> bool:
        """Train once through the images, judge the held-out ones, keep the head if it is the best.

        Parameters
        ----------
        view, plain : tuple of Tensor
            Features and places of the training and of the validation images.
        labels : tuple of Tensor
            Classes of either.
        bar : tqdm
            Moves on by images.

        Returns
        -------
        bool
            False where the loss or a weight is not finite; then the epoch counts as never run.
        """
        start = time.perf_counter()
        loss = self.train(*view, labels[0], bar)
        if not isfinite(loss) or not all(bool(v.isfinite().all()) for v in self._values()):
            return False  # the last step may have spoilt weights that no loss has seen
        seconds = time.perf_counter() - start
        accuracy = self.validation_accuracy(*plain, labels[1])
        if not self.epochs or accuracy > max(epoch.accuracy for epoch in self.epochs):
            self.best = {name: value.half() for name, value in self._candidate().items()}
        self.epochs.append(Epoch(loss, accuracy, seconds, len(labels[0]) / seconds))
        bar.set_postfix_str(
            f"seed {self.seed} epoch {len(self.epochs)} loss {loss:.3f} accuracy {accuracy:.3f}"
        )
        return True

    @torch.inference_mode()
    def validation_accuracy(self, features: Tensor, places: Tensor, labels: Tensor) -> float:
        """Compute the share of images that the head classifies correctly after this epoch."""
        self.head.eval()
        right = 0
        for part, truth in zip(
            torch.split(places, VALIDATION_BATCH),
            torch.split(labels, VALIDATION_BATCH),
            strict=True,
        ):
            batch = features[part.to(features.device)].to(self.device).float()
            scores = torch.func.functional_call(self.head, self._candidate(), (batch,))
            right += int((scores.argmax(1).cpu() == truth).sum())
        return right / len(labels)

    def release(self) -> None:
        """Release the layers' memory: each refers to itself through its training forward pass."""
        for layer in self.head.modules():
            vars(layer).pop("forward", None)

    def state(self) -> Checkpoint:
        """Return all that the next epoch depends on, on the CPU."""
        tensors = {f"head.{name}": value for name, value in self.head.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        for index, kept in self.optimiser.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{index}.{name}": value
                for name, value in kept.items()
                if isinstance(value, Tensor)
            }
        tensors["order"] = self.generator.get_state()
        tensors["dropout"] = self.dropout.get_state()
        epochs = [[e.loss, e.accuracy, e.seconds, e.images_per_second] for e in self.epochs]
        return Checkpoint(tensors, {"epochs": epochs})

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a state that `state` gave."""
        tensors = checkpoint.tensors
        self.head.load_state_dict(dict(_under("head.", tensors)))
        self.best = {name: value.to(self.device) for name, value in _under("best.", tensors)}
        kept: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimizer.", tensors):
            index, _, part = name.partition(".")
            kept.setdefault(int(index), {})[part] = value
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": kept})
        self.generator.set_state(tensors["order"])
        self.dropout.set_state(tensors["dropout"])
        self.epochs = [Epoch(*values) for values in checkpoint.record["epochs"]]

    def _values(self) -> list[Tensor]:
        return [parameter.detach() for parameter in self.head.parameters()]

    def _candidate(self) -> dict[str, Tensor]:
        """Return the values of this epoch: the mean over its steps, or the last ones."""
        names = [name for name, _ in self.head.named_parameters()]
        return dict(zip(names, self.mean or self._values(), strict=True))


def memory_of(head: nn.Module, recipe: TransferRecipe) -> int:
    """Estimate the bytes that training a head takes.

    float32 values, gradients, what the optimiser keeps and the mean; float16 for the best epoch;
    rounded values and gradients where products are not in float32. Of a change at a low rank these
    are its factors, beside the values that stay.

    Parameters
    ----------
    head : torch.nn.Module
        Before training: blank, or with its initial values.
    recipe : TransferRecipe
        How it is trained.
    """
    frozen, trained = 0, 0
    for value in head.parameters():
        if is_large(tuple(value.shape), recipe.rank):
            frozen += value.numel()
            trained += recipe.rank * sum(value.shape)
        else:
            trained += value.numel()
    copies = 2 + STATES[recipe.optimizer] + bool(recipe.average_every)
    rounded = 4 * (recipe.products != "float32" and not recipe.rank)
    return 4 * frozen + trained * (4 * copies + 2 + rounded)


def make_optimiser(recipe: TransferRecipe, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Make the optimiser that a recipe names, with PyTorch's defaults."""
    rate = recipe.learning_rate
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate, fused=True)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, fused=True)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=0.9, fused=True)
    return torch.optim.RMSprop(parameters, lr=rate)


def prepare_dropout(head: nn.Module, generator: torch.Generator) -> None:
    """Let dropout draw from `generator`, on the head's device, whatever else the process draws."""
    for layer in head.modules():
        if isinstance(layer, nn.Dropout):
            vars(layer)["forward"] = partial(_drop, layer, generator)


def prepare_layers(head: nn.Module, products: torch.dtype = torch.float32) -> None:
    """Let linear layers write their gradients over those of the step before.

    New memory for the gradients of 42 million weights costs a third of a step.

    Parameters
    ----------
    head : torch.nn.Module
        Its layers are changed; where they are in evaluation mode they compute as ever.
    products : torch.dtype
        In which the large layers multiply, forwards and backwards; values, gradients and the
        last layer stay in float32.
    """
    for layer in head.modules():
        if isinstance(layer, nn.Linear):
            for parameter in layer.parameters():
                parameter.grad = torch.zeros_like(parameter)
            low = products != torch.float32 and layer.out_features > N_CLASSES
            shapes = [layer.weight] * 2 if low else []  # of rounded values and gradients
            rounded = [torch.empty_like(value, dtype=products) for value in shapes]
            vars(layer)["forward"] = partial(_linear, layer, rounded)


class _InPlaceLinear(torch.autograd.Function):
    """``x W^T + b``; its backward overwrites the gradients of W and b where they are kept."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, layer: nn.Linear, rounded: list[Tensor]
    ) -> Tensor:
        ctx.layer, ctx.rounded = layer, rounded
        values = rounded[0].copy_(weight) if rounded else weight
        low = x.to(values.dtype)
        ctx.save_for_backward(low, values)
        product = _times(low, values.t()).to(x.dtype)
        return product if layer.bias is None else product + layer.bias

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, None, None, None]:
        (gradient,) = gradients
        x, values = ctx.saved_tensors
        low = gradient.to(values.dtype)
        found = ctx.rounded[1] if ctx.rounded else ctx.layer.weight.grad
        n = _pieces(found)
        torch.bmm(
            low.t().unflatten(0, (n, -1)), x.expand(n, -1, -1), out=found.unflatten(0, (n, -1))
        )
        if ctx.rounded:
            ctx.layer.weight.grad.copy_(found)
        if ctx.layer.bias is not None:
            torch.sum(gradient, 0, out=ctx.layer.bias.grad)
        before = _times(low, values).to(gradient.dtype) if ctx.needs_input_grad[0] else None
        return before, None, None, None


def _times(few: Tensor, wide: Tensor) -> Tensor:
    """Multiply a batch, which has few rows, by a matrix that has many columns."""
    n = _pieces(wide.t())
    columns = wide.unflatten(1, (n, -1)).transpose(0, 1)  # type: ignore[no-untyped-call]
    return torch.bmm(few.expand(n, -1, -1), columns).transpose(0, 1).flatten(1)


def _pieces(matrix: Tensor) -> int:
    """Count the pieces of a matrix's rows: one for each thread, who else wait for each other."""
    n = torch.get_num_threads() if matrix.device.type == "cpu" else 1
    return n if len(matrix) % n == 0 else 1


def _linear(layer: nn.Linear, rounded: list[Tensor], x: Tensor) -> Tensor:
    if layer.training:
        result: Tensor = _InPlaceLinear.apply(x, layer.weight, layer, rounded)  # type: ignore[no-untyped-call]
        return result
    return nn.functional.linear(x, layer.weight, layer.bias)


def _drop(layer: nn.Dropout, generator: torch.Generator, x: Tensor) -> Tensor:
    if not layer.training:
        return x
    kept = torch.empty_like(x).bernoulli_(1 - layer.p, generator=generator)
    return x * kept.div_(1 - layer.p)


@torch.no_grad()
def _average(mean: list[Tensor], values: list[Tensor], count: int) -> None:
    """Move the mean of `count - 1` sets of values on to that of `count`."""
    for average, value in zip(mean, values, strict=True):
        average.lerp_(value, 1 / count)


def _under(prefix: str, tensors: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Return the tensors whose names have a prefix, without it."""
    return (
        (name.removeprefix(prefix), value)
        for name, value in tensors.items()
        if name.startswith(prefix)
    )
