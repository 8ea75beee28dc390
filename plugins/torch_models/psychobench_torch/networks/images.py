"""From decoded images to what the networks take: fit, crop, flip, normalise, in batches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

SIZE = 224
MEAN = (0.485, 0.456, 0.406)  # of ImageNet's training images, as torchvision's weights expect
STD = (0.229, 0.224, 0.225)


def to_tensor(images: NDArray[np.uint8]) -> Tensor:
    """View decoded images as a batch without copying the pixels.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB images.

    Returns
    -------
    Tensor of uint8, shape (n, 3, height, width)
        In channels-last memory order.

    Examples
    --------
    >>> to_tensor(np.zeros((2, 5, 7, 3), np.uint8)).shape
    torch.Size([2, 3, 5, 7])
    """
    return torch.from_numpy(np.require(images, np.uint8, ["C", "W"])).permute(0, 3, 1, 2)


def normalise(
    images: Tensor,
    mean: tuple[float, float, float] = MEAN,
    std: tuple[float, float, float] = STD,
) -> Tensor:
    """Bring uint8 images to the networks' units; the result is float32.

    Examples
    --------
    >>> [round(float(v), 2) for v in normalise(torch.full((1, 3, 1, 1), 255)).flatten()]
    [2.25, 2.43, 2.64]
    """
    centre = torch.tensor(mean, device=images.device).view(1, 3, 1, 1)
    spread = torch.tensor(std, device=images.device).view(1, 3, 1, 1)
    return (images / 255).sub_(centre).div_(spread)  # one allocation: they take the time here


def resize(images: Tensor, height: int, width: int) -> Tensor:
    """Resize uint8 images bilinearly with antialiasing; images of that size stay as they are."""
    if images.shape[-2:] == (height, width):
        return images
    resized = functional.interpolate(
        images.float(), (height, width), mode="bilinear", antialias=True, align_corners=False
    )
    return resized.round().clamp(0, 255).to(torch.uint8)


def fit_square(images: Tensor, size: int = SIZE) -> Tensor:
    """Scale the shorter side to `size` and keep the central square.

    Examples
    --------
    >>> fit_square(torch.zeros(1, 3, 50, 80, dtype=torch.uint8)).shape
    torch.Size([1, 3, 224, 224])
    """
    height, width = images.shape[-2:]
    scale = size / min(height, width)
    high, wide = max(size, round(height * scale)), max(size, round(width * scale))
    top, left = (high - size) // 2, (wide - size) // 2
    return resize(images, high, wide)[..., top : top + size, left : left + size]


class Crops(NamedTuple):
    """Where to cut a batch: one side in pixels, corners (n, 2) from the top left, who is mirrored.

    Drawn for a whole batch, so that it is cut alike however many processes share it.
    """

    side: int
    corners: Tensor
    mirrored: Tensor

    def part(self, share: slice) -> Crops:
        """Pick the crops of some of the images."""
        return Crops(self.side, self.corners[share], self.mirrored[share])


def random_views(
    images: Tensor, size: int, *, smallest: float, generator: torch.Generator
) -> Tensor:
    """Crop a random square out of each image, scale it to `size`, mirror every second one.

    Parameters
    ----------
    images : Tensor of uint8, shape (n, 3, side, side)
        Square images.
    size : int
        Width and height of the result in pixels.
    smallest : float
        Smallest side of a crop, as a fraction of the image's; sides are uniform up to 1. All
        images of a call are cropped to one side, each at a place of its own.
    generator : torch.Generator
        Source of all randomness.

    Returns
    -------
    Tensor of uint8, shape (n, 3, size, size)
    """
    crops = draw_crops(len(images), images.shape[-1], smallest=smallest, generator=generator)
    return cut_crops(images, crops, size)


def draw_crops(n: int, full: int, *, smallest: float, generator: torch.Generator) -> Crops:
    """Draw the squares that `random_views` cuts out of `n` images with `full` px a side."""
    share = smallest + (1 - smallest) * float(torch.rand(1, generator=generator))
    side = min(full, round(full * share))
    corners = torch.randint(0, full - side + 1, (n, 2), generator=generator)
    return Crops(side, corners, torch.rand(n, generator=generator) < 0.5)


def cut_crops(images: Tensor, crops: Crops, size: int) -> Tensor:
    """Cut one square out of each image, on the images' device, and scale it to `size`."""
    cut = [  # channels stay innermost in memory
        image[top : top + crops.side, left : left + crops.side]
        for image, (top, left) in zip(
            images.permute(0, 2, 3, 1), crops.corners.tolist(), strict=True
        )
    ]
    pixels = torch.stack(cut)
    mirrored = crops.mirrored.to(pixels.device).view(-1, 1, 1, 1)
    pixels = torch.where(mirrored, pixels.flip(2), pixels)  # an index would make CUDA wait
    batch = pixels.permute(0, 3, 1, 2)
    if batch.device.type != "cpu" or crops.side == size:
        return resize(batch, size, size)
    # ten times faster than in float32, and within a grey level of it
    return functional.interpolate(
        batch, (size, size), mode="bilinear", antialias=True, align_corners=False
    )
