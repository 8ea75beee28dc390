"""Procedural objects are many, distinct, reproducible and quick to make."""

from __future__ import annotations

import numpy as np
import pytest
from psychobench_torch.stand_in_weights.objects import CLASSES, object_set, render_object


def test_there_are_many_classes_and_none_is_a_face() -> None:
    assert len(set(CLASSES)) == len(CLASSES) >= 60
    assert not {"face", "head", "eye", "mouth", "smile"} & set(CLASSES)


@pytest.mark.slow
def test_an_image_depends_on_seed_and_index_alone() -> None:
    images, labels = object_set(3 * len(CLASSES), seed=5, size=48)  # in worker processes
    for index in (0, 7, len(CLASSES) + 7):
        np.testing.assert_array_equal(images[index], render_object(5, index, 48))
    assert labels[len(CLASSES) + 7] == 7


def test_images_of_one_class_differ_and_so_do_seeds() -> None:
    first = render_object(0, 3, 48)
    assert not np.array_equal(first, render_object(0, 3 + len(CLASSES), 48))
    assert not np.array_equal(first, render_object(1, 3, 48))


@pytest.mark.slow
def test_every_class_fills_its_frame_with_visible_contrast() -> None:
    flat = [
        name
        for label, name in enumerate(CLASSES)
        if np.median([render_object(0, label + k * len(CLASSES), 64).std() for k in range(3)]) < 5
    ]
    assert flat == []
