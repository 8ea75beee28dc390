"""Train a head on frozen features, as planned."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from psychobench.plugins import sha256
from psychobench_torch import __version__
from psychobench_torch.computing.device import compute_device, fast_dtype
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.data.load import Selection
from psychobench_torch.extractors.convolutions import load_backbone
from psychobench_torch.heads.transfer import train_heads
from psychobench_torch.heads.weights_file import save_observer
from psychobench_torch.networks.feature_extractor import Backbone
from psychobench_torch.training.outcome import Outcome, opened
from psychobench_torch.training.plan import TransferPlan


def train_observer(
    plan: TransferPlan, selection: Selection | None, *, progress: bool = True
) -> Outcome:
    """Load the frozen network, decode or render the images, train the head.

    Raises
    ------
    ObserverError
        If weights cannot be loaded, or the training's loss is no number any more.
    ResourceError
        If images are broken, or the disk is full.
    """
    design = plan.design
    backbone = load_backbone(design.architecture, plan.pretraining, dense=design.wants_dense)
    images = None
    if selection is not None:
        images = opened(plan, selection, backbone.size, progress=progress)
    heads = train_heads(
        backbone,
        design.head,
        plan.recipe,
        [plan.seed],
        images,
        fresh_dense=design.fresh_dense,
        progress=progress,
    )
    trained = next(heads)

    def save(path: Path) -> dict[str, Any]:
        said = _said(plan, backbone, images)
        record = save_observer(path, design.name, backbone, trained, **said)
        del record["log"]  # which is a file of its own here
        named = {"name": path.stem, "file": path.name, "sha256": sha256(path)}
        card = {**named, "architecture": backbone.name, **record}
        path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        return card

    def tidy() -> None:
        next(heads, None)  # there is none after the first, whose state is removed now

    return Outcome(plan, trained.epochs, save, tidy)


def _said(plan: TransferPlan, backbone: Backbone, images: LabelledImages | None) -> dict[str, Any]:
    """Say what the file does not know by itself: of the images, the recipe, the machine."""
    device = compute_device()
    precision = str(fast_dtype(device)).removeprefix("torch.")
    n_rendered = plan.recipe.n_identities * plan.recipe.per_identity
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "dense": "fresh" if plan.design.fresh_dense or not backbone.dense else "pre-trained",
        "data": images.origin if images else f"{n_rendered:,} rendered faces",
        "classes": images.classes if images else ("sad", "happy"),
        "data_sha256": images.sha256 if images else None,
        "notes": images.notes if images else (),
        "recipe": asdict(plan.recipe),
        "made_with": f"psychobench-torch {__version__}, torch {torch.__version__}, features in "
        f"{precision} on {device.type}",
    }
