"""Any of torchvision's classifiers, without its last layer, as a frozen feature extractor."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import torch
from torch import nn

from psychobench.plugins import OptionError, nearest
from psychobench_torch.networks.architectures import in_channels_last
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.networks.weights_origin import NAMES, Pretraining
from psychobench_torch.storage.weight_files import (
    WeightsFile,
    download,
    load_frozen_values,
    read_weights,
    tensors_sha256,
)

FAMILY = "torchvision:"
_OLD_NAMES = (  # of layers in official files, which an older torchvision wrote
    (re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)"), r"\1\2"),
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
)


def check_torchvision(network: str, pretraining: Pretraining) -> None:
    """Check that torchvision has a network, and that the weights are for it.

    Raises
    ------
    OptionError
        With the nearest names, or with the pre-training that there is.
    """
    names = classifiers()
    if network not in names:
        hint = nearest(network, names, most=3) or f"; it has {', '.join(names)}"
        raise OptionError(
            f"a network must be one of torchvision's classifiers: there is no '{network}'{hint}"
        )
    if pretraining.file is None and pretraining.name != "imagenet":
        raise OptionError(
            "`pretraining` of torchvision's networks must be imagenet or a file: "
            f"'{FAMILY}{network}' was given '{pretraining.name}'"
        )


def classifiers() -> list[str]:
    """List torchvision's image classifiers."""
    models = import_torchvision().models
    names: list[str] = models.list_models(module=models)
    return names


def load_classifier(name: str, pretraining: Pretraining) -> FeatureExtractor:
    """Load a classifier up to the features that its last layer takes.

    Parameters
    ----------
    name : str
        ``torchvision:NETWORK``.
    pretraining : Pretraining
        ``imagenet`` for the weights that torchvision calls its default, or a file.

    Raises
    ------
    OptionError
        If torchvision has no such network, or `pretraining` is another name.
    ObserverError
        If the weights cannot be fetched or read, or are another network's.
    """
    network_name = name.removeprefix(FAMILY)
    check_torchvision(network_name, pretraining)
    entry = import_torchvision().models.get_model_weights(network_name).DEFAULT
    transforms = entry.transforms()
    size = int(transforms.crop_size[0])
    network, n_features = without_last_layer(_empty(network_name, size))
    source: str | None
    if pretraining.file is None:
        file = download(entry, network_name)
        source = source_of(entry)
        origin = f"{NAMES.get(source, source)} ({entry})"
    else:
        file = read_weights(pretraining.file)
        source, origin = file.metadata.get("source"), pretraining.origin
    _give(network, file, network_name)
    return FeatureExtractor(
        name=name,
        network=in_channels_last(network),
        n_features=n_features,
        size=size,
        sha256=_hash(network),
        pretraining=pretraining.shown(source),
        origin=origin,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
        source=source,
        trained_size=size if pretraining.file is None else None,
    )


def source_of(entry: Any) -> str:
    """Return what the weights of an entry of torchvision's enum were trained on.

    References
    ----------
    Singh, M. et al. (2022). Revisiting weakly supervised pre-training of visual perception models
    (SWAG). CVPR, 804-814.
    """
    if "SWAG" in entry.name:  # the default where torchvision has no others
        return "Instagram photographs and their hashtags, then ImageNet (SWAG)"
    return "imagenet"


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
        # as torchvision builds them for its weights: they were trained on inputs from -1 to 1
        options |= {"init_weights": False, "aux_logits": False, "transform_input": True}
    if name.startswith("vit_"):
        options["image_size"] = size
    # RegNet's builder computes with the values it draws, so it cannot build without any
    device = "cpu" if name.startswith("regnet_") else "meta"
    with torch.device(device):
        network: nn.Module = import_torchvision().models.get_model(name, **options)
    return network


def _give(network: nn.Module, file: WeightsFile, name: str) -> None:
    """Load the values in a file into a network, whichever torchvision wrote it."""
    state = network.state_dict()  # it keeps a record of versions, without which MNASNet is refused
    found = {_renamed(key): value for key, value in file.state.items()}
    for key in state:
        if key.endswith("num_batches_tracked"):  # old files lack it, and only training needs it
            found.setdefault(key, torch.tensor(0))
    state.update(WeightsFile(found, file.place).pick(state, name))
    load_frozen_values(network, state)


def _renamed(key: str) -> str:
    for old, new in _OLD_NAMES:
        key = old.sub(new, key)
    return key


def _hash(network: nn.Module) -> str:
    """Hash the values, and whether the network transforms its input."""
    digest = tensors_sha256(network.state_dict())
    if not getattr(network, "transform_input", False):
        return digest
    return hashlib.sha256(f"{digest} transform_input".encode()).hexdigest()
