"""CAM: a layer's channels, weighted as they predict the scores.

References
----------
Zhou, B. et al. (2016). Learning deep features for discriminative localization. CVPR, equation 2.
Ebrahimpour, M. K. et al. (2019). ISVC, equation 1.
Hoerl, A. E. & Kennard, R. W. (1970). Ridge regression. Technometrics, 12, 55-67.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from psychobench.plugins import ObserverError, OptionError
from psychobench_torch.attention.hooks import as_it_was, captured
from psychobench_torch.attention.layers import find_layer

AT_LEAST = 5000  # images: a dozen cannot fit the weights of 256 channels
PENALTIES = 10.0 ** np.arange(-6, 3)  # of the ridge, in units of the channels' mean variance
_SAME = 1e-3  # of the scores' spread: a head of another kind misses by far more


@dataclass(frozen=True, eq=False)
class CAMWeights:
    """How much each channel of a layer speaks for each class.

    Parameters
    ----------
    values : ndarray of float32, shape (classes, channels)
        Per unit of a channel's mean activation.
    layer : str
        Whose channels.
    source : str
        In words: the head itself, or a regression.
    n_images : int
        Images that were regressed on; 0 for the head's own weights.
    penalty : float
        Of the ridge, in units of the channels' mean variance; 0 for the head's own weights.
    r2 : ndarray of float64, shape (classes,)
        Share of the scores' variance that the channels predict on images left out, one at a time:
        near 1, the map is about this network's scores; near 0, it is about nothing. 1 for the
        head's own weights.
    """

    values: NDArray[np.float32] = field(repr=False)
    layer: str
    source: str
    n_images: int = 0
    penalty: float = 0.0
    r2: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))


def cam(activations: Tensor, weights: Tensor) -> Tensor:
    """Add up channels with weights of their own for each image: equation 1.

    Parameters
    ----------
    activations : Tensor, shape (n, channels, h, w)
        Of the layer.
    weights : Tensor, shape (n, channels)
        Of the explained score.

    Returns
    -------
    Tensor, shape (n, h, w)
        Signed: negative where the channels speak against the target.

    Examples
    --------
    >>> cam(torch.ones(1, 2, 1, 1), torch.tensor([[2.0, -3.0]])).item()
    -1.0
    """
    return torch.einsum("nkhw,nk->nhw", activations, weights)


def head_weights(module: nn.Module, images: Tensor, layer: str | None = None) -> CAMWeights | None:
    """Read the weights off a head that is a linear layer over the mean of each channel.

    Whether it is one is found out by computing the scores that way and comparing.

    Parameters
    ----------
    module : torch.nn.Module
        The network, from images to scores before the softmax.
    images : Tensor of float32, shape (n, 3, height, width)
        Normalised; the first four are tried.
    layer : str, optional
        Which layer's channels; the last by default.

    Returns
    -------
    CAMWeights or None
        None where the head is another.
    """
    with as_it_was(module):
        name, part = find_layer(module, layer, images)
        with captured({"layer": part}) as outputs, torch.no_grad():
            scores = module(images[:4])
        pooled = outputs["layer"].detach().mean((2, 3))
        linear = [each for each in module.modules() if isinstance(each, nn.Linear)]
        if not linear or linear[-1].in_features != pooled.shape[1]:
            return None
        again = linear[-1](pooled)
        if again.shape != scores.shape:
            return None
        if (again - scores).abs().max() > _SAME * scores.std().clamp(min=1e-12):
            return None
        values = linear[-1].weight.detach().cpu().numpy().astype(np.float32)
    return CAMWeights(values, name, "the head's own weights", r2=np.ones(len(values)))


def fit_cam(
    module: nn.Module,
    batches: Iterable[Tensor],
    *,
    source: str,
    layer: str | None = None,
    at_least: int = AT_LEAST,
) -> CAMWeights:
    """Regress a network's scores on the mean of each channel.

    The ridge's penalty is the one of `PENALTIES` that predicts left-out images best.

    Parameters
    ----------
    module : torch.nn.Module
        The network, from images to scores before the softmax.
    batches : iterable of Tensor of float32, shape (n, 3, height, width)
        Normalised images, of the kind that will be mapped.
    source : str
        What the images are, in words.
    layer : str, optional
        Whose channels; the last layer's by default.
    at_least : int, optional
        How many images there must be.

    Returns
    -------
    CAMWeights

    Raises
    ------
    OptionError
        If there are fewer images, or fewer than channels.
    """
    channels, scores, name = [], [], ""
    with as_it_was(module):
        for batch in batches:
            if not name:
                name, part = find_layer(module, layer, batch)
            with captured({"layer": part}) as outputs, torch.no_grad():
                scores.append(module(batch).float().cpu())
            channels.append(outputs["layer"].detach().float().mean((2, 3)).cpu())
    n = sum(map(len, channels))
    if n < at_least or n <= channels[0].shape[1]:
        needed = max(at_least, channels[0].shape[1] + 1 if channels else 0)
        raise OptionError(
            f"CAM's regression needs at least {needed} images: {n} are given; add images, or take "
            "gradcam, which needs none"
        )
    values, penalty, r2 = ridge(torch.cat(channels).numpy(), torch.cat(scores).numpy())
    return CAMWeights(values.astype(np.float32), name, f"ridge over {source}", n, penalty, r2)


def ridge(
    features: NDArray[np.floating], scores: NDArray[np.floating]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Regress with an intercept and the penalty that predicts left-out rows best.

    Parameters
    ----------
    features : ndarray of float, shape (n, k)
        n must exceed k.
    scores : ndarray of float, shape (n, classes)
        What is predicted.

    Returns
    -------
    values : ndarray of float64, shape (classes, k)
    penalty : float
        One of `PENALTIES`; one for all classes.
    r2 : ndarray of float64, shape (classes,)
        Of leave-one-out predictions.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> values, _, r2 = ridge(x, x @ [[1.0], [-2.0]] + 5)
    >>> values.round(3).tolist(), r2.round(3).tolist()
    ([[1.0, -2.0]], [1.0])
    """
    x = np.asarray(features, np.float64)
    y = np.asarray(scores, np.float64)
    x, y = x - x.mean(0), y - y.mean(0)
    left, singular, right = np.linalg.svd(x, full_matrices=False)
    unit = float((singular**2).mean()) or 1.0
    projected = left.T @ y
    spread = np.maximum((y**2).sum(0), np.finfo(float).tiny)
    best: tuple[float, float, NDArray[np.float64]] | None = None
    for penalty in PENALTIES:
        kept = singular**2 / (singular**2 + penalty * unit)
        leverage = (left**2) @ kept + 1 / len(x)
        left_out = (y - left @ (kept[:, None] * projected)) / (1 - leverage)[:, None]
        r2 = 1 - (left_out**2).sum(0) / spread
        if best is None or r2.mean() > best[0]:
            best = float(r2.mean()), float(penalty), r2
    assert best is not None
    _, penalty, r2 = best
    shrunk = singular / (singular**2 + penalty * unit)
    return (right.T @ (shrunk[:, None] * projected)).T, penalty, r2


def need_weights(name: str) -> ObserverError:
    """Return the error for a head that is not linear in pooled channels, with its remedy."""
    return ObserverError(
        f"CAM needs weights of the channels of {name}: this network's head is no linear layer over "
        f"their means; give those that a regression over at least {AT_LEAST} images finds (fit_cam)"
    )
