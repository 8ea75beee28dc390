"""A file of weights with a frozen network and the head that was trained on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors
from torch import nn

from psychobench.plugins import ObserverError, write_whole
from psychobench_torch.heads.head_types import load_head
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.storage.weight_files import weights_bytes

KEY = "psychobench"  # of the file's metadata; its value is JSON
PREFIX = "head."


def save_observer(
    path: Path,
    observer: str,
    extractor: FeatureExtractor,
    trained: TrainedHead,
    *,
    data: str,
    **more: Any,
) -> dict[str, Any]:
    """Write a frozen network and its trained head as one safetensors file.

    Layers have torchvision's names; those of the head begin with ``head.``. A head's values are
    float16 already; the frozen ones stay as they were when it was trained. Equal trainings give
    equal bytes, so no wall time is in the file.

    Parameters
    ----------
    path : pathlib.Path
        Of the file, which `pretraining` of an observer takes.
    observer : str
        Name of the registered observer, ``alexnet`` or ``torchvision:resnet18``.
    extractor : Backbone
        What the head was trained on.
    trained : TrainedHead
        The head and the record of its training.
    data : str
        In words, the images that it was trained on.
    **more
        Further entries of the record that JSON takes, such as the recipe.

    Returns
    -------
    dict
        The record that the file holds.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    frozen = extractor.network.state_dict()
    head = {f"{PREFIX}{name}": value.half() for name, value in trained.head.state_dict().items()}
    tensors = {name: value.cpu() for name, value in {**frozen, **head}.items()}
    record = {
        **more,
        "observer": observer,
        "kind": trained.kind,
        "data": data,
        "size": extractor.size,
        "trained_size": extractor.trained_size,
        "pretraining": extractor.pretraining,
        "pretraining_origin": extractor.origin,
        "stands_for": extractor.stands_for,
        "source": extractor.source,
        "backbone_sha256": extractor.sha256,
        "dense": more.get("dense", "pre-trained" if extractor.dense else "fresh"),
        "seed": trained.seed,
        "log_odds": trained.log_odds,
        "n_train": trained.n_train,
        "n_validation": trained.n_validation,
        "best_epoch": trained.best,
        "validation_accuracy": trained.accuracy,
        "log": [{"loss": epoch.loss, "accuracy": epoch.accuracy} for epoch in trained.epochs],
    }
    metadata = {"architecture": extractor.name, KEY: json.dumps(record)}
    metadata["features"] = str(extractor.n_features)
    if extractor.source is not None:
        metadata["source"] = extractor.source
    if extractor.trained_size is not None:
        metadata["size"] = str(extractor.trained_size)
    write_whole(path, weights_bytes(tensors, metadata))
    return record


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
        return None  # reading the weights will report what is wrong with the file
    return record if isinstance(record, dict) and "kind" in record else None


def read_trained_head(path: Path, record: dict[str, Any], observer: str) -> nn.Module:
    """Read the trained head from a file of weights.

    Parameters
    ----------
    path : pathlib.Path
        A file that `save_observer` wrote.
    record : dict
        What `read_record` found in it.
    observer : str
        Name of the observer that was asked for.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, frozen, float32.

    Raises
    ------
    ObserverError
        If the head is another observer's, or not what the record says.
    """
    if record.get("observer") != observer:
        raise ObserverError(
            f"a file with a trained head must be this observer's: {path} holds "
            f"'{record.get('observer')}', not '{observer}'"
        )
    try:
        with safetensors.safe_open(path, "pt") as file:
            names = [name for name in file.keys() if name.startswith(PREFIX)]  # noqa: SIM118
            values = {name.removeprefix(PREFIX): file.get_tensor(name).float() for name in names}
        return load_head(record["kind"], values)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise ObserverError(
            f"a file with a trained head must hold that head: {path} does not ({error}); "
            "train it again"
        ) from None
