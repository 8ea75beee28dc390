"""Any classifier of torchvision's as a frozen backbone: its last layer is taken off."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from psychobench.errors import OptionError
from psychobench_torch._torchvision import import_torchvision
from psychobench_torch.backbone import Backbone
from psychobench_torch.networks import in_channels_last
from psychobench_torch.pretraining import Pretraining
from psychobench_torch.weight_files import (
    WeightsFile,
    download,
    give_values,
    read_weights,
    tensors_sha256,
)

FAMILY = "torchvision:"
# DenseNet's official files name layers as an older torchvision did: norm.1 where it is now norm1
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.\w+)$")


def check_network(name: str) -> str:
    """Refuse a network that torchvision does not have; nothing is built.

    Raises
    ------
    OptionError
        With the nearest names.
    """
    names = classifiers()
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else f"it has {', '.join(names)}"
    raise OptionError(
        f"a network must be one of torchvision's classifiers: there is no '{name}'; {hint}"
    )


def classifiers() -> list[str]:
    """Name torchvision's image classifiers."""
    models = import_torchvision().models
    names: list[str] = models.list_models(module=models)
    return names


def load_classifier(name: str, pretraining: Pretraining) -> Backbone:
    """Load a classifier up to the features that its last layer takes.

    Parameters
    ----------
    name : str
        ``torchvision:NETWORK``.
    pretraining : Pretraining
        ``imagenet`` for the weights that torchvision calls its default, or a file.

    Raises
    ------
    ObserverError
        If the weights cannot be fetched or read, or are another network's.
    """
    network_name = name.removeprefix(FAMILY)
    models = import_torchvision().models
    entry = models.get_model_weights(network_name).DEFAULT
    transforms = entry.transforms()
    size = int(transforms.crop_size[0])
    if pretraining.file is None:
        file = download(entry, network_name)
        network = models.get_model(network_name, weights=entry)
    else:
        file = read_weights(pretraining.file)
        network = _empty(network_name, size)
    network, n_features = without_last_layer(network)
    if pretraining.file is not None:
        state = _renamed(file.state)
        values = WeightsFile(state, file.place).pick(network.state_dict(), network_name)
        give_values(network, values)
    network.requires_grad_(False).eval()
    source = "imagenet" if pretraining.file is None else file.metadata.get("source")
    return Backbone(
        name=name,
        network=in_channels_last(network),
        n_features=n_features,
        size=size,
        sha256=tensors_sha256(network.state_dict()),
        pretraining=pretraining.shown(source),
        origin=f"ImageNet photographs ({entry})"
        if pretraining.file is None
        else pretraining.origin,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
        source=source,
        trained_size=size if pretraining.file is None else None,
    )


def without_last_layer(network: nn.Module) -> tuple[nn.Module, int]:
    """Take off the layer that scores the classes: the last linear one, or 1 x 1 convolution.

    Returns
    -------
    tuple of torch.nn.Module and int
        The network, and the length of the features that it gives now.
    """
    layers = [
        (name, layer)
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    ]
    name, last = layers[-1]
    network.set_submodule(name, nn.Identity())
    return network, last.in_features if isinstance(last, nn.Linear) else last.in_channels


def _empty(name: str, size: int) -> nn.Module:
    """Build a network whose values will be replaced."""
    options: dict[str, Any] = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        options |= {"init_weights": False, "aux_logits": False}
    if name.startswith("vit_"):
        options["image_size"] = size
    # RegNet's builder computes with the values it draws, so it cannot build without any
    device = "cpu" if name.startswith("regnet_") else "meta"
    with torch.device(device):
        network: nn.Module = import_torchvision().models.get_model(name, **options)
    return network


def _renamed(state: Mapping[str, Any]) -> dict[str, Tensor]:
    return {
        "".join(found.groups()) if (found := _OLD_DENSENET.match(key)) else key: value
        for key, value in state.items()
    }
