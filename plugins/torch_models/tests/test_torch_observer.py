"""Any network with a two-way readout becomes an observer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import psychobench_torch
import pytest
import torch
from PIL import Image
from psychobench_torch.observers.torch_observer import TorchObserver
from torch import Tensor, nn
from torch.backends import cudnn

from psychobench.errors import ObserverError, OptionError
from psychobench.testing import check_observer

NOISE = np.random.default_rng(0).integers(0, 256, (15, 40, 30, 3), dtype=np.uint8)


def transform(image: Image.Image) -> Tensor:
    pixels = np.asarray(image.resize((16, 16)), np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)


def network(outputs: int = 2) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.Flatten(),
        nn.Linear(4 * 14 * 14, outputs),
    )  # fmt: skip


def observe(module: nn.Module, **options: Any) -> TorchObserver:
    return TorchObserver(module, transform=transform, name="mine", **options)


@pytest.mark.slow
def test_it_passes_the_conformance_kit() -> None:
    # an untrained network judges nothing well: what depends on good answers is left out
    report = check_observer(
        lambda: observe(network()),
        registered_name="mine",
        skip=("polarity", "certainty", "colour-order", "random-state"),
    )
    assert report.passed, report


def test_answers_do_not_depend_on_batch_or_order() -> None:
    observer = observe(network())
    together = observer.respond(NOISE)
    alone = np.concatenate([observer.respond(image[None]) for image in NOISE])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(observer.respond(NOISE[::-1])[::-1], together)


def test_the_answer_is_the_softmax_of_the_two_outputs() -> None:
    module = network().eval()
    images = torch.stack([transform(Image.fromarray(image)) for image in NOISE])
    expected = module(images).softmax(1).detach().double().numpy()
    np.testing.assert_allclose(observe(module).respond(NOISE), expected[:, 1], atol=1e-6)
    swapped = observe(module, labels=("happy", "sad"), target="happy")
    np.testing.assert_allclose(swapped.respond(NOISE), expected[:, 0], atol=1e-6)
    assert (swapped.info.labels, swapped.info.target) == (("sad", "happy"), "happy")


def test_scores_are_computed_in_full_float32_by_the_same_algorithm() -> None:
    module, found = network(), []
    module.register_forward_hook(
        lambda *_: found.append((cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark))
    )
    before = cudnn.allow_tf32
    observe(module).respond(NOISE[:1])
    assert set(found) == {(False, True, False)}
    assert cudnn.allow_tf32 == before


def test_one_output_is_the_targets_score_before_a_sigmoid() -> None:
    module = network(1).eval()
    images = torch.stack([transform(Image.fromarray(image)) for image in NOISE])
    expected = module(images).sigmoid().detach().double().numpy()[:, 0]
    np.testing.assert_allclose(observe(module).respond(NOISE), expected, atol=1e-6)


def test_several_outputs_of_a_label_add_up_and_the_others_are_left_out() -> None:
    module = network(7).eval()
    images = torch.stack([transform(Image.fromarray(image)) for image in NOISE])
    p = module(images).softmax(1).detach().double().numpy()
    negative, happy = p[:, 0] + p[:, 2] + p[:, 5], p[:, 3]
    found = observe(module, outputs=([0, 2, 5], 3)).respond(NOISE)
    np.testing.assert_allclose(found, happy / (happy + negative), atol=1e-6)


class Wrapped(nn.Module):
    """Gives its scores as an attribute, as Hugging Face's models do."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = network()

    def forward(self, images: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.inner(images))


def test_scores_may_come_as_logits() -> None:
    np.testing.assert_array_equal(
        observe(Wrapped()).respond(NOISE), observe(network()).respond(NOISE)
    )


def test_a_network_in_training_mode_is_evaluated_and_left_in_training_mode() -> None:
    module = network()
    module[3].eval()
    module.training = True
    before = module[1].running_mean.clone()
    assert observe(module).respond(NOISE).shape == (15,)
    assert (module.training, module[1].training, module[3].training) == (True, True, False)
    assert torch.equal(module[1].running_mean, before)


def test_info_has_the_hash_of_the_values_and_what_its_author_says() -> None:
    info = observe(network(), weights_origin="trained at home", pretraining="scenes").info
    assert (info.weights_origin, info.pretraining) == ("trained at home", "scenes")
    assert info.weights_sha256 == observe(network()).info.weights_sha256
    assert info.weights_sha256 != observe(network(3)).info.weights_sha256


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"target": "angry"}, "`target` must be one of the labels"),
        ({"outputs": (0,)}, "`outputs` must name the outputs of either label"),
        ({"outputs": (1, 1)}, "each once"),
        ({"outputs": ([], 1)}, "either label"),
        ({"outputs": (0, -1)}, "from 0"),
    ],
)
def test_a_readout_that_does_not_fit_is_refused_at_once(options: Any, fault: str) -> None:
    with pytest.raises(OptionError, match=fault):
        observe(network(), **options)


@pytest.mark.parametrize(
    ("module", "options", "fault"),
    [
        (network(2), {"outputs": (0, 2)}, r"k above 2, or \(n, 1\): 'mine' gives torch.float32 of"),
        (nn.Identity(), {}, r"'mine' gives torch.float32 of shape \(12, 3, 16, 16\)"),
    ],
)
def test_a_network_that_gives_something_else_is_named(
    module: nn.Module, options: Any, fault: str
) -> None:
    with pytest.raises(ObserverError, match=fault):
        observe(module, **options).respond(NOISE)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (lambda image: image, "'mine' gives Image"),
        (lambda image: torch.zeros(3, 4, 4, dtype=torch.uint8), "gives torch.uint8 of shape"),
        (lambda image: torch.rand(3, 4, 4 + np.asarray(image)[0, 0, 0] % 2), "one size"),
    ],
)
def test_a_transform_that_gives_something_else_is_named(wrong: Any, fault: str) -> None:
    observer = TorchObserver(network(), transform=wrong, name="mine")
    with pytest.raises(ObserverError, match=fault):
        observer.respond(NOISE)


def test_images_of_another_form_are_refused() -> None:
    with pytest.raises(ObserverError, match="'mine' was given float32"):
        observe(network()).respond(NOISE.astype(np.float32))


def test_the_public_name_is_the_class() -> None:
    assert psychobench_torch.TorchObserver is TorchObserver
    with pytest.raises(AttributeError, match="no attribute 'TorchObservers'"):
        _ = psychobench_torch.TorchObservers
