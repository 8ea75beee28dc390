"""Grad-CAM and LayerCAM: activations of a layer, weighted by the score's gradient.

References
----------
Selvaraju, R. R. et al. (2017). Grad-CAM. ICCV, equations 1 and 2.
Jiang, P.-T. et al. (2021). LayerCAM. IEEE Transactions on Image Processing, 30, equations 4 to 6.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from psychobench_torch.attention.hooks import captured
from psychobench_torch.attention.targets import Target


def activations_and_gradients(
    module: nn.Module, images: Tensor, layer: nn.Module, target: Target
) -> tuple[Tensor, Tensor]:
    """Compute a layer's output and the derivative of the target's score with respect to it.

    Parameters
    ----------
    module : torch.nn.Module
        The network, from images to scores before the softmax, in evaluation mode.
    images : Tensor of float32, shape (n, 3, height, width)
        Normalised.
    layer : torch.nn.Module
        A part of `module`.
    target : Target
        Which score.

    Returns
    -------
    tuple of Tensor, shape (n, channels, h, w)
        Each image's own: in evaluation mode images know nothing of each other.
    """
    with captured({"layer": layer}) as outputs:
        scores = module(images)
    explained = (target.coefficients(scores.detach()) * scores).sum()
    (gradient,) = torch.autograd.grad(explained, outputs["layer"])
    return outputs["layer"].detach(), gradient


def gradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weight each channel by its mean gradient, sum over channels, keep what is positive.

    Examples
    --------
    >>> gradcam(torch.ones(1, 2, 1, 1), torch.tensor([2.0, -1.0]).view(1, 2, 1, 1)).item()
    1.0
    """
    weights = gradients.mean((2, 3), keepdim=True)
    return (weights * activations).sum(1).relu()


def layercam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weight each value by its own gradient where that is positive, sum over channels.

    Examples
    --------
    >>> layercam(torch.ones(1, 2, 1, 1), torch.tensor([2.0, -1.0]).view(1, 2, 1, 1)).item()
    2.0
    """
    return (gradients.relu() * activations).sum(1).relu()
