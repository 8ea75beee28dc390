"""How the bundled weights were made: render, pre-train, measure, save."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from torch import nn

from psychobench.plugins import check_output_folder
from psychobench_torch.computing.device import compute_device
from psychobench_torch.computing.processes import is_first
from psychobench_torch.pretraining import held_out, pretrain, save_weights
from psychobench_torch.pretraining.card import SIMILAR
from psychobench_torch.stand_in_weights.linear_probe import probe_all
from psychobench_torch.stand_in_weights.sources import LIMITS, render_source, source_recipe
from psychobench_torch.storage.checkpoints import remove_checkpoint


def make_stand_in_weights(
    source: str, out: Path, *, architecture: str = "alexnet", seed: int = 0
) -> dict[str, Any] | None:
    """Pre-train a network on rendered images as the bundled weights were, and write its weights.

    A training that was interrupted is continued.

    Parameters
    ----------
    source : {"procedural-objects", "rendered-faces"}
        What is rendered and learnt.
    out : pathlib.Path
        Folder for weights, model card and checkpoints.
    architecture : str
        ``alexnet``, ``vgg11``, ``vgg13`` or ``vgg16``.
    seed : int
        Of images and training.

    Returns
    -------
    dict or None
        The model card; None in all but the first of several processes that ``torchrun`` started.

    Raises
    ------
    OptionError, ObserverError, ResourceError
        As `psychobench_torch.pretraining.pretrain`, or if `out` cannot be written.
    """
    check_output_folder(out)
    compute_device()  # reports a missing device before images are rendered
    name = f"{architecture}-{source}"
    folder = out / f"{name}-checkpoints"
    recipe = source_recipe(source, architecture=architecture, seed=seed)
    train, held = render_source(source, recipe, progress=is_first())
    pretrained = pretrain(recipe, train, folder=folder)
    if not is_first():
        return None
    entries = {
        "source": source,
        **held_out(pretrained, held),
        "linear_probe": probe_all(cast(nn.Module, pretrained.network.features), architecture),
        "limits": f"{LIMITS[source]} {SIMILAR}",
    }
    card = save_weights(pretrained, out / f"{name}.safetensors", entries)
    remove_checkpoint(folder)
    return card
