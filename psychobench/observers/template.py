"""A small observer without torch, as an example; slow imports stand where they are used."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import OptionError
from psychobench.observers.protocol import ObserverInfo

SIDE = 32  # pixels of the template, across and down
N_FACES = 300
RIDGE = 0.1  # in units of the training images' mean squared length
_JITTER = 0.01  # sd of head position, and half the sd of head size, in fractions of the image


@dataclass(frozen=True)
class TemplateObserver:
    """Compare an image with a linear template of happiness.

    A weighted sum of grey values estimates the valence; the answer is the probability that the true
    valence is above neutral, given the error of such estimates: a cumulative Gaussian.
    """

    seed: int

    @property
    def info(self) -> ObserverInfo:
        """Description of the observer; the template is learnt when this is first read."""
        from psychobench.stimuli.faces import RENDERER_VERSION

        weights, offset, error = learn_template(self.seed)
        return ObserverInfo(
            name="template",
            version="1",
            labels=("sad", "happy"),
            target="happy",
            preprocessing=f"grey, {SIDE} x {SIDE} pixels, mean 0 and standard deviation 1",
            weights_origin=f"learnt from {N_FACES} rendered faces (renderer {RENDERER_VERSION})",
            weights_sha256=hashlib.sha256(
                np.append(weights, [offset, error]).tobytes()
            ).hexdigest(),
            options={"seed": self.seed},
        )

    def respond(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return P(happy) for RGB images of shape (n, height, width, 3)."""
        from scipy.special import ndtr

        template = learn_template(self.seed)
        valence = standardise(images) @ template.weights + template.offset
        return np.asarray(ndtr(valence / template.error), dtype=np.float64)

    def replicates(self, n: int) -> list[TemplateObserver]:
        """Return `n` observers: this one, and those of the next seeds, which learn other faces."""
        return [TemplateObserver(seed) for seed in range(self.seed, self.seed + n)]


def make_template(*, seed: int = 0) -> TemplateObserver:
    """Make the observer; cheap, since it learns when it is first asked.

    Examples
    --------
    >>> from psychobench.stimuli.faces import render_face
    >>> faces = np.stack([render_face(valence=valence) for valence in (-1.0, 1.0)])
    >>> make_template().respond(faces) > 0.5
    array([False,  True])
    """
    if seed < 0:
        raise OptionError(f"seed must be 0 or more: the template observer got {seed}")
    return TemplateObserver(seed)


def standardise(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Turn images into rows of `SIDE` squared grey values, mean 0, standard deviation 1 or 0."""
    from PIL import Image

    rows = np.empty((len(images), SIDE * SIDE))
    for row, image in zip(rows, images, strict=True):
        grey = Image.fromarray(image).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
        row[:] = np.asarray(grey).ravel()
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(rows.std(axis=1, keepdims=True), 1e-9)
    return rows


class Template(NamedTuple):
    """Weights of the standardised grey values, the sum's offset, the estimate's standard error."""

    weights: NDArray[np.float64]
    offset: float
    error: float


@functools.cache
def learn_template(seed: int) -> Template:
    """Learn valence from rendered faces by ridge regression.

    The error is that of predicting each face from all others, in closed form: equation 7.64 of
    Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning (2nd ed.).
    """
    valence, images = _rendered_faces(seed)
    rows = standardise(images)
    mean = rows.mean(axis=0)
    rows -= mean
    gram = rows @ rows.T
    inverse = np.linalg.inv(gram + RIDGE * np.trace(gram) / N_FACES * np.eye(N_FACES))
    dual = inverse @ valence
    weights = rows.T @ dual
    left_out = dual / np.diag(inverse)
    return Template(weights, float(-mean @ weights), float(left_out.std()))


def _rendered_faces(seed: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Render as many people, valences evenly from -1 to 1, heads nearly in place."""
    from tqdm import tqdm

    from psychobench.stimuli.faces import Identity, View, render_face

    rng = np.random.default_rng(seed)
    valence, images = np.linspace(-1, 1, N_FACES), []
    for value in tqdm(valence, "template: rendering faces", unit="face", disable=None):
        dx, dy, growth = rng.normal(0, _JITTER, 3)
        view = View(dx=dx, dy=dy, scale=1 + 2 * growth)
        images.append(render_face(Identity.random(rng), value, view=view, size=2 * SIDE))
    return valence, np.stack(images)
