"""The state of a training as tensors and JSON, and back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR

from psychobench_torch.pretraining.recipe import PretrainingRecipe

NETWORK, OPTIMISER, BEST = "network.", "optimiser.", "best."


def make_optimiser(
    network: nn.Module, recipe: PretrainingRecipe, steps: int
) -> tuple[Optimizer, LRScheduler]:
    """Make the optimiser and the schedule of its learning rate."""
    values: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    kinds: dict[str, Any] = {
        "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
        "sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop,
    }  # fmt: skip
    if recipe.optimizer != "rmsprop":  # which has no fused form
        values["fused"] = True
    if recipe.optimizer == "sgd":
        values["momentum"] = 0.9
    optimiser: Optimizer = kinds[recipe.optimizer](network.parameters(), **values)
    if recipe.schedule == "constant":
        return optimiser, ConstantLR(optimiser, factor=1.0)
    rising = min(1.0, max(recipe.warm_up, 2 / steps))  # of a single step no peak could be reached
    total = max(steps, 3)  # of two, OneCycleLR would divide by those left to fall in: none
    return optimiser, OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=total, pct_start=rising
    )


def capture(
    network: nn.Module,
    optimiser: Optimizer,
    schedule: LRScheduler,
    best: dict[str, Tensor] | None,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Split a training's state into tensors by name and what JSON holds."""
    tensors = {NETWORK + name: value for name, value in network.state_dict().items()}
    held = optimiser.state_dict()
    for number, state in held["state"].items():
        for name, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"{OPTIMISER}{number}.{name}"] = value
    tensors |= {BEST + name: value for name, value in (best or {}).items()}
    return tensors, {"groups": held["param_groups"], "schedule": schedule.state_dict()}


def restore(
    tensors: dict[str, Tensor],
    record: dict[str, Any],
    network: nn.Module,
    optimiser: Optimizer,
    schedule: LRScheduler,
) -> dict[str, Tensor] | None:
    """Restore a captured state into freshly made parts; return the best epoch's weights if any."""
    network.load_state_dict(_under(NETWORK, tensors))
    parameters = list(network.parameters())
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _under(OPTIMISER, tensors).items():
        number, kind = name.split(".")
        like = parameters[int(number)]
        fits = value.shape == like.shape  # then it lies in memory as the parameter does
        state.setdefault(int(number), {})[kind] = (
            torch.empty_like(like.detach()).copy_(value) if fits else value
        )
    optimiser.load_state_dict({"state": state, "param_groups": record["groups"]})
    schedule.load_state_dict(record["schedule"])
    return _under(BEST, tensors) or None


def values_of(network: nn.Module) -> dict[str, Tensor]:
    """Copy a network's values to the CPU, under its layers' names."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def all_finite(network: nn.Module) -> bool:
    """Return whether every parameter is finite."""
    flags = [value.isfinite().all() for value in network.parameters()]
    return bool(torch.stack(flags).all())


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
