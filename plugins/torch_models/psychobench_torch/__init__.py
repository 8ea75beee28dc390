"""Torch observers for psychobench.

The public names load what they need when they are first used: listing observers imports no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from psychobench_torch.version import __version__

__all__ = [
    "TorchObserver",
    "__version__",
    "clear_cache",
    "list_cache",
    "reproduce",
    "train",
    "write_photograph_maps",
]

if TYPE_CHECKING:
    from psychobench_torch.attention.photograph_files import (
        write_photograph_maps as write_photograph_maps,
    )
    from psychobench_torch.observers.torch_observer import TorchObserver as TorchObserver
    from psychobench_torch.reproduction.reproduce import reproduce as reproduce
    from psychobench_torch.storage.cache import (
        clear_cache as clear_cache,
    )
    from psychobench_torch.storage.cache import (
        list_cache as list_cache,
    )
    from psychobench_torch.training.train import train as train

_HOMES = {
    "TorchObserver": "psychobench_torch.observers.torch_observer",
    "clear_cache": "psychobench_torch.storage.cache",
    "list_cache": "psychobench_torch.storage.cache",
    "reproduce": "psychobench_torch.reproduction.reproduce",
    "train": "psychobench_torch.training.train",
    "write_photograph_maps": "psychobench_torch.attention.photograph_files",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
