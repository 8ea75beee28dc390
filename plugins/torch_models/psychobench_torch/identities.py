"""Rendered people whose identity is to be learnt."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from psychobench.stimuli.faces import RENDERER_VERSION, training_faces
from psychobench_torch.data import LabelledImages


def identity_set(
    n_identities: int,
    per_identity: int,
    held_out: int,
    *,
    seed: int,
    size: int,
    progress: bool = False,
) -> tuple[LabelledImages, LabelledImages]:
    """Render people in many views, lights and expressions, labelled with who it is.

    Parameters
    ----------
    n_identities : int
        Number of people; each is a class.
    per_identity, held_out : int
        Images of each person in the first and in the second set. Valence is uniform over [-1, 1]
        in both, so that it says nothing about who it is.
    seed : int
        Of people, views and valences.
    size : int
        Width and height in pixels.
    progress : bool, optional
        Show a progress bar on stderr.

    Returns
    -------
    tuple of LabelledImages
        The images to train on, and other images of the same people.

    Examples
    --------
    >>> train, held = identity_set(2, 2, 1, seed=0, size=32)
    >>> train.labels.tolist(), held.labels.tolist(), train.classes
    ([0, 0, 1, 1], [0, 1], ('person 0', 'person 1'))
    """
    each = per_identity + held_out
    images = training_faces(n_identities, each, seed=seed, size=size, progress=progress).images
    people = images.reshape(n_identities, each, *images.shape[1:])
    held = people[:, per_identity:].reshape(-1, *images.shape[1:]).copy()
    kept = images[: n_identities * per_identity]
    for person in range(n_identities):  # move up in place: the whole set can be gigabytes
        kept[person * per_identity : (person + 1) * per_identity] = people[person, :per_identity]
    drawn = [RENDERER_VERSION, n_identities, per_identity, held_out, seed, size]
    digest = hashlib.sha256(json.dumps(["identities", *drawn]).encode()).hexdigest()
    sets = ((kept, per_identity, "trained on"), (held, held_out, "held out"))
    train, test = (
        LabelledImages(
            pixels,
            np.repeat(np.arange(n_identities), n),
            tuple(f"person {number}" for number in range(n_identities)),
            f"{n_identities * n:,} rendered faces of {n_identities:,} rendered people, {n} each; "
            "no photograph",
            f"{digest} {role}",
        )
        for pixels, n, role in sets
    )
    return train, test
