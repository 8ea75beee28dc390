"""Train FE-AlexNet's head on rendered faces, over frozen convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from psychobench.stimuli.faces import TrainingFaces, training_faces
from psychobench_torch.convolutions import Convolutions
from psychobench_torch.device import compute_device, fast_autocast
from psychobench_torch.heads import make_head
from psychobench_torch.images import SIZE, fit_square, normalise, random_views, to_tensor
from psychobench_torch.networks import FEATURES, draw_kaiming_normal, flat_features
from psychobench_torch.recipe import TransferRecipe

BATCH = 64  # images whose features are computed at once; independent of the training batch


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training faces gave."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class TrainedHead:
    """A head with the record of its training.

    Parameters
    ----------
    head : torch.nn.Module
        The values of the best epoch, rounded to float16 and held as float32, as the cache has
        them: a head is the same whether it was just trained or read back.
    epochs : tuple of Epoch
        Training loss and validation accuracy of every epoch, in order.
    n_train, n_validation : int
        Number of faces in either part; nobody is in both.
    """

    head: nn.Module
    epochs: tuple[Epoch, ...]
    n_train: int
    n_validation: int

    @property
    def best(self) -> int:
        """The epoch that was kept, from 1: the first of the highest validation accuracy."""
        return 1 + max(range(len(self.epochs)), key=lambda i: self.epochs[i].accuracy)


@dataclass(frozen=True)
class FaceFeatures:
    """Features of the training faces, on the CPU, in the precision they were computed in.

    Parameters
    ----------
    views : tuple of Tensor, each of shape (n, 9216)
        One for each epoch: every face, randomly cropped and mirrored.
    plain : Tensor, shape (n, 9216)
        Every face as an observer is shown it.
    happy : Tensor of int64, shape (n,)
        1 where valence >= 0.
    identity : ndarray of int64, shape (n,)
        Who it is.
    """

    views: tuple[Tensor, ...]
    plain: Tensor
    happy: Tensor
    identity: NDArray[np.int64]


def train_head(convolutions: Convolutions, recipe: TransferRecipe, seed: int) -> TrainedHead:
    """Train a head and keep the epoch with the best validation accuracy.

    The crops of an epoch are drawn once, with the faces, so that training runs with different
    seeds share the frozen features; `seed` draws the initial values, the split and the order.

    Parameters
    ----------
    convolutions : Convolutions
        Frozen; left as they are.
    recipe : TransferRecipe
        Faces, epochs, batch, learning rate.
    seed : int
        Of this training run.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.4.
    """
    faces = face_features(convolutions, recipe)
    generator = torch.Generator().manual_seed(seed)
    train, validation = split_by_identity(faces.identity, recipe.validation_share, seed)
    device = compute_device()
    head: nn.Module = make_head("excitation", FEATURES).to_empty(device="cpu")
    draw_kaiming_normal(head, generator)
    head = best = head.to(device)
    optimiser = torch.optim.Adam(head.parameters(), lr=recipe.learning_rate, fused=True)
    epochs: list[Epoch] = []
    with tqdm(total=recipe.epochs * -(-len(train) // recipe.batch), desc="training") as bar:
        for number, view in enumerate(faces.views, start=1):
            order = train[torch.randperm(len(train), generator=generator)]
            mean = AveragedModel(head)
            loss = _train_epoch(head, mean, optimiser, view, faces.happy, order, recipe, bar)
            candidate = mean.module
            accuracy = _accuracy(candidate, faces.plain[validation], faces.happy[validation])
            if not epochs or accuracy > max(epoch.accuracy for epoch in epochs):
                best = candidate
            epochs.append(Epoch(loss, accuracy))
            bar.set_postfix_str(f"epoch {number} loss {loss:.3f} accuracy {accuracy:.3f}")
    return TrainedHead(best.cpu().half().float().eval(), tuple(epochs), len(train), len(validation))


def split_by_identity(
    identity: NDArray[np.int64], validation_share: float, seed: int
) -> tuple[Tensor, Tensor]:
    """Split faces into training and validation so that nobody is in both.

    Returns
    -------
    tuple of Tensor of int64
        Indices for training and for validation.

    Examples
    --------
    >>> train, validation = split_by_identity(np.array([0, 0, 1, 1]), 0.5, seed=0)
    >>> len(train), len(validation)
    (2, 2)
    """
    people = np.random.default_rng(seed).permutation(np.unique(identity))
    held_out = people[: max(1, round(len(people) * validation_share))]
    inside = np.isin(identity, held_out)
    return torch.from_numpy(np.flatnonzero(~inside)), torch.from_numpy(np.flatnonzero(inside))


@lru_cache(maxsize=1)
def face_features(convolutions: Convolutions, recipe: TransferRecipe) -> FaceFeatures:
    """Render the training faces and compute their features; kept for the process's next seeds."""
    faces = rendered_faces(recipe.n_identities, recipe.per_identity, recipe.face_seed)
    images = to_tensor(faces.images)
    n_batches = (recipe.epochs + 1) * -(-len(images) // BATCH)
    with tqdm(total=n_batches, desc="computing features", unit="batch") as bar:
        plain = _features(
            convolutions, (fit_square(part) for part in torch.split(images, BATCH)), bar
        )
        views = tuple(
            _features(convolutions, _views(images, recipe, number), bar)
            for number in range(recipe.epochs)
        )
    happy = torch.from_numpy(faces.valence >= 0).long()
    return FaceFeatures(views, plain, happy, faces.identity)


@lru_cache(maxsize=1)
def rendered_faces(n_identities: int, per_identity: int, seed: int) -> TrainingFaces:
    """Render training faces, or give those that this process rendered last."""
    return training_faces(n_identities, per_identity, seed=seed, size=SIZE, progress=True)


def _views(images: Tensor, recipe: TransferRecipe, number: int) -> Iterator[Tensor]:
    """Draw the crops of one epoch."""
    entropy = np.random.SeedSequence([recipe.face_seed, number]).generate_state(1)[0]
    generator = torch.Generator().manual_seed(int(entropy))
    for part in torch.split(images, BATCH):
        yield random_views(part, SIZE, smallest=recipe.smallest_crop, generator=generator)


@torch.inference_mode()
def _features(convolutions: Convolutions, batches: Iterator[Tensor], bar: tqdm[Any]) -> Tensor:
    device = compute_device()
    network = convolutions.network.to(device)
    features = []
    for batch in batches:
        with fast_autocast(device):
            features.append(flat_features(network, normalise(batch.to(device))).cpu())
        bar.update()
    return torch.cat(features)


def _train_epoch(
    head: nn.Module,
    mean: AveragedModel,
    optimiser: torch.optim.Optimizer,
    features: Tensor,
    happy: Tensor,
    order: Tensor,
    recipe: TransferRecipe,
    bar: tqdm[Any],
) -> float:
    """Go once through the faces, averaging weights over steps into `mean`; the loss of a face."""
    device = compute_device()
    total = 0.0
    head.train()
    batches = torch.split(order, recipe.batch)
    for step, chosen in enumerate(batches, start=1):
        scores = head(features[chosen].to(device).float())
        loss = nn.functional.cross_entropy(scores, happy[chosen].to(device))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % recipe.average_every == 0 or step == len(batches):
            mean.update_parameters(head)
        total += loss.item() * len(chosen)
        bar.update()
    return total / len(order)


@torch.inference_mode()
def _accuracy(head: nn.Module, features: Tensor, happy: Tensor) -> float:
    head.eval()
    guesses = head(features.to(compute_device()).float()).argmax(1).cpu()
    return int((guesses == happy).sum()) / len(happy)
