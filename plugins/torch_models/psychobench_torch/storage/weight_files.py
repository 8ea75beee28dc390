"""Files of weights: read without executing anything, hashed by their values, downloaded once."""

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

from psychobench.plugins import ObserverError, sha256

UNREADABLE = (  # what torch's and safetensors' readers raise on bytes that are no weights
    OSError, RuntimeError, ValueError, EOFError, LookupError, TypeError, AttributeError,
    AssertionError, struct.error, safetensors.SafetensorError,
)  # fmt: skip


@dataclass(frozen=True)
class WeightsFile:
    """What a file of weights holds.

    Parameters
    ----------
    state : Mapping
        Values by layer name; whatever else a checkpoint held under a name is there too.
    place : str
        Where it is, for messages.
    metadata : Mapping of str to str
        What a safetensors file says about itself; empty for other files.
    """

    state: Mapping[str, Any] = field(repr=False)
    place: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    def pick(
        self, expected: Mapping[str, Tensor], what: str, *, prefix: str = ""
    ) -> dict[str, Tensor]:
        """Pick the values of the layers in `expected`, as float32 where they are not counts.

        Parameters
        ----------
        expected : Mapping of str to Tensor
            A network's own `state_dict`, whose shapes count; it may be on the meta device.
        what : str
            Whose layers they are, for messages: ``AlexNet's convolutions``.
        prefix : str
            Before each name in the file.

        Raises
        ------
        ObserverError
            If a layer is missing, has another shape or holds values that are not finite; the
            first such layer is named.
        """
        values: dict[str, Tensor] = {}
        for name, like in expected.items():
            if fault := self._fault(prefix + name, like):
                raise ObserverError(
                    f"weights must be those of {what}: in {self.place} {fault}; give a file of "
                    "this network, or ask for the one that the file is of"
                )
            value = self.state[prefix + name]
            values[name] = value.float() if like.is_floating_point() else value
        return values

    def _fault(self, name: str, like: Tensor) -> str:
        value = self.state.get(name)
        if not isinstance(value, Tensor):
            found = ", ".join(list(self.state)[:3]) or "nothing"
            return f"layer {name} is missing (the file begins with {found})"
        if value.shape != like.shape:
            return f"layer {name} has shape {_shape(value)}, not {_shape(like)}"
        if not like.is_floating_point():
            return ""
        if not (value.is_floating_point() and bool(value.isfinite().all())):
            return f"layer {name} holds values that are not finite numbers"
        return ""


def read_weights(path: Path) -> WeightsFile:
    """Read a checkpoint's tensors by name; nothing in it is ever executed.

    Layers may stand under ``state_dict``, and under the prefix ``module.`` of parallel training.

    Raises
    ------
    ObserverError
        If the file does not load as tensors by name.
    """
    metadata: dict[str, str] = {}
    try:
        state: Any
        if path.suffix.lower() == ".safetensors":
            state, metadata = safetensors.torch.load_file(path), read_metadata(path)
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
            f"a file of weights must be readable: {path} is not ({reason(error)})"
        ) from None
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping):
        raise ObserverError(
            f"a file of weights must hold tensors by layer name: {path} holds one "
            f"{type(state).__name__}; save the model's state_dict() instead"
        )
    named = {str(name).removeprefix("module."): value for name, value in state.items()}
    return WeightsFile(named, str(path), metadata)


def read_metadata(path: Path) -> dict[str, str]:
    """Read what a safetensors file says about itself, without its tensors."""
    with safetensors.safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


def weights_bytes(state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Serialise tensors and metadata as a safetensors file: always the same bytes.

    `safetensors.torch.save` alone writes several entries of metadata in an order of chance.

    Examples
    --------
    >>> len({weights_bytes({"a": torch.zeros(1)}, {"x": "1", "y": "2"}) for _ in range(9)})
    1
    """
    data = safetensors.torch.save({name: value.contiguous() for name, value in state.items()})
    start = 8 + int.from_bytes(data[:8], "little")
    header = {"__metadata__": dict(sorted(metadata.items())), **json.loads(data[8:start])}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[start:]


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


def load_frozen_values(network: nn.Module, values: Mapping[str, Tensor]) -> None:
    """Load values into a network, and freeze it in evaluation mode."""
    network.load_state_dict(values, assign=True)
    network.requires_grad_(False).eval()


def download(entry: Any, architecture: str) -> WeightsFile:
    """Load torchvision's weights by its own path: its cache folder, its download, its hash.

    Parameters
    ----------
    entry : torchvision.models.WeightsEnum
        An entry of torchvision's enum of weights.
    architecture : str
        Whose weights they are, for messages.

    Raises
    ------
    ObserverError
        If the weights cannot be fetched, or do not match the hash in their file's name.
    """
    name = Path(urlparse(entry.url).path).name
    cached = Path(torch.hub.get_dir()) / "checkpoints" / name
    try:
        state = entry.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (pickle.UnpicklingError, *UNREADABLE) as error:
        if cached.is_file():
            raise _damaged(cached) from None
        raise ObserverError(
            f"`pretraining='imagenet'` needs one download: {entry.url} could not be fetched "
            f"({reason(error)}); connect, or put that file at {cached}, or name a file of "
            f"{architecture}'s weights with `pretraining`"
        ) from None
    # torch checks the hash in the file's name on download only, not when the file is there
    if not sha256(cached).startswith(cached.stem.rpartition("-")[2]):
        raise _damaged(cached)
    return WeightsFile(state, f"torchvision's {entry}")


def _damaged(path: Path) -> ObserverError:
    return ObserverError(
        f"downloaded weights must match the hash in their file's name: {path} does not; delete it "
        "and it will be fetched again"
    )


def _shape(value: Tensor) -> str:
    return " x ".join(map(str, value.shape))


def reason(error: BaseException) -> str:
    """Return the first line of an error after its type."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
