"""Threads: work on the images of a set side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")
_MOST = 4  # each needs memory for an image of its own


def side_by_side(
    work: Callable[..., _Result], *items: Iterable[object], threads: int | None = None
) -> Iterator[_Result]:
    """Do the same work on many items at once; when interrupted, begin nothing more.

    Parameters
    ----------
    work : callable
        Takes one of each of `items`; most of its time must be spent outside of Python.
    *items : iterable
        As for `map`.
    threads : int, optional
        As many as there are cores by default, but at most 4.

    Yields
    ------
    object
        What `work` gives, in the order of the items.

    Examples
    --------
    >>> list(side_by_side(pow, [2, 3], [3, 2]))
    [8, 9]
    """
    pool = ThreadPoolExecutor(threads or min(os.cpu_count() or 1, _MOST))
    try:
        yield from pool.map(work, *items)
    finally:
        pool.shutdown(cancel_futures=True)
