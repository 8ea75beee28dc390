"""Weights come from where the option says, and a wrong file is named with its first wrong layer."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from psychobench_torch import convolutions
from psychobench_torch._torchvision import import_torchvision
from psychobench_torch.convolutions import FOLDER, load_convolutions, model_card
from psychobench_torch.objects import CLASSES
from psychobench_torch.pretraining import choose_pretraining

from psychobench.errors import ObserverError, OptionError, ResourceError
from psychobench.resources import sha256

State = dict[str, torch.Tensor]


def load(path: Path) -> convolutions.Convolutions:
    return load_convolutions(choose_pretraining(str(path)))


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
        load_convolutions(choose_pretraining("procedural-objects"))


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
    assert load(tmp_path / "weights.pth") == load(weights_file)


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
    with pytest.raises(OptionError, match="procedural-objects, imagenet") as error:
        choose_pretraining("rendered-faces")
    assert "'rendered-faces'" in str(error.value)


def test_a_missing_file_is_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"vggface2\.pth"):
        choose_pretraining(str(tmp_path / "vggface2.pth"))


def put_imagenet(state: State, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a file where torchvision keeps its downloads, and let its enum name it by its hash."""
    monkeypatch.setenv("TORCH_HOME", str(home))
    new = home / "hub" / "checkpoints" / "new.pth"
    new.parent.mkdir(parents=True)
    torch.save(state, new)
    path = new.rename(new.with_name(f"alexnet-owt-{sha256(new)[:8]}.pth"))
    models = import_torchvision().models

    class Entries(models.WeightsEnum):  # type: ignore[misc,name-defined]
        IMAGENET1K_V1 = models.Weights(f"https://localhost:1/{path.name}", lambda: None, {})

    monkeypatch.setattr(models, "AlexNet_Weights", Entries)
    return path


def test_imagenet_weights_come_by_torchvisions_own_path(
    alexnet_state: State, weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense = {"classifier.1.weight": torch.zeros(2, 2)}  # as in the real file, and not used
    put_imagenet(alexnet_state | dense, tmp_path, monkeypatch)
    assert load_convolutions(choose_pretraining("imagenet")) == load(weights_file)


def test_imagenet_weights_that_do_not_match_their_hash_are_refused(
    alexnet_state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_imagenet(alexnet_state, tmp_path, monkeypatch)
    torch.save({name: 2 * value for name, value in alexnet_state.items()}, path)
    with pytest.raises(ObserverError, match=f"{path.name} does not; delete it"):
        load_convolutions(choose_pretraining("imagenet"))
    path.write_bytes(b"half a file")
    with pytest.raises(ObserverError, match=f"{path.name} does not; delete it"):
        load_convolutions(choose_pretraining("imagenet"))


def test_a_download_that_fails_says_where_the_file_may_be_put(
    alexnet_state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_imagenet(alexnet_state, tmp_path, monkeypatch)
    path.unlink()
    with pytest.raises(ObserverError, match="needs one download") as error:
        load_convolutions(choose_pretraining("imagenet"))
    assert str(path) in str(error.value)
