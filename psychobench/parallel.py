"""Work spread over the cores, with results that do not depend on how many there are."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Part = TypeVar("Part")
Result = TypeVar("Result")


def spans(n: int, size: int) -> list[NDArray[np.intp]]:
    """Split the numbers from 0 to n - 1 into runs of at most `size`.

    Examples
    --------
    >>> [span.tolist() for span in spans(5, 2)]
    [[0, 1], [2, 3], [4]]
    """
    return np.split(np.arange(n), range(size, n, size))


def in_order(
    function: Callable[[Part], Result], parts: Sequence[Part], cores: int | None = None
) -> Iterator[Result]:
    """Apply a function to parts in threads, and give the results in the order of the parts.

    Arrays are worked on outside the interpreter's lock, so threads run side by side. Only a few
    results wait at a time.

    Parameters
    ----------
    function : callable
        Of one part, and of nothing that another part changes.
    parts : sequence
        What to apply it to.
    cores : int, optional
        By default those that this process may use.

    Yields
    ------
    object
        What `function` returns.
    """
    cores = min(cores or usable_cores(), len(parts))
    if cores <= 1:
        yield from map(function, parts)
        return
    with ThreadPoolExecutor(cores) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for part in parts:
                waiting.append(pool.submit(function, part))
                if len(waiting) > 2 * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for left in waiting:
                left.cancel()


def usable_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
