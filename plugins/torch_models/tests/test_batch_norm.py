"""Batch normalisation helps a network learn, and is gone afterwards."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
import torch
from psychobench_torch.computing.distributed import ProcessGroup
from psychobench_torch.data import LabelledImages
from psychobench_torch.networks.architectures import convolutions
from psychobench_torch.networks.batch_norm import fold_batch_norm, with_batch_norm
from psychobench_torch.pretraining import PretrainingRecipe, Stage, loop, pretrain
from torch import nn

from psychobench.errors import OptionError

NORMALISED = PretrainingRecipe("vgg11", batch_norm=True, stages=(Stage(32, 24, 4),))


@pytest.fixture
def seasoned() -> nn.Sequential:
    """A small network whose normalisations have seen images and learnt scales and shifts."""
    generator = torch.Generator().manual_seed(0)
    network = with_batch_norm(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 6, 3), nn.ReLU())
    )
    for parameter in network.parameters():
        nn.init.normal_(parameter, generator=generator)
    for _ in range(5):
        network(3 + 2 * torch.randn(16, 3, 20, 20, generator=generator))
    return network.eval()


def test_folding_leaves_the_outputs_as_they_were(seasoned: nn.Sequential) -> None:
    images = torch.randn(4, 3, 20, 20, generator=torch.Generator().manual_seed(1))
    folded = fold_batch_norm(seasoned)
    assert [type(layer) for layer in folded] == [
        nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.Conv2d, nn.ReLU,
    ]  # fmt: skip
    with torch.inference_mode():
        expected = seasoned(images)
        torch.testing.assert_close(folded(images), expected, rtol=1e-4, atol=1e-4)
        plain = nn.Sequential(*(x for x in seasoned if not isinstance(x, nn.BatchNorm2d)))
        assert not torch.allclose(plain(images), expected, atol=0.1)


def test_folding_needs_fixed_statistics(seasoned: nn.Sequential) -> None:
    with pytest.raises(ValueError, match="evaluation mode"):
        fold_batch_norm(seasoned.train())
    with pytest.raises(ValueError, match="follows ReLU"):
        fold_batch_norm(nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)).eval())


@pytest.mark.slow
def test_a_resumed_vgg_is_plain_and_has_the_bytes_of_one_trained_at_a_stretch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = loop.Training._update

    def stop(self: loop.Training, number: int, *batch: torch.Tensor) -> torch.Tensor:
        if number == 3:
            raise KeyboardInterrupt
        return update(self, number, *batch)

    monkeypatch.setattr(loop.Training, "_update", stop)
    with pytest.raises(KeyboardInterrupt):
        pretrain(NORMALISED, noise(), folder=tmp_path, progress=False, checkpoint_seconds=0)
    monkeypatch.setattr(loop.Training, "_update", update)
    resumed = pretrain(NORMALISED, noise(), folder=tmp_path, progress=False).network.state_dict()
    straight = pretrain(NORMALISED, noise(), progress=False).network.state_dict()
    assert all(torch.equal(resumed[name], value) for name, value in straight.items())
    plain = {f"features.{k}": v.shape for k, v in convolutions("vgg11").state_dict().items()}
    assert {k: v.shape for k, v in straight.items() if k.startswith("features")} == plain


def test_batches_are_not_shared_among_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = contextlib.nullcontext(ProcessGroup(0, 2, torch.device("cpu")))
    monkeypatch.setattr(loop, "process_group", lambda: processes)
    with pytest.raises(OptionError, match="whole batches: start one process, not 2"):
        pretrain(NORMALISED, noise(), progress=False)


def noise() -> LabelledImages:
    """Give images in which there is nothing to learn."""
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    return LabelledImages(images, np.arange(8) % 2, ("a", "b"), "noise", "0")
