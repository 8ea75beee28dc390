"""Features are computed once, for the images and the epochs that need them."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.heads import features
from psychobench_torch.heads.features import Features, map_file, shared_features
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.images import fit_square, normalise, to_tensor

from psychobench.errors import ResourceError

MakeBackbone = Callable[..., FeatureExtractor]
Patches = Callable[..., LabelledImages]
RECIPE = TransferRecipe(epochs=3, crops=True, smallest_crop=0.7)
EVERYONE = torch.arange(30)


class Counting(torch.nn.Module):
    """Count the images that a backbone is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.images = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.images += len(images)
        return images.flatten(1)[:, :48]


@pytest.fixture(autouse=True)
def _own_cache(cache: Path) -> None:
    """Let files of features go to a folder of the test's own."""


@pytest.mark.parametrize("views", [0, 2])
@pytest.mark.parametrize("budget", [0, features.BUDGET])
def test_epochs_see_the_same_features_in_memory_in_a_file_and_one_by_one(
    views: int, budget: int, tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    recipe = dataclasses.replace(RECIPE, views=views)
    data = patches(30)
    reference = Features(tiny_extractor(), data, recipe, features.BUDGET)
    found = Features(tiny_extractor(), data, recipe, budget)
    assert found.kept == (views > 0 or budget > 0)
    found.prepare(progress=False)
    for epoch in range(3):
        expected = reference.view(epoch, EVERYONE, progress=False)[0]
        assert torch.equal(found.view(epoch, EVERYONE, progress=False)[0], expected)


def test_every_epoch_sees_other_crops_and_cached_views_come_again(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    exact = Features(tiny_extractor(), patches(30), RECIPE, features.BUDGET)
    seen = [exact.view(epoch, EVERYONE, progress=False)[0].clone() for epoch in range(3)]
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    recipe = dataclasses.replace(RECIPE, views=2)
    cached = Features(tiny_extractor(), patches(30), recipe, features.BUDGET)
    seen = [cached.view(epoch, EVERYONE, progress=False)[0].clone() for epoch in range(3)]
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])


@pytest.mark.parametrize(("views", "passes"), [(0, 3), (2, 2)])
def test_each_view_and_the_plain_images_are_computed_once(
    views: int, passes: int, tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    network = Counting()
    recipe = dataclasses.replace(RECIPE, views=views)
    found = Features(tiny_extractor(network=network), patches(30), recipe, features.BUDGET)
    for _ in range(2):
        found.prepare(progress=False)
        for epoch in range(3):
            found.view(epoch, EVERYONE, progress=False)
    assert network.images == 30 * (passes + 1)


def test_where_the_split_is_known_only_what_it_needs_is_computed(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    network = Counting()
    held = np.arange(30) % 3 == 0
    data = patches(30, validation=held)
    found = Features(tiny_extractor(network=network), data, RECIPE, features.BUDGET)
    found.prepare(progress=False)
    assert network.images == 3 * 20 + 10
    plain, places = found.plain(torch.from_numpy(np.flatnonzero(held)))
    expected = normalise(fit_square(to_tensor(data.images[held]), 32)).flatten(1)[:, :48]
    torch.testing.assert_close(plain[places].float(), expected, rtol=0.01, atol=0.01)


def test_features_are_shared_by_heads_optimisers_and_learning_rates_but_not_by_other_crops(
    tiny_extractor: MakeBackbone, patches: Patches
) -> None:
    extractor, data = tiny_extractor(), patches(30)
    first = shared_features(extractor, data, RECIPE)
    other = dataclasses.replace(RECIPE, optimizer="sgd", learning_rate=0.1, batch=4)
    assert shared_features(extractor, data, other) is first
    closer = dataclasses.replace(RECIPE, smallest_crop=0.5)
    assert shared_features(extractor, data, closer) is not first


def test_a_file_of_features_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    values = map_file(tmp_path / "features", (5, 7), torch.bfloat16)
    values.fill_(2.5)
    assert values.sum() == 2.5 * 35
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_is_told_with_what_was_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ResourceError, match=r"need 2\.0 GB of disk in .*0\.1 GB are free.*views"):
        map_file(tmp_path / "features", (1000, 1000, 1000), torch.bfloat16)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no such call on this system")
def test_a_disk_that_fills_up_meanwhile_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ResourceError, match="No space left on device"):
        map_file(tmp_path / "features", (10, 10), torch.bfloat16)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
