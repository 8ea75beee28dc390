"""Trained heads in the user's cache folder, under a key made of all that determines them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

import safetensors
import safetensors.torch
import torch
from torch import nn

from psychobench.plugins import ResourceError
from psychobench_torch.heads.head_types import load_head
from psychobench_torch.heads.low_rank import is_packed, unpack
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.storage.cache import limit_heads
from psychobench_torch.storage.store import KEY_DIGITS, KeptFile, cache_folder, note
from psychobench_torch.storage.training_log import Epoch

InitialHead: TypeAlias = Callable[[], nn.Module]
_RECORDED = ("n_train", "n_validation", "kind", "seed", "log_odds")  # of a TrainedHead


def read_head(key: str, initial: InitialHead | None = None) -> tuple[TrainedHead, str] | None:
    """Read a head of any kind, with the hash of its file.

    A file that does not match the hash beside it is noted and counts as not there.

    Parameters
    ----------
    key : str
        Of `psychobench_torch.storage.store.cache_key`.
    initial : callable, optional
        Makes the head as its training began, which one of a low rank needs.

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
        trained = head_of(data, record, initial)
        os.utime(file.path)  # the last that were used stay: see `psychobench_torch.storage.cache`
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        note(f"the trained head in {file.path} is damaged ({error}); it is trained again")
        return None
    return trained, str(record["sha256"])


def write_head(key: str, trained: TrainedHead, determinants: Mapping[str, Any]) -> str | None:
    """Write a head, or the change to its initial values, with its record.

    Returns
    -------
    str or None
        The hash of its file. None where the folder cannot be written, which is noted.
    """
    record = {
        **head_record(trained), "determinants": dict(determinants), "torch": torch.__version__,
    }  # fmt: skip
    file = head_file(key)
    try:
        digest = str(file.write(head_bytes(trained), record)["sha256"])
    except (OSError, ResourceError):
        note(
            f"the trained head could not be kept in {file.path.parent}, so it will be trained "
            "again next time; set PSYCHOBENCH_CACHE to a folder that can be written"
        )
        return None

    limit_heads()
    return digest


def head_sha256(trained: TrainedHead) -> str:
    """Hash a head as its file would be."""
    return hashlib.sha256(head_bytes(trained)).hexdigest()


def head_file(key: str) -> KeptFile:
    """Return where a head is kept."""
    return KeptFile(cache_folder("heads") / f"head-{key[:KEY_DIGITS]}.safetensors")


def head_record(trained: TrainedHead) -> dict[str, Any]:
    """Return what a record says of a head, as JSON takes it."""
    return {
        "epochs": [asdict(epoch) for epoch in trained.epochs],
        **{name: getattr(trained, name) for name in _RECORDED},
    }


def head_bytes(trained: TrainedHead) -> bytes:
    """Return the bytes of a head's file: float16, or what is kept of a change at a low rank."""
    change = trained.change or {name: v.half() for name, v in trained.head.state_dict().items()}
    return safetensors.torch.save({name: value.contiguous() for name, value in change.items()})


def head_of(
    data: bytes, record: Mapping[str, Any], initial: InitialHead | None = None
) -> TrainedHead:
    """Make a head out of the bytes of its file and its record.

    Parameters
    ----------
    data : bytes
        Of `head_bytes`.
    record : mapping
        With what `head_record` returned.
    initial : callable, optional
        Makes the head as its training began.

    Raises
    ------
    ValueError, KeyError, TypeError, SafetensorError
        If they are not those of a head.
    """
    values = safetensors.torch.load(data)
    change = values if is_packed(values) else {}
    if change:
        if initial is None:
            raise ValueError("it holds a change, and the head before it is not known")
        values = unpack(change, initial().state_dict())
    return TrainedHead(
        head=load_head(record["kind"], {name: value.float() for name, value in values.items()}),
        epochs=tuple(Epoch(**epoch) for epoch in record["epochs"]),
        **{name: record[name] for name in _RECORDED},
        change=change,
    )
