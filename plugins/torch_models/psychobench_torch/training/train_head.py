"""Train a head on frozen features, as planned."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from psychobench.plugins import sha256
from psychobench_torch.computing.device import compute_device, fast_dtype
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.data.load import Selection
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.transfer import train_heads
from psychobench_torch.heads.weights_file import save_observer
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.storage.store import json_bytes
from psychobench_torch.training.outcome import Outcome, load_images
from psychobench_torch.training.plan import TransferPlan
from psychobench_torch.version import __version__


def train_head(
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
    extractor = load_extractor(design.architecture, plan.pretraining, dense=design.wants_dense)
    images = None
    if selection is not None:
        images = load_images(plan, selection, extractor.size, progress=progress)
    heads = train_heads(
        extractor,
        design.head,
        plan.recipe,
        [plan.seed],
        images,
        fresh_dense=design.fresh_dense,
        progress=progress,
    )
    trained = next(heads)

    def save(path: Path) -> dict[str, Any]:
        details = _details(plan, extractor, images)
        record = save_observer(path, design.name, extractor, trained, **details)
        del record["log"]  # which is a file of its own here
        named = {"name": path.stem, "file": path.name, "sha256": sha256(path)}
        card = {**named, "architecture": extractor.name, **record}
        path.with_suffix(".json").write_bytes(json_bytes(card))
        return card

    def tidy() -> None:
        next(heads, None)  # there is none after the first, whose state is removed now

    return Outcome(plan, trained.epochs, save, tidy)


def _details(
    plan: TransferPlan, extractor: FeatureExtractor, images: LabelledImages | None
) -> dict[str, Any]:
    """Return what the file adds about images, recipe and machine."""
    device = compute_device()
    precision = str(fast_dtype(device)).removeprefix("torch.")
    n_rendered = plan.recipe.n_identities * plan.recipe.per_identity
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "dense": "fresh" if plan.design.fresh_dense or not extractor.dense else "pre-trained",
        "data": images.origin if images else f"{n_rendered:,} rendered faces",
        "classes": images.classes if images else ("sad", "happy"),
        "data_sha256": images.sha256 if images else None,
        "notes": images.notes if images else (),
        "recipe": asdict(plan.recipe),
        "made_with": f"psychobench-torch {__version__}, torch {torch.__version__}, features in "
        f"{precision} on {device.type}",
    }
