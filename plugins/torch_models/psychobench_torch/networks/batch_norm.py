"""Batch normalisation for the time of training: a deep plain network learns in few steps with it.

Afterwards a normalisation is a fixed scale and shift of each channel, which becomes part of the
convolution before it, so that the network is the plain one again and computes the same.

References
----------
Ioffe, S. & Szegedy, C. (2015). Batch normalization. ICML, section 3.1 and algorithm 2, step 11.
"""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def with_batch_norm(network: nn.Sequential) -> nn.Sequential:
    """Insert a batch normalisation behind every convolution; the layers themselves are shared.

    Parameters
    ----------
    network : torch.nn.Sequential
        Convolutions, activations, pooling.

    Returns
    -------
    torch.nn.Sequential
        torchvision's VGG11 becomes the order of its VGG11 with batch normalisation.

    Examples
    --------
    >>> [type(layer).__name__ for layer in with_batch_norm(nn.Sequential(nn.Conv2d(3, 8, 3)))]
    ['Conv2d', 'BatchNorm2d']
    """
    layers: list[nn.Module] = []
    for layer in network:
        layers.append(layer)
        if isinstance(layer, nn.Conv2d):
            layers.append(nn.BatchNorm2d(layer.out_channels))
    return nn.Sequential(*layers)


def fold_batch_norm(network: nn.Sequential) -> nn.Sequential:
    """Make every batch normalisation part of the convolution before it.

    Parameters
    ----------
    network : torch.nn.Sequential
        As `with_batch_norm` gave it, in evaluation mode.

    Returns
    -------
    torch.nn.Sequential
        A new network without normalisations, of the same outputs up to rounding.

    Raises
    ------
    ValueError
        If the network is in training mode, in which normalisation depends on the batch.
    """
    if network.training:
        raise ValueError("batch normalisation folds in evaluation mode only: call eval() before")
    layers: list[nn.Module] = []
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            convolution = layers.pop()
            if not isinstance(convolution, nn.Conv2d):
                raise ValueError(f"a batch normalisation follows {type(convolution).__name__}")
            layers.append(fuse_conv_bn_eval(convolution, layer))
        else:
            layers.append(layer)
    return nn.Sequential(*layers).eval()
