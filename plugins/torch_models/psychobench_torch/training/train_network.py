"""Pre-train a network from scratch, as planned."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from psychobench_torch.computing.processes import is_first
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.data.load import Selection
from psychobench_torch.networks.weights_origin import stands_for
from psychobench_torch.pretraining import held_out, pretrain, save_weights
from psychobench_torch.stand_in_weights.sources import LIMITS, render_source
from psychobench_torch.storage.checkpoints import remove_checkpoint
from psychobench_torch.training.outcome import Outcome, load_images
from psychobench_torch.training.plan import PretrainingPlan

_CHECKPOINTS = "checkpoints"


def train_network(
    plan: PretrainingPlan, selection: Selection | None, out: Path, *, progress: bool = True
) -> Outcome:
    """Decode or render the images and train, going on from a checkpoint in `out`.

    Raises
    ------
    ObserverError
        If the training's loss is no number any more, or memory does not suffice.
    ResourceError
        If images are broken, or the disk is full.
    """
    recipe, held = plan.recipe, None
    if selection is None:
        assert plan.source is not None
        images, held = render_source(plan.source, recipe, progress=progress and is_first())
    else:
        largest = max(stage.size for stage in recipe.stages)
        images = load_images(plan, selection, largest, progress=progress)
    result = pretrain(recipe, images, folder=out / _CHECKPOINTS, progress=progress)

    def save(path: Path) -> dict[str, Any]:
        measured = held_out(result, held) if held else {}
        return save_weights(result, path, {**_details(plan, images), **measured})

    return Outcome(plan, result.epochs, save, partial(remove_checkpoint, out / _CHECKPOINTS))


def _details(plan: PretrainingPlan, images: LabelledImages) -> dict[str, Any]:
    """Return what the model card adds to what every card says."""
    count, _, words = images.origin.partition(" ")
    source = plan.source or f"{words}, {count} images"
    limits = {"limits": LIMITS[plan.source]} if plan.source else {}
    return {
        "source": source,
        "stands_for": stands_for(source),
        "seed": plan.seed,
        "notes": images.notes,
        **limits,
    }
