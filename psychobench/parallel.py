"""Work spread over the cores, with results that do not depend on how many there are.

The library's own pools rather than joblib's: numpy and scipy release the interpreter's lock, so
threads suffice, share the arrays and need no pickling; and results are handed on one by one, in
order, while later parts are still being computed.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Part = TypeVar("Part")
Result = TypeVar("Result")


def usable_cores() -> int:
    """Count the cores that this process may use, at least 1.

    A process may be confined to some of the machine's cores, by ``taskset``, a container or a
    cluster's scheduler; more threads than these would only wait for each other.
    """
    if hasattr(os, "process_cpu_count"):  # Python 3.13: heeds affinity and PYTHON_CPU_COUNT
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spans(n: int, size: int) -> list[NDArray[np.intp]]:
    """Split the numbers from 0 to n - 1 into runs of at most `size`.

    Examples
    --------
    >>> [span.tolist() for span in spans(5, 2)]
    [[0, 1], [2, 3], [4]]
    """
    return np.split(np.arange(n), range(size, n, size))


@contextmanager
def thread_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Open a pool of threads; on leaving, also by an interrupt, begin nothing more.

    Parameters
    ----------
    threads : int
        Number of threads, at least 1.

    Examples
    --------
    >>> with thread_pool(2) as pool:
    ...     list(pool.map(abs, [-1, 2]))
    [1, 2]
    """
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(
    function: Callable[[Part], Result],
    parts: Sequence[Part],
    cores: int | None = None,
    *,
    doing: str = "",
) -> Iterator[Result]:
    """Apply a function to parts in threads; yield the results in the order of the parts.

    Parameters
    ----------
    function : callable
        Of one part, and of nothing that another part changes. Most of its time must be spent
        outside the interpreter's lock, as numpy and scipy spend theirs on large arrays.
    parts : sequence
        What to apply it to.
    cores : int, optional
        Number of threads; by default that of the cores that this process may use. With 1 the
        calling thread does the work.
    doing : str, optional
        What the work is, for a bar with the time left; it appears on a terminal where the work
        takes longer than two seconds, and never without this text.

    Yields
    ------
    object
        What `function` returns.

    Examples
    --------
    >>> list(in_order(abs, [-3, 2, -1]))
    [3, 2, 1]
    """
    cores = min(cores or usable_cores(), len(parts))
    # as many results wait as there are threads: none is idle, and memory stays bounded
    results = (
        map(function, parts) if cores <= 1 else _ahead(function, parts, cores, waiting=2 * cores)
    )
    yield from _shown(results, len(parts), doing) if doing else results


def _shown(results: Iterable[Result], n: int, doing: str) -> Iterator[Result]:
    from tqdm import tqdm

    # disable=None: no bar where stderr is no terminal
    yield from tqdm(results, doing, n, leave=False, disable=None, delay=2)


def read_ahead(
    read: Callable[[Part], Result],
    items: Iterable[Part],
    *,
    threads: int = 1,
    computing: bool = False,
) -> Iterator[Result]:
    """Read items in other threads, some ahead of whoever takes them.

    Parameters
    ----------
    read : callable
        Of one item.
    items : iterable
        What to read; may be endless.
    threads : int, default 1
        How many read; twice as many results wait at most.
    computing : bool, default False
        Whether they compute, as decoding does, and do not only wait for disks: no more threads
        than usable cores then.

    Yields
    ------
    object
        What `read` returns, in the order of the items.

    Examples
    --------
    >>> [len(part) for part in read_ahead(range, [2, 3, 4, 5])]
    [2, 3, 4, 5]
    """
    threads = min(threads, usable_cores()) if computing else threads
    return _ahead(read, items, threads, waiting=2 * threads)


def _ahead(
    function: Callable[[Part], Result], parts: Iterable[Part], threads: int, waiting: int
) -> Iterator[Result]:
    results: deque[Future[Result]] = deque()
    with thread_pool(threads) as pool:
        for part in parts:
            results.append(pool.submit(function, part))
            if len(results) > waiting:
                yield results.popleft().result()
        while results:
            yield results.popleft().result()
