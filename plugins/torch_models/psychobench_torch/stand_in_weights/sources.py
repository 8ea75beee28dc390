"""Rendered images for pre-training: objects and people."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace

from psychobench.plugins import OptionError
from psychobench_torch.computing.device import check_memory
from psychobench_torch.data import LabelledImages
from psychobench_torch.pretraining.recipe import PretrainingRecipe, Stage
from psychobench_torch.stand_in_weights.identities import identity_set
from psychobench_torch.stand_in_weights.objects import CLASSES, OBJECTS_VERSION, object_set

PER_IDENTITY, HELD_OUT = 50, 6  # rendered images of a person: trained on, held out
FACE_SEED, HELD_OUT_SEED = 7_001, 1_000_003  # added to the recipe's: other people, fresh objects
HELD_OUT_OBJECTS = 2_940
SOURCES = {
    "procedural-objects": PretrainingRecipe(),
    "rendered-faces": PretrainingRecipe(
        n_images=15_000, stages=(Stage(128, 200_000, 128), Stage(224, 30_000, 128))
    ),
}
"""For each source the recipe of its bundled AlexNet."""

LIMITS = {
    "procedural-objects": "Trained on drawings, not photographs: a stand-in for object-based "
    "pre-training where no download is possible, not for ImageNet weights.",
    "rendered-faces": "Trained on rendered people, not photographs: a stand-in for face-based "
    "pre-training where no download is possible, not for VGGFace2 weights. Held-out images show "
    "the same people in other views, expressions and colours.",
}


def render_source(
    source: str, recipe: PretrainingRecipe, *, progress: bool = False
) -> tuple[LabelledImages, LabelledImages]:
    """Render the training and held-out images of a source, as many as `recipe` says.

    Parameters
    ----------
    source : str
        One of `SOURCES`.
    recipe : PretrainingRecipe
        Gives ``n_images``, ``image_size`` and ``seed``. Faces are of ``n_images`` / 50 people.
    progress : bool, optional
        Show progress bars on stderr.

    Raises
    ------
    OptionError
        If there is no such source.
    ObserverError
        If so many images do not fit into memory; nothing has been rendered then.
    """
    if source not in SOURCES:
        raise OptionError(f"`source` must be {' or '.join(SOURCES)}: it is '{source}'")
    size, seed = recipe.image_size, recipe.seed
    people = max(2, recipe.n_images // PER_IDENTITY)
    faces = source == "rendered-faces"
    n_held = people * HELD_OUT if faces else HELD_OUT_OBJECTS
    _check_room(people * PER_IDENTITY if faces else recipe.n_images, n_held, size)
    if faces:
        return identity_set(
            people, PER_IDENTITY, HELD_OUT, seed=seed + FACE_SEED, size=size, progress=progress
        )
    return (
        object_images(recipe.n_images, seed=seed, size=size, progress=progress),
        object_images(HELD_OUT_OBJECTS, seed=seed + HELD_OUT_SEED, size=size, progress=progress),
    )


def _check_room(n_train: int, n_held: int, size: int) -> None:
    """Check that the images fit into memory, which holds those of held-out faces twice."""
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # of torchrun: each renders its own
    for_each = f" in each of {processes} processes" if processes > 1 else ""
    check_memory(
        f"rendering {n_train + n_held:,} images of {size} px{for_each}",
        processes * (n_train + 2 * n_held) * size * size * 3,
        "render fewer images: set `limit`, or a recipe with fewer n_images",
    )


def object_images(n: int, *, seed: int, size: int, progress: bool = False) -> LabelledImages:
    """Render `n` procedural objects with their classes.

    Examples
    --------
    >>> object_images(2, seed=0, size=32).origin
    '2 procedural objects, version 1: 98 classes of rendered shapes, ...; no photograph and no face'
    """
    images, labels = object_set(n, seed=seed, size=size, progress=progress)
    determinants = ["procedural objects", OBJECTS_VERSION, n, seed, size]
    return LabelledImages(
        images,
        labels,
        CLASSES,
        f"{n:,} procedural objects, version {OBJECTS_VERSION}: {len(CLASSES)} classes of rendered "
        "shapes, signs, things, textures and solids; no photograph and no face",
        hashlib.sha256(json.dumps(determinants).encode()).hexdigest(),
    )


def source_recipe(
    source: str, *, architecture: str = "alexnet", seed: int = 0
) -> PretrainingRecipe:
    """Return the recipe of the bundled weights of a source, for any network and seed.

    Raises
    ------
    OptionError
        If there is no such source.

    Examples
    --------
    >>> source_recipe("rendered-faces", seed=3).n_images
    15000
    """
    if source not in SOURCES:
        raise OptionError(f"`source` must be {' or '.join(SOURCES)}: it is '{source}'")
    return replace(SOURCES[source], architecture=architecture, seed=seed)
