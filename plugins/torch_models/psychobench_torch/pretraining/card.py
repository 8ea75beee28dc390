"""Write pre-trained weights as a file, with a model card beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from psychobench.plugins import OptionError
from psychobench_torch.computing.device import compute_device, fast_dtype
from psychobench_torch.data import LabelledImages
from psychobench_torch.networks.architectures import ARCHITECTURES
from psychobench_torch.networks.images import fit_square, normalise, to_tensor
from psychobench_torch.pretraining.loop import Pretrained
from psychobench_torch.pretraining.network import BATCH, LOUDNESS, silent_channels
from psychobench_torch.storage.store import KeptFile
from psychobench_torch.storage.weight_files import weights_bytes

SIMILAR = "Running the recipe again gives weights of the same kind, not the same bytes."


def save_weights(
    pretrained: Pretrained, path: Path, metadata: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write float16 weights under torchvision's names, and their model card.

    Parameters
    ----------
    pretrained : Pretrained
        What `pretrain` gave.
    path : pathlib.Path
        Ends in ``.safetensors``; the card has the same name with ``.json``.
    metadata : Mapping, optional
        More entries of the card: ``source``, ``limits``, what `held_out` measured. The file itself
        carries ``architecture``, ``size``, ``source`` and ``classes``.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    OptionError
        If `path` does not end in ``.safetensors``.
    ResourceError
        If the files cannot be written.
    """
    if path.suffix != ".safetensors":
        raise OptionError(f"a file of weights must end in .safetensors: {path} does not")
    card = describe(pretrained) | dict(metadata or {})
    values = {
        name: value.half().contiguous() for name, value in pretrained.network.state_dict().items()
    }
    kept = {
        "architecture": pretrained.recipe.architecture,
        "size": str(pretrained.recipe.stages[-1].size),
        "source": str(card.get("source", pretrained.origin)),
        "classes": json.dumps(pretrained.classes),
    }
    named = {"name": path.stem, "file": path.name}
    return KeptFile(path).write(weights_bytes(values, kept), named | card)


def describe(pretrained: Pretrained) -> dict[str, Any]:
    """Return the entries of every model card: network, data, recipe, machine, limits."""
    recipe, device = pretrained.recipe, compute_device()
    precision = fast_dtype(device, training=True) if recipe.autocast else torch.float32
    kept = pretrained.epochs[pretrained.kept - 1].accuracy
    validated = {} if math.isnan(kept) else {"validation_accuracy": round(kept, 4)}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "architecture": _architecture(pretrained),
        "data": pretrained.origin,
        "classes": pretrained.classes,
        "recipe": asdict(recipe),
        "n_train": pretrained.n_train,
        "epoch_kept": pretrained.kept,
        "chance_accuracy": round(1 / len(pretrained.classes), 4),
        **validated,
        "minutes": round(pretrained.minutes, 1),
        "made_with": f"torch {torch.__version__}, {precision} on {device.type}, "
        f"{pretrained.processes} process(es) of {torch.get_num_threads()} thread(s)",
        "limits": SIMILAR,
    }


@torch.inference_mode()
def held_out(pretrained: Pretrained, data: LabelledImages) -> dict[str, Any]:
    """Measure accuracy on images that were not trained on, and count channels that never respond.

    Returns
    -------
    dict
        ``held_out_accuracy``, ``n_held_out`` and ``silent_channels`` of each convolution.
    """
    device, size = compute_device(), pretrained.recipe.stages[-1].size
    network = pretrained.network.to(device)
    n_right = 0
    for start in range(0, len(data.labels), BATCH):
        chosen = slice(start, start + BATCH)
        images = fit_square(to_tensor(data.images[chosen]).to(device), size)
        guesses = network(normalise(images)).argmax(1).cpu()
        n_right += int((guesses == torch.from_numpy(data.labels[chosen])).sum())
    silent = silent_channels(network, data.images, size)
    network.cpu()
    return {
        "held_out_accuracy": round(n_right / len(data.labels), 4),
        "n_held_out": len(data.labels),
        "silent_channels": silent,
    }


def _architecture(pretrained: Pretrained) -> str:
    title = ARCHITECTURES[pretrained.recipe.architecture].title
    if pretrained.recipe.classifier == "dense":
        return f"torchvision {title}, all layers"
    scaled = (
        f", the last convolution's channels scaled to root mean square {LOUDNESS:g}"
        if pretrained.recipe.equalise
        else ""
    )
    return f"torchvision {title} features{scaled}; linear classifier over mean-pooled channels"
