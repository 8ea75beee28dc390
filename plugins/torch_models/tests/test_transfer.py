"""Heads learn a rule that is there to learn; each depends on its own seed and nothing else."""

from __future__ import annotations

import dataclasses
import gc
import math
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.heads import features, fitting, transfer
from psychobench_torch.heads.fitting import HeadFit
from psychobench_torch.heads.head_types import HEADS
from psychobench_torch.heads.recipe import PAPER_TRANSFER, TransferRecipe
from psychobench_torch.heads.trained_head import DivergedError, TrainedHead
from psychobench_torch.heads.transfer import head_determinants, train_heads
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.recipe_values import OPTIMIZERS
from psychobench_torch.storage.store import cache_key
from psychobench_torch.storage.weight_files import tensors_sha256

from psychobench.errors import ObserverError, OptionError

MakeBackbone = Callable[..., FeatureExtractor]
Patches = Callable[..., LabelledImages]
RECIPE = TransferRecipe(
    epochs=4, batch=16, learning_rate=1e-2, average_every=0, validation_share=0.2, crops=True
)
RATES = {"adam": 1e-2, "adamw": 1e-2, "sgd": 1e-1, "rmsprop": 1e-3}


def train(
    extractor: FeatureExtractor, data: LabelledImages, kind: str = "linear", **changes: object
) -> list[TrainedHead]:
    recipe = dataclasses.replace(RECIPE, **changes)  # type: ignore[arg-type]
    return list(train_heads(extractor, kind, recipe, [0], data, fresh_dense=True, progress=False))


def digest(trained: TrainedHead) -> str:
    return tensors_sha256(trained.head.state_dict())


def dense_layers(units: int = 8) -> dict[str, torch.Tensor]:
    """Small dense layers under torchvision's names, as a pre-training would leave them."""
    generator = torch.Generator().manual_seed(5)
    return {
        "classifier.1.weight": torch.randn(units, 48, generator=generator) / 5,
        "classifier.1.bias": torch.zeros(units),
        "classifier.4.weight": torch.randn(units, units, generator=generator) / 3,
        "classifier.4.bias": torch.zeros(units),
    }


@pytest.fixture(autouse=True)
def _own_cache(cache: Path) -> None:
    """Let every test keep unfinished trainings in a folder of its own."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEADS)
def test_every_kind_of_head_learns_a_linear_rule(
    kind: str, tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    extractor = tiny_extractor(dense=dense_layers(64))
    (trained,) = train(extractor, patches(200), kind, epochs=5)
    assert trained.accuracy >= 0.95
    assert trained.epochs[-1].loss < trained.epochs[0].loss
    assert trained.kind == kind


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimiser_learns_it_and_gives_a_head_of_its_own(
    optimizer: str, tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    rate = RATES[optimizer]
    (trained,) = train(tiny_extractor(), patches(200), optimizer=optimizer, learning_rate=rate)
    (adam,) = train(tiny_extractor(), patches(200), optimizer="adam", learning_rate=rate)
    assert trained.accuracy >= 0.95
    assert (digest(trained) == digest(adam)) == (optimizer == "adam")


@pytest.mark.slow
def test_labels_that_say_nothing_are_not_learnt(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    (trained,) = train(tiny_extractor(), patches(1000, contrast=0.0))
    assert abs(trained.epochs[-1].accuracy - 0.5) < 0.12  # 200 held-out images: SD .035


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dense", "excitation", "linear"])
def test_a_head_is_the_same_byte_by_byte_alone_and_in_company(
    kind: str, tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor, data = tiny_extractor(dense=dense_layers()), patches()
    alone = [
        next(train_heads(extractor, kind, RECIPE, [seed], data, progress=False))
        for seed in (3, 4, 5)
    ]
    monkeypatch.setattr(features, "BUDGET", 0)  # views are not kept: heads go side by side
    company = list(train_heads(extractor, kind, RECIPE, [5, 3, 4], data, progress=False))
    monkeypatch.setattr(transfer, "TOGETHER", 0)  # one at a time again
    pairs = train_heads(extractor, kind, RECIPE, [4, 5, 3], data, progress=False)
    for trained in (*company, *pairs):
        twin = alone[trained.seed - 3]
        assert digest(trained) == digest(twin)
        assert trained.epochs == twin.epochs
    assert [trained.seed for trained in company] == [5, 3, 4]
    assert len({digest(trained) for trained in alone}) == 3


@pytest.mark.slow
def test_what_else_the_process_draws_changes_no_head(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    extractor = tiny_extractor(dense=dense_layers())
    first = train(extractor, patches(), "dense")[0]
    torch.rand(7)
    np.random.default_rng().random(7)
    assert digest(train(extractor, patches(), "dense")[0]) == digest(first)


@pytest.mark.slow
def test_training_leaves_every_byte_of_the_backbone(
    patches: Patches, tiny_extractor: MakeBackbone
) -> None:
    convolution = torch.nn.Conv2d(3, 4, 8, stride=8).requires_grad_(False)
    network = torch.nn.Sequential(convolution, torch.nn.ReLU(), torch.nn.Flatten()).eval()
    dense = {"classifier.1.weight": torch.ones(5, 64), "classifier.1.bias": torch.ones(5)}
    dense |= {"classifier.4.weight": torch.ones(5, 5), "classifier.4.bias": torch.ones(5)}
    before = tensors_sha256({**network.state_dict(), **dense})
    extractor = tiny_extractor(network=network, n_features=64, dense=dense)
    next(train_heads(extractor, "dense", RECIPE, [0], patches(), progress=False))
    assert tensors_sha256({**network.state_dict(), **dense}) == before


@pytest.mark.slow
def test_pretrained_dense_layers_are_where_a_dense_head_starts_unless_they_start_afresh(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    extractor = tiny_extractor(dense=dense_layers())
    still = dataclasses.replace(RECIPE, learning_rate=1e-12, epochs=1)
    (trained,) = train_heads(extractor, "dense", still, [0], patches(), progress=False)
    (fresh,) = train_heads(
        extractor, "dense", still, [0], patches(), fresh_dense=True, progress=False
    )
    expected = dense_layers()["classifier.1.weight"].half().float()
    assert torch.equal(trained.head.first.weight, expected)
    assert fresh.head.first.weight.shape == expected.shape
    assert not torch.allclose(fresh.head.first.weight, expected, atol=1e-2)


def test_the_first_best_epoch_is_kept(tiny_extractor: MakeBackbone, patches: Patches) -> None:
    (trained,) = train(tiny_extractor(), patches(contrast=5.0), epochs=8)
    accuracies = [epoch.accuracy for epoch in trained.epochs]
    assert trained.best == 1 + accuracies.index(max(accuracies))
    # a training that ends there gives the same head
    (shorter,) = train(tiny_extractor(), patches(contrast=5.0), epochs=trained.best)
    assert digest(shorter) == digest(trained)


def test_the_odds_of_the_training_labels_are_told(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    data = patches(200)
    held = np.arange(200) >= 150
    labels = np.where(np.arange(200) % 3 == 0, 1, 0)  # 50 of the first 150
    (trained,) = train(tiny_extractor(), dataclasses.replace(data, labels=labels, validation=held))
    assert trained.log_odds == pytest.approx(math.log(50 / 100))
    assert (trained.n_train, trained.n_validation) == (150, 50)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["linear", "dense"])
def test_cached_views_reach_the_accuracy_of_fresh_augmentation(
    kind: str, tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    """Over five seeds, on the same 800 held-out images, the modes differ by less than .015."""
    extractor, data = tiny_extractor(dense=dense_layers(16)), patches(1600, contrast=2.5)
    data = dataclasses.replace(data, validation=np.arange(1600) >= 800)
    recipe = dataclasses.replace(RECIPE, epochs=6, smallest_crop=0.7, average_every=10)
    runs = {
        views: list(
            train_heads(
                extractor, kind, dataclasses.replace(recipe, views=views), range(5), data,
                fresh_dense=True, progress=False,
            )
        )
        for views in (0, 3)
    }  # fmt: skip
    exact, cached = (np.array([t.accuracy for t in runs[views]]) for views in (0, 3))
    assert 0.6 < exact.mean() < 0.99  # neither chance nor ceiling hides a difference
    difference = cached - exact
    assert abs(difference.mean()) < 0.015
    assert difference.std(ddof=1) / math.sqrt(5) < 0.0075  # else the mean says little
    # they part where views come again, and not before
    assert runs[0][0].epochs[:3] == runs[3][0].epochs[:3]
    assert runs[0][0].epochs[3:] != runs[3][0].epochs[3:]


class _KilledError(BaseException):
    """Stands for a kill: nothing catches it."""


@pytest.mark.slow
@pytest.mark.parametrize("state_seconds", [0, 1e9])  # after every epoch, or the last one alone
@pytest.mark.parametrize(
    ("optimizer", "killed_after"),
    [("adam", 0), ("adam", 1), ("adam", 3), ("adam", 4), ("adamw", 2), ("sgd", 2), ("rmsprop", 2)],
)
def test_a_training_killed_after_any_epoch_goes_on_to_the_same_bytes(
    optimizer: str,
    killed_after: int,
    state_seconds: float,
    tiny_extractor: MakeBackbone,
    patches: Patches,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extractor = tiny_extractor(dense=dense_layers())
    recipe = dataclasses.replace(
        RECIPE, optimizer=optimizer, learning_rate=RATES[optimizer], average_every=3
    )
    (whole,) = train_heads(extractor, "dense", recipe, [7], patches(), progress=False)
    monkeypatch.setattr(transfer, "RESUMABLE", 0)
    monkeypatch.setattr(transfer, "STATE_SECONDS", state_seconds)
    epochs_run = []
    run_epoch = HeadFit.run_epoch

    def counted(fit: HeadFit, *arguments: object) -> bool:
        if len(epochs_run) == killed_after:
            raise _KilledError
        epochs_run.append(len(fit.epochs))
        return run_epoch(fit, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(HeadFit, "run_epoch", counted)
    with pytest.raises(_KilledError) if killed_after < 4 else pytest.raises(ZeroDivisionError):
        # after the last epoch: killed while the head is being kept
        for _ in train_heads(extractor, "dense", recipe, [7], patches(), progress=False):
            raise ZeroDivisionError
    killed_after = -1
    del epochs_run[:]
    (resumed,) = train_heads(extractor, "dense", recipe, [7], patches(), progress=False)
    assert digest(resumed) == digest(whole)
    assert resumed.epochs == whole.epochs


@pytest.mark.slow
def test_only_what_was_not_done_is_done_again_and_nothing_stays(
    tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(transfer, "RESUMABLE", 0)
    monkeypatch.setattr(transfer, "STATE_SECONDS", 0)
    monkeypatch.setattr(features, "BUDGET", 0)
    ran: list[tuple[int, int]] = []
    run_epoch = HeadFit.run_epoch

    def counted(fit: HeadFit, *arguments: object) -> bool:
        if len(ran) == 5:
            raise _KilledError
        ran.append((fit.seed, len(fit.epochs)))
        return run_epoch(fit, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(HeadFit, "run_epoch", counted)
    with pytest.raises(_KilledError):
        list(train_heads(tiny_extractor(), "linear", RECIPE, [0, 1], patches(), progress=False))
    first, ran[:] = list(ran), [(-1, -1)] * 6
    list(train_heads(tiny_extractor(), "linear", RECIPE, [0, 1], patches(), progress=False))
    assert sorted([*first, *ran[6:]]) == [(seed, epoch) for seed in (0, 1) for epoch in range(4)]
    assert not [path for path in cache.parent.rglob("*") if path.is_file()]


def test_short_trainings_leave_nothing_when_they_are_interrupted(
    tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(HeadFit, "validation_accuracy", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_extractor(), patches())
    assert not list(cache.parent.rglob("*"))


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_best_epoch_before(
    tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    (good,) = train(tiny_extractor(), patches(), epochs=2)
    train_epoch = HeadFit.train

    def poisoned(fit: HeadFit, *arguments: object) -> float:
        if len(fit.epochs) == 2:
            for parameter in fit.head.parameters():
                parameter.data.fill_(math.nan)
        return train_epoch(fit, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(HeadFit, "train", poisoned)
    with pytest.raises(DivergedError, match=r"in epoch 3 .* seed 0 .*smaller learning rate") as e:
        train(tiny_extractor(), patches())
    assert e.value.kept is not None
    assert e.value.kept.epochs == good.epochs
    assert digest(e.value.kept) == digest(good)
    (file,) = cache.glob("*.safetensors")
    assert str(file) in str(e.value)


def test_weights_that_the_last_step_spoilt_are_never_kept(
    tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_epoch = HeadFit.train

    def spoilt(fit: HeadFit, *arguments: object) -> float:
        loss = train_epoch(fit, *arguments)  # type: ignore[arg-type]
        next(fit.head.parameters()).data[0, 0] = math.inf
        return loss

    monkeypatch.setattr(HeadFit, "train", spoilt)
    with pytest.raises(DivergedError, match="in epoch 1") as error:
        train(tiny_extractor(), patches(), epochs=1)
    assert error.value.kept is None


def test_a_learning_rate_that_blows_up_at_once_keeps_nothing(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    with pytest.raises(DivergedError, match=r"in epoch 1 .*no epoch before it") as error:
        train(tiny_extractor(), patches(), optimizer="sgd", learning_rate=1e38)
    assert error.value.kept is None


def test_running_out_of_memory_says_how_much_was_needed(
    tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(HeadFit, "train", exhausted)
    monkeypatch.setattr(fitting, "VALIDATION_BATCH", 1)
    with pytest.raises(ObserverError, match=r"1 head\(s\) of kind 'linear' needs about 0\.0 GB"):
        train(tiny_extractor(), patches())


def test_dense_layers_of_another_size_are_refused(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    extractor = tiny_extractor(dense={**dense_layers(), "classifier.1.weight": torch.ones(8, 9)})
    with pytest.raises(ObserverError, match="takes 9 features, tiny at 32 px gives 48"):
        next(train_heads(extractor, "dense", RECIPE, [0], patches(), progress=False))


def test_heads_are_handed_over_as_soon_as_they_are_trained_and_let_go_then(
    tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten heads of a VGG would not fit 4 GB: none is held on, not even for the collector."""
    ran: list[int] = []
    fits: list[weakref.ref[torch.nn.Module]] = []
    run_epoch = HeadFit.run_epoch

    def noted(fit: HeadFit, *arguments: object) -> bool:
        if not fit.epochs:
            ran.append(fit.seed)
            fits.extend(weakref.ref(layer) for layer in fit.head.modules())
        return run_epoch(fit, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(HeadFit, "run_epoch", noted)
    gc.disable()
    try:
        heads = train_heads(tiny_extractor(), "excitation", RECIPE, [4, 2], patches())
        assert (next(heads).seed, ran) == (4, [4])
        before = list(fits)
        assert (next(heads).seed, ran) == (2, [4, 2])
        assert not [layer for layer in before if layer() is not None]
    finally:
        gc.enable()


def test_everything_that_determines_a_head_is_in_its_key(
    tiny_extractor: MakeBackbone, patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor = tiny_extractor(dense=dense_layers())
    keys = [cache_key(head_determinants(extractor, "dense", RECIPE, 0))]
    keys.append(cache_key(head_determinants(tiny_extractor(), "dense", RECIPE, 0)))
    keys.append(cache_key(head_determinants(tiny_extractor(sha256="1"), "dense", RECIPE, 0)))
    keys.append(
        cache_key(head_determinants(extractor, "dense", RECIPE, 0, fresh_dense=True) | {"a": 1})
    )
    keys.append(cache_key(head_determinants(extractor, "linear", RECIPE, 0)))
    keys.append(cache_key(head_determinants(extractor, "dense", RECIPE, 1)))
    keys.append(cache_key(head_determinants(extractor, "dense", RECIPE, 0, patches())))
    keys.append(cache_key(head_determinants(extractor, "dense", RECIPE, 0, patches(seed=1))))
    for each in dataclasses.fields(RECIPE):
        others = {"optimizer": "sgd", "products": "bfloat16"}
        value = getattr(RECIPE, each.name)
        changed = others.get(each.name) or (0.5 if isinstance(value, float) else 7)
        recipe = dataclasses.replace(RECIPE, **{each.name: changed})
        keys.append(cache_key(head_determinants(extractor, "dense", recipe, 0)))
    for name, value in {
        "RENDERER_VERSION": "other",
        "RECIPE_VERSION": "other",
        "fast_dtype": lambda device: "another precision",
    }.items():
        with monkeypatch.context() as patch:
            patch.setattr(transfer, name, value)
            keys.append(cache_key(head_determinants(extractor, "dense", RECIPE, 0)))
    assert len(set(keys)) == len(keys)
    assert keys[0] == cache_key(head_determinants(extractor, "dense", RECIPE, 0))


def test_the_papers_recipe_has_the_papers_numbers() -> None:
    paper = PAPER_TRANSFER
    assert (paper.epochs, paper.batch, paper.learning_rate) == (20, 32, 5e-5)
    assert (paper.views, paper.average_every) == (0, 0)


def test_a_recipe_that_cannot_be_followed_is_refused_with_all_its_faults() -> None:
    with pytest.raises(OptionError) as error:
        TransferRecipe(
            optimizer="lion", n_identities=0, epochs=0, batch=1.5, learning_rate=math.nan, views=-1,
            smallest_crop=0,
        )  # fmt: skip
    assert len(error.value.faults) == 7
    assert "`optimizer` must be one of adam, adamw, sgd, rmsprop: it is 'lion'" in str(error.value)
