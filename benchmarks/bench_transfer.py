"""How fast heads are trained, beside a plain loop, and whether short cuts cost accuracy.

Run as ``python benchmarks/bench_transfer.py``. Rendered faces are written to a folder as JPEG
files; both sides start from these. The plain loop decodes them in every epoch (DataLoader with two
workers), computes AlexNet's features anew in float32 and trains with ``torch.optim.Adam`` as it
comes. ``--plain-epochs N`` times only N of its epochs and says so. ``--exact`` times ours with
crops of their own in every epoch, too. Images per second of every network are measured where there
is a CUDA device (``--rates`` does it on any). Results go to ``benchmarks/results/transfer.json``.

``--agreement N`` instead trains heads of N seeds by the paper's recipe, with fresh augmentation and
with cached views (``--views 5 10`` compares two numbers of them); ``--bfloat16`` with products in
bfloat16, too. Its results go to a file named after the numbers of images, epochs, views and seeds,
such as ``transfer_agreement_1280x10_5_views_3_seeds.json``. ``--images`` and ``--epochs`` make
either smaller.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from network_rates import measure_networks
from PIL import Image
from psychobench_torch.computing.device import compute_device
from psychobench_torch.data import load_labelled
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.head_types import make_head
from psychobench_torch.heads.recipe import PAPER_TRANSFER, TransferRecipe
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.heads.transfer import train_heads
from psychobench_torch.networks.architectures import draw_kaiming_normal
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.images import MEAN, STD, fit_square, normalise, to_tensor
from psychobench_torch.networks.weights_origin import choose_pretraining
from records import RESULTS, torch_setting, write
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from psychobench import load_stimuli
from psychobench.stimuli.faces import training_faces

RATIO_WANTED = 4.0
PER_PERSON, SEED = 4, 11
KINDS = ("linear", "excitation")
SIZE = 224


def write_faces(folder: Path, n_train: int, n_validation: int) -> Path:
    """Render faces and write them as a user's set: JPEG files and a table."""
    n = n_train + n_validation
    faces = training_faces(-(-n // PER_PERSON), PER_PERSON, seed=SEED, size=SIZE, progress=True)
    for number in range(n):
        Image.fromarray(faces.images[number]).save(folder / f"{number}.jpg", quality=95)
    table = pd.DataFrame({"path": [f"{number}.jpg" for number in range(n)]})
    table["valence"] = faces.valence[:n].round(4)
    table["split"] = np.where(np.arange(n) < n_train, "train", "validation")
    table.to_csv(folder / "faces.csv", index=False)
    return folder / "faces.csv"


class Faces(Dataset[tuple[Tensor, int]]):
    """Files of one split, decoded whenever they are asked for."""

    def __init__(self, table: Path, split: str, smallest_crop: float | None) -> None:
        rows = pd.read_csv(table).query("split == @split")
        self.paths = [table.parent / name for name in rows["path"]]
        self.labels = (rows["valence"] >= 0).astype(int).tolist()
        self.smallest = smallest_crop

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        with Image.open(self.paths[index]) as file:
            pixels = torch.from_numpy(np.array(file.convert("RGB"))).permute(2, 0, 1)
        image = pixels.float() / 255
        if self.smallest is not None:
            side = round(SIZE * float(torch.empty(1).uniform_(self.smallest, 1)))
            top, left = torch.randint(0, SIZE - side + 1, (2,)).tolist()
            image = nn.functional.interpolate(
                image[None, :, top : top + side, left : left + side], (SIZE, SIZE),
                mode="bilinear", antialias=True, align_corners=False,
            )[0]  # fmt: skip
            image = image.flip(-1) if torch.rand(()) < 0.5 else image
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
        return (image - mean) / std, self.labels[index]


def plain_loop(
    extractor: FeatureExtractor, table: Path, recipe: TransferRecipe, epochs: int
) -> Any:
    """Train FE-AlexNet as a first script would; give seconds per epoch and the best accuracy."""
    torch.manual_seed(0)
    device = compute_device()
    head = make_head("excitation", extractor.n_features).to_empty(device="cpu")
    draw_kaiming_normal(head)
    network = nn.Sequential(extractor.network, head).to(device)
    optimiser = torch.optim.Adam(head.parameters(), lr=recipe.learning_rate)
    train = DataLoader(
        Faces(table, "train", recipe.smallest_crop), recipe.batch, shuffle=True, num_workers=2
    )
    validation = DataLoader(Faces(table, "validation", None), recipe.batch, num_workers=2)
    accuracies, began = [], time.perf_counter()
    for _ in tqdm(range(epochs), desc="plain loop", unit="epoch"):
        for images, labels in train:
            loss = nn.functional.cross_entropy(network(images.to(device)), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            right = sum(
                int((network(images.to(device)).argmax(1).cpu() == labels).sum())
                for images, labels in validation
            )
        accuracies.append(right / len(validation.dataset))  # type: ignore[arg-type]
    extractor.network.cpu()
    return (time.perf_counter() - began) / epochs, max(accuracies)


@contextmanager
def own_cache() -> Iterator[None]:
    """Let decoded images and states go to a folder that is removed."""
    before = os.environ.get("PSYCHOBENCH_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PSYCHOBENCH_CACHE"] = folder
        try:
            yield
        finally:
            os.environ.pop("PSYCHOBENCH_CACHE")
            if before is not None:
                os.environ["PSYCHOBENCH_CACHE"] = before


def compare_loops(
    table: Path, recipe: TransferRecipe, plain_epochs: int, modes: dict[str, int]
) -> dict[str, Any]:
    """Time the plain loop and ours, from files on the disk to a trained head; modes give views."""
    extractor = load_extractor("alexnet", choose_pretraining("procedural-objects"))
    record: dict[str, Any] = {}
    for name, views in modes.items():
        with own_cache():
            began = time.perf_counter()
            images = load_labelled(table, size=SIZE)
            chosen = replace(recipe, views=views)
            (trained,) = train_heads(extractor, "excitation", chosen, [0], images)
            record[name] = {
                "views": views,
                "seconds": round(time.perf_counter() - began, 1),
                "seconds_in_steps": round(sum(epoch.seconds for epoch in trained.epochs), 1),
                "accuracy": round(trained.accuracy, 4),
            }
    per_epoch, accuracy = plain_loop(extractor, table, recipe, plain_epochs)
    seconds = per_epoch * recipe.epochs
    record["plain"] = {
        "epochs_timed": plain_epochs,
        "seconds": round(seconds, 1),
        "extrapolated": plain_epochs < recipe.epochs,
        "accuracy": round(accuracy, 4),
    }
    for name in modes:
        record[name]["times_faster_than_plain"] = round(seconds / record[name]["seconds"], 2)
    record["times_faster_wanted"] = RATIO_WANTED
    return record


def compare_modes(
    table: Path, n_seeds: int, recipe: TransferRecipe, others: dict[str, TransferRecipe]
) -> list[dict[str, Any]]:
    """Compare other ways to train with the exact mode over seeds.

    Beside validation accuracy: P(happy) over the bundled continuum, whose crossing is the PSE.
    """
    extractor = load_extractor("alexnet", choose_pretraining("procedural-objects"))
    ways = {"exact": recipe} | others
    with own_cache(), torch.inference_mode():
        faces = normalise(fit_square(to_tensor(load_stimuli().images())))
        continuum = extractor.network(faces)
    with own_cache():
        images = load_labelled(table, size=SIZE)
        found = {
            (way, kind): list(train_heads(extractor, kind, chosen, range(n_seeds), images))
            for way, chosen in ways.items()  # outside: heads of either kind share features
            for kind in KINDS
        }
    return [
        _against_exact(kind, way, {each: found[each, kind] for each in ways}, continuum)
        for kind in KINDS
        for way in ways
    ]


def _against_exact(
    kind: str, way: str, found: dict[str, list[TrainedHead]], continuum: Tensor
) -> dict[str, Any]:
    accuracies = {name: np.array([head.accuracy for head in found[name]]) for name in found}
    difference = accuracies[way] - accuracies["exact"]
    n_seeds = len(difference)
    happy = {
        name: np.array([head.head(continuum).softmax(1)[:, 1].numpy() for head in found[name]])
        for name in found
    }
    sem = difference.std(ddof=1) / math.sqrt(n_seeds) if n_seeds > 1 else None
    return {
        "head": kind,
        "way": way,
        "accuracies": accuracies[way].round(4).tolist(),
        "mean_difference_from_exact": round(float(difference.mean()), 4),
        "sem_difference": None if sem is None else round(float(sem), 4),
        "mean_p_happy": round(float(happy[way].mean()), 4),
        "sd_p_happy_over_seeds": round(float(happy[way].std(0).mean()), 4),
        "mean_absolute_difference_of_p_happy": round(
            float(np.abs(happy[way] - happy["exact"]).mean()), 4
        ),
    }


def measure_speed(
    table: Path, recipe: TransferRecipe, options: argparse.Namespace
) -> dict[str, Any]:
    """Time both loops, and every network where that is asked or there is a CUDA device."""
    plain_epochs = min(options.plain_epochs or options.epochs, options.epochs)
    modes = {"cached_views": options.views[0]} | ({"exact": 0} if options.exact else {})
    record: dict[str, Any] = {"images": options.images, "epochs": options.epochs}
    record["fe_alexnet"] = compare_loops(table, recipe, plain_epochs, modes)
    if options.rates or compute_device().type == "cuda":
        record["networks"] = measure_networks(options.rates_scale)
    else:
        record["networks"] = "not measured: there is no CUDA device here"
    return record


def measure_agreement(
    table: Path, recipe: TransferRecipe, options: argparse.Namespace
) -> tuple[str, dict[str, Any]]:
    """Compare ways to train; give the name of a file for this comparison alone, and its rows."""
    size = {name: getattr(options, name) for name in ("images", "validation", "epochs")}
    others = {f"{n}_views": replace(recipe, views=n) for n in options.views}
    if options.bfloat16:
        others["bfloat16"] = replace(recipe, products="bfloat16")
    parts = (f"{options.images}x{options.epochs}", *others, f"{options.agreement}_seeds")
    rows = compare_modes(table, options.agreement, recipe, others)
    return f"transfer_agreement_{'_'.join(parts)}.json", {**size, "agreement": rows}


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse options that would be passed over, or compare the exact mode with itself."""
    least, most = min(options.views), max(options.views)
    if least < 1:
        parser.error(f"--views must be 1 or more: it is {least}; for the exact mode take --exact")
    if options.agreement and most >= options.epochs:
        parser.error(
            f"--views must be fewer than --epochs: {most} views in {options.epochs} epochs are "
            "the exact mode itself"
        )
    if not options.agreement and (len(options.views) > 1 or options.bfloat16):
        parser.error("several --views, and --bfloat16, must go with --agreement")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4_000, help="training images")
    parser.add_argument("--validation", type=int, default=1_000, help="validation images")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--views", type=int, nargs="+", default=[5], help="cached views")
    parser.add_argument("--plain-epochs", type=int, help="epochs of the plain loop that are timed")
    parser.add_argument("--exact", action="store_true", help="time the exact mode, too")
    parser.add_argument("--agreement", type=int, default=0, help="seeds for exact against cached")
    parser.add_argument("--bfloat16", action="store_true", help="compare products in bfloat16, too")
    parser.add_argument("--rates", action="store_true", help="measure rates without CUDA too")
    parser.add_argument("--rates-scale", type=int, default=8, help="1 for a quick look")
    options = parser.parse_args()
    check(parser, options)
    here = torch_setting()
    recipe = replace(PAPER_TRANSFER, epochs=options.epochs)
    with tempfile.TemporaryDirectory() as folder:
        table = write_faces(Path(folder), options.images, options.validation)
        if options.agreement:
            name, found = measure_agreement(table, recipe, options)
        else:
            name, found = "transfer.json", measure_speed(table, recipe, options)
        write(RESULTS / name, here | found)


if __name__ == "__main__":
    main()
