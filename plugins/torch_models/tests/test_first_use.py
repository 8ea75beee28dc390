"""VGG weights are trained once, kept, and trained again only where the file is damaged."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psychobench_torch.stand_in_weights.first_use as first_use
import pytest
import safetensors
import torch
from psychobench_torch.computing.processes import VARIABLES
from psychobench_torch.data import LabelledImages
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.pretraining import Stage
from psychobench_torch.stand_in_weights.first_use import (
    RECIPE,
    first_use_weights,
    read_card,
    weights_path,
)
from psychobench_torch.storage import store

from psychobench.errors import OptionError, ResourceError
from psychobench.resources import sha256

TINY = dataclasses.replace(
    RECIPE, n_images=98, image_size=32, stages=(Stage(32, 12, 4), Stage(32, 4, 4))
)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """Hold few images out; keep what is trained in a folder of the test's own."""
    monkeypatch.setattr("psychobench_torch.stand_in_weights.sources.HELD_OUT_OBJECTS", 98)
    return cache.parent / "convolutions"


@pytest.mark.slow
def test_weights_are_trained_once_and_say_what_they_are(
    few: Path, notes: Callable[[], str]
) -> None:
    path = first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY)
    told = notes()
    for part in ("trained now, once", "not ImageNet", "held-out"):
        assert part in told
    assert path.parent == few
    assert sorted(file.suffix for file in few.iterdir()) == [".json", ".lock", ".safetensors"]
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert metadata["architecture"] == "vgg11"
    assert metadata["size"] == "32"
    assert metadata["source"] == "procedural-objects"
    card = read_card(path)
    assert 0 <= card["held_out_accuracy"] <= 1
    assert card["n_held_out"] == 98

    written = path.stat().st_mtime_ns
    assert first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY) == path
    assert path.stat().st_mtime_ns == written
    assert notes() == ""
    extractor = load_extractor("vgg11", choose_pretraining(str(path)))
    assert extractor.size == 32


@pytest.mark.slow
def test_a_killed_training_goes_on_and_a_damaged_file_is_trained_again(
    few: Path, notes: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    path = weights_path(dataclasses.replace(TINY, architecture="vgg11"), "procedural-objects")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not weights")
    path.with_suffix(".json").write_text("{}")
    with monkeypatch.context() as patch:
        patch.setattr(first_use, "held_out", killed)
        with pytest.raises(KeyboardInterrupt):
            first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY)
    assert "damaged" in notes()
    began = read_checkpoint_step(path.with_suffix(""))
    assert began == TINY.steps(98)

    monkeypatch.setattr("psychobench_torch.pretraining.loop.Training._update", killed)
    first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY)
    assert not path.with_suffix("").exists()
    assert read_card(path)["sha256"] == sha256(path)


def read_checkpoint_step(folder: Path) -> int:
    step: int = json.loads((folder / "checkpoint.json").read_text())["record"]["step"]
    return step


@pytest.mark.slow
def test_of_two_that_need_the_same_weights_one_trains_and_the_other_waits(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes while the first trains, and finds the file when it may go on."""
    inside, waits, told = threading.Event(), threading.Event(), []
    train = first_use._train

    def trained(*arguments: Any) -> dict[str, Any]:
        assert not inside.is_set(), "trained twice"
        inside.set()
        assert waits.wait(60)
        return train(*arguments)

    def note(text: str) -> None:
        told.append(text)
        waits.set()

    monkeypatch.setattr(first_use, "_train", trained)
    monkeypatch.setattr(store, "note", note)
    get = partial(first_use_weights, progress=False, recipe=TINY)
    wanted = ("vgg11", "procedural-objects")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(get, *wanted)
        assert inside.wait(60)
        second = pool.submit(get, *wanted)
        assert first.result() == second.result()
    assert told == ["another process is training the convolutions of vgg11; this one waits for it"]
    assert read_card(first.result())["sha256"] == sha256(first.result())


def test_weights_are_not_trained_on_first_use_by_several_processes(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would wait for the others: they at the lock, it for them to join its training."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(OptionError, match=r"torchrun started 2; run `first_use_weights\(\)`"):
        first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY)


@pytest.mark.parametrize(("capability", "said"), [("avx512_bf16", "12"), ("avx2", "36")])
def test_the_time_announced_is_three_times_as_long_without_bfloat16(
    capability: str, said: str, monkeypatch: pytest.MonkeyPatch, notes: Callable[[], str]
) -> None:
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", "cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True}, raising=False)
    first_use._announce(dataclasses.replace(RECIPE, architecture="vgg13"), "rendered-faces")
    assert f"about {said} minutes on two free cores with" in notes()


@pytest.mark.parametrize(("n", "judged"), [(98, 98), (1_176, 1_176), (2_940, 980)])
def test_as_many_held_out_images_are_judged_as_were_measured(n: int, judged: int) -> None:
    """98 in these tests; 1,176 faces and 980 objects by default."""
    pixels = np.zeros((n, 1, 1, 3), np.uint8)
    data = LabelledImages(pixels, np.arange(n) % 98, tuple("x" * 98), "nothing", "0")
    picked = first_use._some(data, first_use.N_HELD_OUT)
    assert len(picked.images) == len(picked.labels) == judged
    assert set(picked.labels.tolist()) == set(range(98))


def test_every_determinant_has_a_file_of_its_own(cache: Path) -> None:
    recipes = [
        RECIPE,
        dataclasses.replace(RECIPE, seed=1),
        dataclasses.replace(RECIPE, architecture="vgg13"),
        dataclasses.replace(RECIPE, stages=RECIPE.stages[:1]),
    ]
    paths = {weights_path(recipe, source) for recipe in recipes for source in first_use.STANDS_IN}
    assert len(paths) == 8


def test_only_vggs_and_rendered_sources_are_trained_on_first_use(cache: Path) -> None:
    with pytest.raises(OptionError, match="vgg11, vgg13, vgg16: not for 'alexnet'"):
        first_use_weights("alexnet", "procedural-objects")
    with pytest.raises(OptionError, match="not on 'imagenet'"):
        first_use_weights("vgg11", "imagenet")


def test_nothing_is_trained_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PSYCHOBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match="set PSYCHOBENCH_CACHE to a folder that can"):
        first_use_weights("vgg11", "procedural-objects")
