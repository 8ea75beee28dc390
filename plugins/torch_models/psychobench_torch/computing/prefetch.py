"""Read what comes next in a thread, so that the device does not wait for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD = 2  # batches that are read while the device computes

Item = TypeVar("Item")
Batch = TypeVar("Batch")


def read_ahead(read: Callable[[Item], Batch], items: Iterable[Item]) -> Iterator[Batch]:
    """Read items in their order, two ahead of whoever takes them.

    Examples
    --------
    >>> [len(part) for part in read_ahead(range, [2, 3, 4, 5])]
    [2, 3, 4, 5]
    """
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for item in items:
            waiting.append(pool.submit(read, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
