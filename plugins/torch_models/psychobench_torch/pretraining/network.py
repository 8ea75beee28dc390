"""Networks that are pre-trained: convolutions with one of two classifiers on them."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from psychobench.plugins import OptionError
from psychobench_torch.networks.architectures import (
    ARCHITECTURES,
    convolutions,
    draw_kaiming_normal,
    in_channels_last,
)
from psychobench_torch.networks.batch_norm import with_batch_norm
from psychobench_torch.networks.images import SIZE, fit_square, normalise, to_tensor
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.pretraining.recipe import PretrainingRecipe

LOUDNESS = 2.0  # of the features: at 2 a head learns in few steps, and its gates are not saturated
BATCH = 98  # images that are evaluated at once


class PooledNetwork(nn.Module):
    """Convolutions and a linear classifier over their mean-pooled channels, without values.

    Parameters
    ----------
    architecture : str
        One of `psychobench_torch.networks.architectures.ARCHITECTURES`.
    n_classes : int
        Number of classes.
    """

    def __init__(self, architecture: str, n_classes: int) -> None:
        super().__init__()
        self.features = convolutions(architecture)
        with torch.device("meta"):
            self.pooled_classifier = nn.Linear(ARCHITECTURES[architecture].channels, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Score normalised images of any size from 64 px up, shape (n, n_classes)."""
        scores: Tensor = self.pooled_classifier(self.features(images).mean((2, 3)))
        return scores


def blank_network(recipe: PretrainingRecipe, n_classes: int) -> nn.Module:
    """Make the network of `recipe` without values, and without batch normalisation.

    Raises
    ------
    OptionError
        If the architecture is unknown.
    """
    if recipe.architecture not in ARCHITECTURES:
        raise OptionError(
            f"`architecture` must be {', '.join(ARCHITECTURES)}: it is '{recipe.architecture}'"
        )
    if recipe.classifier == "pooled":
        return PooledNetwork(recipe.architecture, n_classes)
    with torch.device("meta"):
        models = import_torchvision().models
        network: nn.Module = models.get_model(recipe.architecture, num_classes=n_classes)
    return network


def make_network(recipe: PretrainingRecipe, n_classes: int) -> nn.Module:
    """Make the network that `recipe` trains, drawn anew from its seed, on the CPU.

    Returns
    -------
    torch.nn.Module
        A `PooledNetwork`, or torchvision's own network; layers are called as torchvision's.

    Raises
    ------
    OptionError
        If the architecture is unknown.
    """
    network = blank_network(recipe, n_classes).to_empty(device="cpu")
    draw_kaiming_normal(network, torch.Generator().manual_seed(recipe.seed))
    if recipe.batch_norm:
        network.features = with_batch_norm(cast(nn.Sequential, network.features))
    return in_channels_last(network)


def memory_of(recipe: PretrainingRecipe, n_classes: int, processes: int = 1) -> int:
    """Estimate the bytes that training takes in each process, beside the images.

    float32 values, gradients and the two values that Adam keeps of each; of the largest batch what
    every layer gives, and the gradients of that.
    """
    network = blank_network(recipe, n_classes)
    given: list[int] = []
    for layer in network.modules():
        if not list(layer.children()):
            layer.register_forward_hook(lambda *values: given.append(values[-1].numel()))
    outputs = []
    for stage in recipe.stages:
        given.clear()
        network(torch.empty(1, 3, stage.size, stage.size, device="meta"))
        outputs.append(stage.batch // processes * sum(given))
    return 4 * (4 * sum(value.numel() for value in network.parameters()) + 2 * max(outputs))


def last_convolution(features: nn.Module) -> nn.Conv2d:
    """Find the convolution whose channels are the features."""
    return [layer for layer in features.modules() if isinstance(layer, nn.Conv2d)][-1]


@torch.inference_mode()
def equalise_channels(network: nn.Module, images: NDArray[np.uint8], size: int = SIZE) -> None:
    """Scale every channel of the last convolution to root mean square `LOUDNESS` on `images`.

    The classifier is scaled inversely, and ReLU and max pooling commute with positive factors, so
    the scores stay as they are; a head that is trained on the features later learns evenly from
    all of them. Channels that hardly respond are raised tenfold at most, relative to the median.

    Parameters
    ----------
    network : torch.nn.Module
        A `PooledNetwork`; changed in place.
    images : ndarray of uint8, shape (n, side, side, 3)
        What the channels are scaled on.
    size : int, default 224
        At which they are shown, in pixels.
    """
    pooled = cast(PooledNetwork, network)
    last = last_convolution(pooled.features)
    device = last.weight.device
    power = torch.zeros(last.out_channels, device=device)
    for part in torch.split(to_tensor(images), BATCH):
        x = normalise(fit_square(part.to(device), size))
        power += pooled.features(x).square().mean((2, 3)).sum(0)
    loud = (power / len(images)).sqrt() / LOUDNESS
    loud = loud.clamp(min=float(loud.median()) / 10)
    last.weight.div_(loud.view(-1, 1, 1, 1))
    if last.bias is not None:
        last.bias.div_(loud)
    pooled.pooled_classifier.weight.mul_(loud)


@torch.inference_mode()
def silent_channels(network: nn.Module, images: NDArray[np.uint8], size: int = SIZE) -> list[int]:
    """Count, for each convolution, the channels that respond to none of `images`."""
    features = cast(nn.Sequential, network.features)
    device = last_convolution(features).weight.device
    activity: dict[str, Tensor] = {}
    for part in torch.split(to_tensor(images), BATCH):
        x = normalise(fit_square(part.to(device), size))
        for name, layer in features.named_children():
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                peak = x.amax((0, 2, 3))
                activity[name] = torch.maximum(activity.get(name, peak), peak)
    return [int((peak <= 0).sum()) for peak in activity.values()]
