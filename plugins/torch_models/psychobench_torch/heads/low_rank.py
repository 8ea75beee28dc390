"""Heads whose large layers change at a low rank: initial values that stay, and two thin factors.

A layer's weights are ``W + U V``: W as it was drawn (or pre-trained), U and V with as many columns
and rows as the rank. Trained this way a head of 42 million weights learns 0.7 million values, needs
neither their gradients nor an optimiser's memory of them, and is kept in 0.7 MB.

References
----------
Hu, E. J. et al. (2022). LoRA: low-rank adaptation of large language models. ICLR.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from psychobench_torch.heads.initial_values import draw_factor

STEPS = 127  # of 8 bits, on either side of zero


class LowRankLinear(nn.Module):
    """A linear layer, ``x (W + U V)^T + b``, of which U, V and b are trained.

    Parameters
    ----------
    layer : torch.nn.Linear
        With the values that stay.
    down : Tensor, shape (rank, inputs)
        Initial values of V; those of U are zero, so that nothing changes at first.
    """

    weight: Tensor

    def __init__(self, layer: nn.Linear, down: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", layer.weight.detach(), persistent=False)
        self.up = nn.Parameter(torch.zeros(layer.out_features, len(down)))
        self.down = nn.Parameter(down)
        self.bias = layer.bias
        self.known: Tensor | None = (
            None  # ``x W^T`` of the next batch, where it was computed before
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to a batch, shape (n, inputs)."""
        still = functional.linear(x, self.weight) if self.known is None else self.known
        change = functional.linear(functional.linear(x, self.down), self.up)
        return still + change if self.bias is None else still + change + self.bias


class Unchanging:
    """What the first layer's initial values make of the training images: computed once, not again.

    It is a third of the products of a step. Where dropout comes before the layer there is nothing
    to keep.

    Parameters
    ----------
    head : torch.nn.Module
        Of `with_low_rank`.
    """

    def __init__(self, head: nn.Module) -> None:
        first = next(head.children())
        layer = getattr(first, "squeeze", first)
        self._layer = layer if isinstance(layer, LowRankLinear) else None
        self._seen: tuple[Tensor, Tensor] | None = None  # features, and their product

    @torch.no_grad()
    def look_up(self, features: Tensor, rows: Tensor) -> None:
        """Set the layer's product for the next batch, of these rows of all features."""
        if self._layer is None:
            return
        if self._seen is None or self._seen[0] is not features:
            weight = self._layer.weight
            parts = [
                functional.linear(part.to(weight.device).float(), weight)
                for part in torch.split(features, 512)
            ]
            self._seen = features, torch.cat(parts)
        self._layer.known = self._seen[1][rows.to(self._layer.weight.device)]

    def forget(self) -> None:
        """Let the layer compute the product itself again."""
        if self._layer is not None:
            self._layer.known = None


def is_large(shape: tuple[int, ...], rank: int) -> bool:
    """Return whether a weight of that shape is one whose change is kept as two factors."""
    return 0 < rank < min(shape) and len(shape) == 2


def with_low_rank(head: nn.Module, rank: int, seed: int) -> nn.Module:
    """Replace the large layers of a head by layers of which only factors are trained.

    Parameters
    ----------
    head : torch.nn.Module
        With its initial values, which stay; it is changed.
    rank : int
        Of the change; layers with no more inputs or outputs than that are trained whole.
    seed : int
        Draws the factors' initial values.
    """
    layers = [pair for pair in head.named_modules() if isinstance(pair[1], nn.Linear)]
    for number, (name, layer) in enumerate(layers):
        if isinstance(layer, nn.Linear) and is_large(tuple(layer.weight.shape), rank):
            down = draw_factor(layer, rank, seed=seed, number=number)
            parent, _, own = name.rpartition(".")
            setattr(head.get_submodule(parent), own, LowRankLinear(layer, down))
    return head


def pack(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round a trained head to what is kept: factors to 8 bits, whatever else to float16.

    The factors are turned first so that their columns are orthogonal and share the singular values
    of their product evenly: then one scale for each column serves both, and 8 bits suffice.

    Parameters
    ----------
    values : mapping of str to Tensor
        The trained values, ``LAYER.up`` and ``LAYER.down`` among them.

    Returns
    -------
    dict of str to Tensor
        For each such layer ``LAYER.up`` and ``LAYER.down`` in int8 and ``LAYER.scale`` in float32,
        shape (rank,); the others in float16.
    """
    packed = {}
    for name, value in values.items():
        layer, _, part = name.rpartition(".")
        if f"{layer}.down" not in values or part not in ("up", "down"):
            packed[name] = value.half().contiguous()
        elif part == "up":
            up, down = _balanced(value.float(), values[f"{layer}.down"].float())
            sizes = up.abs().amax(0), down.abs().amax(1)
            packed[f"{layer}.up"] = _eight_bits(up, sizes[0])
            packed[f"{layer}.down"] = _eight_bits(down, sizes[1][:, None])
            packed[f"{layer}.scale"] = sizes[0] * sizes[1] / STEPS**2
    return packed


def unpack(packed: Mapping[str, Tensor], initial: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Make a head's values out of what `pack` kept and its initial values.

    Parameters
    ----------
    packed : mapping of str to Tensor
        What `pack` returned.
    initial : mapping of str to Tensor
        By the layers' names; large ones are changed in place.

    Raises
    ------
    ValueError
        If a layer is missing or has another shape: names it.
    """
    values = {}
    for name, kept in packed.items():
        layer, _, part = name.rpartition(".")
        if f"{layer}.scale" not in packed or part == "bias":
            values[name] = kept.float()
        elif part == "up":
            weight, down = initial.get(f"{layer}.weight"), packed[f"{layer}.down"]
            if weight is None or weight.shape != (len(kept), down.shape[1]):
                raise ValueError(f"layer {layer} has no initial values of that shape")
            scaled = kept.float() * packed[f"{layer}.scale"]
            values[f"{layer}.weight"] = weight.addmm_(scaled, down.float())
    return values


def is_packed(values: Mapping[str, Tensor]) -> bool:
    """Return whether values are a change to initial ones, as `pack` makes it."""
    return any(name.endswith(".scale") for name in values)


def _balanced(up: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """Turn two factors so that each carries the root of their product's singular values."""
    left, small_left = torch.linalg.qr(up)
    right, small_right = torch.linalg.qr(down.t())
    u, s, v = torch.linalg.svd(small_left @ small_right.t())
    root = s.sqrt()
    return left @ u * root, root[:, None] * (v @ right.t())


def _eight_bits(values: Tensor, sizes: Tensor) -> Tensor:
    sizes = torch.where(sizes > 0, sizes, 1.0)
    return (values / sizes * STEPS).round().to(torch.int8).contiguous()
