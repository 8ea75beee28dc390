"""Decode and resize images once, into a memory-mapped file that later trainings share.

A folder holds ``images.npy``, a journal of the chunks that are on disk, and, once all are,
``record.json``. A cache without a record is never read, only continued. Of several jobs of a sweep
that need the same cache one fills it, the others wait.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from psychobench.plugins import ResourceError, read_ahead, write_whole
from psychobench_torch.data.decode import DECODER_VERSION, Box, BrokenImage, decode_square
from psychobench_torch.storage.store import one_at_a_time

CHUNK = 256  # images that are decoded, then written and noted together
MOST_THREADS = 32  # Pillow decodes outside the interpreter's lock
_SPARE = 100_000_000  # bytes that are left free on the disk


@dataclass(frozen=True, eq=False)
class Pixels:
    """Decoded images and where they came from.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, size, size, 3)
        Mapped from disk, copied on write.
    rows : ndarray of int64, shape (n,)
        Which of the files each is.
    broken : tuple of tuple of int and str
        Files that cannot be decoded, and why.
    sha256 : str
        Of all pixels, broken images as black.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    broken: tuple[tuple[int, str], ...]
    sha256: str


@dataclass(frozen=True)
class _Job:
    """What is to be decoded, and where it goes."""

    folder: Path
    paths: Sequence[str]
    boxes: Sequence[Box | None]
    size: int

    @property
    def images(self) -> Path:
        return self.folder / "images.npy"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def record(self) -> Path:
        return self.folder / "record.json"

    @property
    def image_bytes(self) -> int:
        return self.size * self.size * 3

    @property
    def chunks(self) -> list[range]:
        n = len(self.paths)
        return [range(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]

    def header(self) -> bytes:
        shape = (len(self.paths), self.size, self.size, 3)
        text = repr({"descr": "|u1", "fortran_order": False, "shape": shape})
        padded = text + " " * (-(len(text) + 11) % 64) + "\n"
        return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode("latin1")


def missing_files(paths: Sequence[str]) -> dict[str, str]:
    """Return the files that are missing or empty, each with what is wrong."""
    sizes = list(read_ahead(_bytes, paths, threads=16))
    return {
        path: f"{path} {'is missing' if size is None else 'is empty'}"
        for path, size in zip(paths, sizes, strict=True)
        if not size
    }


def _bytes(path: str) -> int | None:
    try:
        state = Path(path).stat()
    except OSError:
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def decode_images(
    paths: Sequence[str],
    size: int,
    folder: Path,
    *,
    boxes: Sequence[Box | None] | None = None,
    progress: bool = True,
) -> Pixels:
    """Return decoded images, from the cache or after filling it.

    Parameters
    ----------
    paths : sequence of str
        Image files; all exist.
    size : int
        Width and height in pixels.
    folder : pathlib.Path
        Where caches are kept, each in a folder named after what determines it.
    boxes : sequence, optional
        The part of each image to use, or None for all of it.
    progress : bool
        Show a progress bar with images per second.

    Raises
    ------
    ResourceError
        If the disk has no room or cannot be written: what was written stays and is continued.
    """
    boxes = [None] * len(paths) if boxes is None else boxes
    job = _Job(folder / _key(paths, boxes, size), paths, boxes, size)
    found = _read(job)
    if found is None:
        _fill(job, progress)
        found = _read(job)
    if found is None:
        raise ResourceError(
            f"a cache must stay as it was written: {job.folder} changed; remove it and try again"
        )
    return found


def _key(paths: Sequence[str], boxes: Sequence[Box | None], size: int) -> str:
    digest = hashlib.sha256(f"{DECODER_VERSION} {size} {CHUNK}".encode())
    for path, box in zip(paths, boxes, strict=True):
        state = Path(path).stat()
        digest.update(f"\n{path}\t{state.st_size}\t{state.st_mtime_ns}\t{box}".encode())
    return digest.hexdigest()[:32]


def _read(job: _Job) -> Pixels | None:
    """Map a finished cache; None where there is none, or its size is not what it must be."""
    try:
        record = json.loads(job.record.read_text("utf-8"))
        images = np.load(job.images, mmap_mode="c")
        if images.shape != (len(job.paths), job.size, job.size, 3):
            raise ValueError
    except (OSError, ValueError, EOFError):
        return None
    broken = tuple((int(row), str(why)) for row, why in record["broken"])
    rows = _packed(len(job.paths), [row for row, _ in broken])
    return Pixels(images[: len(rows)], rows, broken, record["sha256"])


def _packed(n: int, broken: Sequence[int]) -> NDArray[np.int64]:
    """Return which file each image shows once images from the end fill the gaps of broken ones."""
    rows = np.arange(n)
    gaps = set(broken)
    n_whole = n - len(gaps)
    fillers = [row for row in range(n_whole, n) if row not in gaps]
    for gap, filler in zip(sorted(row for row in gaps if row < n_whole), fillers, strict=True):
        rows[gap] = filler
    return rows[:n_whole]


def _fill(job: _Job, progress: bool) -> None:
    """Decode what is not yet on disk; the record comes last."""
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(job.folder / "lock", "decoding these images"):
            if _read(job) is not None:  # another job filled it while this one waited
                return
            done = _journalled(job)
            todo = [i for i in range(len(job.chunks)) if i not in done]
            _check_room(job, sum(len(job.chunks[i]) for i in todo))
            with job.images.open("r+b" if job.images.exists() else "w+b") as file:
                file.write(job.header())
                _decode_chunks(job, todo, done, file, progress)
                _pack(job, done, file)
                _settle(file)
            write_whole(job.record, json.dumps(_summary(job, done)).encode())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(job, len(job.paths)) from None
        raise ResourceError(
            f"the cache must be writable: {job.folder} is not ({error.strerror or error}); name "
            "another place with PSYCHOBENCH_CACHE"
        ) from None


def _journalled(job: _Job) -> dict[int, dict[str, Any]]:
    """Read which chunks are on disk; a line that a kill cut short is no line."""
    done: dict[int, dict[str, Any]] = {}
    if job.journal.is_file() and job.images.is_file():
        there = (job.images.stat().st_size - len(job.header())) // job.image_bytes
        for line in job.journal.read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError):
                entry = json.loads(line)
                if job.chunks[int(entry["chunk"])].stop <= there:
                    done[int(entry["chunk"])] = entry
    return done


def _decode_chunks(
    job: _Job, todo: list[int], done: dict[int, dict[str, Any]], file: BinaryIO, progress: bool
) -> None:
    """Decode chunk after chunk in threads, write each, and note it once it is on disk."""
    n_done = sum(len(job.chunks[i]) for i in done)
    buffer = np.empty((CHUNK, job.size, job.size, 3), np.uint8)
    with (
        warnings.catch_warnings(),
        job.journal.open("a", encoding="utf-8") as journal,
        tqdm(
            total=len(job.paths),
            initial=n_done,
            desc="decoding images",
            unit="image",
            disable=not progress,
        ) as bar,
    ):
        warnings.simplefilter("ignore")  # of Pillow, on odd notes in files that decode
        for number in todo:
            chunk = job.chunks[number]
            decode = partial(_decode_into, job, buffer, chunk.start)
            tell = read_ahead(decode, chunk, threads=MOST_THREADS, computing=True)
            broken = []
            for row, why in zip(chunk, tell, strict=True):
                if why is not None:
                    broken.append((row, why))
                bar.update()
            pixels = buffer[: len(chunk)].tobytes()
            file.seek(len(job.header()) + chunk.start * job.image_bytes)
            file.write(pixels)
            _settle(file)
            digest = hashlib.sha256(pixels).hexdigest()
            done[number] = {"chunk": number, "sha256": digest, "broken": broken}
            journal.write("\n" + json.dumps(done[number]) + "\n")
            journal.flush()


def _decode_into(job: _Job, buffer: NDArray[np.uint8], start: int, row: int) -> str | None:
    """Decode one image to its place; say why where that fails, and leave it black."""
    try:
        buffer[row - start] = decode_square(job.paths[row], job.size, job.boxes[row])
    except BrokenImage as error:
        buffer[row - start] = 0
        return str(error)
    return None


def _pack(job: _Job, done: dict[int, dict[str, Any]], file: BinaryIO) -> None:
    """Fill the gaps of broken images with the last ones; doing it twice changes nothing."""
    for place, row in enumerate(_packed(len(job.paths), _broken_rows(done))):
        if row != place:
            file.seek(len(job.header()) + int(row) * job.image_bytes)
            pixels = file.read(job.image_bytes)
            file.seek(len(job.header()) + place * job.image_bytes)
            file.write(pixels)


def _broken_rows(done: dict[int, dict[str, Any]]) -> list[int]:
    return sorted(int(row) for entry in done.values() for row, _ in entry["broken"])


def _summary(job: _Job, done: dict[int, dict[str, Any]]) -> dict[str, Any]:
    entries = [done[i] for i in range(len(job.chunks))]
    digests = "".join(entry["sha256"] for entry in entries)
    return {
        "sha256": hashlib.sha256(digests.encode()).hexdigest(),
        "broken": [pair for entry in entries for pair in entry["broken"]],
        "n": len(job.paths),
        "size": job.size,
    }


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _check_room(job: _Job, n: int) -> None:
    if shutil.disk_usage(job.folder).free < n * job.image_bytes + _SPARE:
        raise _no_room(job, n)


def _no_room(job: _Job, n: int) -> ResourceError:
    free = shutil.disk_usage(job.folder).free / 1e9
    return ResourceError(
        f"decoded images must fit on the disk: {n:,} images of {job.size} px need "
        f"{(n * job.image_bytes + _SPARE) / 1e9:.1f} GB, and {free:.1f} GB are free in "
        f"{job.folder.parent}; make room (what lies there can be removed), name another place "
        "with PSYCHOBENCH_CACHE, or take fewer images with `limit`"
    )
