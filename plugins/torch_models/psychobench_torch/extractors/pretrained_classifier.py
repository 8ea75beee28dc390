"""A network as it was pre-trained: convolutions and the classifier of its own classes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from psychobench.plugins import ObserverError
from psychobench_torch.extractors.convolutions import read_pretraining
from psychobench_torch.networks.architectures import ARCHITECTURES, in_channels_last
from psychobench_torch.networks.images import MEAN, SIZE, STD
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.networks.weights_origin import Pretraining
from psychobench_torch.pretraining.network import PooledNetwork
from psychobench_torch.storage.weight_files import WeightsFile, load_frozen_values, tensors_sha256

_POOLED = "pooled_classifier.weight"
_LAST = "classifier.6.weight"  # of torchvision's AlexNet and VGG


@dataclass(frozen=True)
class PretrainedClassifier:
    """A network with the classifier that it was pre-trained with.

    Parameters
    ----------
    name : str
        Of the network.
    module : torch.nn.Module
        From normalised images, shape (n, 3, size, size), to scores before the softmax, shape
        (n, classes); frozen, in evaluation mode. Its convolutions are its ``features``.
    classes : tuple of str
        Names of the classes; empty where the file does not tell them.
    size : int
        Width and height in pixels of the images that it was trained on.
    pretraining, origin : str
        What the weights saw: for tables, and in words.
    sha256 : str
        Over names, shapes and values of the weights.
    mean, std : tuple of float
        Of the normalisation.
    """

    name: str
    module: nn.Module = field(repr=False)
    classes: tuple[str, ...]
    size: int
    pretraining: str
    origin: str
    sha256: str
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD


def load_classifier(architecture: str, pretraining: Pretraining) -> PretrainedClassifier:
    """Load a network with the classifier of its pre-training.

    Parameters
    ----------
    architecture : str
        One of `psychobench_torch.networks.architectures.ARCHITECTURES`.
    pretraining : Pretraining
        Where the values come from; a VGG of the bundled sources is trained on first use.

    Raises
    ------
    ObserverError
        If the network is unknown, or the weights hold no classifier, or another network.
    """
    check_architecture(architecture)
    design = ARCHITECTURES[architecture]
    entry = import_torchvision().models.get_model_weights(architecture).IMAGENET1K_V1
    file = read_pretraining(design, pretraining)
    module = _empty(architecture, file)
    values = file.pick(module.state_dict(), f"{design.title} with its classifier")
    load_frozen_values(module, values)
    said = file.metadata.get("size", "")
    classes = file.metadata.get("classes")
    n_classes = len(file.state[_POOLED if _POOLED in file.state else _LAST])
    names = tuple(json.loads(classes)) if classes else _imagenet_classes(entry, n_classes)
    return PretrainedClassifier(
        architecture,
        in_channels_last(module).eval(),
        names if len(names) == n_classes else (),
        int(said) if said.isdecimal() and architecture != "alexnet" else SIZE,
        pretraining.name,
        pretraining.origin,
        tensors_sha256(values),
    )


def check_architecture(name: str) -> None:
    """Check that there is such a network.

    Raises
    ------
    ObserverError
        If there is none; it lists those that there are.
    """
    if name not in ARCHITECTURES:
        raise ObserverError(
            f"a network must be one of {', '.join(ARCHITECTURES)}: there is no '{name}'"
        )


def _empty(architecture: str, file: WeightsFile) -> nn.Module:
    """Make the network that the file's classifier belongs to, without values."""
    for layer in (_POOLED, _LAST):
        value = file.state.get(layer)
        if isinstance(value, Tensor) and value.ndim == 2:
            if layer == _POOLED:
                return PooledNetwork(architecture, len(value)).requires_grad_(False)
            with torch.device("meta"):
                models = import_torchvision().models
                network: nn.Module = models.get_model(architecture, num_classes=len(value))
            return network.requires_grad_(False)
    raise ObserverError(
        f"the weights must hold the classifier of their pre-training: {file.place} has neither "
        f"{_POOLED} nor {_LAST}; take another `pretraining`"
    )


def _imagenet_classes(entry: object, n_classes: int) -> tuple[str, ...]:
    """Take torchvision's names where there are as many classes as ImageNet has."""
    names = tuple(getattr(entry, "meta", {}).get("categories", ()))
    return names if len(names) == n_classes else ()
