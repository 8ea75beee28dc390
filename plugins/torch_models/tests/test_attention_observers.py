"""Observers that are networks say where they look, in Python and on the command line."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from psychobench_torch.attention import cam_faces
from psychobench_torch.attention.attend import attend
from psychobench_torch.attention.interface import METHODS, central_square
from psychobench_torch.heads.head_types import make_head
from psychobench_torch.networks.architectures import (
    ConvolutionalFeatures,
    convolutions,
    draw_kaiming_normal,
    with_head,
)
from psychobench_torch.observers.torch_observer import TorchObserver
from torch import Tensor, nn

from psychobench.attention import mapping
from psychobench.attention.image_maps import on_image
from psychobench.errors import ObserverError, OptionError
from psychobench.observers.attention_protocol import offers_attention, request_maps
from psychobench.observers.registry import load_observer
from psychobench.stimuli import load_stimuli

LEVELS = (0.0, 0.5, 1.0)
DRAW = ("attention", "draw", "small")


def transform(image: Any) -> Tensor:
    pixels = np.array(image.resize((48, 48)))
    return torch.from_numpy(pixels).permute(2, 0, 1) / 255 - 0.5


def network(seed: int = 0, outputs: int = 2) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, 2), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(968, outputs),
    ).eval()  # fmt: skip


def observer(seed: int = 0, **options: Any) -> TorchObserver:
    return TorchObserver(network(seed), **{"transform": transform, "name": "small", **options})


class Seeded(TorchObserver):
    """The same with replicates."""

    def replicates(self, n: int) -> list[TorchObserver]:
        return [observer(seed) for seed in range(n)]


@pytest.fixture
def pictures() -> np.ndarray:
    return load_stimuli().select(LEVELS).images()


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the registry make the small observer, whatever is asked for."""

    def make(name: str, **options: Any) -> TorchObserver:
        if name == "template":
            return load_observer(name)
        made = observer()
        made.__class__ = Seeded
        return made

    monkeypatch.setattr(mapping, "load_observer", make)


# --- the protocol ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["alexnet", "vgg11", "vgg13", "vgg16", "fe_alexnet", "alexnet_linear", "torchvision:resnet18"],
)
def test_every_registered_network_offers_attention_and_nothing_is_loaded(name):
    made = load_observer(name)
    assert offers_attention(made)
    assert tuple(made.attention_methods) == METHODS


def test_the_target_is_happy_unless_another_is_asked_for(pictures):
    made = observer()
    found = {
        target: request_maps(made, pictures, name="small", method="layercam", target=target)
        for target in (None, "happy", "sad", "margin", "winning")
    }
    assert found[None].target == "happy"
    np.testing.assert_array_equal(found[None].maps, found["happy"].maps)
    happy = made.respond(pictures) > 0.5
    winning = np.where(happy[:, None, None], found["happy"].maps, found["sad"].maps)
    np.testing.assert_allclose(found["winning"].maps, winning, atol=1e-7)
    with pytest.raises(ObserverError, match="choose from sad, happy, margin, winning"):
        made.attention(pictures, method="layercam", target="angry")


def test_maps_cover_the_central_square_of_a_wide_picture():
    """What stands beside the square is not seen and gets nothing."""
    wide = np.zeros((1, 40, 80, 3), np.uint8)
    found = observer().attention(wide, method="guided-backprop")
    assert found.window == central_square(40, 80) == (0.0, 0.25, 1.0, 0.75)
    assert not on_image(found, 40, 80)[:, :, :20].any()


def test_maps_lie_where_the_transform_shows_the_picture():
    """A squeeze sees the margins of a wide picture, a crop not even all of the central square."""
    wide = np.random.default_rng(0).integers(0, 256, (1, 40, 80, 3), dtype=np.uint8)
    squeezed = observer(window=lambda height, width: (0, 0, 1, 1))
    found = squeezed.attention(wide, method="guided-backprop")
    assert on_image(found, 40, 80)[:, :, :20].any()
    cropped = observer(window=partial(central_square, share=0.5))
    found = cropped.attention(wide, method="guided-backprop")
    assert found.window == (0.25, 0.375, 0.75, 0.625)
    inside = on_image(found, 40, 80)[:, 10:30, 30:50]
    assert inside.any()
    assert np.abs(on_image(found, 40, 80)).sum() == pytest.approx(np.abs(inside).sum())


@pytest.mark.parametrize("window", [(0, 0, 40, 80), (0, 0, 1), (0.5, 0, 0.5, 1), 0.875])
def test_a_window_that_is_no_part_of_the_picture_is_named(window):
    made = observer(window=lambda height, width: window)
    with pytest.raises(ObserverError, match=r"'small' returns .* for an image of 40 x 80 px"):
        made.attention(np.zeros((1, 40, 80, 3), np.uint8), method="layercam")


@pytest.mark.slow
@pytest.mark.parametrize("head", ["excitation", "dense", "linear"])
def test_registered_networks_are_mapped_at_their_last_convolution_whatever_the_head(head):
    extractor = ConvolutionalFeatures(convolutions("alexnet"), 1)
    network = with_head(extractor, make_head(head, 256, hidden=16)).to_empty(device="cpu")
    draw_kaiming_normal(network, torch.Generator().manual_seed(0))
    found = attend(network, torch.rand(1, 3, 224, 224), method="layercam", target="margin",
                   labels=("sad", "happy"))  # fmt: skip
    assert found.maps.shape == (1, 13, 13)
    assert found.layer == "conv5"
    assert network.training


# --- CAM ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_cam_regresses_on_rendered_faces_once_and_keeps_the_weights(
    cache, monkeypatch, pictures, notes
):
    monkeypatch.setattr(cam_faces, "SIZE", 32)
    made = observer()
    first = cam_faces.observer_weights(made, None, n_images=24)
    assert first.n_images == 24
    assert "rendered faces" in first.source
    assert "regressing small's scores" in notes()
    again = cam_faces.observer_weights(made, None, n_images=24)
    assert "regressing" not in notes()
    np.testing.assert_array_equal(again.values, first.values)
    found = made.attention(pictures, method="cam", weights=again)
    assert found.maps.shape == (3, 11, 11)
    assert found.options["n_images"] == 24
    assert found.options["r2_lowest"] == pytest.approx(first.r2.min())
    (kept,) = (cache.parent / "cam").glob("*.npz")
    kept.write_bytes(b"damaged")
    cam_faces.observer_weights(made, None, n_images=24)
    assert "are damaged" in notes()


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    "other",
    [
        {"outputs": (3, 2)},
        {"outputs": ([0, 2], 1)},
        {"target": "sad"},
        {"transform": lambda image: transform(image).flip(2)},
    ],
    ids=["outputs", "several outputs", "target", "transform"],
)
def test_cam_never_takes_the_weights_of_another_question_to_the_same_values(
    other, monkeypatch, notes
):
    """What is read off a network, and how images reach it, decide what its channels mean."""
    monkeypatch.setattr(cam_faces, "SIZE", 32)
    asked = {"transform": transform, "name": "small"}
    first = TorchObserver(network(outputs=4), **asked)
    second = TorchObserver(network(outputs=4), **{**asked, **other})
    assert first.info.weights_sha256 == second.info.weights_sha256
    kept = cam_faces.observer_weights(first, None, n_images=24)
    notes()
    found = cam_faces.observer_weights(second, None, n_images=24)
    assert "regressing" in notes()
    assert not np.allclose(found.values, kept.values)


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
def test_a_network_that_is_trained_further_gets_a_new_hash_and_new_cam_weights(monkeypatch, notes):
    monkeypatch.setattr(cam_faces, "SIZE", 32)
    made = observer()
    before = made.info.weights_sha256
    cam_faces.observer_weights(made, None, n_images=24)
    with torch.no_grad():
        made.module.module[-1].weight.neg_()
    notes()
    assert made.info.weights_sha256 != before
    cam_faces.observer_weights(made, None, n_images=24)
    assert "regressing" in notes()


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
def test_a_network_in_training_mode_finds_its_cam_weights_again(monkeypatch, notes):
    """Its running means must not move while its layers are looked through."""
    monkeypatch.setattr(cam_faces, "SIZE", 32)
    torch.manual_seed(0)
    block = nn.Sequential(nn.Conv2d(3, 6, 5, 4), nn.BatchNorm2d(6), nn.Sequential(nn.ReLU()))
    module = nn.Sequential(block, nn.Flatten(), nn.Linear(726, 2)).train()
    made = TorchObserver(module, transform=transform, name="small")
    first = cam_faces.observer_weights(made, None, n_images=24)
    notes()
    again = cam_faces.observer_weights(made, None, n_images=24)
    assert "regressing" not in notes()
    np.testing.assert_array_equal(again.values, first.values)
    assert module.training
    assert not block[1].running_mean.any()


def test_cam_takes_five_thousand_faces():
    """A dozen images cannot fit the weights of 256 channels."""
    assert cam_faces.observer_weights.__kwdefaults__ == {"n_images": 5000}


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def coarse_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write figures as small PNG files only; vector graphics take seconds each."""

    def save(figure: Any, folder: Path, name: str) -> None:
        figure.savefig(folder / f"{name}.png", dpi=40)

    monkeypatch.setattr("psychobench.draw.figures.save_figure", save)


@pytest.mark.slow
@pytest.mark.usefixtures("registered", "coarse_figures")
def test_draw_writes_figures_raw_maps_and_tidy_shares(run_cli, tmp_path):
    code, out, err = run_cli(
        *DRAW, "--levels", "0,1", "--mask", "none,eyes", "--seeds", 2, "--out", tmp_path
    )
    assert (code, "Warning" in err) == (0, False)
    assert "DEMONSTRATION with rendered faces" in out
    assert "layercam at conv2, target happy" in out
    assert {file.name for file in tmp_path.glob("*.png")} == {"maps.png", "shares.png"}
    with (tmp_path / "shares.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 21 * 6  # heads, masks, levels, regions
    assert {row["unit"] for row in rows} == {"head 1", "head 2"}
    for name in ("none", "eyes"):
        with np.load(tmp_path / "maps" / f"small---{name}.npz", allow_pickle=False) as kept:
            assert kept["maps"].shape == (21, 11, 11)
            about = json.loads(str(kept["provenance"]))
            assert (about["mask"], about["method"], len(about["weights_sha256"])) == (
                name,
                "layercam",
                64,
            )
            assert "torch" in about["run"]["versions"]
    document = json.loads((tmp_path / "attention.json").read_text())
    assert {row["units"] for row in document["slopes"]} == {2}
    assert document["shifts"]


@pytest.mark.slow
@pytest.mark.usefixtures("registered", "coarse_figures")
def test_json_is_what_the_file_has_and_faithfulness_stands_beside_chance(run_cli, tmp_path):
    code, out, _ = run_cli(
        *DRAW, "--method", "dense", "--layer", "conv21", "--reading", "total=sum",
        "--levels", "0", "--faithfulness", "--json", "--out", tmp_path,
    )  # fmt: skip
    assert code == 0
    document = json.loads(out)
    assert document == json.loads((tmp_path / "attention.json").read_text())
    assert document["maps"][0]["options"]["total"] == "sum"
    assert document["maps"][0]["target"] == "none"
    curves = {row["curve"]: row for row in document["faithfulness"]}
    assert set(curves) == {"deletion", "insertion"}
    assert all(0 <= row["auc_random"] <= 1 for row in curves.values())
    assert (tmp_path / "faithfulness.png").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["template"], "'template' has none; these have: "),
        (["small", "--method", "lime"], "'small' has no 'lime', only cam, gradcam"),
        (["small", "--layer", "conv7"], "there is no 'conv7'; choose from conv1 (module.1)"),
        (["small", "--levels", "0,.33"], "no stimulus has level 0.33"),
        (["small", "--levels", "low"], "--levels must be one of 'all', numbers"),
        (["small", "--score", "angry"], "choose from sad, happy, margin, winning"),
        (["small", "--mask", "ears"], "'ears' does not belong"),
        (["small", "--pretraining", "a/w.pt", "--pretraining", "b/w.pt"], "'w.pt' is there twice"),
        (["small", "--reading", "total=sum"], "layercam has no 'total'; it has none"),
        (["small", "--seeds", "2", "--rendered-people", "2"], "either heads or people"),
    ],
)
def test_wrong_input_is_answered_in_one_line_and_nothing_is_written(
    registered, run_cli, tmp_path, options, message
):
    code, out, err = run_cli("attention", "draw", *options, "--out", tmp_path / "new")
    assert code == 1
    assert message in err
    assert out == ""
    assert not (tmp_path / "new").exists()


def test_readings_are_checked_before_anything_is_trained():
    with pytest.raises(OptionError, match="must be one of mean, sum"):
        load_observer("vgg16").attention(
            np.zeros((1, 8, 8, 3), np.uint8), method="dense", total="median"
        )


def test_a_plain_classifier_is_mapped_by_its_winning_class():
    """Happy or sad means nothing on photographs of streets and dogs."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    )
    photograph = torch.rand(1, 3, 150, 200)
    found = attend(network, photograph, method="cam")
    assert found.target == "winning"
    winner = int(network(photograph).argmax())
    of_class = attend(network, photograph, method="cam", target=winner)
    np.testing.assert_array_equal(found.maps, of_class.maps)
    assert found.maps.shape == (1, 73, 98)
