"""Trained heads in the user's cache folder, under a key made of all that determines them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import safetensors
import safetensors.torch
from torch import nn

from psychobench.plugins import ResourceError
from psychobench_torch.heads.head_types import load_head
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.storage.store import KEY_DIGITS, KeptFile, cache_folder, note
from psychobench_torch.storage.training_log import Epoch

_RECORDED = ("n_train", "n_validation", "kind", "seed", "log_odds")  # of a TrainedHead


def read_head(key: str) -> tuple[TrainedHead, str] | None:
    """Read a head of any kind, with the hash of its file.

    A file that does not match the hash beside it is noted and counts as not there.

    Parameters
    ----------
    key : str
        Of `psychobench_torch.storage.store.cache_key`.

    Returns
    -------
    tuple of TrainedHead and str, or None
        None where there is none, or none that is whole.
    """
    file = head_file(key)
    if not file.exists():
        return None
    try:
        data, record = file.read()
        trained = TrainedHead(
            head=_head_of(record["kind"], data),
            epochs=tuple(Epoch(**epoch) for epoch in record["epochs"]),
            **{name: record[name] for name in _RECORDED},
        )
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        note(f"the trained head in {file.path} is damaged ({error}); it is trained again")
        return None
    return trained, str(record["sha256"])


def write_head(key: str, trained: TrainedHead, determinants: Mapping[str, Any]) -> str | None:
    """Write a head as float16 with its record.

    Returns
    -------
    str or None
        The hash of its file. None where the folder cannot be written, which is noted.
    """
    record = {
        "epochs": [asdict(epoch) for epoch in trained.epochs],
        **{name: getattr(trained, name) for name in _RECORDED},
        "determinants": dict(determinants),
    }
    file = head_file(key)
    try:
        return str(file.write(_bytes_of(trained), record)["sha256"])
    except (OSError, ResourceError):
        note(
            f"the trained head could not be kept in {file.path.parent}, so it will be trained "
            "again next time; set PSYCHOBENCH_CACHE to a folder that can be written"
        )
        return None


def head_sha256(trained: TrainedHead) -> str:
    """Hash a head as its file would be."""
    return hashlib.sha256(_bytes_of(trained)).hexdigest()


def head_file(key: str) -> KeptFile:
    """Return where a head is kept."""
    return KeptFile(cache_folder("heads") / f"head-{key[:KEY_DIGITS]}.safetensors")


def _bytes_of(trained: TrainedHead) -> bytes:
    values = {name: value.half().contiguous() for name, value in trained.head.state_dict().items()}
    return safetensors.torch.save(values)


def _head_of(kind: str, data: bytes) -> nn.Module:
    values = {name: value.float() for name, value in safetensors.torch.load(data).items()}
    return load_head(kind, values)
