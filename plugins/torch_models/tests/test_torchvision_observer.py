"""Any classifier of torchvision's becomes an observer without its last layer."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from psychobench_torch.extractors.torchvision_networks import (
    classifiers,
    load_classifier,
    source_of,
    without_last_layer,
)
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.networks.weights_origin import choose_pretraining, stands_for
from psychobench_torch.observers.designs import design_of
from psychobench_torch.observers.registered import SeededObserver
from psychobench_torch.storage.weight_files import tensors_sha256
from torch import nn

from psychobench.errors import ObserverError, OptionError
from psychobench.observers.registry import load_observer
from psychobench.resources import sha256
from psychobench.testing import check_observer

FEATURES = {
    "resnet18": 512, "mobilenet_v3_small": 1024, "efficientnet_b0": 1280, "vit_b_16": 768,
    "densenet121": 1024, "squeezenet1_1": 512, "swin_t": 768, "inception_v3": 2048,
}  # fmt: skip


def built(name: str, **options: object) -> nn.Module:
    network: nn.Module = import_torchvision().models.get_model(name, **options)
    return network


def random_file(name: str, folder: Path, **options: object) -> Path:
    torch.manual_seed(0)
    path = folder / f"{name}.pth"
    torch.save(built(name, **options).state_dict(), path)
    return path


def zeros(name: str, **options: object) -> dict[str, torch.Tensor]:
    """Give a network's state with all values zero; it takes no room."""
    with torch.device("meta"):
        values = built(name, **options).state_dict()
    return {
        key: torch.zeros((), dtype=value.dtype).expand(value.shape) for key, value in values.items()
    }


def load(name: str, path: Path | str) -> FeatureExtractor:
    return load_classifier(f"torchvision:{name}", choose_pretraining(str(path)))


@pytest.mark.slow
@pytest.mark.parametrize("name", FEATURES)
def test_what_is_left_gives_the_features_that_the_last_layer_took(name: str) -> None:
    options = {"init_weights": False} if name == "inception_v3" else {}
    with torch.device("meta"):
        network = built(name, **options).eval()
        left, n_features = without_last_layer(network)
        assert left(torch.empty(2, 3, 224, 224)).shape == (2, n_features)
    assert n_features == FEATURES[name]


@pytest.mark.slow
def test_the_scores_of_the_whole_network_come_from_these_features(tmp_path: Path) -> None:
    path = random_file("mobilenet_v3_small", tmp_path)
    extractor = load("mobilenet_v3_small", path)
    whole = built("mobilenet_v3_small").eval()
    whole.load_state_dict(torch.load(path, weights_only=True))
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        scores = whole.classifier[-1](extractor.network(images))
        torch.testing.assert_close(scores, whole(images), atol=1e-5, rtol=1e-4)
    assert (extractor.size, extractor.n_features) == (224, 1024)


@pytest.mark.slow
def test_a_network_that_was_fine_tuned_for_other_classes_loads(tmp_path: Path) -> None:
    torch.save(zeros("resnet18", num_classes=7), tmp_path / "emotions.pth")
    assert load("resnet18", tmp_path / "emotions.pth").n_features == 512


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "now", "then"),
    [
        ("densenet121", r"(denselayer\d+\.\w+)([12])\.", r"\1.\2."),
        ("vit_b_32", r"\.mlp\.0\.", ".mlp.linear_1."),
        ("vit_b_32", r"\.mlp\.3\.", ".mlp.linear_2."),
        ("vgg11_bn", "^.*num_batches_tracked", ""),
        ("mnasnet0_5", "^$", ""),
    ],
)
def test_official_files_are_understood_whatever_torchvision_wrote_them(
    name: str, now: str, then: str, tmp_path: Path
) -> None:
    state = zeros(name)
    old = {re.sub(now, then, key): value for key, value in state.items()}
    assert (set(old) != set(state)) == (name != "mnasnet0_5")
    torch.save(old, tmp_path / "old.pth")
    torch.save(state, tmp_path / "new.pth")
    assert load(name, tmp_path / "old.pth").sha256 == load(name, tmp_path / "new.pth").sha256


def test_weights_of_another_network_are_named_by_the_first_layer(tmp_path: Path) -> None:
    path = random_file("squeezenet1_1", tmp_path)
    with pytest.raises(
        ObserverError, match=r"those of mobilenet_v3_small: in .* layer features\.0\.0\.weight is"
    ):
        load("mobilenet_v3_small", path)


def test_an_unknown_network_lists_near_names() -> None:
    with pytest.raises(OptionError, match=r"no 'resnet19' \(did you mean 'resnet18'"):
        load_observer("torchvision:resnet19")
    with pytest.raises(OptionError, match=r"no 'zzz'; it has alexnet, "):
        load_observer("torchvision:zzz")
    assert "vit_b_16" in classifiers()


def test_bundled_weights_are_not_for_torchvisions_networks() -> None:
    with pytest.raises(OptionError, match="must be imagenet or a file: 'torchvision:resnet18'"):
        load_observer("torchvision:resnet18", pretraining="procedural-objects")
    with pytest.raises(OptionError, match="'torchvision:resnet18' was given 'rendered-faces'"):
        load("resnet18", "rendered-faces")


def test_only_weights_that_saw_imagenet_alone_count_as_object_based() -> None:
    models = import_torchvision().models
    said = {
        name: stands_for(source_of(models.get_model_weights(name).DEFAULT))
        for name in ("resnet50", "vit_h_14", "regnet_y_128gf")
    }
    assert said["resnet50"].startswith("object-based")
    assert "nor face-based as in Ying et al. (2023): Instagram" in said["vit_h_14"]
    assert said["vit_h_14"] == said["regnet_y_128gf"]


def put_imagenet(name: str, home: Path, monkeypatch: pytest.MonkeyPatch, **options: object) -> Path:
    """Put a file where torchvision keeps its downloads, under the hash that its enum expects."""
    monkeypatch.setenv("TORCH_HOME", str(home))
    folder = home / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    path = random_file(name, folder, **options)
    path = path.rename(folder / f"{name}-{sha256(path)[:8]}.pth")
    entry = import_torchvision().models.get_model_weights(name).DEFAULT
    url = f"https://localhost:1/{path.name}"
    monkeypatch.setattr(entry, "_value_", dataclasses.replace(entry.value, url=url))
    return path


def test_imagenet_weights_come_from_torchvision_with_its_size_and_normalisation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_imagenet("mobilenet_v3_small", tmp_path, monkeypatch)
    extractor = load("mobilenet_v3_small", "imagenet")
    assert extractor.sha256 == load("mobilenet_v3_small", path).sha256
    assert "MobileNet_V3_Small_Weights.IMAGENET1K_V1" in extractor.origin
    assert extractor.trained_size == 224


@pytest.mark.slow
def test_googlenet_is_torchvisions_own_whether_downloaded_or_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_imagenet("googlenet", tmp_path, monkeypatch, init_weights=False, aux_logits=True)
    fetched, filed = load("googlenet", "imagenet"), load("googlenet", path)
    entry = import_torchvision().models.get_model_weights("googlenet").DEFAULT
    official, _ = without_last_layer(built("googlenet", weights=entry).eval())
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = official(images)
        official.transform_input = False  # as it is built without weights
        assert not torch.allclose(official(images), expected, rtol=0.01)
        for extractor in (fetched, filed):
            torch.testing.assert_close(extractor.network(images), expected, atol=1e-5, rtol=1e-4)
    assert fetched.sha256 == filed.sha256
    # heads in the cache whose features came from other inputs go by the hash of values alone
    assert filed.sha256 != tensors_sha256(filed.network.state_dict())


def test_offline_the_error_says_where_the_file_may_be_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_imagenet("mobilenet_v3_small", tmp_path, monkeypatch)
    path.unlink()
    with pytest.raises(ObserverError, match="needs one download") as error:
        load("mobilenet_v3_small", "imagenet")
    assert str(path) in str(error.value)
    assert "procedural-objects" not in str(error.value)


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
def test_it_passes_the_conformance_kit(tmp_path: Path, small: TransferRecipe) -> None:
    name = "torchvision:shufflenet_v2_x0_5"
    chosen = choose_pretraining(str(random_file("shufflenet_v2_x0_5", tmp_path)))
    observer = SeededObserver(design_of(name), chosen, 0, small)
    # random features judge nothing: what depends on good answers is left out
    skip = ("polarity", "certainty", "colour-order", "distinct", "replicates", "image-sizes")
    skip += ("masked-images",)
    report = check_observer(observer, registered_name=name, skip=skip)
    assert report.passed, report
    assert observer.info.options["head"] == "linear"
    answers = observer.respond(np.zeros((2, 50, 40, 3), np.uint8))
    assert answers[0] == answers[1]
