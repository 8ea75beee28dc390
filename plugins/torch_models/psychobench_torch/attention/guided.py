"""Guided Backpropagation and Guided Grad-CAM: signed gradients at the pixels.

References
----------
Springenberg, J. T. et al. (2015). Striving for simplicity. ICLR workshop, section 3.4.
Selvaraju, R. R. et al. (2017). Grad-CAM. ICCV, section 3.2.
Simonyan, K. et al. (2014). Deep inside convolutional networks. ICLR workshop, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from psychobench_torch.attention.targets import Target

REDUCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "abs-max": lambda signed: signed.abs().amax(1),
    "abs-sum": lambda signed: signed.abs().sum(1),
    "positive-sum": lambda signed: signed.relu().sum(1),
    "sum": lambda signed: signed.sum(1),
    "norm": lambda signed: signed.norm(dim=1),
}
"""How three signed channels become one map; ``abs-max`` is Simonyan and colleagues' reading."""
_RELUS = {
    functional.relu, torch.relu, Tensor.relu, torch.relu_, Tensor.relu_, functional.relu_,
}  # fmt: skip


class _GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        rectified = values.relu()
        ctx.save_for_backward(rectified)
        return rectified

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        rectified: Tensor = ctx.saved_tensors[0]
        return gradients[0].clamp(min=0) * (rectified > 0)


class _Guided(TorchFunctionMode):
    """Pass only positive gradients back through any ReLU, layer or function, while active."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _RELUS:
            values = args[0] if args else (kwargs or {})["input"]
            return _GuidedReLU.apply(values)  # type: ignore[no-untyped-call]
        return func(*args, **(kwargs or {}))


def guided_gradients(module: nn.Module, images: Tensor, target: Target) -> Tensor:
    """Compute the guided derivative of the target's score with respect to the pixels.

    Every ReLU of the network passes back only what is positive, the one in FE-AlexNet's
    excitation too. The network itself is not changed.

    Parameters
    ----------
    module : torch.nn.Module
        The network, from images to scores before the softmax, in evaluation mode.
    images : Tensor of float32, shape (n, 3, height, width)
        Normalised.
    target : Target
        Which score.

    Returns
    -------
    Tensor, shape (n, 3, height, width)
        Signed.
    """
    pixels = images.detach().clone().requires_grad_()
    with _Guided():
        scores = module(pixels)
    explained = (target.coefficients(scores.detach()) * scores).sum()
    (gradient,) = torch.autograd.grad(explained, pixels)
    return gradient


def guided_gradcam(guided: Tensor, coarse: Tensor) -> Tensor:
    """Multiply guided gradients, point by point, with a Grad-CAM map scaled up to the pixels.

    Parameters
    ----------
    guided : Tensor, shape (n, 3, height, width)
        From `guided_gradients`.
    coarse : Tensor, shape (n, h, w)
        From Grad-CAM.

    Returns
    -------
    Tensor, shape (n, 3, height, width)
    """
    return guided * upscale(coarse, guided.shape[-2], guided.shape[-1])[:, None]


def upscale(maps: Tensor, height: int, width: int) -> Tensor:
    """Resize maps, shape (n, h, w), bilinearly with ``align_corners=False``."""
    return functional.interpolate(
        maps[:, None], (height, width), mode="bilinear", align_corners=False
    )[:, 0]
