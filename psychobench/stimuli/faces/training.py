"""Many rendered faces for a network to learn from, made on all cores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from psychobench.parallel import thread_pool, usable_cores
from psychobench.stimuli.faces.identity import Identity, View
from psychobench.stimuli.faces.render import render_face

Bar: TypeAlias = "tqdm[NoReturn]"

_WORTH_A_WORKER = 40  # images; below that, starting an interpreter costs more than it saves


@dataclass(frozen=True)
class TrainingFaces:
    """Rendered faces with their labels, n in all.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, size, size, 3)
        RGB.
    valence : ndarray of float32, shape (n,)
        From -1 (sad) to +1 (happy).
    identity : ndarray of int64, shape (n,)
        Which person, from 0: split by this, so that nobody is in two parts.
    """

    images: NDArray[np.uint8]
    valence: NDArray[np.float32]
    identity: NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """What to render: with an image's number, all that its pixels depend on.

    Parameters
    ----------
    seed : int
        Not negative.
    per_identity : int
        Images of each person: image i shows person i // per_identity.
    size : int
        Width and height in pixels.
    """

    seed: int
    per_identity: int
    size: int

    def person(self, index: int) -> int:
        """Return the number of the person on image `index`."""
        return index // self.per_identity

    def valence(self, index: int) -> float:
        """Return the valence of image `index`: uniform between -1 and 1."""
        return float(np.float32(self._generator(1, index).uniform(-1.0, 1.0)))

    def render(self, index: int) -> NDArray[np.uint8]:
        """Render image `index`."""
        who = Identity.random(self._generator(0, self.person(index)))
        view = View.random(self._generator(2, index))
        return render_face(who, self.valence(index), view=view, size=self.size)

    def _generator(self, stream: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, number])


def training_faces(
    n_identities: int,
    per_identity: int,
    *,
    seed: int,
    size: int = 224,
    progress: bool = False,
) -> TrainingFaces:
    """Render random people in random views at random valences.

    People vary in the shape of all features, age, sex, skin, hairstyle and the colours of hair and
    eyes; views in light, exposure, background, clothes, and the head's size, place and tilt. All
    look straight ahead.

    All cores work, each with an interpreter of its own, so that a script needs no
    ``if __name__ == "__main__"``. Where none can be started, this process does the work alone.

    Parameters
    ----------
    n_identities : int
        Number of people.
    per_identity : int
        Number of images of each.
    seed : int
        Not negative. Image i depends on `seed`, `per_identity` and i alone: more people only add
        images at the end.
    size : int, optional
        Width and height in pixels.
    progress : bool, optional
        Show a progress bar on stderr.

    Returns
    -------
    TrainingFaces
        ``n_identities * per_identity`` images, ordered by person.

    Examples
    --------
    >>> faces = training_faces(2, 3, seed=0, size=32)
    >>> faces.images.shape, faces.identity.tolist()
    ((6, 32, 32, 3), [0, 0, 0, 1, 1, 1])
    """
    return _render_all(
        Plan(seed, per_identity, size), n_identities * per_identity, usable_cores(), progress
    )


def _render_all(plan: Plan, count: int, workers: int, progress: bool) -> TrainingFaces:
    """Render images 0 to `count` - 1 with that many interpreters."""
    images = np.empty((count, plan.size, plan.size, 3), dtype=np.uint8)
    done = np.zeros(count, dtype=bool)
    with tqdm(total=count, desc="rendering faces", unit="face", disable=not progress) as bar:
        if workers > 1 and count >= _WORTH_A_WORKER and not getattr(sys, "frozen", False):
            _render_elsewhere(plan, images, done, workers, bar)
        for index in np.flatnonzero(~done).tolist():
            images[index] = plan.render(index)
            bar.update()
    valence = np.array([plan.valence(index) for index in range(count)], dtype=np.float32)
    identity = np.array([plan.person(index) for index in range(count)], dtype=np.int64)
    return TrainingFaces(images, valence, identity)


def _render_elsewhere(
    plan: Plan, images: NDArray[np.uint8], done: NDArray[np.bool_], workers: int, bar: Bar
) -> None:
    """Fill `images` with the help of other interpreters; mark in `done` what arrived."""
    processes: list[subprocess.Popen[bytes]] = []

    def collect(first: int) -> None:
        for index, image in _received(processes[first], plan.size, first, len(images), workers):
            images[index], done[index] = image, True
            bar.update()

    with thread_pool(workers) as threads:
        try:
            for first in range(workers):
                processes.append(_start(plan, first, len(images), workers))
            list(threads.map(collect, range(workers)))
        except OSError:
            return  # no further interpreter can be started: the caller renders what is missing
        finally:
            for process in processes:
                process.kill()
    for process in processes:
        process.communicate()


def _start(plan: Plan, first: int, count: int, step: int) -> subprocess.Popen[bytes]:
    """Start an interpreter that writes every `step`-th image from `first` on to its stdout."""
    numbers = (plan.seed, plan.per_identity, plan.size, first, count, step)
    return subprocess.Popen(
        [sys.executable, "-m", "psychobench.stimuli.faces.worker", *map(str, numbers)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
    )


def _received(
    process: subprocess.Popen[bytes], size: int, first: int, count: int, step: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Read the images of one worker as long as they come whole."""
    if process.stdout is None:
        return
    for index in range(first, count, step):
        data = process.stdout.read(3 * size * size)
        if len(data) < 3 * size * size:
            return
        yield index, np.frombuffer(data, dtype=np.uint8).reshape(size, size, 3)
