"""Weights come from where the option says, and a wrong file is named with its first wrong layer."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from psychobench_torch.extractors import convolutions
from psychobench_torch.extractors.convolutions import FOLDER, load_extractor, model_card
from psychobench_torch.networks.architectures import ARCHITECTURES
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.stand_in_weights.objects import CLASSES

from psychobench.errors import ObserverError, OptionError, ResourceError
from psychobench.resources import sha256

State = dict[str, torch.Tensor]


def load(path: Path | str, architecture: str = "alexnet", **options: bool) -> FeatureExtractor:
    return load_extractor(architecture, choose_pretraining(str(path)), **options)


def test_the_bundled_weights_are_those_of_the_model_card() -> None:
    card = model_card()
    path = FOLDER / card["file"]
    assert sha256(path) == card["sha256"]
    assert path.stat().st_size <= 6_000_000


def test_the_model_card_says_what_a_reader_must_know() -> None:
    card = model_card()
    assert {"data", "recipe", "date", "limits", "held_out_accuracy"} <= set(card)
    assert card["recipe"]["seed"] == 0
    assert card["held_out_accuracy"] > 20 * card["chance_accuracy"]
    assert max(card["silent_channels"]) < 10


def test_the_bundled_file_holds_float16_convolutions_and_the_pooled_classifier() -> None:
    values = safetensors.torch.load_file(FOLDER / f"{convolutions.BUNDLED}.safetensors")
    assert {value.dtype for value in values.values()} == {torch.float16}
    assert values["pooled_classifier.weight"].shape == (len(CLASSES), 256)
    assert values["features.0.weight"].shape == (64, 3, 11, 11)


def test_bundled_weights_that_were_damaged_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{convolutions.BUNDLED}.safetensors").write_bytes(b"damaged")
    (tmp_path / f"{convolutions.BUNDLED}.json").write_text(json.dumps(model_card()))
    monkeypatch.setattr(convolutions, "FOLDER", tmp_path)
    with pytest.raises(ObserverError, match="reinstall psychobench-torch"):
        load("procedural-objects")


def test_convolutions_are_frozen_and_in_evaluation_mode(weights_file: Path) -> None:
    network = load(weights_file).network
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not network.training


@pytest.mark.parametrize("wrap", ["plain", "state_dict", "parallel"])
def test_the_same_values_count_as_the_same_whatever_file_holds_them(
    wrap: str, alexnet_state: State, weights_file: Path, tmp_path: Path
) -> None:
    state: dict[str, Any] = dict(alexnet_state)
    if wrap == "parallel":
        state = {f"module.{name}": value for name, value in state.items()}
    if wrap == "state_dict":
        state = {"state_dict": state, "epoch": 3}
    torch.save(state, tmp_path / "weights.pth")
    assert load(tmp_path / "weights.pth").sha256 == load(weights_file).sha256


def test_another_network_is_named_by_its_first_layer_that_does_not_fit(tmp_path: Path) -> None:
    with torch.device("meta"):
        other = import_torchvision().models.vgg11().features
    state = {
        f"features.{name}": torch.zeros(value.shape) for name, value in other.state_dict().items()
    }
    torch.save(state, tmp_path / "vgg11.pth")
    with pytest.raises(ObserverError) as error:
        load(tmp_path / "vgg11.pth")
    assert "vgg11.pth layer features.0.weight has shape 64 x 3 x 3 x 3, not 64 x 3 x 11 x 11" in (
        str(error.value)
    )


def test_a_missing_layer_is_named(alexnet_state: State, tmp_path: Path) -> None:
    state = {name: value for name, value in alexnet_state.items() if name != "features.3.bias"}
    safetensors.torch.save_file(state, tmp_path / "part.safetensors")
    with pytest.raises(ObserverError, match=r"layer features\.3\.bias is missing"):
        load(tmp_path / "part.safetensors")


def test_weights_that_are_not_numbers_are_refused(alexnet_state: State, tmp_path: Path) -> None:
    state = {name: value.clone() for name, value in alexnet_state.items()}
    state["features.6.weight"][0, 0, 0, 0] = float("nan")
    safetensors.torch.save_file(state, tmp_path / "nan.safetensors")
    with pytest.raises(ObserverError, match=r"layer features\.6\.weight holds values"):
        load(tmp_path / "nan.safetensors")


class Bomb:
    """What a malicious checkpoint holds: unpickling it runs a command."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.target,))


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    torch.save({"features.0.weight": Bomb(tmp_path / "ran")}, tmp_path / "bomb.pth")
    with pytest.raises(ObserverError, match="tensors alone"):
        load(tmp_path / "bomb.pth")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    with pytest.raises(ObserverError, match="must"):
        load(tmp_path / "bare.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["text.pth", "text.safetensors", "empty.pth", "empty.safetensors"])
def test_a_file_that_holds_no_weights_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"" if "empty" in name else b"not weights at all")
    with pytest.raises(ObserverError, match=name):
        load(tmp_path / name)


def test_a_file_that_holds_one_tensor_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(ObserverError, match="by layer name"):
        load(tmp_path / "tensor.pth")


def test_an_unknown_pretraining_lists_the_choices() -> None:
    with pytest.raises(
        OptionError, match=r"procedural-objects, rendered-faces, imagenet.*'photographs'"
    ):
        choose_pretraining("photographs")


def test_a_missing_file_is_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"vggface2\.pth"):
        choose_pretraining(str(tmp_path / "vggface2.pth"))


def state_of(architecture: str, *, dense: bool = False) -> State:
    """Zeros for a network of torchvision's, under its names; a file of them is small."""
    with torch.device("meta"):
        values = import_torchvision().models.get_model(architecture).state_dict()
    return {
        name: torch.zeros(()).expand(value.shape)
        for name, value in values.items()
        if dense or name.startswith("features.")
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("other", ARCHITECTURES)
def test_every_network_takes_its_own_weights_and_refuses_the_others(
    name: str, other: str, tmp_path: Path
) -> None:
    torch.save(state_of(other), tmp_path / "w.pt")
    if name == other:
        assert load(tmp_path / "w.pt", name).n_features in (9216, 25088)
    else:
        with pytest.raises(ObserverError, match=r"w\.pt layer features\.\d+\.weight"):
            load(tmp_path / "w.pt", name)


def test_a_deeper_network_with_all_of_its_layers_is_refused(
    alexnet_state: State, tmp_path: Path
) -> None:
    safetensors.torch.save_file(
        {**alexnet_state, "features.13.weight": torch.zeros(2)}, tmp_path / "deeper.safetensors"
    )
    with pytest.raises(ObserverError, match=r"layer features\.13\.weight is not one of them"):
        load(tmp_path / "deeper.safetensors")


def small_dense(hidden: int = 8, last: int = 6) -> State:
    return {
        "classifier.1.weight": torch.ones(hidden, 9216),
        "classifier.1.bias": torch.ones(hidden),
        "classifier.4.weight": torch.ones(last, hidden),
        "classifier.4.bias": torch.ones(last),
        "classifier.6.weight": torch.ones(5, last),
        "classifier.6.bias": torch.ones(5),
    }


@pytest.mark.slow
def test_the_first_two_dense_layers_come_along_and_the_last_does_not(
    alexnet_state: State, weights_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "whole.safetensors"
    safetensors.torch.save_file(alexnet_state | small_dense(), path)
    assert list(load(path).dense) == [
        "classifier.1.weight", "classifier.1.bias", "classifier.4.weight", "classifier.4.bias",
    ]  # fmt: skip
    assert load(path).sha256 != load(weights_file).sha256
    assert load(path, dense=False).sha256 == load(weights_file).sha256
    assert load(weights_file).dense == {}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"classifier.4.bias": None}, r"layer classifier\.4\.bias is missing"),
        ({"classifier.1.weight": torch.ones(8, 100)}, "shape 8 x 100, not 8 x 9216"),
        ({"classifier.4.weight": torch.ones(6, 9)}, "shape 6 x 9, not 6 x 8"),
    ],
)
def test_dense_layers_that_do_not_fit_are_named_where_they_are_needed(
    changes: dict[str, torch.Tensor | None], fault: str, alexnet_state: State, tmp_path: Path
) -> None:
    state = {k: v for k, v in (small_dense() | changes).items() if v is not None}
    safetensors.torch.save_file(alexnet_state | state, tmp_path / "odd.safetensors")
    with pytest.raises(ObserverError, match=fault):
        load(tmp_path / "odd.safetensors")
    assert load(tmp_path / "odd.safetensors", dense=False).dense == {}


def vgg_of(size: int | None, path: Path) -> Path:
    metadata = {"source": "rendered-faces"} | ({} if size is None else {"size": str(size)})
    state = {name: value.contiguous() for name, value in state_of("vgg11").items()}
    safetensors.torch.save_file(state, path, metadata)
    return path


@pytest.mark.slow
def test_a_vgg_sees_images_of_the_size_that_it_was_trained_on(tmp_path: Path) -> None:
    usual = load(vgg_of(None, tmp_path / "usual.safetensors"), "vgg11")
    small = load(vgg_of(64, tmp_path / "small.safetensors"), "vgg11")
    assert (usual.size, usual.n_features, usual.trained_size) == (224, 7 * 7 * 512, None)
    assert (small.size, small.n_features, small.trained_size) == (64, 2 * 2 * 512, 64)
    assert small.network(torch.zeros(1, 3, 64, 64)).shape == (1, 2 * 2 * 512)
    assert small.sha256 != usual.sha256
    assert small.origin.endswith("(rendered-faces), at 64 px")
    assert small.pretraining == "rendered-faces (small.safetensors)"
    assert "not VGGFace2" in small.stands_for


def test_dense_layers_that_were_trained_on_small_images_keep_the_pooled_map(tmp_path: Path) -> None:
    dense = {
        "classifier.0.weight": torch.ones(8, 7 * 7 * 512), "classifier.0.bias": torch.zeros(8),
        "classifier.3.weight": torch.ones(6, 8), "classifier.3.bias": torch.zeros(6),
    }  # fmt: skip
    path = tmp_path / "whole.safetensors"
    state = {name: value.contiguous() for name, value in state_of("vgg11").items()}
    safetensors.torch.save_file(state | dense, path, {"size": "64"})
    found = load(path, "vgg11")
    assert (found.size, found.n_features, len(found.dense)) == (64, 7 * 7 * 512, 4)
    assert found.network(torch.zeros(1, 3, 64, 64)).shape == (1, 7 * 7 * 512)


def test_a_vggs_own_weights_are_made_on_first_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def first_use(*arguments: str) -> Path:
        asked.append(arguments)
        return vgg_of(64, tmp_path / "made.safetensors")

    monkeypatch.setattr("psychobench_torch.stand_in_weights.first_use.first_use_weights", first_use)
    extractor = load("rendered-faces", "vgg11")
    assert asked == [("vgg11", "rendered-faces")]
    assert extractor.pretraining == "rendered-faces"
    assert extractor.origin == "the identities of rendered faces, at 64 px"


def put_imagenet(state: State, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a file where torchvision keeps its downloads, and let its enum name it by its hash."""
    monkeypatch.setenv("TORCH_HOME", str(home))
    new = home / "hub" / "checkpoints" / "new.pth"
    new.parent.mkdir(parents=True)
    torch.save(state, new)
    path = new.rename(new.with_name(f"alexnet-{sha256(new)[:8]}.pth"))
    models = import_torchvision().models
    entry = models.get_model_weights("alexnet").IMAGENET1K_V1.value
    named = dataclasses.replace(entry, url=f"https://localhost:1/{path.name}")
    entries = models.WeightsEnum("Entries", {"IMAGENET1K_V1": named})
    monkeypatch.setattr(models, "get_model_weights", lambda name: entries)
    return path


@pytest.mark.slow
def test_official_imagenet_weights_load_unchanged_with_their_dense_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_imagenet(state_of("alexnet", dense=True), tmp_path, monkeypatch)
    extractor = load("imagenet")
    assert {len(value) for value in extractor.dense.values()} == {4096}
    assert (extractor.size, extractor.trained_size) == (224, 224)
    assert extractor.mean == (0.485, 0.456, 0.406)
    assert extractor.stands_for == "object-based, as in Ying et al. (2023): ImageNet"


@pytest.mark.slow
def test_a_vggs_dense_layers_are_found_under_their_own_names(tmp_path: Path) -> None:
    layers = {"classifier.0": (8, 25088), "classifier.3": (6, 8), "classifier.6": (2, 6)}
    dense = {f"{name}.weight": torch.zeros(shape) for name, shape in layers.items()}
    dense |= {f"{name}.bias": torch.zeros(shape[0]) for name, shape in layers.items()}
    torch.save(state_of("vgg11") | dense, tmp_path / "vgg11.pth")
    found = {
        name: len(value) for name, value in load(tmp_path / "vgg11.pth", "vgg11").dense.items()
    }
    assert found == {
        "classifier.0.weight": 8, "classifier.0.bias": 8,
        "classifier.3.weight": 6, "classifier.3.bias": 6,
    }  # fmt: skip


def test_imagenet_weights_come_by_torchvisions_own_path(
    alexnet_state: State, weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_imagenet(alexnet_state, tmp_path, monkeypatch)
    assert load("imagenet").sha256 == load(weights_file).sha256


def test_imagenet_weights_that_do_not_match_their_hash_are_refused(
    alexnet_state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_imagenet(alexnet_state, tmp_path, monkeypatch)
    torch.save({name: 2 * value for name, value in alexnet_state.items()}, path)
    with pytest.raises(ObserverError, match=f"{path.name} does not; delete it"):
        load("imagenet")
    path.write_bytes(b"half a file")
    with pytest.raises(ObserverError, match=f"{path.name} does not; delete it"):
        load("imagenet")


def test_a_download_that_fails_says_where_the_file_may_be_put(
    alexnet_state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_imagenet(alexnet_state, tmp_path, monkeypatch)
    path.unlink()
    with pytest.raises(ObserverError, match="needs one download") as error:
        load("imagenet")
    assert str(path) in str(error.value)
