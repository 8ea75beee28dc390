"""Put FE-AlexNet together, from the cache or by training, and let it judge images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from psychobench.stimuli.faces import RENDERER_VERSION
from psychobench_torch.cache import cache_folder, cache_key, note, read_head, write_head
from psychobench_torch.convolutions import Convolutions, load_convolutions
from psychobench_torch.device import compute_device, fast_dtype
from psychobench_torch.images import fit_square, normalise, to_tensor
from psychobench_torch.networks import FEAlexNet
from psychobench_torch.pretraining import Pretraining
from psychobench_torch.recipe import RECIPE_VERSION, TransferRecipe
from psychobench_torch.transfer import TrainedHead, train_head

BATCH = 12  # images judged at once, always: a short batch is filled up, so batching changes nothing


@dataclass(frozen=True)
class Judge:
    """A trained FE-AlexNet with the record of where its values come from.

    Parameters
    ----------
    network : FEAlexNet
        In evaluation mode, float32.
    trained : TrainedHead
        Its head, with the record of the training.
    convolutions_sha256, head_sha256 : str
        Hashes of the two parts' values.
    determinants : dict
        What determined the head; the cache's key is made of it.
    """

    network: FEAlexNet
    trained: TrainedHead
    convolutions_sha256: str
    head_sha256: str
    determinants: dict[str, Any]

    @torch.inference_mode()
    def answer(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Give P(happy) for images, shape (n, height, width, 3), in float32 throughout."""
        device = compute_device()
        answers = [np.empty(0)]
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            batch = normalise(fit_square(to_tensor(part).to(device)))
            filling = batch.new_zeros((BATCH - len(part), *batch.shape[1:]))
            scores = self.network(torch.cat([batch, filling]))[: len(part)]
            answers.append(scores.double().softmax(1)[:, 1].cpu().numpy())
        return np.concatenate(answers)


def load_judge(pretraining: Pretraining, recipe: TransferRecipe, seed: int) -> Judge:
    """Load convolutions and head; train the head where the cache has none.

    Raises
    ------
    ObserverError
        If the convolutions cannot be loaded.
    """
    convolutions = load_convolutions(pretraining)
    determinants = head_determinants(convolutions, recipe, seed)
    key = cache_key(determinants)
    found = read_head(key)
    if found is None:
        note(
            "training FE-AlexNet's head on rendered faces, once, in a minute or two; "
            f"it is kept in {cache_folder()}"
        )
        trained = train_head(convolutions, recipe, seed)
        found = trained, write_head(key, trained, determinants)
    trained, head_sha256 = found
    network = FEAlexNet(convolutions.network, trained.head).to(compute_device()).eval()
    return Judge(network, trained, convolutions.sha256, head_sha256, determinants)


def head_determinants(
    convolutions: Convolutions, recipe: TransferRecipe, seed: int
) -> dict[str, Any]:
    """Name everything that determines a trained head.

    Returns
    -------
    dict
        Values that JSON takes.
    """
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
