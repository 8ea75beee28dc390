"""The registered observer keeps to the protocol."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.heads.transfer import train_heads
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.images import fit_square, to_tensor
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.observers.registered import SeededObserver

from psychobench.errors import ObserverError, OptionError, PsychobenchError
from psychobench.observers.registry import load_observer
from psychobench.testing import check_observer

NOISE = np.random.default_rng(0).integers(0, 256, (14, 224, 224, 3), dtype=np.uint8)


@pytest.mark.slow
def test_listing_and_making_the_observer_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from psychobench.observers.registry import list_observers, load_observer\n"
        "list_observers(); load_observer('vgg16', seed=3, pretraining='imagenet')\n"
        "print(sorted({'torch', 'torchvision', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True, 2**63])
def test_a_seed_that_is_no_whole_number_is_refused_at_once(seed: object) -> None:
    with pytest.raises(OptionError, match="`seed` must be a whole number"):
        load_observer("fe_alexnet", seed=seed)


@pytest.mark.slow
def test_the_info_says_what_the_weights_saw(trained: SeededObserver) -> None:
    info = trained.info
    assert info.labels == ("sad", "happy")
    assert info.target == "happy"
    assert info.pretraining == "tiny.safetensors"
    assert "nothing (unknown: the file does not say" in info.weights_origin
    assert info.weights_origin.endswith("head trained on 16 rendered faces")
    assert (info.options["head"], info.options["dense_layers"]) == ("linear", "none")
    assert info.options["optimizer"] == "adam"
    assert (info.options["input_size"], info.options["features"]) == (32, "48")
    assert info.label_log_odds is not None
    assert info.preprocessing.startswith("shorter side to 32 px")
    assert info.options["seed"] == 0
    assert 0 <= info.options["validation_accuracy"] <= 1


def test_answers_do_not_depend_on_batch_or_order(trained: SeededObserver) -> None:
    together = trained.respond(NOISE)
    alone = np.concatenate([trained.respond(image[None]) for image in NOISE[:2]])
    np.testing.assert_allclose(together[:2], alone, atol=1e-6)
    np.testing.assert_allclose(trained.respond(NOISE[::-1])[::-1], together, atol=1e-6)


@pytest.mark.slow
def test_the_observer_passes_the_conformance_kit(trained: SeededObserver) -> None:
    # a head trained on 16 faces judges nothing well: what depends on good answers is left out
    report = check_observer(
        lambda: SeededObserver(trained.design, trained.pretraining, 0, trained.recipe),
        registered_name="alexnet_linear",
        skip=("polarity", "certainty", "colour-order"),
    )
    assert report.passed, report


def test_replicates_are_what_their_seeds_give_alone(trained: SeededObserver) -> None:
    first, second, third = trained.replicates(3)
    assert first is trained
    assert [each.info.options["seed"] for each in (first, second, third)] == [0, 1, 2]
    alone = SeededObserver(trained.design, trained.pretraining, 2, trained.recipe)
    np.testing.assert_array_equal(alone.respond(NOISE), third.respond(NOISE))
    assert alone.info == third.info
    assert np.abs(second.respond(NOISE) - third.respond(NOISE)).max() > 1e-4


@pytest.mark.slow
def test_replicates_are_trained_in_one_go_and_read_back(
    trained: SeededObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[int]] = []

    def count(extractor: object, kind: str, recipe: object, seeds: Sequence[int], **more: Any):  # type: ignore[no-untyped-def]
        asked.append(seeds)
        return train_heads(extractor, kind, recipe, seeds, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("psychobench_torch.observers.classifier.train_heads", count)
    fresh = SeededObserver(trained.design, trained.pretraining, 20, trained.recipe)
    expected = [each.respond(NOISE) for each in fresh.replicates(3)]
    assert asked == [[20, 21, 22]]
    fresh = SeededObserver(trained.design, trained.pretraining, 20, trained.recipe)
    np.testing.assert_array_equal([each.respond(NOISE) for each in fresh.replicates(3)], expected)
    assert len(asked) == 1


def test_where_no_head_can_be_kept_none_is_trained_twice(
    trained: SeededObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psychobench_torch.observers.classifier.write_head", lambda *_: None)
    fresh = SeededObserver(trained.design, trained.pretraining, 40, trained.recipe)
    fresh._classifiers.train([40, 41])
    monkeypatch.setattr(
        "psychobench_torch.observers.classifier.train_heads", lambda *_, **__: 1 / 0
    )
    fresh._classifiers.train([40, 41])
    assert [each.respond(NOISE).shape for each in fresh.replicates(2)] == [(len(NOISE),)] * 2


def test_the_frozen_half_sees_an_image_once_for_all_seeds(trained: SeededObserver) -> None:
    observers = trained.replicates(2)
    frozen = observers[0]._classifiers.frozen
    seen: list[int] = []
    handle = frozen.extractor.network.register_forward_hook(lambda *_: seen.append(1))
    images = NOISE[:5] // 2
    answers = [each.respond(images) for each in observers]
    handle.remove()
    assert len(seen) == 1
    assert np.abs(answers[0] - answers[1]).max() > 1e-5


def test_the_module_scores_prepared_images_as_the_observer_answers(
    trained: SeededObserver,
) -> None:
    scores = trained.module(trained.prepare(NOISE[:3])).detach()
    assert (scores.shape, scores.dtype) == ((3, 2), torch.float32)
    np.testing.assert_allclose(scores.softmax(1)[:, 1], trained.respond(NOISE[:3]), atol=1e-6)


def test_a_head_that_cannot_be_kept_serves_this_process(
    trained: SeededObserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PSYCHOBENCH_CACHE", str(tmp_path / "file"))
    observer = SeededObserver(trained.design, trained.pretraining, 0, trained.recipe)
    np.testing.assert_array_equal(observer.respond(NOISE), trained.respond(NOISE))


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_every_registered_observer_has_its_options_and_its_own_name(name: str) -> None:
    observer = load_observer(name, pretraining="rendered-faces", seed=7)
    assert isinstance(observer, SeededObserver)
    assert (observer.design.name, observer.pretraining.name) == (name, "rendered-faces")
    assert load_observer(name, optimizer="sgd").recipe.optimizer == "sgd"


def test_the_controls_differ_from_their_models_by_the_head_alone() -> None:
    assert {DESIGNS[name].architecture for name in DESIGNS if "alexnet" in name} == {"alexnet"}
    assert DESIGNS["fe_alexnet"].head == "excitation"
    assert {DESIGNS[name].head for name in ("alexnet", "vgg11", "vgg13", "vgg16")} == {"dense"}
    assert (DESIGNS["alexnet_fresh"].head, DESIGNS["alexnet_fresh"].fresh_dense) == ("dense", True)
    assert DESIGNS["alexnet_linear"].head == "linear"
    assert DESIGNS["alexnet_ungated"].head == "ungated"


def test_an_unknown_optimizer_is_refused_at_once() -> None:
    with pytest.raises(OptionError, match="`optimizer` must be one of adam"):
        load_observer("vgg16", optimizer="adamm")


def test_pre_trained_dense_layers_are_where_training_starts_unless_asked_otherwise(
    tiny_extractor: Callable[..., FeatureExtractor],
    weights_file: Path,
    small: TransferRecipe,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {
        "classifier.1.weight": torch.ones(4, 48),
        "classifier.1.bias": torch.zeros(4),
        "classifier.4.weight": torch.ones(4, 4),
        "classifier.4.bias": torch.zeros(4),
    }

    def load(name: str, pretraining: object, dense: bool) -> FeatureExtractor:
        return tiny_extractor(dense=known if dense else {}, sha256=("1" if dense else "0") * 64)

    monkeypatch.setattr("psychobench_torch.observers.classifier.load_extractor", load)
    monkeypatch.setattr("psychobench_torch.heads.head_types.HIDDEN", 4)
    chosen = choose_pretraining(str(weights_file))
    brief = replace(small, learning_rate=1e-9)  # what comes out is what it started from
    info = {
        name: SeededObserver(DESIGNS[name], chosen, 0, brief)
        for name in ("alexnet", "alexnet_fresh")
    }
    first = info["alexnet"].module.head.first.weight
    torch.testing.assert_close(first, torch.ones(4, 48), atol=1e-3, rtol=0)
    assert info["alexnet"].info.options["dense_layers"] == "pre-trained"
    assert "started from their pre-training" in info["alexnet"].info.weights_origin


def test_cuda_asked_for_and_absent_is_one_clear_error(
    trained: SeededObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", "cuda")
    observer = SeededObserver(trained.design, trained.pretraining, 0, trained.recipe)
    with pytest.raises(PsychobenchError, match="PSYCHOBENCH_DEVICE=cuda needs a CUDA device") as e:
        observer.respond(NOISE[:1])
    assert len(e.value.faults) == 1


@pytest.mark.parametrize("images", [NOISE[0], NOISE[..., :1], NOISE.astype(float)])
def test_images_of_another_form_are_refused(images: np.ndarray, trained: SeededObserver) -> None:
    with pytest.raises(ObserverError, match="images must be uint8"):
        trained.respond(images)


def test_images_of_the_networks_size_reach_it_pixel_for_pixel() -> None:
    np.testing.assert_array_equal(
        fit_square(to_tensor(NOISE[:2])).permute(0, 2, 3, 1).numpy(), NOISE[:2]
    )


def test_a_wide_image_is_scaled_by_its_shorter_side_and_cut_at_the_centre() -> None:
    wide = np.zeros((1, 448, 896, 3), np.uint8)
    wide[:, :, 224:672] = 200  # the central square
    np.testing.assert_allclose(fit_square(to_tensor(wide)).numpy()[..., 2:-2], 200, atol=1)


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_all_observers_are_trained_by_one_recipe_on_whole_faces(name: str) -> None:
    recipe = load_observer(name).recipe  # type: ignore[attr-defined]
    assert recipe == SeededObserver.__dataclass_fields__["recipe"].default
    assert not recipe.crops  # as images are shown to the trained network


def test_weights_of_another_network_are_refused_before_any_training(
    tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "not.safetensors").write_bytes(b"no weights")
    observer = load_observer("fe_alexnet", pretraining=str(tmp_path / "not.safetensors"))
    with pytest.raises(ObserverError, match=r"not\.safetensors"):
        observer.respond(NOISE[:1])
    assert not cache.exists()
