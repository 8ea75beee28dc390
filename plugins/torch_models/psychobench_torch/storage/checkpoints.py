"""Long work that can be interrupted: its state in two files, written whole, checked when read.

A checkpoint is a safetensors file, and ``checkpoint.json``, which names that file and its hash. The
record is replaced last, so a process that is killed at any moment leaves either the old checkpoint
or the new one. Neither file can hold anything that is executed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from psychobench.plugins import ObserverError, ResourceError, sha256, write_whole
from psychobench_torch.storage.store import json_bytes, plain

RECORD = "checkpoint.json"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a piece of work.

    Parameters
    ----------
    tensors : dict of str to Tensor
        Parameters, the optimiser's state, states of generators; on the CPU when read.
    record : dict
        Everything else, as JSON takes it: position, schedule, log.
    """

    tensors: dict[str, Tensor]
    record: dict[str, Any] = field(default_factory=dict)


def write_checkpoint(folder: Path, checkpoint: Checkpoint, determinants: Mapping[str, Any]) -> None:
    """Replace the checkpoint in `folder`, or leave the old one if that fails.

    Parameters
    ----------
    folder : pathlib.Path
        Of this piece of work alone; created if need be.
    checkpoint : Checkpoint
        The state to go on from.
    determinants : Mapping
        What the work consists of, as JSON takes it: recipe, network, hash of the data.

    Raises
    ------
    ResourceError
        If the folder cannot be written, or its disk is too full: the message says how much is
        needed.
    """
    values = {name: value.detach().cpu() for name, value in checkpoint.tensors.items()}
    data = safetensors.torch.save({name: value.contiguous() for name, value in values.items()})
    digest = hashlib.sha256(data).hexdigest()
    weights = folder / f"checkpoint-{digest[:16]}.safetensors"
    noted = {
        "file": weights.name,
        "sha256": digest,
        "determinants": dict(determinants),
        "record": checkpoint.record,
    }
    text = json_bytes(noted)
    try:
        _check_space(folder, len(data) + len(text))
        write_whole(weights, data)
        write_whole(folder / RECORD, text)
    except (OSError, ResourceError) as error:
        raise ResourceError(
            f"a checkpoint must be written: it needs {_megabytes(len(data) + len(text))} in "
            f"{folder} ({error}); free some space and start again: training continues from the "
            "previous checkpoint, if there is one"
        ) from None
    _tidy(folder, weights.name)


def read_checkpoint(folder: Path, determinants: Mapping[str, Any]) -> Checkpoint | None:
    """Read back the state of the work that `determinants` describe.

    Returns
    -------
    Checkpoint or None
        None where there is none yet.

    Raises
    ------
    ObserverError
        If the checkpoint belongs to other work: the message names the first difference.
    ResourceError
        If it is damaged.
    """
    record = folder / RECORD
    if not record.is_file():
        return None
    try:
        noted = json.loads(record.read_text("utf-8"))
        weights = folder / str(noted["file"])
        difference = first_difference(noted["determinants"], plain(determinants))
        if difference is None and sha256(weights) != noted["sha256"]:
            raise ValueError("its hash is not the recorded one")
        found = None if difference else safetensors.torch.load_file(weights)
        kept = dict(noted["record"])
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise ResourceError(
            f"a checkpoint must be whole: the one in {folder} is damaged ({error}); delete that "
            "folder to start again"
        ) from None
    if found is None:
        raise ObserverError(
            f"a checkpoint must be of the same training: the one in {folder} has {difference}; "
            "give the same options as then, or another folder, or delete that one"
        )
    return Checkpoint(found, kept)


def remove_checkpoint(folder: Path) -> None:
    """Delete the checkpoint in `folder`, and the folder if nothing else is in it."""
    (folder / RECORD).unlink(missing_ok=True)  # first: without it the rest counts as not there
    _tidy(folder, None)
    with contextlib.suppress(OSError):
        folder.rmdir()


def first_difference(then: Any, now: Any, place: str = "") -> str | None:
    """Describe the first difference between two nested JSON values.

    Examples
    --------
    >>> first_difference({"recipe": {"seed": 0, "batch": 8}}, {"recipe": {"seed": 1, "batch": 8}})
    'recipe.seed 0, not 1'
    >>> first_difference([1, 2], [1, 2]) is None
    True
    """
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = [*now, *(key for key in then if key not in now)]
        pairs = [(f"{place}.{key}".lstrip("."), then.get(key), now.get(key)) for key in keys]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = [(f"{place}[{i}]", *both) for i, both in enumerate(zip(then, now, strict=True))]
    else:
        return None if then == now else f"{place} {json.dumps(then)}, not {json.dumps(now)}"
    found = (first_difference(old, new, name) for name, old, new in pairs)
    return next((difference for difference in found if difference), None)


def _check_space(folder: Path, needed: int) -> None:
    existing = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise ResourceError(f"only {_megabytes(free)} are free")


def _tidy(folder: Path, current: str | None) -> None:
    """Remove checkpoints that no record names, and what a killed process left half written."""
    for pattern in ("checkpoint-*.safetensors", ".partial-*"):
        for path in folder.glob(pattern):
            if path.name != current:
                path.unlink(missing_ok=True)


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"
