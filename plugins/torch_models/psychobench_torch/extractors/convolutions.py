"""Load the convolutions of AlexNet or a VGG: bundled, torchvision's, or a file of the user's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from math import isqrt
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from psychobench.plugins import ObserverError, sha256
from psychobench_torch.networks.architectures import (
    ARCHITECTURES,
    Architecture,
    ConvolutionalFeatures,
    convolutions,
    in_channels_last,
)
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.images import MEAN, SIZE, STD
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.networks.weights_origin import NAMES, Pretraining
from psychobench_torch.storage.weight_files import (
    WeightsFile,
    download,
    load_frozen_values,
    read_weights,
    tensors_sha256,
)

FOLDER = Path(__file__).parents[1] / "weights"
BUNDLED = "alexnet-procedural-objects"
PREFIX = "features."


def model_card(name: str = BUNDLED) -> dict[str, Any]:
    """Read the model card of bundled weights: data, recipe, held-out accuracy, hash, limits.

    Examples
    --------
    >>> model_card()["name"]
    'alexnet-procedural-objects'
    """
    card: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return card


def load_extractor(
    architecture: str, pretraining: Pretraining, *, dense: bool = True
) -> FeatureExtractor:
    """Load a network's convolutions, and its first two fully connected layers where they are known.

    Parameters
    ----------
    architecture : str
        One of `ARCHITECTURES`, or ``torchvision:NAME`` for any of torchvision's classifiers.
    pretraining : Pretraining
        Where the values come from. Weights of a VGG that came with neither the package nor
        torchvision are trained on first use.
    dense : bool, default True
        Whether to look for the fully connected layers; a head without such layers needs none.

    Returns
    -------
    Backbone
        It takes images of 224 px; a VGG whose file says that it was trained at another size, for
        instance 64 px, takes images of that size, and its features are the last feature map as
        it is then, 2 x 2 x 512 values for 64 px, unless fully connected layers in that file were
        trained on torchvision's pooled map of 7 x 7.

    Raises
    ------
    ObserverError
        If a file cannot be read or holds another network, or a download fails.
    """
    if architecture.startswith("torchvision:"):
        from psychobench_torch.extractors.torchvision_networks import load_classifier

        return load_classifier(architecture, pretraining)
    design = ARCHITECTURES[architecture]
    file = read_pretraining(design, pretraining)
    trained_size = _trained_size(file, pretraining)
    size = trained_size if trained_size and architecture != "alexnet" else SIZE
    network = ConvolutionalFeatures(convolutions(architecture), _grid(file, design, size))
    values = file.pick(
        network.features.state_dict(), f"{design.title}'s convolutions", prefix=PREFIX
    )
    _refuse_more_layers(file, values, design)
    load_frozen_values(network.features, values)
    n_features = design.channels * network.grid**2
    known = _dense_layers(file, design, n_features) if dense else {}
    transforms = _imagenet(design).transforms() if pretraining.name == "imagenet" else None
    return FeatureExtractor(
        name=architecture,
        network=in_channels_last(network).eval(),
        n_features=n_features,
        size=size,
        sha256=_hash(values | known, size),
        pretraining=pretraining.shown(_source(pretraining, file)),
        origin=_origin(pretraining, file, trained_size),
        dense=known,
        mean=tuple(transforms.mean) if transforms else MEAN,
        std=tuple(transforms.std) if transforms else STD,
        source=_source(pretraining, file),
        trained_size=trained_size,
    )


def _grid(file: WeightsFile, design: Architecture, size: int) -> int:
    """Find the width of the feature map, which layers after it may have fixed."""
    said = file.metadata.get("features", "")
    if said.isdecimal() and int(said) > 0:  # of a whole observer: its layers are in the head now
        return isqrt(int(said) // design.channels)
    first = file.state.get(f"{design.dense[0]}.weight")
    pooled = design.channels * design.grid**2
    if isinstance(first, Tensor) and first.ndim == 2 and first.shape[1] == pooled:
        return design.grid
    return design.grid_at(size)


def _imagenet(design: Architecture) -> Any:
    return import_torchvision().models.get_model_weights(design.name).IMAGENET1K_V1


def read_pretraining(design: Architecture, pretraining: Pretraining) -> WeightsFile:
    """Read what was pre-trained: the user's file, torchvision's, bundled, or made on first use."""
    if pretraining.file is not None:
        return read_weights(pretraining.file)
    if pretraining.name == "imagenet":
        return download(_imagenet(design), design.title)
    if design.name == "alexnet":
        return _bundled(f"{design.name}-{pretraining.name}")
    from psychobench_torch.stand_in_weights.first_use import (
        first_use_weights,  # it trains: no need to import before
    )

    return read_weights(first_use_weights(design.name, pretraining.name))


def _bundled(name: str) -> WeightsFile:
    path = FOLDER / f"{name}.safetensors"
    card = FOLDER / f"{name}.json"
    if not (path.is_file() and card.is_file() and sha256(path) == model_card(name)["sha256"]):
        raise ObserverError(
            f"bundled weights must be as shipped: {path} is missing or damaged; "
            "reinstall psychobench-torch"
        )
    file = read_weights(path)
    return WeightsFile(file.state, f"the bundled {path.name}", file.metadata)


def _refuse_more_layers(
    file: WeightsFile, values: Mapping[str, Tensor], design: Architecture
) -> None:
    """Refuse a deeper network, of which this one is only a part."""
    more = [name for name in file.state if name.startswith(PREFIX)]
    if strange := [name for name in more if name.removeprefix(PREFIX) not in values]:
        raise ObserverError(
            f"weights must be those of {design.title}'s convolutions: in {file.place} layer "
            f"{strange[0]} is not one of them"
        )


def _dense_layers(file: WeightsFile, design: Architecture, n_features: int) -> dict[str, Tensor]:
    """Pick the first two fully connected layers, if the file has any."""
    first, second = design.dense
    if not any(name.startswith((f"{first}.", f"{second}.")) for name in file.state):
        return {}
    weight = file.state.get(f"{first}.weight")
    hidden = len(weight) if isinstance(weight, Tensor) and weight.ndim else 4096
    after = file.state.get(f"{second}.weight")
    last = len(after) if isinstance(after, Tensor) and after.ndim else 4096
    sizes = ((first, n_features, hidden), (second, hidden, last))
    expected: dict[str, Tensor] = {}
    for name, inputs, outputs in sizes:
        layer = nn.Linear(inputs, outputs, device="meta")
        expected |= {f"{name}.{part}": value for part, value in layer.state_dict().items()}
    return file.pick(expected, f"{design.title}'s fully connected layers")


def _trained_size(file: WeightsFile, pretraining: Pretraining) -> int | None:
    said = file.metadata.get("size", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    return SIZE if pretraining.file is None else None


def _source(pretraining: Pretraining, file: WeightsFile) -> str | None:
    return pretraining.name if pretraining.name in NAMES else file.metadata.get("source")


def _origin(pretraining: Pretraining, file: WeightsFile, trained_size: int | None) -> str:
    said = file.metadata.get("source") if pretraining.file is not None else None
    words = f"{pretraining.origin} ({said})" if said else pretraining.origin
    return f"{words}, at {trained_size} px" if trained_size else words


def _hash(values: Mapping[str, Tensor], size: int) -> str:
    """Hash the values, and the size where it is not the usual one."""
    digest = tensors_sha256(values)
    if size == SIZE:
        return digest
    return hashlib.sha256(f"{digest} {size}".encode()).hexdigest()
