"""Run a network on images so that neither their number nor its mode changes an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.backends import cudnn

from psychobench.plugins import ObserverError

BATCH = 12  # always as many images: a short batch is filled up, so batching changes nothing


@torch.inference_mode()
def target_probabilities(
    score: Callable[[NDArray[np.uint8], int], Tensor], images: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Turn scores into the probability of the target, in batches of one size.

    On CUDA convolutions compute in full float32, by the same algorithm every time.

    Parameters
    ----------
    score : callable
        Scores images, shape (n, height, width, 3), in a batch filled up to the given number;
        shape (n, 2), the target second, before the softmax.
    images : ndarray of uint8, shape (n, height, width, 3)
        Any number of them.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    answers = [np.empty(0)]
    with cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        for start in range(0, len(images), BATCH):
            scores = score(images[start : start + BATCH], BATCH)
            answers.append(scores.double().softmax(1)[:, 1].cpu().numpy())
    return np.concatenate(answers)


def run_filled(network: nn.Module, batch: Tensor, size: int) -> Tensor:
    """Run a network in evaluation mode on a batch that is filled up to `size` with zeros.

    The results are those of the filled batch; the network's mode is left as it was found.
    """
    filling = batch.new_zeros((size - len(batch), *batch.shape[1:]))
    with evaluating(network):
        results: Tensor = network(torch.cat([batch, filling]))
    return results


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Set a network to evaluation mode, and restore the mode of each of its parts afterwards.

    Examples
    --------
    >>> network = nn.Sequential(nn.Dropout(), nn.ReLU()).train()
    >>> with evaluating(network):
    ...     network.training
    False
    >>> network[0].training
    True
    """
    parts = list(network.modules())
    modes = [part.training for part in parts]
    network.eval()
    try:
        yield
    finally:
        for part, mode in zip(parts, modes, strict=True):
            part.training = mode


def check_images(images: NDArray[np.uint8], name: str) -> None:
    """Refuse what is not a batch of decoded RGB images.

    Raises
    ------
    ObserverError
        With the observer's name and what it was given.
    """
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ObserverError(
            f"images must be uint8 of shape (n, height, width, 3): '{name}' was given "
            f"{images.dtype} of shape {images.shape}"
        )
