"""What frozen convolutions tell apart: a linear classifier on their pooled channels.

Objects and people of which no network was trained on a single image are told apart by features of
networks that were trained on either, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from psychobench_torch.computing.device import compute_device, fast_autocast
from psychobench_torch.data import LabelledImages
from psychobench_torch.networks.architectures import (
    convolutions,
    draw_kaiming_normal,
    in_channels_last,
)
from psychobench_torch.networks.images import SIZE, fit_square, normalise, to_tensor
from psychobench_torch.stand_in_weights.identities import identity_set
from psychobench_torch.stand_in_weights.objects import CLASSES
from psychobench_torch.stand_in_weights.sources import object_images

SEED = 90_001  # of the probes' images: other people and objects than any network is trained on
PER_CLASS, HELD_OUT, PEOPLE = 12, 8, 100
PENALTY = 1e-3
BATCH = 64


@dataclass(frozen=True)
class Probe:
    """How well a linear classifier reads classes off frozen features.

    Parameters
    ----------
    accuracy : float
        On held-out images.
    chance : float
        One over the number of classes.
    n_train, n_held_out : int
        Number of images.
    """

    accuracy: float
    chance: float
    n_train: int
    n_held_out: int


def probe(features: nn.Module, train: LabelledImages, held_out: LabelledImages) -> Probe:
    """Fit a multinomial logistic regression on pooled features, and test it.

    Parameters
    ----------
    features : torch.nn.Module
        From normalised images to feature maps, shape (n, channels, height, width).
    train, held_out : LabelledImages
        Of the same classes.

    Returns
    -------
    Probe
    """
    x, x_held = (pooled(features, part) for part in (train, held_out))
    mean, spread = x.mean(0), x.std(0).clamp_min(1e-6)
    x, x_held = (x - mean) / spread, (x_held - mean) / spread
    layer = fit(x, torch.from_numpy(train.labels), len(train.classes))
    with torch.inference_mode():
        right = layer(x_held).argmax(1) == torch.from_numpy(held_out.labels)
    n_right, n = int(right.sum()), len(held_out.labels)
    return Probe(n_right / n, 1 / len(train.classes), len(train.labels), n)


def fit(x: Tensor, labels: Tensor, n_classes: int, *, penalty: float = PENALTY) -> nn.Linear:
    """Fit a linear classifier to its minimum: mean cross-entropy + penalty / 2 * sum of squares.

    Examples
    --------
    >>> x = torch.tensor([[-1.0], [-0.5], [0.5], [1.0]])
    >>> fit(x, torch.tensor([0, 0, 1, 1]), 2)(x).argmax(1).tolist()
    [0, 0, 1, 1]
    """
    layer = nn.Linear(x.shape[1], n_classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value: Tensor = nn.functional.cross_entropy(layer(x), labels)
        value = value + penalty / 2 * layer.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return layer


@torch.inference_mode()
def pooled(features: nn.Module, data: LabelledImages) -> Tensor:
    """Compute mean-pooled channels of images shown at 224 px, shape (n, channels), float32."""
    device = compute_device()
    features = features.to(device).eval()
    parts = []
    for images in torch.split(to_tensor(data.images), BATCH):
        with fast_autocast(device):
            maps = features(normalise(fit_square(images.to(device), SIZE)))
        parts.append(maps.float().mean((2, 3)).cpu())
    features.cpu()
    return torch.cat(parts)


def probe_sets(*, size: int = 176) -> dict[str, tuple[LabelledImages, LabelledImages]]:
    """Render what features are probed with: objects of all classes, and 100 new people.

    Returns
    -------
    dict
        Under ``objects`` and ``identities``: images to fit on, and held-out images.
    """
    objects = (
        object_images(n * len(CLASSES), seed=SEED + number, size=size)
        for number, n in enumerate((PER_CLASS, HELD_OUT))
    )
    people = identity_set(PEOPLE, PER_CLASS, HELD_OUT, seed=SEED, size=size)
    train, held_out = objects
    return {"objects": (train, held_out), "identities": people}


def probe_all(features: nn.Module, architecture: str) -> dict[str, object]:
    """Probe features with objects and with people, beside convolutions that learnt nothing.

    Returns
    -------
    dict
        For a model card: held-out accuracies, those of random convolutions, and chance.
    """
    untrained = convolutions(architecture).to_empty(device="cpu")
    draw_kaiming_normal(untrained, torch.Generator().manual_seed(0))
    untrained = in_channels_last(untrained)
    card: dict[str, object] = {
        "method": "logistic regression on the mean-pooled channels of new images: "
        f"{PER_CLASS} of each class to fit, {HELD_OUT} held out"
    }
    for name, sets in probe_sets().items():
        found = probe(features, *sets)
        card[name] = {
            "held_out_accuracy": round(found.accuracy, 4),
            "random_convolutions": round(probe(untrained, *sets).accuracy, 4),
            "chance_accuracy": round(found.chance, 4),
            "n_held_out": found.n_held_out,
        }
    return card
