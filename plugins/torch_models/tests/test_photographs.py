"""Pre-trained classifiers look at whole photographs; their maps meet people's fixations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from psychobench_torch.attention.interface import METHODS
from psychobench_torch.attention.photographs import map_photographs
from psychobench_torch.extractors.pretrained_classifier import load_classifier
from psychobench_torch.networks.architectures import draw_kaiming_normal
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.pretraining.network import PooledNetwork

from psychobench.errors import ObserverError, OptionError

CLASSES = ["apple", "boat", "cat"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write random values of AlexNet with a classifier of three classes, trained at 96 px."""
    network = PooledNetwork("alexnet", len(CLASSES)).to_empty(device="cpu")
    draw_kaiming_normal(network, torch.Generator().manual_seed(0))
    path = tmp_path_factory.mktemp("weights") / "three.safetensors"
    about = {"classes": json.dumps(CLASSES), "source": "noise", "architecture": "alexnet"}
    safetensors.torch.save_file(network.state_dict(), path, about)
    return path


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    for name in ("p1", "p2"):
        pixels = rng.integers(0, 255, (60, 100, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def test_a_classifier_comes_with_its_classes(weights: Path) -> None:
    classifier = load_classifier("alexnet", choose_pretraining(str(weights)))
    assert classifier.classes == tuple(CLASSES)
    assert not classifier.module.training
    with torch.inference_mode():
        assert classifier.module(torch.zeros(2, 3, 96, 96)).shape == (2, 3)


def test_weights_without_a_classifier_are_refused(weights_file: Path) -> None:
    with pytest.raises(ObserverError, match="classifier of their pre-training"):
        load_classifier("alexnet", choose_pretraining(str(weights_file)))
    with pytest.raises(ObserverError, match="there is no 'lenet'"):
        load_classifier("lenet", choose_pretraining(str(weights_file)))


@pytest.mark.slow
def test_cam_of_the_winning_class_averages_to_its_score(weights: Path, photographs: Path) -> None:
    classifier = load_classifier("alexnet", choose_pretraining(str(weights)))
    paths = sorted(photographs.iterdir())
    found = list(map_photographs(classifier, paths, methods=["cam"], size=96))
    seen = [np.asarray(Image.open(path)) for path in paths]
    from psychobench_torch.networks.images import normalise, resize, to_tensor

    for each, image in zip(found, seen, strict=True):
        with torch.inference_mode():
            scores = classifier.module(normalise(resize(to_tensor(image[None]), 96, 96)))[0]
        bias = classifier.module.get_parameter("pooled_classifier.bias")
        best = int(scores.argmax())
        assert each.winning == CLASSES[best]
        mean = float(each.maps["cam"].maps.mean())
        assert mean == pytest.approx(float(scores[best] - bias[best]), rel=1e-3, abs=1e-4)


@pytest.mark.slow
def test_every_part_of_a_photograph_is_seen(weights: Path, tmp_path: Path) -> None:
    classifier = load_classifier("alexnet", choose_pretraining(str(weights)))
    plain = np.full((60, 160, 3), 128, np.uint8)
    marked = plain.copy()
    marked[:, :20] = np.random.default_rng(0).integers(0, 255, (60, 20, 3))
    for name, pixels in (("a", plain), ("b", marked)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    maps = [
        each.maps["guided-backprop"].maps[0]
        for each in map_photographs(classifier, paths, methods=["guided-backprop"], size=96)
    ]
    changed = np.abs(maps[1] - maps[0])
    # what lies outside the central square is no less part of the picture
    assert changed[:, :12].mean() > 2 * changed[:, 48:].mean()


@pytest.mark.slow
def test_maps_are_written_and_compared_with_fixations(
    run_cli: Callable[..., Any], weights: Path, photographs: Path, tmp_path: Path
) -> None:
    options = ["--pretraining", weights, "--images", photographs, "--size", 96]
    options += ["--reading", "total=sum"]
    twice = ["alexnet", "alexnet"]  # is asked once
    ran = run_cli("attention", "maps", *twice, *options, "--out", tmp_path / "maps", "--json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert len(document["networks"]) == 1
    sources = {row["source"] for row in document["maps"]}
    assert {"alexnet-three/layercam", "alexnet-three/dense/conv54"} <= sources
    assert document["networks"][0]["seen_at"] == 96
    assert document["provenance"]["command"].startswith("psychobench attention maps alexnet ")
    assert document["provenance"]["options"] == {
        "networks": ["alexnet"],
        "images": str(photographs),
        "pretraining": str(weights),
        "methods": list(METHODS),
        "size": 96,
        "readings": {"total": "sum"},
        "out": str(tmp_path / "maps"),
    }
    rng = np.random.default_rng(0)
    rows = [
        f"{image}.png,s{subject},{rng.uniform(0, 99):.1f},{rng.uniform(0, 59):.1f},200"
        for image in ("p1", "p2")
        for subject in range(4)
        for _ in range(5)
    ]
    file = tmp_path / "fixations.csv"
    file.write_text("\n".join(["image,subject,x_px,y_px,duration_ms", *rows]))
    gaze = ["--maps", tmp_path / "maps", "--fixations", file, "--images", photographs]
    ran = run_cli("attention", "compare", *gaze, "--sigma-px", 6, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "not those of the paper" in ran.out
    assert (tmp_path / "out" / "gallery-alexnet-three-dense.png").is_file()
    without = run_cli("attention", "compare", *gaze[:4], "--sigma-px", 6)
    assert without.code == 0, without.err
    assert without.out == ran.out  # maps.json has the photographs' sizes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--method", "layercamm"], "did you mean 'layercam'"),
        (["--method", "layercam", "--reading", "total=sum"], "there is no 'total'"),
        (["--reading", "total=most"], "must be one of mean, sum"),
        (["--pretraining", "nowhere.safetensors"], "must exist"),
        (["lenet"], "one of alexnet, vgg11, vgg13, vgg16: there is no 'lenet'"),
    ],
)
def test_wrong_input_is_told_before_anything_is_mapped(
    options: list[str],
    said: str,
    run_cli: Callable[..., Any],
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(*_: object) -> None:
        raise AssertionError("a network is loaded before all input is checked")

    monkeypatch.setattr("psychobench_torch.extractors.pretrained_classifier.load_classifier", load)
    out = tmp_path / "out"
    ran = run_cli("attention", "maps", "alexnet", "--images", photographs, *options, "--out", out)
    assert ran.code == 1
    assert said in ran.err
    assert not out.exists()


def test_a_reading_that_no_method_has_is_refused_in_python_too(
    weights: Path, photographs: Path
) -> None:
    classifier = load_classifier("alexnet", choose_pretraining(str(weights)))
    paths = sorted(photographs.iterdir())
    with pytest.raises(OptionError, match="there is no 'totel'"):
        list(map_photographs(classifier, paths, methods=["dense"], readings={"totel": "sum"}))
