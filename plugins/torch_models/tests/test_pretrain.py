"""Pre-training learns, can be interrupted, and writes weights that load."""

from __future__ import annotations

import dataclasses
import json
import math
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from psychobench_torch.computing.device import fast_dtype
from psychobench_torch.data import LabelledImages
from psychobench_torch.networks.architectures import draw_kaiming_normal
from psychobench_torch.networks.images import normalise, to_tensor
from psychobench_torch.networks.torchvision_import import import_torchvision
from psychobench_torch.pretraining import (
    PAPER_PRETRAINING,
    PretrainingRecipe,
    Stage,
    held_out,
    loop,
    pretrain,
    save_weights,
)
from psychobench_torch.pretraining.batches import places, plan
from psychobench_torch.pretraining.network import (
    LOUDNESS,
    PooledNetwork,
    equalise_channels,
    make_network,
    memory_of,
)
from psychobench_torch.stand_in_weights.identities import identity_set
from psychobench_torch.stand_in_weights.objects import object_set
from psychobench_torch.stand_in_weights.sources import object_images

from psychobench.errors import ObserverError, OptionError

TINY = PretrainingRecipe(
    n_images=24, image_size=64, stages=(Stage(64, 48, 8), Stage(80, 16, 8)), equalise=False
)
INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from psychobench_torch.storage import checkpoints
from psychobench_torch.pretraining import loop, pretrain
sys.path.insert(0, sys.argv[2])
from test_pretrain import TINY, few_objects

def die_after(function, count):
    calls = iter(range(1, count))
    def counted(*arguments):
        if next(calls, None) is None:
            if function is write_whole:  # half of the file is there
                (arguments[0].parent / ".partial-half").write_bytes(arguments[1][:1000])
            else:
                function(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return counted

write_whole = checkpoints.write_whole
data, folder = few_objects(), Path(sys.argv[1])
for kind, count in (("step", 1), ("writing", 3), ("record", 4)):
    child = os.fork()
    if not child:
        if kind == "step":
            loop.Training._save = die_after(loop.Training._save, count)
        else:
            checkpoints.write_whole = die_after(write_whole, count)
        pretrain(TINY, data, folder=folder, progress=False, checkpoint_seconds=0)
    print(kind, os.WTERMSIG(os.waitpid(child, 0)[1]))
"""


def few_objects() -> LabelledImages:
    return object_images(24, seed=0, size=64)


@pytest.mark.slow
def test_an_interrupted_pretraining_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    """Killed at steps, within a checkpoint's tensors and before its record: the same bytes."""
    here = str(Path(__file__).parent)
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path), here], capture_output=True, text=True
    )
    assert ran.stdout.split()[1::2] == [str(int(signal.SIGKILL))] * 3, ran.stderr
    steps = json.loads((tmp_path / "checkpoint.json").read_text())["record"]["step"]
    assert 3 <= steps < 8
    resumed = pretrain(TINY, few_objects(), folder=tmp_path, progress=False)
    straight = pretrain(TINY, few_objects(), progress=False)
    assert [epoch.loss for epoch in resumed.epochs] == [epoch.loss for epoch in straight.epochs]
    for name, value in straight.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], value), name


@pytest.mark.slow
def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    pretrain(TINY, few_objects(), folder=tmp_path, progress=False)
    other = dataclasses.replace(TINY, learning_rate=1e-3)
    with pytest.raises(ObserverError, match=r"recipe\.learning_rate 0\.0006, not 0\.001"):
        pretrain(other, few_objects(), folder=tmp_path, progress=False)


@pytest.mark.parametrize("n_steps", [1, 2, 3])
def test_the_shortest_trainings_come_to_their_end(n_steps: int) -> None:
    recipe = dataclasses.replace(TINY, stages=(Stage(64, 8 * n_steps, 8),))
    assert np.isfinite(pretrain(recipe, few_objects(), progress=False).epochs[-1].loss)


@pytest.fixture
def diverging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the fourth step's loss no number."""
    update = loop.Training._update

    def overflow(self: loop.Training, number: int, *batch: torch.Tensor) -> torch.Tensor:
        return update(self, number, *batch) * (float("nan") if number == 3 else 1)

    monkeypatch.setattr(loop.Training, "_update", overflow)


@pytest.mark.slow
@pytest.mark.usefixtures("diverging")
def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ObserverError, match="loss of alexnet was none by step 4 of 8") as error:
        pretrain(TINY, few_objects(), folder=tmp_path, progress=False, checkpoint_seconds=0)
    assert f"in another folder: {tmp_path} keeps the last good checkpoint" in str(error.value)
    assert json.loads((tmp_path / "checkpoint.json").read_text())["record"]["step"] == 3


@pytest.mark.slow
@pytest.mark.usefixtures("diverging")
def test_no_checkpoint_is_promised_where_none_was_written(tmp_path: Path) -> None:
    with pytest.raises(ObserverError, match=r"step 4 of 8; take a learning rate below 0\.0006$"):
        pretrain(TINY, few_objects(), folder=tmp_path / "new", progress=False)
    assert not (tmp_path / "new").exists()


def test_memory_that_runs_out_is_told_with_what_was_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_room(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loop.Training, "_update", no_room)
    with pytest.raises(ObserverError, match=r"pre-training alexnet needs about 0\.\d GB .*batch"):
        pretrain(TINY, few_objects(), progress=False)


def test_the_memory_of_a_training_grows_with_its_largest_batch() -> None:
    values = 4 * 4 * sum(value.numel() for value in make_network(TINY, 98).parameters())
    small, large = (
        memory_of(dataclasses.replace(TINY, stages=(Stage(64, 8, n), Stage(64, 8, 4))), 98)
        for n in (8, 16)
    )
    assert large - values == 2 * (small - values) > 0
    shared = dataclasses.replace(TINY, stages=(Stage(64, 16, 16),))
    assert memory_of(shared, 98, processes=2) == small


@pytest.mark.slow
def test_progress_counts_images_and_shows_loss_and_accuracies(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = few_objects()
    chosen = np.arange(24) >= 16
    pretrain(TINY, dataclasses.replace(data, validation=chosen))
    shown = capsys.readouterr().err.replace("\r", "\n").splitlines()[-1]
    assert "64/64" in shown
    assert "image" in shown
    for name in ("loss=", "accuracy=0.", "validation=0.0"):
        assert name in shown


def test_every_image_is_shown_once_in_a_pass() -> None:
    recipe = PretrainingRecipe(stages=(Stage(64, batch=4, epochs=2), Stage(80, 12, 4)))
    shown = np.concatenate([places(step, 10, seed=0) for step in plan(recipe, 10)])
    assert len(shown) == 32
    for start in (0, 10, 20):
        assert sorted(shown[start : start + 10]) == list(range(10))
    assert shown[:10].tolist() != shown[10:20].tolist()


@pytest.mark.slow
def test_pretraining_learns_to_tell_rendered_people_apart() -> None:
    train, held = identity_set(3, 12, 4, seed=0, size=64)
    recipe = dataclasses.replace(
        TINY, stages=(Stage(64, 240, 12),), learning_rate=2e-3, equalise=True
    )
    trained = pretrain(recipe, train, progress=False)
    assert trained.epochs[-1].loss < 0.7 * trained.epochs[0].loss
    assert held_out(trained, held)["held_out_accuracy"] >= 0.6  # chance is .33


def test_people_are_the_same_in_training_and_held_out_images_which_differ() -> None:
    train, held = identity_set(2, 3, 2, seed=5, size=32)
    again, _ = identity_set(2, 3, 2, seed=5, size=32)
    assert np.array_equal(train.images, again.images)
    assert train.sha256 == again.sha256 != held.sha256
    pixels = np.concatenate([train.images, held.images]).reshape(10, -1)
    assert len(np.unique(pixels, axis=0)) == 10


@pytest.mark.slow
def test_the_paper_s_recipe_trains_torchvision_s_whole_network_and_keeps_the_best_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n_right = iter([0.2, 0.5, 0.5, 0.1])
    monkeypatch.setattr(loop.Training, "_accuracy", lambda _: next(n_right))
    monkeypatch.setattr(loop, "make_network", lambda recipe, n: make_network(POOLED, n))
    recipe = dataclasses.replace(PAPER_PRETRAINING, stages=(Stage(64, batch=5, epochs=4),))
    train, _ = identity_set(2, 10, 0, seed=0, size=64)
    trained = pretrain(recipe, train, progress=False)
    assert (trained.kept, trained.n_train, len(trained.epochs)) == (2, 16, 4)
    whole = make_network(PAPER_PRETRAINING, 7)
    expected = import_torchvision().models.alexnet(num_classes=7)
    assert {name: value.shape for name, value in whole.state_dict().items()} == {
        name: value.shape for name, value in expected.state_dict().items()
    }


POOLED = PretrainingRecipe()


@pytest.mark.slow
def test_pretraining_writes_float16_weights_and_a_card_that_describes_them(tmp_path: Path) -> None:
    data = few_objects()
    trained = pretrain(TINY, data, progress=False)
    measured = held_out(trained, data)
    assert len(measured["silent_channels"]) == 5
    file = tmp_path / "mine.safetensors"
    card = save_weights(trained, file, {"source": "procedural-objects", **measured})
    assert json.loads((tmp_path / "mine.json").read_text())["sha256"] == card["sha256"]
    assert 0 <= card["held_out_accuracy"] <= 1
    with safetensors.safe_open(file, "pt") as opened:
        metadata = opened.metadata()
    assert len(json.loads(metadata.pop("classes"))) == 98
    assert metadata == {"architecture": "alexnet", "size": "80", "source": "procedural-objects"}
    written = safetensors.torch.load_file(file)
    for name, value in trained.network.state_dict().items():
        assert written[name].dtype == torch.float16
        assert torch.equal(written[name].float(), value)


@pytest.mark.slow
def test_equal_channels_leave_the_scores_as_they_were() -> None:
    network = make_network(TINY, 98).eval()
    images = object_set(49, seed=0, size=224).images
    with torch.inference_mode():
        before = network(normalise(to_tensor(images[:4])))
        equalise_channels(network, images)
        torch.testing.assert_close(network(normalise(to_tensor(images[:4]))), before)
        assert isinstance(network, PooledNetwork)
        power = network.features(normalise(to_tensor(images))).square().mean((0, 2, 3))
    assert float((power - LOUDNESS**2).abs().median()) < 1e-3


def test_the_same_seed_draws_the_same_network() -> None:
    first, again = (make_network(TINY, 3).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    drawn = PooledNetwork("vgg11", 3).to_empty(device="cpu")
    draw_kaiming_normal(drawn, torch.Generator().manual_seed(0))
    assert drawn.features[0].weight.detach().std() == pytest.approx((2 / 27) ** 0.5, rel=0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"optimizer": "lion"},
            "`optimizer` must be one of adam, .*: it is 'lion'",
        ),
        ({"learning_rate": 0.0}, "`learning_rate` must be above 0"),
        ({"learning_rate": math.inf}, "`learning_rate` must be above 0 and finite: it is inf"),
        ({"warm_up": 1.5}, r"`warm_up` must be above 0 and up to 1: it is 1\.5"),
        ({"smallest_crop": 0.0}, "`smallest_crop` must be above 0 and up to 1"),
        ({"validation_share": -0.2}, "`validation_share` must be above 0 and up to 1"),
        ({"n_images": 0}, "`n_images` must be a whole number from 1: it is 0"),
        ({"classifier": "dense", "equalise": True}, "equal channels need the pooled classifier"),
    ],
)
def test_recipes_that_cannot_be_followed_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        dataclasses.replace(TINY, **change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch": 0}, "stage's `batch` must be a whole number from 1: it is 0"),
        ({"size": 64.5}, r"stage's `size` must be a whole number from 1: it is 64\.5"),
        ({"presentations": None}, "presentations or epochs: it has neither"),
        ({"epochs": 2}, "presentations or epochs: it has presentations and epochs"),
        ({"presentations": None, "epochs": -1}, "stage's `epochs` must be above 0 and finite"),
    ],
)
def test_a_stage_that_cannot_be_followed_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        dataclasses.replace(Stage(64, 48, 8), **change)


def test_all_faults_of_a_recipe_are_told_together() -> None:
    with pytest.raises(OptionError) as error:
        PretrainingRecipe(schedule="cosine", learning_rate=math.nan, smallest_crop=2)
    assert len(error.value.faults) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "vgg19"}, "`architecture` must be alexnet, vgg11, .*: it is 'vgg19'"),
        ({"stages": (Stage(64, 8, 16),)}, "must have at least one step"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        pretrain(dataclasses.replace(TINY, **change), few_objects(), progress=False)


def test_bfloat16_is_used_only_where_the_cpu_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True}, raising=False)
    assert fast_dtype(cpu) == torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert fast_dtype(cpu) == torch.bfloat16
