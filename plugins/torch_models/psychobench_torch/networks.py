"""FE-AlexNet: AlexNet's convolutions, a feature excitation in place of its first two dense layers.

References
----------
Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.3.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from psychobench_torch._torchvision import import_torchvision

Network = TypeVar("Network", bound=nn.Module)
CHANNELS = 256
GRID = 6
FEATURES = CHANNELS * GRID * GRID  # 9216


def alexnet_convolutions() -> nn.Sequential:
    """Make torchvision's AlexNet ``features`` without values: load or draw them before use.

    Returns
    -------
    torch.nn.Sequential
        Parameters ``0.weight`` to ``10.bias``, on the meta device.
    """
    with torch.device("meta"):
        convolutions = import_torchvision().models.alexnet().features
    return nn.Sequential(*convolutions)


def in_channels_last(network: Network) -> Network:
    """Order convolution weights with channels innermost, which is fastest; values stay."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def draw_kaiming_normal(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw every weight of convolutions and linear layers anew; biases become zero.

    References
    ----------
    He, K. et al. (2015). Delving deep into rectifiers. ICCV, equation 10.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class FEAlexNet(nn.Module):
    """AlexNet's convolutions, 6 x 6 average pool, flatten to 9216, excitation, two scores.

    Parameters
    ----------
    features : torch.nn.Sequential
        AlexNet's convolutions with their values.
    head : torch.nn.Module
        The trained part, see `psychobench_torch.heads`.
    """

    def __init__(self, features: nn.Sequential, head: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """Score normalised images, shape (n, 3, 224, 224), as sad and happy before the softmax."""
        scores: Tensor = self.head(flat_features(self.features, images))
        return scores


def flat_features(convolutions: nn.Module, images: Tensor) -> Tensor:
    """Compute the 9216 features of normalised images, any size from 64 px up; shape (n, 9216)."""
    pooled = nn.functional.adaptive_avg_pool2d(convolutions(images), GRID)
    return pooled.flatten(1)
