"""Small stand-ins: random convolutions, few faces, few epochs, a cache of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch
from psychobench_torch.networks import alexnet_convolutions, draw_kaiming_normal
from psychobench_torch.observers import DESIGNS, TrainedObserver
from psychobench_torch.pretraining import choose_pretraining
from psychobench_torch.recipe import TransferRecipe


@pytest.fixture(scope="session")
def small() -> TransferRecipe:
    """A training of seconds, too short to judge faces well."""
    return TransferRecipe(n_identities=5, per_identity=4, epochs=2, batch=8)


@pytest.fixture
def make_observer(weights_file: Path, small: TransferRecipe) -> Callable[[], TrainedObserver]:
    """Make observers that have not yet loaded anything."""
    return lambda: TrainedObserver(
        DESIGNS["fe_alexnet"], choose_pretraining(str(weights_file)), 0, small
    )


@pytest.fixture(scope="session")
def alexnet_state() -> dict[str, torch.Tensor]:
    """Random values for AlexNet's convolutions, under torchvision's names."""
    network = alexnet_convolutions().to_empty(device="cpu")
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
    weights_file: Path, small: TransferRecipe, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrainedObserver]:
    """Give an observer with a head that was trained on a handful of faces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PSYCHOBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        observer = TrainedObserver(
            DESIGNS["fe_alexnet"], choose_pretraining(str(weights_file)), 0, small
        )
        _ = observer.info
        yield observer
