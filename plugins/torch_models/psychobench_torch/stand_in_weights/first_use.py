"""VGG weights that are trained when they are first needed, since they are too large to bundle."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from psychobench.plugins import RENDERER_VERSION, OptionError, ResourceError, check_output_folder
from psychobench_torch.computing.device import compute_device, fast_autocast, fast_dtype
from psychobench_torch.computing.processes import n_processes
from psychobench_torch.data import LabelledImages
from psychobench_torch.pretraining import PretrainingRecipe, Stage, held_out, pretrain, save_weights
from psychobench_torch.pretraining.recipe import RECIPE_VERSION
from psychobench_torch.stand_in_weights.objects import OBJECTS_VERSION
from psychobench_torch.stand_in_weights.sources import SOURCES, render_source
from psychobench_torch.storage.checkpoints import remove_checkpoint
from psychobench_torch.storage.store import (
    KEY_DIGITS,
    KeptFile,
    cache_folder,
    cache_key,
    note,
    one_at_a_time,
)

RECIPE = PretrainingRecipe(
    n_images=9_800,
    image_size=144,
    stages=(
        Stage(32, 48_000, 32),
        Stage(48, 12_000, 32),
        Stage(64, 8_000, 32),
        Stage(128, 2_400, 16),
    ),
    learning_rate=1e-3,
    warm_up=0.15,
    smoothing=0.0,
    batch_norm=True,
)
"""One for all VGGs. Batch normalisation, folded into the convolutions at the end, lets a deep plain
network learn in few steps. Up to 64 px it learns what is on the images; the last stretch fits it
to 128 px, at which it is used: at 64 px its last map of 2 x 2 tells little of a mouth."""

MINUTES = {"vgg11": 9, "vgg13": 12, "vgg16": 17}  # on two free cores that have bfloat16, about
WITHOUT_BFLOAT16 = 3  # times as long, about, on cores that do not have it
N_HELD_OUT = 980  # held-out images or up to twice as many; all where there are fewer
STANDS_IN = {
    "procedural-objects": "rendered objects, not ImageNet",
    "rendered-faces": "rendered people, not VGGFace2",
}
LIMITS = (
    "A reduced scale: tens of thousands of presentations of some ten thousand rendered images, "
    "smaller than usual. A stand-in where no download is possible; a result with these "
    "weights says nothing about networks that were trained on photographs. Training again gives "
    "weights of the same kind, not the same bytes, on another machine."
)


def first_use_weights(
    architecture: str,
    source: str,
    *,
    progress: bool = True,
    recipe: PretrainingRecipe = RECIPE,
) -> Path:
    """Return the file of a VGG's weights; train them if they are not in the user's cache yet.

    A training that is interrupted goes on from its last checkpoint when it is asked for again, and
    on the CPU ends with the same weights. A file that does not match the hash in the model card
    beside it counts as not there. Of several processes that need the same weights one trains them,
    the others wait.

    Parameters
    ----------
    architecture : str
        One of `MINUTES`.
    source : str
        ``procedural-objects`` or ``rendered-faces``.
    progress : bool, optional
        Show progress bars on stderr; what is trained, and how well, is noted there in any case.
    recipe : PretrainingRecipe, optional
        How; its `architecture` is not heeded.

    Returns
    -------
    pathlib.Path
        A safetensors file with torchvision's layer names, ``features.*``, and a classifier over
        the pooled channels; its model card has the same name with ``.json``.

    Raises
    ------
    OptionError
        If there is no such network or source, or weights are to be trained under ``torchrun``.
    ResourceError
        If the cache folder cannot be written.
    ObserverError
        If the loss is no longer a number.
    """
    if architecture not in MINUTES:
        raise OptionError(
            f"weights are trained on first use for {', '.join(MINUTES)}: not for '{architecture}'"
        )
    if source not in SOURCES:
        raise OptionError(
            f"weights are trained on first use on {' or '.join(SOURCES)}: not on '{source}'"
        )
    chosen = replace(recipe, architecture=architecture)
    path = weights_path(chosen, source)
    if KeptFile(path).fault() is None:
        return path
    if n_processes() > 1:  # the one that trains would wait for the others, and they for it
        raise OptionError(
            "weights must be trained on first use in one process: torchrun started "
            f"{n_processes()}; run `first_use_weights()` for {architecture} and {source} beforehand"
        )
    _check_cache(path.parent)
    with one_at_a_time(path.with_suffix(".lock"), f"training the convolutions of {architecture}"):
        fault = KeptFile(path).fault()
        if fault is not None:  # else another process trained them while this one waited
            _make(chosen, source, path, fault, progress)
    return path


def weights_path(recipe: PretrainingRecipe, source: str) -> Path:
    """Return where the weights of a recipe are kept: under a key of all that determines them."""
    device = compute_device()
    determinants = {
        "source": source,
        "recipe": asdict(recipe),
        "recipe_version": RECIPE_VERSION,
        "objects": OBJECTS_VERSION if source == "procedural-objects" else None,
        "faces": RENDERER_VERSION if source == "rendered-faces" else None,
        "precision": str(fast_dtype(device, training=True)),
        "device": device.type,
    }
    key = cache_key(determinants)[:KEY_DIGITS]
    return cache_folder("convolutions") / f"{recipe.architecture}-{source}-{key}.safetensors"


def read_card(path: Path) -> dict[str, Any]:
    """Read the model card beside a file of weights."""
    return KeptFile(path).read_record()


def _check_cache(folder: Path) -> None:
    """Check that the weights can be kept before they are trained for minutes."""
    try:
        check_output_folder(folder)
    except ResourceError:
        raise ResourceError(
            f"weights that are trained on first use must be kept: {folder} cannot be written; set "
            "PSYCHOBENCH_CACHE to a folder that can"
        ) from None


def _make(recipe: PretrainingRecipe, source: str, path: Path, fault: str, progress: bool) -> None:
    """Train the weights that are missing or damaged, and note how good they are."""
    if path.is_file():
        note(f"the weights in {path} are damaged ({fault}); they are trained again")
    _announce(recipe, source)
    card = _train(recipe, source, path, progress)
    note(
        f"{recipe.architecture} classifies {card['held_out_accuracy']:.0%} of held-out {source} "
        f"correctly (chance {card['chance_accuracy']:.1%}); {path.with_suffix('.json')} describes "
        "the weights and their limits"
    )


def _announce(recipe: PretrainingRecipe, source: str) -> None:
    device = compute_device()
    slow = device.type == "cpu" and fast_dtype(device, training=True) != torch.bfloat16
    minutes = MINUTES[recipe.architecture] * (WITHOUT_BFLOAT16 if slow else 1)
    cores = f"two free cores {'without' if slow else 'with'} bfloat16"
    note(
        f"the convolutions of {recipe.architecture} are trained now, once: {_shown(recipe):,} "
        f"presentations of {recipe.n_images:,} images at up to {recipe.stages[-1].size} px, about "
        f"{minutes} minutes on {cores}; an interrupted training continues where it stopped. They "
        f"will be trained on {STANDS_IN[source]}"
    )


def _train(recipe: PretrainingRecipe, source: str, path: Path, progress: bool) -> dict[str, Any]:
    """Render, train, measure, write; return the model card."""
    folder = path.with_suffix("")
    began = time.monotonic()
    train, fresh = render_source(source, recipe, progress=progress)
    rendered = time.monotonic()
    pretrained = pretrain(recipe, train, folder=folder, progress=progress)
    trained = time.monotonic()
    with fast_autocast(compute_device()):
        measured = held_out(pretrained, _some(fresh, N_HELD_OUT))
    beside = (rendered - began) + (time.monotonic() - trained)
    said = {
        "source": source,
        **measured,
        "images_per_second": round(_shown(recipe) / (60 * pretrained.minutes), 1),
        "minutes_in_all": round(pretrained.minutes + beside / 60, 1),
        "limits": LIMITS,
    }
    card = save_weights(pretrained, path, said)
    remove_checkpoint(folder)
    return card


def _shown(recipe: PretrainingRecipe) -> int:
    return sum(stage.presentations or 0 for stage in recipe.stages)


def _some(data: LabelledImages, n: int) -> LabelledImages:
    """Pick every k-th image, as few as give `n`, so that all classes are there."""
    step = max(1, len(data.labels) // n)
    return replace(data, images=data.images[::step], labels=data.labels[::step])
