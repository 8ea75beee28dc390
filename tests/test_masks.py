"""Masks: they hide the whole feature at every level, and tell nothing of the expression."""

from __future__ import annotations

import numpy as np
import pytest

from psychobench.stimuli.faces import Identity, View, face_landmarks, render_face
from psychobench.stimuli.masks import face_masks

LEVELS = np.linspace(-1.0, 1.0, 21)
SIZE = 224
PARTS = {"eyes": ("left_eye", "right_eye"), "nose": ("nose",),
         "mouth": ("mouth_outer", "mouth_corners")}  # fmt: skip


def marks_of(who: Identity | None = None, view: View | None = None) -> list[dict[str, np.ndarray]]:
    return [face_landmarks(who, valence, view=view, size=SIZE) for valence in LEVELS]


@pytest.mark.parametrize("seed", range(10))
def test_a_mask_covers_its_feature_at_every_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    marks = marks_of(Identity.random(rng), View.random(rng))
    masks = face_masks(marks, SIZE)
    for name, parts in PARTS.items():
        for level in marks:
            for part in parts:
                columns, rows = np.floor(level[part]).astype(int).T
                assert masks[name][rows, columns].all(), (name, part)


@pytest.mark.parametrize("seed", range(10))
def test_no_pixel_belongs_to_two_masks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = face_masks(marks_of(Identity.random(rng), View.random(rng)), SIZE)
    assert np.sum(list(masks.values()), axis=0).max() == 1


def test_the_masks_of_the_average_face_are_symmetric() -> None:
    for name, mask in face_masks(marks_of(), SIZE).items():
        assert (mask == mask[:, ::-1]).all(), name


def test_one_mask_serves_all_levels_and_each_level_alone_would_need_less() -> None:
    whole = face_masks(marks_of(), SIZE)
    for valence in (-1.0, 0.0, 1.0):
        alone = face_masks([face_landmarks(valence=valence, size=SIZE)], SIZE)
        for name, mask in whole.items():
            assert alone[name].sum() <= mask.sum()
        assert alone["mouth"].sum() < whole["mouth"].sum()


def test_the_patch_over_the_mouth_bends_neither_up_nor_down() -> None:
    mask = face_masks(marks_of(), SIZE)["mouth"]
    rows, columns = np.nonzero(mask)
    middle = np.array([rows[columns == column].mean() for column in np.unique(columns)])
    assert np.ptp(middle) <= 0.5


def test_the_order_of_the_levels_does_not_matter() -> None:
    there, back = face_masks(marks_of(), SIZE), face_masks(marks_of()[::-1], SIZE)
    for name, mask in there.items():
        assert (mask == back[name]).all()


def test_a_smile_changes_the_hidden_mouth_far_more_than_the_rest() -> None:
    change = np.abs(render_face(valence=1.0).astype(float) - render_face()).sum(axis=2)
    mask = face_masks(marks_of(), SIZE)["mouth"]
    assert change[mask].mean() > 20 * change[~mask].mean()
