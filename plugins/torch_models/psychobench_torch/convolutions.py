"""Load AlexNet's convolutions: bundled, torchvision's, or a file of the user's."""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from psychobench.errors import ObserverError
from psychobench.resources import sha256
from psychobench_torch._torchvision import import_torchvision
from psychobench_torch.networks import alexnet_convolutions, in_channels_last
from psychobench_torch.pretraining import Pretraining

FOLDER = Path(__file__).parent / "weights"
BUNDLED = "alexnet-procedural-objects"
PREFIX = "features."
UNREADABLE = (  # what torch's and safetensors' readers raise on bytes that are no weights
    OSError, RuntimeError, ValueError, EOFError, LookupError, TypeError, AttributeError,
    AssertionError, struct.error, safetensors.SafetensorError,
)  # fmt: skip


@dataclass(frozen=True)
class Convolutions:
    """AlexNet's convolutions with their values; two are equal if their values are.

    Parameters
    ----------
    network : torch.nn.Sequential
        Frozen, float32, in channels-last order.
    sha256 : str
        Over names, shapes and values.
    """

    network: nn.Sequential = field(compare=False)
    sha256: str


def model_card(name: str = BUNDLED) -> dict[str, Any]:
    """Read the model card of bundled weights: data, recipe, held-out accuracy, hash, limits.

    Examples
    --------
    >>> model_card()["name"]
    'alexnet-procedural-objects'
    """
    card: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return card


def load_convolutions(pretraining: Pretraining) -> Convolutions:
    """Load the convolutions that `pretraining` names.

    Raises
    ------
    ObserverError
        If a file cannot be read or holds another network, or a download fails.
    """
    if pretraining.file is not None:
        state = read_state(pretraining.file)
        place = str(pretraining.file)
    elif pretraining.name == "imagenet":
        entry = import_torchvision().models.AlexNet_Weights.IMAGENET1K_V1
        state, place = _download(entry), "torchvision's ImageNet weights"
    else:
        state, place = _read_bundled(), f"the bundled {BUNDLED}.safetensors"
    network = alexnet_convolutions()
    values = _matching(state, network, place)
    network.load_state_dict(values, assign=True)
    network.requires_grad_(False).eval()
    return Convolutions(in_channels_last(network), tensors_sha256(values))


def read_state(path: Path) -> dict[str, Any]:
    """Read a checkpoint's tensors by name; nothing in it is ever executed.

    Layers may stand under ``state_dict``, and under the prefix ``module.`` of parallel training.

    Raises
    ------
    ObserverError
        If the file does not load as tensors by name.
    """
    try:
        state: Any
        if path.suffix.lower() == ".safetensors":
            state = safetensors.torch.load_file(path)
        else:
            with warnings.catch_warnings(action="ignore"):  # of pickles that it then refuses
                state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ObserverError(
            f"a file of weights must hold tensors alone: {path} holds other Python objects, "
            "which are not executed; save the model's state_dict() instead"
        ) from None
    except UNREADABLE as error:
        raise ObserverError(
            f"a file of weights must be readable: {path} is not ({_reason(error)})"
        ) from None
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping):
        raise ObserverError(
            f"a file of weights must hold tensors by layer name: {path} holds one "
            f"{type(state).__name__}; save the model's state_dict() instead"
        )
    return {str(name).removeprefix("module."): value for name, value in state.items()}


def tensors_sha256(state: Mapping[str, Tensor]) -> str:
    """Hash names, types, shapes and values, whatever file they came from.

    Examples
    --------
    >>> tensors_sha256({"a": torch.zeros(2)}) == tensors_sha256({"a": torch.zeros(1, 2)})
    False
    """
    digest = hashlib.sha256()
    for name, value in state.items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        flat = value.detach().cpu().contiguous().view(-1).view(torch.uint8)
        digest.update(flat.numpy().data)
    return digest.hexdigest()


def _matching(state: Mapping[str, Any], network: nn.Module, place: str) -> dict[str, Tensor]:
    """Pick the values of `network`'s layers, or name the first layer that does not fit."""
    values = {}
    for name, expected in network.state_dict().items():
        value = state.get(PREFIX + name)
        if not isinstance(value, Tensor):
            found = ", ".join(list(state)[:3]) or "nothing"
            fault = f"layer {PREFIX}{name} is missing (the file begins with {found})"
        elif value.shape != expected.shape:
            fault = f"layer {PREFIX}{name} has shape {_shape(value)}, not {_shape(expected)}"
        elif not (value.is_floating_point() and bool(value.isfinite().all())):
            fault = f"layer {PREFIX}{name} holds values that are not finite numbers"
        else:
            values[name] = value.float()
            continue
        raise ObserverError(f"weights must be those of AlexNet's convolutions: in {place} {fault}")
    return values


def _read_bundled() -> dict[str, Tensor]:
    path = FOLDER / f"{BUNDLED}.safetensors"
    if not path.is_file() or sha256(path) != model_card()["sha256"]:
        raise ObserverError(
            f"bundled weights must be as shipped: {path} is missing or damaged; "
            "reinstall psychobench-torch"
        )
    return safetensors.torch.load_file(path)


def _download(entry: Any) -> dict[str, Any]:
    """Load torchvision's weights by its own path: its cache folder, its download, its hash."""
    name = Path(urlparse(entry.url).path).name
    cached = Path(torch.hub.get_dir()) / "checkpoints" / name
    try:
        state: dict[str, Any] = entry.get_state_dict(
            progress=True, check_hash=True, weights_only=True
        )
    except (pickle.UnpicklingError, *UNREADABLE) as error:
        if cached.is_file():
            raise _damaged(cached) from None
        raise ObserverError(
            f"pretraining imagenet needs one download: {entry.url} could not be fetched "
            f"({_reason(error)}); connect, or put that file at {cached}, or take "
            "--pretraining procedural-objects"
        ) from None
    # torch checks the hash in the file's name on download only, not when the file is there
    if not sha256(cached).startswith(cached.stem.rpartition("-")[2]):
        raise _damaged(cached)
    return state


def _damaged(path: Path) -> ObserverError:
    return ObserverError(
        f"downloaded weights must match the hash in their file's name: {path} does not; delete it "
        "and it will be fetched again"
    )


def _shape(value: Tensor) -> str:
    return " x ".join(map(str, value.shape))


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
