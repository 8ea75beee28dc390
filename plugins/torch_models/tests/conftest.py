"""Small stand-ins: random convolutions, few faces, few epochs, a cache of the test's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.networks.architectures import convolutions, draw_kaiming_normal
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.weights_origin import Pretraining, choose_pretraining
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.observers.registered import SeededObserver
from torch import nn


@pytest.fixture
def notes(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return what the library noted since the last call."""
    caplog.set_level(logging.INFO, "psychobench")

    def read() -> str:
        text = "\n".join(record.getMessage() for record in caplog.records)
        caplog.clear()
        return text

    return read


@pytest.fixture(scope="session")
def small() -> TransferRecipe:
    """A training of seconds, too short to judge faces well."""
    return TransferRecipe(n_identities=5, per_identity=4, validation_share=0.2, epochs=2, batch=8)


@pytest.fixture(scope="session")
def alexnet_state() -> dict[str, torch.Tensor]:
    """Random values for AlexNet's convolutions, under torchvision's names."""
    network = convolutions("alexnet").to_empty(device="cpu")
    draw_kaiming_normal(network, torch.Generator().manual_seed(0))
    return {f"features.{name}": value for name, value in network.state_dict().items()}


@pytest.fixture(scope="session")
def weights_file(
    alexnet_state: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    safetensors.torch.save_file(alexnet_state, path)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the trained heads go to a folder of the test's own."""
    monkeypatch.setenv("PSYCHOBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "heads"


@pytest.fixture(scope="session")
def trained(
    small: TransferRecipe,
    tiny_extractor: Callable[..., FeatureExtractor],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SeededObserver]:
    """Give an observer with a head that was trained on a handful of faces, on a tiny network.

    The file tiny.safetensors stands for that network; every other file is read as it is.
    """
    file = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    safetensors.torch.save_file({"none": torch.zeros(1)}, file)

    def load(name: str, pretraining: Pretraining, **options: bool) -> FeatureExtractor:
        if pretraining.name == file.name:
            return tiny_extractor(pretraining=file.name)
        return load_extractor(name, pretraining, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PSYCHOBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr("psychobench_torch.observers.classifier.load_extractor", load)
        observer = SeededObserver(
            DESIGNS["alexnet_linear"], choose_pretraining(str(file)), 0, small
        )
        _ = observer.info
        yield observer


@pytest.fixture(scope="session")
def tiny_extractor() -> Callable[..., FeatureExtractor]:
    """Make backbones that average images of 32 px over 4 x 4 places: 48 features, at no cost."""

    def make(**changes: object) -> FeatureExtractor:
        network = nn.Sequential(nn.AvgPool2d(8), nn.Flatten()).eval()
        values: dict[str, object] = {
            "name": "tiny", "network": network, "n_features": 48, "size": 32,
            "sha256": "0" * 64, "pretraining": "none", "origin": "nothing", **changes,
        }  # fmt: skip
        return FeatureExtractor(**values)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def patches() -> Callable[..., LabelledImages]:
    """Draw noise whose upper half is brighter in class 1: a rule that is linear in features."""

    def draw(n: int = 160, contrast: float = 30.0, seed: int = 0, **changes: object):  # type: ignore[no-untyped-def]
        generator = np.random.default_rng(seed)
        labels = generator.permutation(np.arange(n) % 2)
        images = generator.normal(128, 40, (n, 32, 32, 3))
        images[:, :16] += contrast * (2 * labels[:, None, None, None] - 1)
        values: dict[str, object] = {
            "images": images.clip(0, 255).astype(np.uint8), "labels": labels.astype(np.int64),
            "classes": ("sad", "happy"), "origin": f"{n} patches", "sha256": f"{seed:064d}",
            **changes,
        }  # fmt: skip
        return LabelledImages(**values)  # type: ignore[arg-type]

    return draw
