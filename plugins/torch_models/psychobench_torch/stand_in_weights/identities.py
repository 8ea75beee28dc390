"""Rendered people whose identity is to be learnt."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from psychobench.plugins import RENDERER_VERSION, training_faces
from psychobench_torch.data import LabelledImages

COLOURS_VERSION = "1"  # raise it where `vary_colours` comes to give other pixels
GREY = 0.5  # share of images without colour
GAIN, GAMMA = 0.3, 0.5  # largest change of a channel's gain; of gamma, in log units


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

    Colours are varied from image to image, and half of the images have none: the colours of skin
    and hair would else tell people apart, and nothing about faces would be learnt.

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
    for number in tqdm(range(len(images)), desc="varying colours", disable=not progress):
        images[number] = vary_colours(images[number], np.random.default_rng([seed, 3, number]))
    people = images.reshape(n_identities, each, *images.shape[1:])
    held = people[:, per_identity:].reshape(-1, *images.shape[1:]).copy()
    kept = images[: n_identities * per_identity]
    for person in range(n_identities):  # move up in place: the whole set can be gigabytes
        kept[person * per_identity : (person + 1) * per_identity] = people[person, :per_identity]
    drawn = [RENDERER_VERSION, COLOURS_VERSION, n_identities, per_identity, held_out, seed, size]
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


def vary_colours(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Change an image's contrast and, of half of them, its colours; of the others, take them off.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    rng : numpy.random.Generator
        Draws gamma, and either the gains of the three channels or their weights in the grey image.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Examples
    --------
    >>> varied = vary_colours(np.full((1, 1, 3), 200, np.uint8), np.random.default_rng(0))
    >>> varied.shape, varied.dtype
    ((1, 1, 3), dtype('uint8'))
    """
    gamma = np.exp(rng.uniform(-GAMMA, GAMMA))
    curve = np.linspace(0, 1, 256, dtype=np.float32) ** gamma
    values = curve[image]
    if rng.random() < GREY:
        grey = values @ rng.dirichlet((2.0, 2.0, 2.0)).astype(np.float32)
        values = np.repeat(grey[..., None], 3, axis=2)
    else:
        values *= rng.uniform(1 - GAIN, 1 + GAIN, 3).astype(np.float32)
    varied: NDArray[np.uint8] = np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)
    return varied
