"""The head learns from rendered faces; the convolutions stay, and nobody is in both parts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from psychobench_torch import transfer
from psychobench_torch.convolutions import Convolutions, load_convolutions, tensors_sha256
from psychobench_torch.pretraining import choose_pretraining
from psychobench_torch.recipe import TransferRecipe
from psychobench_torch.transfer import face_features, split_by_identity, train_head


@pytest.fixture(scope="module")
def convolutions(weights_file: object) -> Convolutions:
    return load_convolutions(choose_pretraining(str(weights_file)))


@pytest.mark.parametrize("seed", range(20))
def test_no_identity_is_in_both_training_and_validation(seed: int) -> None:
    identity = np.repeat(np.arange(30), 4)
    train, validation = split_by_identity(identity, 0.2, seed)
    assert not set(identity[train]) & set(identity[validation])
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(120))
    assert len(validation) == 24


def test_training_leaves_every_byte_of_the_convolutions(
    convolutions: Convolutions, small: TransferRecipe
) -> None:
    before = tensors_sha256(convolutions.network.state_dict())
    train_head(convolutions, small, seed=0)
    assert tensors_sha256(convolutions.network.state_dict()) == before


def test_the_same_seed_gives_the_same_head_and_another_seed_another(
    convolutions: Convolutions,
    small: TransferRecipe,
) -> None:
    heads = [
        tensors_sha256(train_head(convolutions, small, seed).head.state_dict())
        for seed in (0, 0, 1)
    ]
    assert heads[0] == heads[1] != heads[2]


def test_the_loss_falls_and_the_first_best_epoch_is_kept(
    convolutions: Convolutions, small: TransferRecipe
) -> None:
    trained = train_head(convolutions, dataclasses.replace(small, epochs=6), seed=0)
    assert trained.epochs[-1].loss < trained.epochs[0].loss
    accuracies = [epoch.accuracy for epoch in trained.epochs]
    assert trained.best == 1 + accuracies.index(max(accuracies))
    assert (trained.n_train, trained.n_validation) == (16, 4)


def test_a_face_is_happy_from_neutral_upwards(
    convolutions: Convolutions, small: TransferRecipe
) -> None:
    faces = transfer.rendered_faces(small.n_identities, small.per_identity, small.face_seed)
    features = face_features(convolutions, small)
    np.testing.assert_array_equal(features.happy.numpy(), faces.valence >= 0)


def test_every_epoch_sees_other_crops_of_the_faces(
    convolutions: Convolutions, small: TransferRecipe
) -> None:
    features = face_features(convolutions, small)
    assert len(features.views) == small.epochs
    assert not torch.equal(features.views[0], features.views[1])
    assert features.plain.shape == (20, 9216)


def test_seeds_in_one_process_share_faces_and_features(
    convolutions: Convolutions, small: TransferRecipe
) -> None:
    assert face_features(convolutions, small) is face_features(convolutions, small)
