"""Pre-train AlexNet's convolutions on procedural objects; made the weights that are bundled.

Run as ``python -m psychobench_torch.pretrain --out FOLDER``. A classifier over the 256 pooled
channels is trained along and saved with the convolutions.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from psychobench.resources import sha256, write_whole
from psychobench_torch.device import compute_device, fast_autocast, fast_dtype
from psychobench_torch.images import fit_square, normalise, random_views, to_tensor
from psychobench_torch.networks import (
    CHANNELS,
    alexnet_convolutions,
    draw_kaiming_normal,
    in_channels_last,
)
from psychobench_torch.objects import CLASSES, OBJECTS_VERSION, object_set

NAME = "alexnet-procedural-objects"
EVALUATION_BATCH = 98
LOUDNESS = 2.0  # of the features: at 2 a head learns in few steps, and its gates are not saturated


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one image size (px), counted in presented images."""

    size: int
    presentations: int
    batch: int


@dataclass(frozen=True)
class Recipe:
    """Everything that determines the pre-training but the machine's rounding.

    Parameters
    ----------
    n_images, image_size : int
        Distinct training images, and the size in pixels at which they are rendered.
    n_held_out : int
        Fresh images, of another seed, for the accuracy in the model card.
    stages : tuple of Stage
        Small images first: most of the learning at a third of the time.
    learning_rate, weight_decay, smoothing : float
        Peak of the one-cycle schedule; AdamW's decay; label smoothing.
    smallest_crop : float
        See `psychobench_torch.images.random_views`.
    seed : int
        Of images, initial weights, order and crops.
    """

    n_images: int = 24_500
    image_size: int = 176
    n_held_out: int = 2_940
    stages: tuple[Stage, ...] = (Stage(128, 150_000, 128), Stage(224, 50_000, 128))
    learning_rate: float = 6e-4
    weight_decay: float = 0.02
    smoothing: float = 0.05
    smallest_crop: float = 0.6
    seed: int = 0


class PooledAlexNet(nn.Module):
    """AlexNet's convolutions and a linear classifier over their pooled channels."""

    def __init__(self, n_classes: int = len(CLASSES)) -> None:
        super().__init__()
        self.features = alexnet_convolutions().to_empty(device="cpu")
        self.pooled_classifier = nn.Linear(CHANNELS, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Score normalised images of any size from 64 px up, shape (n, n_classes)."""
        scores: Tensor = self.pooled_classifier(self.features(images).mean((2, 3)))
        return scores


def train(recipe: Recipe, *, progress: bool = True) -> PooledAlexNet:
    """Render the objects and train on them.

    Returns
    -------
    PooledAlexNet
        In evaluation mode, its values rounded to float16.
    """
    images, labels = object_set(
        recipe.n_images, seed=recipe.seed, size=recipe.image_size, progress=progress
    )
    device, generator = compute_device(), torch.Generator().manual_seed(recipe.seed)
    network = PooledAlexNet()
    draw_kaiming_normal(network, generator)
    network = in_channels_last(network).to(device)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    steps = sum(stage.presentations // stage.batch for stage in recipe.stages)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=steps, pct_start=0.1
    )
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    bar = tqdm(total=steps, desc="pre-training", unit="batch", disable=not progress)
    for views, target in _batches(recipe, to_tensor(images), torch.from_numpy(labels), generator):
        with fast_autocast(device):
            scores = network(normalise(views.to(device)))
        loss = criterion(scores.float(), target.to(device))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        bar.update()
    bar.close()
    network.cpu().eval()
    equalise_channels(network, images[: recipe.n_held_out])
    network.half().float()
    return network


def _batches(
    recipe: Recipe, images: Tensor, labels: Tensor, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Go through the images in random order, again and again, drawing a new view each time."""
    order = torch.randperm(len(images), generator=generator)
    for stage in recipe.stages:
        for _ in range(stage.presentations // stage.batch):
            if len(order) < stage.batch:
                order = torch.cat([order, torch.randperm(len(images), generator=generator)])
            chosen, order = order[: stage.batch], order[stage.batch :]
            views = random_views(
                images[chosen], stage.size, smallest=recipe.smallest_crop, generator=generator
            )
            yield views, labels[chosen]


@torch.inference_mode()
def equalise_channels(network: PooledAlexNet, images: NDArray[np.uint8]) -> None:
    """Scale every channel of the last convolution to root mean square `LOUDNESS` on `images`.

    The classifier is scaled inversely, and ReLU and max pooling commute with positive factors, so
    the scores stay as they are; a head that is trained on the features later learns evenly from
    all of them. Channels that hardly respond are raised tenfold at most, relative to the median.
    """
    power = torch.zeros(CHANNELS)
    for part in torch.split(to_tensor(images), EVALUATION_BATCH):
        power += network.features(normalise(fit_square(part))).square().mean((2, 3)).sum(0)
    size = (power / len(images)).sqrt() / LOUDNESS
    size = size.clamp(min=float(size.median()) / 10)
    last = [layer for layer in network.features if isinstance(layer, nn.Conv2d)][-1]
    last.weight.div_(size.view(-1, 1, 1, 1))
    if last.bias is not None:
        last.bias.div_(size)
    network.pooled_classifier.weight.mul_(size)


@torch.inference_mode()
def evaluate(network: PooledAlexNet, recipe: Recipe) -> dict[str, Any]:
    """Measure accuracy on fresh images, and count the channels that never respond to any.

    Returns
    -------
    dict
        ``held_out_accuracy``, ``n_held_out`` and ``silent_channels`` of each convolution.
    """
    images, labels = object_set(
        recipe.n_held_out, seed=recipe.seed + 1_000_003, size=recipe.image_size
    )
    activity: dict[str, Tensor] = {}
    n_right = 0
    for start in range(0, len(images), EVALUATION_BATCH):
        chosen = slice(start, start + EVALUATION_BATCH)
        x = normalise(fit_square(to_tensor(images[chosen])))
        for name, layer in network.features.named_children():
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                peak = x.amax((0, 2, 3))
                activity[name] = torch.maximum(activity.get(name, peak), peak)
        guesses = network.pooled_classifier(x.mean((2, 3))).argmax(1)
        n_right += int((guesses == torch.from_numpy(labels[chosen])).sum())
    return {
        "held_out_accuracy": round(n_right / len(images), 4),
        "n_held_out": len(images),
        "silent_channels": [int((peak <= 0).sum()) for peak in activity.values()],
    }


def save(network: PooledAlexNet, recipe: Recipe, out: Path, minutes: float) -> dict[str, Any]:
    """Write weights (float16 safetensors) and model card (JSON); return the card."""
    weights = out / f"{NAME}.safetensors"
    values = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    metadata = {"classes": json.dumps(CLASSES)}
    write_whole(weights, safetensors.torch.save(values, metadata))
    card = {
        "name": NAME,
        "file": weights.name,
        "sha256": sha256(weights),
        "date": datetime.now(UTC).date().isoformat(),
        "architecture": "torchvision AlexNet features, the last convolution's channels scaled to "
        f"root mean square {LOUDNESS:g}; linear classifier over mean-pooled channels",
        "data": f"procedural objects, version {OBJECTS_VERSION}: {len(CLASSES)} classes of "
        "rendered shapes, signs, things, textures and solids; no photograph and no face",
        "classes": CLASSES,
        "recipe": asdict(recipe) | {"optimiser": "AdamW", "schedule": "one cycle"},
        "chance_accuracy": round(1 / len(CLASSES), 4),
        **evaluate(network, recipe),
        "minutes": round(minutes, 1),
        "made_with": f"torch {torch.__version__}, {fast_dtype(compute_device())} autocast on "
        f"{compute_device().type}, {torch.get_num_threads()} thread(s)",
        "limits": "Trained on drawings, not photographs: a stand-in for object-based "
        "pre-training where no download is possible, not for ImageNet weights. Running the "
        "recipe again gives weights of the same kind, not the same bytes.",
    }
    write_whole(out / f"{NAME}.json", (json.dumps(card, indent=1) + "\n").encode())
    return card


def main() -> None:
    """Pre-train, measure, save."""
    parser = argparse.ArgumentParser(prog="psychobench_torch.pretrain", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and card")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recipe = Recipe(seed=options.seed)
    began = time.monotonic()
    network = train(recipe)
    card = save(network, recipe, options.out, (time.monotonic() - began) / 60)
    print(
        json.dumps({key: card[key] for key in ("held_out_accuracy", "silent_channels", "sha256")})
    )


if __name__ == "__main__":
    main()
