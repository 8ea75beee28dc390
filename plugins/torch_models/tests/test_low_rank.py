"""A head that changes at a low rank: what it starts from, what is trained, what is kept of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.heads.fitting import HeadFit, memory_of
from psychobench_torch.heads.head_types import HEADS, make_head
from psychobench_torch.heads.initial_values import draw_initial_values, draw_uniform
from psychobench_torch.heads.kept_heads import head_bytes, head_record, read_head, write_head
from psychobench_torch.heads.low_rank import is_packed, pack, unpack, with_low_rank
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.heads.shipped_heads import read_shipped
from psychobench_torch.heads.transfer import initial_head, train_heads
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.storage.weight_files import tensors_sha256
from torch import nn

from psychobench.errors import ObserverError

MakeBackbone = Callable[..., FeatureExtractor]
Patches = Callable[..., LabelledImages]
RECIPE = TransferRecipe(
    epochs=6, batch=16, learning_rate=1e-2, average_every=4, validation_share=0.2, rank=4
)


@pytest.fixture
def _small_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psychobench_torch.heads.transfer.make_head", partial(make_head, hidden=16))


def drawn(kind: str, seed: int = 0) -> nn.Sequential:
    head = make_head(kind, 48, hidden=16)
    draw_initial_values(head, seed)
    return head


def test_initial_values_are_these_very_bytes_everywhere() -> None:
    """Numbers that follow from Philox's definition; another platform or release must draw them."""
    values = draw_uniform((20, 30), seed=3, number=1)
    digest = hashlib.sha256(values.numpy().astype("<f4").tobytes()).hexdigest()
    assert digest == "522c9f42aae42abb689b3fe5e0524cd4ef0874ebb33feee466620927b6d49697"


def test_initial_values_keep_the_variance_of_activations_and_differ_by_seed_and_layer() -> None:
    values = draw_uniform((500, 400), seed=0, number=0)
    assert float(values.var()) * 400 == pytest.approx(2, rel=0.01)
    assert float(values.mean()) * 20 == pytest.approx(0, abs=0.01)
    assert float(values.abs().max()) <= (6 / 400) ** 0.5
    for seed, number in ((1, 0), (0, 1)):
        again = draw_uniform((500, 400), seed=seed, number=number)
        assert abs(float(torch.corrcoef(torch.stack([values.ravel(), again.ravel()]))[0, 1])) < 0.01


@pytest.mark.parametrize("kind", HEADS)
def test_before_training_a_head_of_low_rank_answers_as_its_initial_values(kind: str) -> None:
    x = torch.randn(5, 48, generator=torch.Generator().manual_seed(1))
    expected = drawn(kind).eval()(x)
    torch.testing.assert_close(with_low_rank(drawn(kind), 4, 0).eval()(x), expected)


def test_factors_alone_are_trained_and_their_memory_is_reckoned() -> None:
    whole, recipe = drawn("excitation"), replace(RECIPE, average_every=0)
    needed = memory_of(whole, recipe)
    fit = HeadFit(whole, recipe, torch.Generator(), 0)
    names = [name for name, _ in fit.head.named_parameters()]
    assert names == [
        "excitation.squeeze.up", "excitation.squeeze.down", "excitation.excite.up",
        "excitation.excite.down", "classifier.weight", "classifier.bias",
    ]  # fmt: skip
    trained = sum(value.numel() for value in fit.head.parameters())
    assert trained == 2 * 4 * (48 + 12) + 2 * 48 + 2
    assert needed == 4 * (2 * 48 * 12) + trained * (4 * 4 + 2)


def test_eight_bits_move_a_change_by_less_than_a_hundredth_of_it() -> None:
    generator = torch.Generator().manual_seed(0)
    up, down = (torch.randn(shape, generator=generator) for shape in ((12, 4), (4, 48)))
    up *= torch.tensor([1.0, 10.0, 0.1, 1e-3])  # of columns that differ as trained ones do
    packed = pack({"layer.up": up, "layer.down": down})
    assert (packed["layer.up"].dtype, packed["layer.down"].dtype) == (torch.int8, torch.int8)
    found = unpack(packed, {"layer.weight": torch.zeros(12, 48)})["layer.weight"]
    assert float((found - up @ down).norm() / (up @ down).norm()) < 0.01


def test_the_change_that_is_kept_is_the_head_that_was_trained(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    extractor, data = tiny_extractor(), patches()
    (whole,) = train_heads(
        extractor, "excitation", replace(RECIPE, rank=0), [0], data, progress=False
    )
    (reduced,) = train_heads(extractor, "excitation", RECIPE, [0], data, progress=False)
    assert min(whole.accuracy, reduced.accuracy) > 0.9
    assert is_packed(reduced.change)
    assert not whole.change
    initial = initial_head(extractor, "excitation", 0).state_dict()
    change = reduced.head.excitation.squeeze.weight - initial["excitation.squeeze.weight"]
    assert int(torch.linalg.matrix_rank(change, rtol=1e-4)) == 4
    assert len(head_bytes(reduced)) < 0.7 * len(head_bytes(whole))


@pytest.mark.usefixtures("cache", "_small_dense")
@pytest.mark.parametrize("kind", ["excitation", "dense", "linear"])
def test_a_kept_change_is_read_back_as_the_same_head(
    kind: str, tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    extractor = tiny_extractor()
    recipe = replace(RECIPE, epochs=1)
    (trained,) = train_heads(extractor, kind, recipe, [5], patches(), progress=False)
    write_head("0" * 64, trained, {})
    found = read_head("0" * 64, partial(initial_head, extractor, kind, 5))
    assert found is not None
    assert tensors_sha256(found[0].head.state_dict()) == tensors_sha256(trained.head.state_dict())


@pytest.fixture
def shipped(
    tmp_path: Path, tiny_extractor: MakeBackbone, patches: Patches
) -> tuple[dict[str, object], Path]:
    recipe = replace(RECIPE, epochs=1)
    (trained,) = train_heads(tiny_extractor(), "excitation", recipe, [2], patches(), progress=False)
    data = head_bytes(trained)
    (tmp_path / "head.safetensors").write_bytes(data)
    initial = initial_head(tiny_extractor(), "excitation", 2).state_dict()
    entry = {
        "file": "head.safetensors", "sha256": hashlib.sha256(data).hexdigest(),
        "initial_sha256": tensors_sha256(initial), **head_record(trained),
    }  # fmt: skip
    return json.loads(json.dumps(entry)), tmp_path


def test_a_shipped_head_that_was_changed_is_refused(
    shipped: tuple[dict[str, object], Path], tiny_extractor: MakeBackbone
) -> None:
    entry, folder = shipped
    initial = partial(initial_head, tiny_extractor(), "excitation", 2)
    trained, digest = read_shipped(entry, initial, folder)
    assert (trained.seed, digest) == (2, entry["sha256"])
    data = bytearray((folder / "head.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "head.safetensors").write_bytes(data)
    with pytest.raises(ObserverError, match=r"as shipped: .*head\.safetensors is missing or dam"):
        read_shipped(entry, initial, folder)


def test_other_initial_values_than_the_heads_own_are_refused(
    shipped: tuple[dict[str, object], Path], tiny_extractor: MakeBackbone
) -> None:
    entry, folder = shipped
    with pytest.raises(ObserverError, match="the initial values that this machine draws"):
        read_shipped(entry, partial(initial_head, tiny_extractor(), "excitation", 3), folder)
