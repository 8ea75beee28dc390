"""Let one process at a time do work that others would only do again."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from psychobench.plugins import ResourceError
from psychobench_torch.computing.processes import is_first
from psychobench_torch.storage.store import note


@contextlib.contextmanager
def alone(lock: Path, work: str) -> Iterator[None]:
    """Wait until no other process is in a block with the same lock; say so on stderr.

    A process that is killed lets go of it by itself. On Windows, and on network disks without
    locks, nobody waits.

    Parameters
    ----------
    lock : pathlib.Path
        An empty file, which stays; created with its folder if need be.
    work : str
        What the process inside does, for the message.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("w")
    except OSError as error:
        raise ResourceError(
            f"a lock must be writable: {lock} is not ({error.strerror or error}); remove it if it "
            "is another user's, or name another place with PSYCHOBENCH_CACHE"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if is_first():
                note(f"another process is {work}; this one waits for it")
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass  # some network disks have no locks
        yield
