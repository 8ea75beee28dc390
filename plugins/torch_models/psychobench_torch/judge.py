"""Put an observer together, from the cache or by training, and let it judge images."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from psychobench.errors import ObserverError
from psychobench.stimuli.faces import RENDERER_VERSION
from psychobench_torch.backbone import Backbone
from psychobench_torch.cache import cache_folder, cache_key, note, read_head, write_head
from psychobench_torch.convolutions import Convolutions, load_backbone
from psychobench_torch.device import compute_device, fast_dtype
from psychobench_torch.images import PREPROCESSING, fit_square, normalise, to_tensor
from psychobench_torch.networks import JudgingNetwork
from psychobench_torch.observers import Design
from psychobench_torch.pretraining import Pretraining
from psychobench_torch.recipe import RECIPE_VERSION, TransferRecipe
from psychobench_torch.transfer import TrainedHead, train_head

BATCH = 12  # images judged at once, always: a short batch is filled up, so batching changes nothing


@dataclass(frozen=True)
class Judge:
    """A trained network with the record of where its values come from."""

    network: JudgingNetwork
    backbone: Backbone
    trained: TrainedHead
    head_sha256: str
    determinants: dict[str, Any]

    preprocessing = PREPROCESSING
    log_odds = None

    @property
    def sha256(self) -> str:
        """Of all weights."""
        parts = f"{self.backbone.sha256} {self.head_sha256}"
        return hashlib.sha256(parts.encode()).hexdigest()

    @property
    def origin(self) -> str:
        """In words, where the weights come from."""
        return (
            f"convolutions pre-trained on {self.backbone.origin}; head trained "
            f"on {self.trained.n_train} rendered faces"
        )

    @property
    def deterministic(self) -> bool:
        """Whether the same images always get the same answers."""
        return bool(self.determinants["device"] == "cpu")

    @property
    def record(self) -> dict[str, Any]:
        """What a report says of the observer."""
        trained = self.trained
        return {
            **self.determinants,
            "n_train": trained.n_train,
            "n_validation": trained.n_validation,
            "best_epoch": trained.best,
            "validation_accuracy": trained.epochs[trained.best - 1].accuracy,
            "head_sha256": self.head_sha256,
        }

    def prepare(self, images: NDArray[np.uint8]) -> Tensor:
        """Fit and normalise images, on the network's device."""
        return normalise(fit_square(to_tensor(images).to(compute_device()), self.backbone.size))

    @torch.inference_mode()
    def answer(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Give P(happy) for images, shape (n, height, width, 3), in float32 throughout."""
        answers = [np.empty(0)]
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            batch = self.prepare(part)
            filling = batch.new_zeros((BATCH - len(part), *batch.shape[1:]))
            scores = self.network(torch.cat([batch, filling]))[: len(part)]
            answers.append(scores.double().softmax(1)[:, 1].cpu().numpy())
        return np.concatenate(answers)


def load_judge(
    design: Design, pretraining: Pretraining, recipe: TransferRecipe, seed: int
) -> Judge:
    """Load backbone and head; train the head where the cache has none.

    Raises
    ------
    ObserverError
        If the weights cannot be loaded.
    """
    backbone = load_backbone(design.architecture, pretraining, dense=design.head == "dense")
    if design.head != "excitation":
        raise ObserverError(f"'{design.name}' cannot be trained yet")
    convolutions = Convolutions(backbone.network.features, backbone.sha256)  # type: ignore[arg-type]
    determinants = head_determinants(convolutions, recipe, seed)
    key = cache_key(determinants)
    found = read_head(key)
    if found is None:
        note(
            f"training the head of {design.name} on rendered faces, once, in a minute or two; "
            f"it is kept in {cache_folder()}"
        )
        trained = train_head(convolutions, recipe, seed)
        found = trained, write_head(key, trained, determinants)
    trained, head_sha256 = found
    network = JudgingNetwork(backbone.network, trained.head).to(compute_device()).eval()
    return Judge(network, backbone, trained, head_sha256, determinants)


def head_determinants(
    convolutions: Convolutions, recipe: TransferRecipe, seed: int
) -> dict[str, Any]:
    """Name everything that determines a trained head."""
    device = compute_device()
    return {
        **asdict(recipe),
        "seed": seed,
        "convolutions_sha256": convolutions.sha256,
        "renderer_version": RENDERER_VERSION,
        "recipe_version": RECIPE_VERSION,
        "feature_dtype": str(fast_dtype(device)).removeprefix("torch."),
        "device": device.type,
        "torch_version": torch.__version__,
    }
