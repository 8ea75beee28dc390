"""Trained heads that come with the package, so that a comparison needs no training.

For every observer and bundled pre-training there is a model card, a JSON file that says how its
heads were trained and how they judge people nobody trained on, and for each seed a file with the
change of the head from its initial values (`psychobench_torch.heads.low_rank`). The initial values
are drawn again, and must have the hash that the card has for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors

from psychobench.plugins import ObserverError
from psychobench_torch.heads.kept_heads import InitialHead, head_of
from psychobench_torch.heads.shipped_cards import FOLDER
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.storage.weight_files import tensors_sha256


def read_shipped(
    entry: Mapping[str, Any], initial: InitialHead, folder: Path = FOLDER
) -> tuple[TrainedHead, str]:
    """Read a head that comes with the package, with the hash of its file.

    Parameters
    ----------
    entry : mapping
        Of `shipped_entry`.
    initial : callable
        Makes the head as its training began.
    folder : pathlib.Path, optional
        Where the file is.

    Raises
    ------
    ObserverError
        If the file is not the one that was shipped, or the initial values are not those that the
        head was trained from.
    """
    path = folder / str(entry["file"])
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise ValueError("its hash is not the one in its model card")
        return head_of(data, entry, lambda: _checked(initial(), entry)), str(entry["sha256"])
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise ObserverError(
            f"trained heads must be as shipped: {path} is missing or damaged ({error}); reinstall "
            "psychobench-torch"
        ) from None


def _checked(head: Any, entry: Mapping[str, Any]) -> Any:
    if tensors_sha256(head.state_dict()) != entry["initial_sha256"]:
        raise ValueError(
            "the initial values that this machine draws are not those that it was trained from"
        )
    return head
