"""A file with a trained head is an observer of its own, and trains nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.head_types import load_head
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.heads.weights_file import KEY, read_record, save_observer
from psychobench_torch.networks.architectures import convolutions
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.observers.registered import SeededObserver
from psychobench_torch.storage.training_log import Epoch
from torch import nn

from psychobench.errors import ObserverError
from psychobench.observers.registry import load_observer

FACES = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def head() -> TrainedHead:
    """A dense head of random values with 8 and 6 units."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"first": (8, 9216), "second": (6, 8), "classifier": (2, 6)}
    values = {}
    for name, shape in shapes.items():
        drawn = torch.randn(shape, generator=generator) * shape[1] ** -0.5
        values |= {f"{name}.weight": drawn.half().float(), f"{name}.bias": torch.zeros(shape[0])}
    epochs = (Epoch(0.6, 0.7), Epoch(0.5, 0.8))
    return TrainedHead(load_head("dense", values), epochs, 90, 10, "dense", seed=4, log_odds=0.5)


@pytest.fixture(scope="module")
def file(head: TrainedHead, weights_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "mine.safetensors"
    extractor = load_extractor("alexnet", choose_pretraining(str(weights_file)))
    save_observer(path, "alexnet", extractor, head, data="90 photographs", recipe={"epochs": 2})
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
def test_its_answers_are_those_of_torchvisions_network_with_the_same_values(
    file: Path, head: TrainedHead
) -> None:
    network = import_torchvision().models.alexnet()
    network.classifier = nn.Sequential(
        nn.Dropout(), nn.Linear(9216, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 6), nn.ReLU(),
        nn.Linear(6, 2),
    )  # fmt: skip
    state = safetensors.torch.load_file(file)
    places = {"head.first": "classifier.1", "head.second": "classifier.4",
              "head.classifier": "classifier.6"}  # fmt: skip
    for ours, theirs in places.items():
        for part in ("weight", "bias"):
            state[f"{theirs}.{part}"] = state.pop(f"{ours}.{part}")
    network.load_state_dict(state)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    images = (torch.from_numpy(FACES).permute(0, 3, 1, 2) / 255 - mean) / std
    with torch.inference_mode():
        expected = network.eval()(images).softmax(1)[:, 1].numpy()
    observer = load_observer("alexnet", pretraining=str(file))
    np.testing.assert_allclose(observer.respond(FACES), expected, atol=1e-5)


def test_it_says_what_it_was_trained_on_and_has_no_replicates(file: Path, cache: Path) -> None:
    observer = load_observer("alexnet", pretraining=str(file), seed=9)
    info = observer.info
    assert not hasattr(observer, "replicates")
    assert info.label_log_odds == 0.5
    assert (info.options["seed"], info.options["validation_accuracy"]) == (4, 0.8)
    assert info.options["dense_layers"] == "fresh"
    assert "head trained on 90 photographs" in info.weights_origin
    assert not cache.exists()


@pytest.mark.slow
def test_a_feature_map_of_another_size_than_the_images_comes_back(
    head: TrainedHead, tmp_path: Path
) -> None:
    """Fully connected layers of torchvision's VGGs want 7 x 7, which 64 px do not give."""
    shapes = {name: value.shape for name, value in convolutions("vgg11").state_dict().items()}
    state = {f"features.{name}": torch.zeros(shape) for name, shape in shapes.items()}
    state |= {"classifier.0.weight": torch.zeros(8, 25_088), "classifier.0.bias": torch.zeros(8)}
    state |= {"classifier.3.weight": torch.zeros(6, 8), "classifier.3.bias": torch.zeros(6)}
    safetensors.torch.save_file(state, tmp_path / "vgg11.safetensors", {"size": "64"})
    chosen = choose_pretraining(str(tmp_path / "vgg11.safetensors"))
    extractor = load_extractor("vgg11", chosen, dense=True)
    save_observer(tmp_path / "whole.safetensors", "vgg11", extractor, head, data="")
    again = load_extractor("vgg11", choose_pretraining(str(tmp_path / "whole.safetensors")))
    assert again.n_features == extractor.n_features == 25_088
    pixels = torch.zeros(1, 3, 64, 64)
    assert again.network(pixels).shape == extractor.network(pixels).shape == (1, 25_088)


@pytest.mark.slow
def test_how_long_a_training_took_changes_no_byte_of_its_file(
    head: TrainedHead, weights_file: Path, tmp_path: Path
) -> None:
    extractor = load_extractor("alexnet", choose_pretraining(str(weights_file)))
    for seconds in (1.0, 2.0):
        epochs = tuple(replace(epoch, seconds=seconds) for epoch in head.epochs)
        path = tmp_path / f"{seconds:g}.safetensors"
        record = save_observer(path, "alexnet", extractor, replace(head, epochs=epochs), data="")
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()
    assert read_record(path) == json.loads(json.dumps(record))


def test_another_observers_file_is_refused(file: Path) -> None:
    with pytest.raises(ObserverError, match=r"mine\.safetensors holds 'alexnet', not 'fe_alexnet'"):
        _ = load_observer("fe_alexnet", pretraining=str(file)).info


def test_a_head_that_is_not_there_is_named(file: Path, tmp_path: Path) -> None:
    state = safetensors.torch.load_file(file)
    with safetensors.safe_open(file, "pt") as opened:
        metadata = opened.metadata()
    del state["head.second.bias"]
    safetensors.torch.save_file(state, tmp_path / "part.safetensors", metadata)
    with pytest.raises(ObserverError, match=r"layer second\.bias must be"):
        _ = load_observer("alexnet", pretraining=str(tmp_path / "part.safetensors")).info


@pytest.mark.parametrize("text", ["no json", json.dumps([1]), json.dumps({"other": 1})])
def test_a_file_whose_record_is_no_heads_is_a_file_of_weights(
    text: str, weights_file: Path, tmp_path: Path
) -> None:
    state = safetensors.torch.load_file(weights_file)
    safetensors.torch.save_file(state, tmp_path / "weights.safetensors", {KEY: text})
    observer = load_observer("alexnet", pretraining=str(tmp_path / "weights.safetensors"))
    assert isinstance(observer, SeededObserver)
