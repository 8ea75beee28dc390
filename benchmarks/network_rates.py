"""Images per second of every network in both trainings, and what the paper's recipe takes.

Used by ``bench_transfer.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from psychobench_torch.computing.device import compute_device, fast_autocast
from psychobench_torch.data import LabelledImages
from psychobench_torch.heads.features import BUDGET, Features
from psychobench_torch.heads.recipe import PAPER_TRANSFER
from psychobench_torch.heads.transfer import train_heads
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.pretraining import PAPER_PRETRAINING, Stage, pretrain
from psychobench_torch.pretraining.network import make_network
from torch import nn

WAITING_ALLOWED = 0.1
SIZE = 224
NETWORKS = ("alexnet", "vgg11", "vgg13", "vgg16")
N_PRETRAINING, N_TRANSFER, N_VALIDATION = 291_502, 28_765, 2_999  # the paper's sets


def noise(n: int, n_classes: int, side: int) -> LabelledImages:
    """Draw images for measurements of speed, where it does not matter what they show."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    labels = np.arange(n) % n_classes
    classes = tuple(map(str, range(n_classes)))
    held = np.arange(n) // n_classes % 8 == 0
    return LabelledImages(images, labels, classes, "noise", f"{n}-{n_classes}", None, held)


def rate(work: Callable[[], None], n_images: int, times: int) -> float:
    """Give images per second of `times` calls after one that warms up."""
    work()
    _wait()
    began = time.perf_counter()
    for _ in range(times):
        work()
    _wait()
    return n_images * times / (time.perf_counter() - began)


def pretraining_rates(architecture: str, steps: int) -> dict[str, float]:
    """Measure a pre-training with its input, and its steps on a batch that is there already."""
    device = compute_device()
    data = noise(2_048, 64, 256)
    recipe = replace(
        PAPER_PRETRAINING, architecture=architecture, keep="last",
        stages=(Stage(SIZE, steps * 32, 32),),
    )  # fmt: skip
    pretrain(replace(recipe, stages=(Stage(SIZE, 4 * 32, 32),)), data, progress=False)
    epochs = pretrain(recipe, data, progress=False).epochs
    shown = sum(epoch.images_per_second * epoch.seconds for epoch in epochs)
    with_input = shown / sum(epoch.seconds for epoch in epochs)
    network = make_network(recipe, 64).to(device).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, fused=True)
    batch = torch.randn(32, 3, SIZE, SIZE, device=device).to(memory_format=torch.channels_last)
    labels = torch.arange(32, device=device)

    def step() -> None:
        with fast_autocast(device, training=True):
            scores = network(batch)
        optimiser.zero_grad()
        nn.functional.cross_entropy(scores.float(), labels).backward()
        optimiser.step()

    return _shares(with_input, rate(step, 32, steps))


def transfer_rates(observer: str, n_images: int) -> dict[str, float]:
    """Measure features with their input and on a batch that is there, and steps of a head."""
    architecture, kind = (
        ("alexnet", "excitation") if observer == "fe_alexnet" else (observer, "dense")
    )
    device = compute_device()
    source = make_network(replace(PAPER_PRETRAINING, architecture=architecture), 2).eval()
    network = nn.Sequential(source.features, source.avgpool, nn.Flatten()).requires_grad_(False)
    n_features = int(network(torch.zeros(1, 3, SIZE, SIZE)).shape[1])
    extractor = FeatureExtractor(observer, network, n_features, SIZE, observer, "", "")
    data, recipe = noise(n_images, 2, 256), replace(PAPER_TRANSFER, epochs=2)
    (trained,) = train_heads(extractor, kind, recipe, [0], data, progress=False)
    steps = trained.n_train / min(epoch.seconds for epoch in trained.epochs)
    features = Features(extractor, data, recipe, BUDGET)
    rows = torch.arange(trained.n_train)
    features.view(0, rows, progress=False)
    _wait()
    began = time.perf_counter()
    features.view(1, rows, progress=False)
    _wait()
    with_input = trained.n_train / (time.perf_counter() - began)
    network.to(device)
    batch = torch.randn(64, 3, SIZE, SIZE, device=device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def answer() -> None:
        with fast_autocast(device):
            network(batch)

    shares = _shares(with_input, rate(answer, 64, max(2, n_images // 64)))
    return {**shares, "head_images_per_second": round(steps, 1)}


def measure_networks(scale: int) -> dict[str, Any]:
    """Measure every network and project the paper's whole recipe from that."""
    first = {name: pretraining_rates(name, 25 * scale) for name in NETWORKS}
    second = {name: transfer_rates(name, 256 * scale) for name in (*NETWORKS, "fe_alexnet")}
    shown = N_PRETRAINING * 60
    hours = {"pretraining": sum(shown / each["images_per_second"] for each in first.values())}
    per_epoch = [
        (N_TRANSFER + N_VALIDATION) / each["images_per_second"]
        + N_TRANSFER / each["head_images_per_second"]
        for each in second.values()
    ]
    hours["transfer"] = 2 * 20 * sum(per_epoch)  # two pre-trainings of each
    return {
        "pretraining": first,
        "transfer": second,
        "waiting_allowed": WAITING_ALLOWED,
        "projected_hours": {name: round(value / 3600, 2) for name, value in hours.items()},
    }


def _shares(with_input: float, without: float) -> dict[str, float]:
    return {
        "images_per_second": round(with_input, 1),
        "images_per_second_without_input": round(without, 1),
        "share_of_time_waiting_for_input": round(max(0.0, 1 - with_input / without), 3),
    }


def _wait() -> None:
    if compute_device().type == "cuda":
        torch.cuda.synchronize()
