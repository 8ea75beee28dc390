"""Everything that is kept for later: the user's cache folder, keys, whole files, locks.

What is kept stands under a key made of all that determines it (`cache_key`). A file of data has a
JSON record beside it with the hash of the data (`KeptFile`); the record is written last, so that
data without a record were not written to the end. Work that several processes would only repeat is
done by one of them (`one_at_a_time`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import platformdirs

from psychobench.plugins import ResourceError, sha256, write_whole
from psychobench_torch.computing.processes import is_first

if TYPE_CHECKING:
    import pandas as pd

KEY_DIGITS = 24  # hexadecimal digits of a key that names a file: 96 bits


def note(text: str) -> None:
    """Log a note for the user."""
    logging.getLogger("psychobench").info("Note: %s", text)


def cache_folder(kind: str) -> Path:
    """Find the folder for one kind of kept files: in ``$PSYCHOBENCH_CACHE``, else the user's cache.

    Parameters
    ----------
    kind : str
        ``heads``, ``convolutions``, ``pixels``, ``features``, ``unfinished`` or ``cam``.
    """
    chosen = os.environ.get("PSYCHOBENCH_CACHE")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("psychobench", appauthor=False)
    return root / kind


def cache_key(determinants: Mapping[str, Any]) -> str:
    """Hash all that determines what is kept: recipe, data, versions, device.

    Parameters
    ----------
    determinants : mapping
        Names to values that JSON takes; their order does not matter.

    Returns
    -------
    str
        64 hexadecimal digits; file names have the first `KEY_DIGITS`.

    Examples
    --------
    >>> cache_key({"seed": 0, "epochs": 8}) == cache_key({"epochs": 8, "seed": 0})
    True
    """
    return hashlib.sha256(json.dumps(determinants, sort_keys=True).encode()).hexdigest()


def json_bytes(values: Mapping[str, Any]) -> bytes:
    """Write a record as JSON text."""
    return (json.dumps(dict(values), indent=1) + "\n").encode()


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert values to what JSON reads back, so that they can be compared with a record."""
    read: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    return read


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Write a table as CSV, whose bytes are the same on every system."""
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text.encode()


@dataclass(frozen=True)
class KeptFile:
    """A file of data with a JSON record beside it that holds the hash of the data.

    Parameters
    ----------
    path : pathlib.Path
        Of the data; the record has the same name with ``.json``.
    """

    path: Path

    @property
    def record_path(self) -> Path:
        """Where the record is."""
        return self.path.with_suffix(".json")

    def exists(self) -> bool:
        """Return whether both files are there."""
        return self.path.is_file() and self.record_path.is_file()

    def fault(self) -> str | None:
        """Return why the data cannot be used; None where they are as they were written."""
        if not self.path.is_file():
            return "it is not there"
        try:
            recorded = self.read_record()["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"its record cannot be read: {type(error).__name__}"
        return None if sha256(self.path) == recorded else "its hash is not the recorded one"

    def read_record(self) -> dict[str, Any]:
        """Read the record.

        Raises
        ------
        OSError, ValueError
            If there is none, or it is not JSON.
        """
        record: dict[str, Any] = json.loads(self.record_path.read_text("utf-8"))
        return record

    def read(self) -> tuple[bytes, dict[str, Any]]:
        """Read the data and their record.

        Raises
        ------
        OSError, ValueError, KeyError, TypeError
            If either is missing or damaged.
        """
        data, record = self.path.read_bytes(), self.read_record()
        if hashlib.sha256(data).hexdigest() != record["sha256"]:
            raise ValueError("its hash is not the recorded one")
        return data, record

    def write(self, data: bytes, record: Mapping[str, Any]) -> dict[str, Any]:
        """Write the data, then their record, each whole or not at all.

        Returns
        -------
        dict
            The record with the hash of the data, ``sha256``.

        Raises
        ------
        OSError, ResourceError
            If the folder cannot be written.
        """
        full = {**record, "sha256": hashlib.sha256(data).hexdigest()}
        self.record_path.unlink(missing_ok=True)
        write_whole(self.path, data)
        write_whole(self.record_path, json_bytes(full))
        return full


@contextlib.contextmanager
def one_at_a_time(path: Path, work: str) -> Iterator[None]:
    """Wait until no other process is in a block with the same lock.

    The lock of a process that is killed is released by the system. On network disks without locks
    nobody waits.

    Parameters
    ----------
    path : pathlib.Path
        Of the lock file; its folder is created if need be.
    work : str
        What the process inside does, for the note to those that wait.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    lock = filelock.FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, work)
    except NotImplementedError:  # of filelock, on disks without locks
        yield
        return
    except OSError as error:
        raise ResourceError(
            f"a lock must be writable: {path} is not ({error.strerror or error}); remove it if it "
            "is another user's, or name another place with PSYCHOBENCH_CACHE"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: filelock.BaseFileLock, work: str) -> None:
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        if is_first():
            note(f"another process is {work}; this one waits for it")
        lock.acquire()
