"""Threads over the images of a set, few enough that their copies fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from psychobench.parallel import in_order, usable_cores

_Result = TypeVar("_Result")
_MOST = 4  # each thread needs memory for an image of its own


def map_images(
    work: Callable[[Any], _Result], images: Sequence[Any] | Any, *, cores: int | None = None
) -> Iterator[_Result]:
    """Apply a function to each image; yield the results in the order of the images.

    Parameters
    ----------
    work : callable
        Takes one image, or what stands for it.
    images : sequence or ndarray
        The images.
    cores : int, optional
        How many threads; those that this process may use by default, but at most 4.
    """
    return in_order(work, images, cores or min(usable_cores(), _MOST))
