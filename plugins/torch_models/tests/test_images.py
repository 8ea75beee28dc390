"""Crops of training images: where they are cut, how they are scaled, who is mirrored."""

from __future__ import annotations

import numpy as np
import torch
from psychobench_torch.networks.images import Crops, cut_crops, draw_crops, to_tensor
from torch.nn import functional

FACES = to_tensor(np.random.default_rng(0).integers(0, 256, (6, 40, 40, 3), dtype=np.uint8))


def test_crops_are_scaled_as_in_float32_within_a_grey_level() -> None:
    crops = draw_crops(6, 40, smallest=0.5, generator=torch.Generator().manual_seed(0))
    assert crops.side < 40
    for image, cut, corner, mirrored in zip(
        FACES, cut_crops(FACES, crops, 32), crops.corners.tolist(), crops.mirrored, strict=True
    ):
        top, left = corner
        part = image[:, top : top + crops.side, left : left + crops.side].float()
        if mirrored:
            part = part.flip(-1)
        expected = functional.interpolate(part[None], (32, 32), mode="bilinear", antialias=True)[0]
        assert (cut - expected).abs().max() <= 1


def test_a_crop_of_the_wanted_size_is_the_image_as_it_is_or_mirrored() -> None:
    whole = Crops(40, torch.zeros(6, 2, dtype=torch.int64), torch.arange(6) % 2 == 1)
    cut = cut_crops(FACES, whole, 40)
    assert torch.equal(cut[::2], FACES[::2])
    assert torch.equal(cut[1::2], FACES[1::2].flip(-1))
    assert cut.is_contiguous(memory_format=torch.channels_last)
