"""Rendered people at all levels: many faces, since one network is not a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from psychobench.attention.regions import FaceRegions, Follow, face_regions
from psychobench.errors import OptionError
from psychobench.stimuli.faces import Identity, face_landmarks, render_face
from psychobench.stimuli.masks import MASK_NAMES, MID_GREY, UNMASKED, face_masks


@dataclass(frozen=True, eq=False)
class Person:
    """One rendered person at several levels, with masks and regions.

    Parameters
    ----------
    name : str
        ``person 1``.
    levels : tuple of float
        From 0 (sad) to 1 (happy).
    pixels : ndarray of uint8, shape (n, size, size, 3)
        One image per level.
    masks : dict of str to ndarray of bool, shape (size, size)
        What each mask hides.
    regions : FaceRegions
        Of the images.
    """

    name: str
    levels: tuple[float, ...]
    pixels: NDArray[np.uint8] = field(repr=False)
    masks: dict[str, NDArray[np.bool_]] = field(repr=False)
    regions: FaceRegions = field(repr=False)

    def images(self, mask: str = UNMASKED) -> NDArray[np.uint8]:
        """Return the images under a mask, mid-grey where it hides."""
        if mask == UNMASKED:
            return self.pixels
        shown = self.pixels.copy()
        shown[:, self.masks[mask]] = MID_GREY
        return shown


def check_people_masks(masks: Sequence[str]) -> None:
    """Check that rendered people have these masks.

    Raises
    ------
    OptionError
        If they have not.
    """
    strange = [mask for mask in masks if mask not in (UNMASKED, *MASK_NAMES)]
    if strange:
        raise OptionError(
            f"rendered people have the masks {', '.join((UNMASKED, *MASK_NAMES))}: there is no "
            f"'{strange[0]}'; leave out `rendered_people` or that mask"
        )


def render_people(
    n: int, levels: Sequence[float], *, seed: int, size: int = 224, follow: Follow = "fixed"
) -> Iterator[Person]:
    """Render random people, looking straight ahead in the standard view.

    Parameters
    ----------
    n : int
        How many.
    levels : sequence of float
        From 0 (sad) to 1 (happy).
    seed : int
        Not negative; person i depends on it and on i alone.
    size : int, optional
        Width and height in pixels.
    follow : {"fixed", "own"}
        As for `psychobench.attention.regions.set_regions`.

    Yields
    ------
    Person

    Examples
    --------
    >>> person = next(render_people(1, (0.0, 1.0), seed=3, size=48))
    >>> person.name, person.images("mouth").shape
    ('person 1', (2, 48, 48, 3))
    """
    valences = [2.0 * level - 1.0 for level in levels]
    for number in range(n):
        who = Identity.random(np.random.default_rng([seed, number]))
        landmarks = [face_landmarks(who, valence, size=size) for valence in valences]
        yield Person(
            f"person {number + 1}",
            tuple(levels),
            np.stack([render_face(who, valence, size=size) for valence in valences]),
            face_masks(landmarks, size),
            face_regions(landmarks, (size, size), follow),
        )
