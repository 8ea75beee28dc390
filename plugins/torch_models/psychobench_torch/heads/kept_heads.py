"""Keep trained heads in the user's cache folder, under a key made of all that determines them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import nn

from psychobench.plugins import ResourceError, write_whole
from psychobench_torch.heads.head_types import load_head
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.storage.store import cache_folder, note
from psychobench_torch.storage.training_log import Epoch

_NOTED = ("n_train", "n_validation", "kind", "seed", "log_odds")  # of a TrainedHead


def read_head(key: str) -> tuple[TrainedHead, str] | None:
    """Read a head of any kind back, with the hash of its file.

    A file that does not match the hash beside it is reported on stderr and counts as not there.

    Returns
    -------
    tuple of TrainedHead and str, or None
        None where there is none, or none that is whole.
    """
    weights, record = head_files(key)
    if not (weights.is_file() and record.is_file()):
        return None
    try:
        data = weights.read_bytes()
        noted = json.loads(record.read_text("utf-8"))
        digest = hashlib.sha256(data).hexdigest()
        if digest != noted["sha256"]:
            raise ValueError("its hash is not the one noted when it was written")
        trained = TrainedHead(
            head=_head_of(noted["kind"], data),
            epochs=tuple(Epoch(**epoch) for epoch in noted["epochs"]),
            **{name: noted[name] for name in _NOTED},
        )
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        note(f"the trained head in {weights} is damaged ({error}); it is trained again")
        return None
    return trained, digest


def write_head(key: str, trained: TrainedHead, determinants: Mapping[str, Any]) -> str | None:
    """Write a head as float16 with its record.

    The record comes last, so that a head without one was not written to the end.

    Returns
    -------
    str or None
        The hash of its file. None where the folder cannot be written; that is noted on stderr.
    """
    data = _bytes_of(trained)
    digest = hashlib.sha256(data).hexdigest()
    noted = {
        "sha256": digest,
        "epochs": [asdict(epoch) for epoch in trained.epochs],
        **{name: getattr(trained, name) for name in _NOTED},
        "determinants": dict(determinants),
    }
    weights, record = head_files(key)
    try:
        record.unlink(missing_ok=True)
        write_whole(weights, data)
        write_whole(record, (json.dumps(noted, indent=1) + "\n").encode())
    except (OSError, ResourceError):
        note(
            f"the trained head could not be kept in {weights.parent}, so it will be trained again "
            "next time; set PSYCHOBENCH_CACHE to a folder that can be written"
        )
        return None
    return digest


def head_sha256(trained: TrainedHead) -> str:
    """Hash a head as its file would be."""
    return hashlib.sha256(_bytes_of(trained)).hexdigest()


def head_files(key: str) -> tuple[Path, Path]:
    """Name the two files of a head: its values and its record."""
    folder = cache_folder()
    return folder / f"head-{key[:24]}.safetensors", folder / f"head-{key[:24]}.json"


def _bytes_of(trained: TrainedHead) -> bytes:
    values = {name: value.half().contiguous() for name, value in trained.head.state_dict().items()}
    return safetensors.torch.save(values)


def _head_of(kind: str, data: bytes) -> nn.Module:
    values = {name: value.float() for name, value in safetensors.torch.load(data).items()}
    return load_head(kind, values)
