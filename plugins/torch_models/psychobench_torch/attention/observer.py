"""Attention of observers that are torch networks, by the optional protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychobench.plugins import AttentionMaps
from psychobench_torch.attention.interface import METHODS, Network, Window, central_square

_AT_ONCE = 128  # images prepared at once


class TorchAttention:
    """Base class that adds attention maps to an observer with `module` and `prepare`."""

    @property
    def attention_methods(self) -> Sequence[str]:
        """The names that `attention` takes as `method`."""
        return METHODS

    def attention_window(self, height: int, width: int) -> Window:
        """Return the part of an image that the network sees: the central square."""
        return central_square(height, width)

    def attention(
        self: Any,
        images: NDArray[np.uint8],
        *,
        method: str,
        layer: str | None = None,
        target: str | None = None,
        **options: Any,
    ) -> AttentionMaps:
        """Map where the network looks; see `OffersAttention`.

        ``cam`` regresses on rendered faces when it is first asked of a network whose head is no
        linear layer over pooled channels; that takes minutes, once, and is kept in the user's
        cache folder.
        """
        return observer_attention(
            self, images, method=method, layer=layer, target=target, **options
        )


def observer_attention(
    observer: Network,
    images: NDArray[np.uint8],
    *,
    method: str,
    layer: str | None = None,
    target: str | None = None,
    **options: Any,
) -> AttentionMaps:
    """Map an observer's attention through its network.

    Parameters
    ----------
    observer : Network
        With `module`, `prepare` and `info`.
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB.
    method, layer, target, **options
        As for `psychobench_torch.attention.attend`, whose readings `options` are.

    Returns
    -------
    AttentionMaps
        Their `window` says which part of the images the network saw.
    """
    from psychobench_torch.attention.attend import attend, check_readings

    weights = options.pop("weights", None)
    check_readings(method, options)
    window = getattr(observer, "attention_window", central_square)(*images.shape[1:3])
    labels = observer.info.labels
    if method == "cam" and weights is None:
        from psychobench_torch.attention.cam_faces import observer_weights

        weights = observer_weights(observer, layer)
    parts = [
        attend(
            observer.module,
            observer.prepare(images[start : start + _AT_ONCE]),
            method=method,
            layer=layer,
            target=target,
            labels=labels,
            weights=weights,
            progress=True,
            **options,
        )
        for start in range(0, max(1, len(images)), _AT_ONCE)
    ]
    return replace(parts[0], maps=np.concatenate([part.maps for part in parts]), window=window)
