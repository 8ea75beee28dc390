"""The convolutional networks of the paper: AlexNet and VGG as torchvision has them.

References
----------
Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn

from psychobench_torch.networks.torchvision_import import import_torchvision

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Architecture:
    """What is to be known of a network before it is built.

    Parameters
    ----------
    name : str
        torchvision's name of it.
    title : str
        Its name in sentences.
    channels : int
        Of the last convolution.
    grid : int
        Width and height of its last feature map for images of 224 px.
    last : int
        Index in ``features`` of the ReLU after the last convolution.
    dense : tuple of str
        torchvision's names of the first two fully connected layers.
    """

    name: str
    title: str
    channels: int
    grid: int
    last: int
    dense: tuple[str, str]

    def grid_at(self, size: int) -> int:
        """Width and height of the last feature map for images of `size` px, at most `grid`.

        Examples
        --------
        >>> [ARCHITECTURES["vgg16"].grid_at(size) for size in (64, 224)]
        [2, 7]
        """
        network = convolutions(self.name)
        image = torch.empty(1, 3, size, size, device="meta")
        return min(self.grid, int(network(image).shape[-1]))


ARCHITECTURES = {
    each.name: each
    for each in (
        Architecture("alexnet", "AlexNet", 256, 6, 11, ("classifier.1", "classifier.4")),
        Architecture("vgg11", "VGG11", 512, 7, 19, ("classifier.0", "classifier.3")),
        Architecture("vgg13", "VGG13", 512, 7, 23, ("classifier.0", "classifier.3")),
        Architecture("vgg16", "VGG16", 512, 7, 29, ("classifier.0", "classifier.3")),
    )
}


def convolutions(architecture: str) -> nn.Sequential:
    """Make torchvision's ``features`` without values: load or draw them before use.

    Parameters
    ----------
    architecture : str
        One of `ARCHITECTURES`.

    Returns
    -------
    torch.nn.Sequential
        With torchvision's names, ``0.weight`` to ``10.bias`` for AlexNet, on the meta device.
    """
    with torch.device("meta"):
        if architecture == "alexnet":  # built here: importing torchvision would double the start
            return _alexnet()
        network = import_torchvision().models.get_model(ARCHITECTURES[architecture].name)
    return nn.Sequential(*network.features)


def _alexnet() -> nn.Sequential:
    """Make the convolutions of torchvision's AlexNet.

    References
    ----------
    Krizhevsky, A. (2014). One weird trick for parallelizing convolutional neural networks.
    arXiv:1404.5997.
    """
    layers: list[nn.Module] = []
    channels, pooled = 3, (0, 1, 4)  # numbers of the convolutions that a pooling follows
    sizes = ((64, 11, 4, 2), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1))
    for number, (out, kernel, stride, padding) in enumerate(sizes):
        layers += [nn.Conv2d(channels, out, kernel, stride, padding), nn.ReLU(inplace=True)]
        if number in pooled:
            layers.append(nn.MaxPool2d(3, 2))
        channels = out
    return nn.Sequential(*layers)


class ConvolutionalFeatures(nn.Sequential):
    """From normalised images to flat features: convolutions, average pool, flatten.

    Parameters
    ----------
    features : torch.nn.Sequential
        The convolutions with their values, named as torchvision's.
    grid : int
        Width and height to which the last feature map is pooled.
    """

    def __init__(self, features: nn.Sequential, grid: int) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d(grid)
        self.flatten = nn.Flatten()
        self.grid = grid


def with_head(extractor: nn.Module, head: nn.Module) -> nn.Sequential:
    """Join a frozen feature extractor and a trained head.

    Parameters
    ----------
    extractor : torch.nn.Module
        From normalised images to flat features.
    head : torch.nn.Module
        From features to two scores.

    Returns
    -------
    torch.nn.Sequential
        From normalised images to scores before the softmax, shape (n, 2), the target second. The
        convolutions of AlexNet and the VGGs are its ``features``, as in torchvision; the head is
        its ``head``, whose last layer is ``head.classifier``.
    """
    if isinstance(extractor, ConvolutionalFeatures):
        return nn.Sequential(OrderedDict(**dict(extractor.named_children()), head=head))
    return nn.Sequential(OrderedDict(backbone=extractor, head=head))


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
