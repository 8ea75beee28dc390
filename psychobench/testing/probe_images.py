"""The images that the checks show: rendered faces whose expression is known."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import ObserverError
from psychobench.images import read_image
from psychobench.stimuli import load_stimuli
from psychobench.stimuli.faces import Identity, render_face

SIZE = 224
SAD, HAPPY = "sad", "happy"


@dataclass(frozen=True)
class LabelledImages:
    """Images whose right answer is known, to check an observer's polarity.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        Clear cases of both categories.
    labels : sequence of str
        One of the observer's two labels for each image.

    Raises
    ------
    ObserverError
        If their numbers differ.
    """

    images: NDArray[np.uint8]
    labels: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels) or len(set(self.labels)) != 2:
            raise ObserverError(
                "labelled images must have one label each, of two different ones: there are "
                f"{len(self.images)} images and labels {sorted(set(self.labels))}"
            )


@dataclass(frozen=True)
class References:
    """Images with the answers that their author has verified, once, by other means.

    They reveal a wrong normalisation, resizing or colour order.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width, 3)
        Some images, preferably in strong colours.
    answers : ndarray of float, shape (n,)
        P(target) for each.

    Raises
    ------
    ObserverError
        If their numbers differ.
    """

    images: NDArray[np.uint8]
    answers: NDArray[np.float64]

    def __post_init__(self) -> None:
        if len(self.images) != len(self.answers):
            raise ObserverError(
                f"reference images must have one answer each: there are {len(self.images)} "
                f"images and {len(self.answers)} answers"
            )


@functools.cache
def identities(n: int) -> tuple[Identity, ...]:
    """Return the average identity and `n` - 1 random ones, always the same."""
    rng = np.random.default_rng(7)
    return (Identity(), *(Identity.random(rng) for _ in range(n - 1)))


@functools.cache
def faces(valence: float, n: int, size: int = SIZE) -> NDArray[np.uint8]:
    """Render `n` identities with one expression; the array is shared, so it is read-only."""
    images = np.stack([render_face(each, valence, size=size) for each in identities(n)])
    images.flags.writeable = False
    return images


@functools.cache
def labelled_faces(strength: float, n: int) -> LabelledImages:
    """Render `n` sad faces, then the same people happy, at valences +-`strength`."""
    images = np.concatenate([faces(-strength, n), faces(strength, n)])
    return LabelledImages(images, (SAD,) * n + (HAPPY,) * n)


@functools.cache
def bundled_ends() -> LabelledImages:
    """Read the two ends of the bundled continuum."""
    return LabelledImages(load_stimuli().select([0.0, 1.0]).images(), (SAD, HAPPY))


def probe() -> NDArray[np.uint8]:
    """Render a small batch that no two of look alike, from clear to ambiguous, unsorted."""
    valences = (0.5, -1.0, 0.15, -0.15, 1.0, 0.0, -0.5, 0.3)
    pairs = zip(identities(len(valences)), valences, strict=True)
    return np.stack([render_face(identity, valence, size=SIZE) for identity, valence in pairs])


def crowd() -> NDArray[np.uint8]:
    """Return a batch of as many faces as a long experiment shows at once."""
    return labelled_faces(0.5, 24).images


@functools.cache
def masked_continuum() -> dict[str, NDArray[np.uint8]]:
    """Read five levels of the bundled continuum under each of its masks."""
    stimuli = load_stimuli()
    chosen = stimuli.select([0.0, 0.25, 0.5, 0.75, 1.0])
    return {mask: chosen.images(mask) for mask in stimuli.covers}


@functools.cache
def continuum() -> NDArray[np.uint8]:
    """Read the whole bundled continuum, level by level."""
    return load_stimuli().images()


def greys() -> NDArray[np.uint8]:
    """Return uniform black, mid-grey and white images, and a face without colour."""
    uniform = [np.full((SIZE, SIZE, 3), value, np.uint8) for value in (0, 128, 255)]
    luminance = np.rint(faces(1.0, 12)[0] @ [0.299, 0.587, 0.114]).astype(np.uint8)
    return np.stack([*uniform, np.repeat(luminance[..., None], 3, axis=2)])


def oblong(height: int, width: int, images: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Stretch images, by default two faces, to a shape that is not square."""
    from PIL import Image

    chosen = faces(1.0, 12)[:2] if images is None else images
    return np.stack([np.asarray(Image.fromarray(one).resize((width, height))) for one in chosen])


def cut_out() -> NDArray[np.uint8]:
    """Return one face cut out of its background, decoded from a file with an alpha channel."""
    from PIL import Image

    ys, xs = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    alpha = np.where(xs**2 + ys**2 < 0.8, 255, 0).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut_out.png"
        Image.fromarray(np.dstack([faces(1.0, 12)[0], alpha])).save(path)
        return read_image(path)[None]
