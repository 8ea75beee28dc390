"""A frozen feature extractor: what every head is trained on, whatever network it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from psychobench_torch.networks.images import MEAN, STD
from psychobench_torch.networks.weights_origin import stands_for


@dataclass(frozen=True)
class FeatureExtractor:
    """A network up to its last features, frozen; two are equal if their values are.

    Parameters
    ----------
    name : str
        Of the network: ``alexnet``, ``vgg16``, ``torchvision:resnet18``.
    network : torch.nn.Module
        From normalised images, shape (n, 3, size, size), to flat features, shape (n, n_features).
        In evaluation mode, frozen, float32, in channels-last order.
    n_features : int
        Length of an image's features.
    size : int
        Width and height of the images it takes, in pixels.
    sha256 : str
        Over names, shapes and values of the weights, and `size`.
    pretraining : str
        What tables print: a name, or what a file says of itself, and its name.
    origin : str
        In words, what the weights were trained on.
    dense : Mapping of str to Tensor, optional
        Pre-trained values of the fully connected layers under torchvision's names
        (``classifier.1.weight`` ...); empty where only convolutions are known, so that these
        layers start afresh.
    mean, std : tuple of float
        Of the normalisation, per channel, for images in [0, 1].
    source : str, optional
        What the weights were trained on, as a name or as their file has it; None where the file
        does not say.
    trained_size : int, optional
        Pixel size of the images that the weights were trained on, where it is known.
    """

    name: str
    network: nn.Module = field(compare=False, repr=False)
    n_features: int
    size: int
    sha256: str
    pretraining: str
    origin: str
    dense: Mapping[str, Tensor] = field(default_factory=dict, compare=False, repr=False)
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD
    source: str | None = None
    trained_size: int | None = None

    @property
    def stands_for(self) -> str:
        """Whether this is the paper's object-based or face-based pre-training, in words."""
        return stands_for(self.source)
