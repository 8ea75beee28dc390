"""Nobody is in both parts of a split, and images that teach nothing are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.heads.training_images import check_trainable, rendered_faces, split

from psychobench.errors import ObserverError
from psychobench.stimuli.faces import training_faces

Patches = Callable[..., LabelledImages]


@pytest.mark.parametrize("seed", range(20))
def test_nobody_is_in_both_training_and_validation(seed: int, patches: Patches) -> None:
    people = np.repeat(np.arange(30), 4)
    train, validation = split(patches(120, group=people), 0.2, seed)
    assert not set(people[train]) & set(people[validation])
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(120))
    assert len(validation) == 24


def test_where_nobody_knows_who_it_is_each_class_is_split_alike(patches: Patches) -> None:
    labels = (np.arange(200) < 40).astype(np.int64)
    train, validation = split(patches(200, labels=labels), 0.25, 3)
    assert labels[validation].sum() == 10
    assert len(validation) == 50
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(200))


def test_a_split_of_the_datas_own_is_kept_whatever_the_seed(patches: Patches) -> None:
    held = np.arange(40) % 4 == 1
    for seed in (0, 1):
        train, validation = split(patches(40, validation=held), 0.5, seed)
        assert validation.tolist() == np.flatnonzero(held).tolist()
        assert train.tolist() == np.flatnonzero(~held).tolist()


@pytest.mark.parametrize("known", [True, False])
def test_seeds_split_differently(known: bool, patches: Patches) -> None:
    data = patches(80, group=np.arange(80) // 2 if known else None)
    first, again, other = (split(data, 0.2, seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"labels": np.zeros(20, np.int64)}, "all labels are the same, and none is 'happy'"),
        ({"labels": np.ones(20, np.int64)}, "all labels are the same, and none is 'sad'"),
        ({"labels": (np.arange(20) > 17).astype(np.int64)}, "at least 4 .* has 2 of 'happy'"),
        ({"classes": ("sad", "neutral", "happy")}, r"two classes: 20 patches has 3 \(sad, neut"),
        ({"labels": np.arange(20)}, "labels from 0 to 19"),
        ({"labels": np.arange(20) % 2 - 1}, "labels from -1 to 0"),
    ],
)
def test_images_that_teach_nothing_are_refused(
    changes: dict[str, object], fault: str, patches: Patches
) -> None:
    with pytest.raises(ObserverError, match=fault):
        check_trainable(patches(20, **changes))


def test_no_images_at_all_are_refused(patches: Patches) -> None:
    empty = patches(0, labels=np.empty(0, np.int64))
    with pytest.raises(ObserverError, match="has 0 of 'sad'"):
        check_trainable(empty)


def test_a_split_that_leaves_a_part_without_a_class_is_refused(patches: Patches) -> None:
    labels = np.arange(20) % 2
    with pytest.raises(ObserverError, match="with seed 0 leaves 10 and 10"):
        split(patches(20, labels=labels, validation=labels == 1), 0.2, 0)
    with pytest.raises(ObserverError, match="leaves 20 and 0"):
        split(patches(20, labels=labels, validation=np.zeros(20, bool)), 0.2, 0)


@pytest.mark.slow
def test_a_rendered_face_is_happy_from_neutral_upwards() -> None:
    faces = rendered_faces(3, 4, 0.2, 5, False)
    reference = training_faces(3, 4, seed=5, size=224)
    np.testing.assert_array_equal(faces.labels, reference.valence >= 0)
    np.testing.assert_array_equal(faces.group, reference.identity)
    assert faces.origin == "12 rendered faces"
    assert rendered_faces(3, 4, 0.2, 5, False) is rendered_faces(3, 4, 0.2, 5, True) is faces
    others = [rendered_faces(3, 4, 0.2, 6, False), rendered_faces(3, 4, 0.7, 5, False)]
    assert len({faces.sha256, *(other.sha256 for other in others)}) == 3


@pytest.mark.slow
def test_whole_people_of_the_rendered_ones_are_kept_for_validation_in_every_training() -> None:
    faces = rendered_faces(12, 2, 0.5, 0, False)
    (_, held), (_, again) = split(faces, 0.2, 1), split(faces, 0.2, 2)
    assert torch.equal(held, again)
    assert faces.group is not None
    people = faces.group[held.numpy()]
    assert (len(held), len(set(people.tolist()))) == (12, 6)
