"""The pre-training script learns, and writes weights that load."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from psychobench_torch.convolutions import load_convolutions
from psychobench_torch.device import fast_dtype
from psychobench_torch.images import normalise, to_tensor
from psychobench_torch.networks import draw_kaiming_normal
from psychobench_torch.objects import object_set
from psychobench_torch.pretrain import (
    LOUDNESS,
    NAME,
    PooledAlexNet,
    Recipe,
    Stage,
    equalise_channels,
    save,
    train,
)
from psychobench_torch.pretraining import choose_pretraining

TINY = Recipe(
    n_images=98, image_size=64, n_held_out=98, stages=(Stage(64, 64, 16), Stage(80, 32, 16))
)


def test_pretraining_writes_float16_weights_and_a_card_that_describes_them(tmp_path: Path) -> None:
    network = train(TINY, progress=False)
    card = save(network, TINY, tmp_path, minutes=0.1)
    assert json.loads((tmp_path / f"{NAME}.json").read_text())["sha256"] == card["sha256"]
    assert 0 <= card["held_out_accuracy"] <= 1
    assert len(card["silent_channels"]) == 5
    file = tmp_path / f"{NAME}.safetensors"
    assert len(json.loads(card_metadata(file)["classes"])) == 98
    loaded = load_convolutions(choose_pretraining(str(file))).network
    for name, value in network.features.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value, rtol=0, atol=0)


def test_equal_channels_leave_the_scores_as_they_were() -> None:
    network = PooledAlexNet().eval()
    draw_kaiming_normal(network, torch.Generator().manual_seed(0))
    images = object_set(49, seed=0, size=224).images
    with torch.inference_mode():
        before = network(normalise(to_tensor(images[:4])))
        equalise_channels(network, images)
        torch.testing.assert_close(network(normalise(to_tensor(images[:4]))), before)
        power = network.features(normalise(to_tensor(images))).square().mean((0, 2, 3))
    assert float((power - LOUDNESS**2).abs().median()) < 1e-3


def card_metadata(file: Path) -> dict[str, str]:
    with safetensors.safe_open(file, "pt") as opened:
        return dict(opened.metadata())


def test_a_recipe_cannot_be_changed_after_the_fact() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TINY.seed = 1  # type: ignore[misc]


def test_bfloat16_is_used_only_where_the_cpu_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True}, raising=False)
    assert fast_dtype(cpu) == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert fast_dtype(cpu) == torch.bfloat16
