"""Torch observers for psychobench."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["TorchObserver"]

if TYPE_CHECKING:
    from psychobench_torch.observers.torch_observer import TorchObserver


def __getattr__(name: str) -> Any:
    """Import torch only where `TorchObserver` is asked for."""
    if name == "TorchObserver":
        from psychobench_torch.observers.torch_observer import TorchObserver

        return TorchObserver
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
