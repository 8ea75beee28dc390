"""Initial values of heads: the same bytes on every platform and with every release of torch.

torch promises no such thing of its own generators, nor a C library of its logarithms and cosines.
The integers of numpy's Philox are fixed for good, and what follows on them is exact: an integer
of 16 bits plus one half, multiplied once in float32.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

_AT_ONCE = 2**18  # values: what is worked on stays in the processor's cache
_DOWN = 2**32  # where the numbers of factors begin; those of layers begin at 0


def draw_uniform(shape: tuple[int, int], *, seed: int, number: int) -> Tensor:
    """Draw a weight matrix, uniform, with the variance that keeps the activations' through a ReLU.

    Parameters
    ----------
    shape : tuple of int
        Outputs, inputs.
    seed : int
        Not negative.
    number : int
        Of the matrix among those of one seed.

    Returns
    -------
    Tensor of float32
        Between ``-sqrt(6 / inputs)`` and ``sqrt(6 / inputs)``, at 65,536 equidistant values.

    References
    ----------
    He, K. et al. (2015). Delving deep into rectifiers. ICCV, equation 10: a variance of 2 / inputs.
    Salmon, J. K. et al. (2011). Parallel random numbers: as easy as 1, 2, 3. SC '11 (Philox).

    Examples
    --------
    >>> draw_uniform((1, 3), seed=0, number=0).tolist()
    [[-0.4352306127548218, 0.09825003147125244, -0.7690606117248535]]
    """
    values = np.empty(math.prod(shape), np.float32)
    scale = np.float32(math.sqrt(6 / shape[1]) / 2**15)
    source = np.random.Philox(key=np.array([seed, number], np.uint64))
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        raw = source.random_raw(-(-len(part) // 4)).astype("<u8", copy=False)
        np.add(raw.view("<i2")[: len(part)], np.float32(0.5), out=part)
        part *= scale
    return torch.from_numpy(values.reshape(shape))


def draw_initial_values(head: nn.Module, seed: int) -> None:
    """Draw every weight matrix of a head anew; biases become zero.

    Parameters
    ----------
    head : torch.nn.Module
        On the CPU or the meta device; its values are replaced.
    seed : int
        Not negative.
    """
    values = {}
    for number, (name, value) in enumerate(head.state_dict().items()):
        if value.ndim == 2:
            values[name] = draw_uniform((len(value), value.shape[1]), seed=seed, number=number)
        else:
            values[name] = torch.zeros(value.shape)
    head.load_state_dict(values, assign=True)


def draw_factor(layer: nn.Linear, rank: int, *, seed: int, number: int) -> Tensor:
    """Draw the factor of a layer's change that takes the layer's inputs; shape (rank, inputs)."""
    return draw_uniform((rank, layer.in_features), seed=seed, number=_DOWN + number)
