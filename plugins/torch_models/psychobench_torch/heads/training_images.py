"""The images that a head is trained on: rendered by default; checked; split."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from psychobench.plugins import RENDERER_VERSION, ObserverError, training_faces
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.networks.images import SIZE

LEAST = 4  # images of a class: below that, no part of a split is sure to have both classes
_rendered: dict[tuple[int, int, float, int], LabelledImages] = {}  # the last ones alone


def rendered_faces(
    n_identities: int, per_identity: int, share: float, seed: int, progress: bool = True
) -> LabelledImages:
    """Render faces from sad to happy, or give those that this process rendered last.

    As the paper's set has, they have one split for all trainings: features of a part are computed
    only for that part.

    Parameters
    ----------
    n_identities, per_identity : int
        How many people, and images of each.
    share : float
        Of the people who are kept for validation.
    seed : int
        Of people, valences, views and split.
    progress : bool
        Whether a bar shows it.

    Returns
    -------
    LabelledImages
        Happy where valence >= 0; the groups are the people.
    """
    asked = (n_identities, per_identity, share, seed)
    if asked not in _rendered:
        _rendered.clear()  # before others are made: they are large
        _rendered[asked] = _render(*asked, progress)
    return _rendered[asked]


def _render(
    n_identities: int, per_identity: int, share: float, seed: int, progress: bool
) -> LabelledImages:
    faces = training_faces(n_identities, per_identity, seed=seed, size=SIZE, progress=progress)
    drawn = (RENDERER_VERSION, n_identities, per_identity, share, seed, SIZE)
    return LabelledImages(
        images=faces.images,
        labels=(faces.valence >= 0).astype(np.int64),
        classes=("sad", "happy"),
        origin=f"{len(faces.images):,} rendered faces",
        sha256=hashlib.sha256(f"faces {drawn}".encode()).hexdigest(),
        group=faces.identity,
        validation=_draw(faces.identity, share, seed),
    )


def check_trainable(data: LabelledImages) -> None:
    """Refuse images that no two-way head can learn from.

    Raises
    ------
    ObserverError
        If the classes are not two, one of them has too few images, or all labels are alike.
    """
    if len(data.classes) != 2:
        raise ObserverError(
            f"a head must be trained on two classes: {data.origin} has {len(data.classes)} "
            f"({', '.join(data.classes[:5])}); label the images sad and happy, or by valence"
        )
    if not np.isin(data.labels, (0, 1)).all():
        raise ObserverError(
            f"labels must be indices of the classes, 0 or 1: {data.origin} has labels from "
            f"{data.labels.min()} to {data.labels.max()}"
        )
    counts = np.bincount(data.labels, minlength=2)
    for name, count in zip(data.classes, counts.tolist(), strict=True):
        if count == 0 and len(data.labels) > 0:
            raise ObserverError(
                f"every class needs images: in {data.origin} all labels are the same, and none is "
                f"'{name}'; add images of that class, or check where labels are read from"
            )
        if count < LEAST:
            raise ObserverError(
                f"every class needs at least {LEAST} images: {data.origin} has {count} of "
                f"'{name}'; add images"
            )


def split(data: LabelledImages, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Split images into training and validation.

    Images with a split of their own keep it; else nobody is in both parts where it is known who
    is on an image; else each class is split alike.

    Parameters
    ----------
    data : LabelledImages
        Two classes.
    share : float
        Of the people, or of a class's images, that are kept for validation.
    seed : int
        Draws who they are, unless the images have a split of their own.

    Returns
    -------
    tuple of Tensor of int64
        Indices for training and for validation, ascending.

    Raises
    ------
    ObserverError
        If a part ends up empty, or the training part with one class.
    """
    if data.validation is not None:
        held = np.asarray(data.validation, bool)
    elif data.group is not None:
        held = _draw(data.group, share, seed)
    else:
        images = np.arange(len(data.labels))
        held = np.zeros(len(images), bool)
        for label in range(len(data.classes)):
            chosen = images[data.labels == label]
            held[chosen[_draw(chosen, share, seed + label)]] = True
    train, validation = np.flatnonzero(~held), np.flatnonzero(held)
    if len(validation) == 0 or len(np.unique(data.labels[train])) < len(data.classes):
        raise ObserverError(
            "training needs images of every class, and validation at least one: the split of "
            f"{data.origin} with seed {seed} leaves {len(train)} and {len(validation)}; "
            "add images or people"
        )
    return torch.from_numpy(train), torch.from_numpy(validation)


def label_log_odds(labels: NDArray[np.int64]) -> float:
    """Compute the natural logarithm of the odds of class 1 (happy) to class 0 (sad).

    Examples
    --------
    >>> round(label_log_odds(np.array([0, 1, 1, 1])), 3)
    1.099
    """
    return float(np.log(np.sum(labels == 1) / np.sum(labels == 0)))


def _draw(groups: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Mark all of the groups that are drawn for validation, at least one."""
    people = np.random.default_rng(seed).permutation(np.unique(groups))
    return np.isin(groups, people[: max(1, round(len(people) * share))])
