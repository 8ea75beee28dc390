"""Train a head on frozen features, as planned."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from psychobench.resources import sha256, write_whole
from psychobench_torch import __version__
from psychobench_torch.backbone import Backbone
from psychobench_torch.convolutions import load_backbone
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.data.load import Selection
from psychobench_torch.device import compute_device, fast_dtype
from psychobench_torch.pretraining import Pretraining
from psychobench_torch.trained import TrainedHead
from psychobench_torch.training.outcome import Outcome, opened
from psychobench_torch.training.plan import TransferPlan
from psychobench_torch.transfer import train_heads
from psychobench_torch.weight_files import read_metadata, weights_bytes
from psychobench_torch.whole_observer import KEY, PREFIX


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
    wants_dense = design.head == "dense" and not design.fresh_dense
    backbone = load_backbone(design.architecture, plan.pretraining, dense=wants_dense)
    images = None
    if selection is not None:
        images = opened(plan, selection, backbone.size, progress=progress)
    (trained,) = train_heads(
        backbone,
        design.head,
        plan.recipe,
        [plan.seed],
        images,
        fresh_dense=design.fresh_dense,
        progress=progress,
    )

    def save(path: Path) -> dict[str, Any]:
        record = _record(plan, backbone, trained, images)
        write_whole(path, weights_bytes(_tensors(backbone, trained), _about(record)))
        card = {"name": path.stem, "file": path.name, "sha256": sha256(path), **record}
        path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        return card

    return Outcome(plan, trained.epochs, save, lambda: None)


def _tensors(backbone: Backbone, trained: TrainedHead) -> dict[str, Tensor]:
    """Name the frozen network's values as torchvision does, the head's after ``head.``.

    A head's values are float16 already; the frozen ones stay as they were when it was trained.
    """
    head = {f"{PREFIX}{name}": value.half() for name, value in trained.head.state_dict().items()}
    values = {**backbone.network.state_dict(), **head}
    return {name: value.cpu() for name, value in values.items()}


def _about(record: dict[str, Any]) -> dict[str, str]:
    """Give what a file of weights says of itself, as text."""
    size = {"size": str(record["trained_size"])} if record["trained_size"] else {}
    about = {name: record[name] for name in ("architecture", "source")}
    return {**about, **size, KEY: json.dumps(record)}


def _record(
    plan: TransferPlan, backbone: Backbone, trained: TrainedHead, images: LabelledImages | None
) -> dict[str, Any]:
    """Say what the weights are: of the frozen network, the images, the training."""
    device = compute_device()
    precision = str(fast_dtype(device)).removeprefix("torch.")
    n_rendered = plan.recipe.n_identities * plan.recipe.per_identity
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "observer": plan.design.name,
        "architecture": backbone.name,
        "kind": trained.kind,
        "dense": "fresh" if plan.design.fresh_dense or not backbone.dense else "pre-trained",
        "size": backbone.size,
        "trained_size": backbone.trained_size,
        "pretraining": backbone.pretraining,
        "pretraining_origin": backbone.origin,
        "stands_for": backbone.stands_for,
        "source": _source(plan.pretraining),
        "backbone_sha256": backbone.sha256,
        "data": images.origin if images else f"{n_rendered:,} rendered faces",
        "classes": images.classes if images else ("sad", "happy"),
        "data_sha256": images.sha256 if images else None,
        "notes": images.notes if images else (),
        "n_train": trained.n_train,
        "n_validation": trained.n_validation,
        "best_epoch": trained.best,
        "validation_accuracy": round(trained.accuracy, 4),
        "log_odds": trained.log_odds,
        "seed": trained.seed,
        "recipe": asdict(plan.recipe),
        "made_with": f"psychobench-torch {__version__}, torch {torch.__version__}, features in "
        f"{precision} on {device.type}",
    }


def _source(pretraining: Pretraining) -> str:
    """Give what the frozen weights say about themselves, or their name."""
    if pretraining.file is None:
        return pretraining.name
    if pretraining.file.suffix.lower() != ".safetensors":
        return pretraining.file.name
    return read_metadata(pretraining.file).get("source", pretraining.file.name)
