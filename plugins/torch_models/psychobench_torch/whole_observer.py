"""A file that holds a whole observer: a frozen network and the head that was trained on it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch

from psychobench.errors import ObserverError
from psychobench.resources import write_whole
from psychobench_torch.backbone import Backbone
from psychobench_torch.heads import load_head
from psychobench_torch.networks import ConvolutionalFeatures
from psychobench_torch.trained import TrainedHead
from psychobench_torch.training_log import Epoch

KEY = "psychobench"  # of the metadata; its value is JSON
PREFIX = "head."
_RECORDED = ("kind", "seed", "log_odds", "n_train", "n_validation")


def save_observer(
    path: Path,
    observer: str,
    backbone: Backbone,
    trained: TrainedHead,
    *,
    data: str,
    **more: Any,
) -> None:
    """Write a frozen network and its trained head as one safetensors file.

    Parameters
    ----------
    path : pathlib.Path
        Of the file; ``--pretraining`` takes it.
    observer : str
        Name of the registered observer, ``alexnet`` or ``torchvision:resnet18``.
    backbone : Backbone
        What the head was trained on.
    trained : TrainedHead
        The head and the record of its training.
    data : str
        In words, the images that it was trained on.
    **more
        Further entries of the record that JSON takes, such as the recipe.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    network = backbone.network
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    tensors |= {
        f"{PREFIX}{name}": value.half().contiguous()
        for name, value in trained.head.state_dict().items()
    }
    record = {
        "observer": observer,
        "data": data,
        "size": backbone.size,
        "pretraining": backbone.pretraining,
        "origin": backbone.origin,
        "stands_for": backbone.stands_for,
        **{name: getattr(trained, name) for name in _RECORDED},
        "epochs": [asdict(epoch) for epoch in trained.epochs],
        **more,
    }
    metadata = {"architecture": backbone.name, KEY: json.dumps(record)}
    if isinstance(network, ConvolutionalFeatures):
        metadata["size"] = str(backbone.trained_size or backbone.size)
    write_whole(path, safetensors.torch.save(tensors, metadata))


def read_record(path: Path | None) -> dict[str, Any] | None:
    """Read what a file says about the head in it; None for a file without one.

    Examples
    --------
    >>> read_record(None)
    """
    if path is None or path.suffix.lower() != ".safetensors":
        return None
    try:
        with safetensors.safe_open(path, "numpy") as file:
            text = (file.metadata() or {}).get(KEY)
        record = None if text is None else json.loads(text)
    except (OSError, ValueError, safetensors.SafetensorError):
        return None  # whoever reads the weights says what is wrong with the file
    return record if isinstance(record, dict) else None


def read_trained_head(path: Path, record: dict[str, Any]) -> TrainedHead:
    """Read the head of a whole observer.

    Raises
    ------
    ObserverError
        If the head is not what the record says.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            values = {
                name.removeprefix(PREFIX): file.get_tensor(name).float()
                for name in file.keys()  # noqa: SIM118 (it is no mapping)
                if name.startswith(PREFIX)
            }
        return TrainedHead(
            head=load_head(record["kind"], values),
            epochs=tuple(Epoch(**epoch) for epoch in record["epochs"]),
            **{name: record[name] for name in _RECORDED},
        )
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise ObserverError(
            f"a file with a trained head must hold that head and its record: {path} does not "
            f"({error}); train it again"
        ) from None
