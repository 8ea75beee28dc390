"""What methods and observers share: names of methods, and what a network must offer.

Nothing here imports torch, so that observers are listed without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from psychobench.plugins import ObserverInfo

if TYPE_CHECKING:
    from torch import Tensor, nn

METHODS = ("cam", "gradcam", "guided-backprop", "guided-gradcam", "layercam", "dense")
"""The names of the methods."""

Window = tuple[float, float, float, float]
"""Part of an image: top, left, bottom, right in fractions of its height and width."""
SeenPart = Callable[[int, int], Window]
"""From an image's height and width to the part of it that is looked at."""


class Network(Protocol):
    """What an observer must have for its attention to be mapped."""

    @property
    def info(self) -> ObserverInfo:
        """Who answers."""

    @property
    def module(self) -> nn.Module:
        """From prepared images to scores before the softmax, shape (n, 2), the target second."""

    def prepare(self, images: NDArray[np.uint8]) -> Tensor:
        """Convert images to what `module` takes."""


def central_square(height: int, width: int, share: float = 1.0) -> Window:
    """Return the central square of an image; `share` is its side relative to the shorter side.

    Examples
    --------
    >>> central_square(100, 200)
    (0.0, 0.25, 1.0, 0.75)
    >>> central_square(100, 200, share=0.5)
    (0.25, 0.375, 0.75, 0.625)
    """
    side = share * min(height, width)
    top, left = (height - side) / 2 / height, (width - side) / 2 / width
    return top, left, 1 - top, 1 - left
