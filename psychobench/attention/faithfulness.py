"""Faithfulness: whether an answer depends on what a map shows, by deletion and insertion.

References
----------
Petsiuk, V., Das, A. & Saenko, K. (2018). RISE. BMVC, section 4.3.
Adebayo, J. et al. (2018). Sanity checks for saliency maps. NeurIPS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from tqdm import tqdm

from psychobench.attention.image_maps import on_image
from psychobench.errors import OptionError
from psychobench.images import resize_bilinear
from psychobench.observers.attention_protocol import AttentionMaps

Images = NDArray[np.uint8]
Respond = Callable[[Images], NDArray[np.float64]]
Fill = Literal["blur", "mean"]
Explained = Literal["target", "other", "winning"]
BLUR = 0.05  # of the image's width: what is left tells light from dark, no feature
RANDOM = "random"
_AT_ONCE = 96  # images shown to the observer at once


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Curves of an observer's answer while pixels are deleted or inserted in the order of a map.

    Parameters
    ----------
    fractions : ndarray of float64, shape (steps + 1,)
        Of the pixels that have been changed, from 0 to 1.
    deletion, insertion : ndarray of float64, shape (n, steps + 1)
        Probability of the explained answer while the map's highest pixels are taken away first,
        and while they are put first onto the image without anything.
    random_deletion, random_insertion : ndarray of float64, shape (n, n_random, steps + 1)
        The same for random maps of the same resolution.
    """

    fractions: NDArray[np.float64]
    deletion: NDArray[np.float64] = field(repr=False)
    insertion: NDArray[np.float64] = field(repr=False)
    random_deletion: NDArray[np.float64] = field(repr=False)
    random_insertion: NDArray[np.float64] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per image and curve.

        Returns
        -------
        pandas.DataFrame
            `image` (number), `curve` (``deletion``: low is good; ``insertion``: high is good),
            `auc` (area under the curve, from 0 to 1), `auc_random` and `auc_random_sd` (mean and
            SD over random maps), `better_than` (share of random maps that the map beats; .5 is
            chance).
        """
        rows = []
        for curve, sign in (("deletion", -1.0), ("insertion", 1.0)):
            mine = area(getattr(self, curve), self.fractions)
            random = area(getattr(self, f"random_{curve}"), self.fractions)
            beaten = sign * (mine[:, None] - random)
            better = np.mean((beaten > 0) + 0.5 * (beaten == 0), axis=1)
            several = random.shape[1] > 1
            sd = random.std(axis=1, ddof=1) if several else np.full(len(mine), np.nan)
            for image in range(len(mine)):
                rows.append(
                    (image, curve, mine[image], random[image].mean(), sd[image], better[image])
                )
        names = ["image", "curve", "auc", "auc_random", "auc_random_sd", "better_than"]
        return pd.DataFrame(rows, columns=names)


def faithfulness(
    respond: Respond,
    images: Images,
    found: AttentionMaps,
    rng: np.random.Generator,
    *,
    steps: int = 16,
    n_random: int = 5,
    explained: Explained = "target",
    fill: Fill = "blur",
    progress: bool = False,
) -> Faithfulness:
    """Delete and insert pixels in the order of the maps, and of random maps.

    Parameters
    ----------
    respond : callable
        From images, uint8 of shape (n, height, width, 3), to the probability of the target.
    images : ndarray of uint8, shape (n, height, width, 3)
        The images.
    found : AttentionMaps
        Their maps.
    rng : numpy.random.Generator
        Of the random maps: uniform values at the map's own resolution, resized as the map is.
    steps : int, optional
        Steps from the whole image to nothing.
    n_random : int, optional
        Random maps for each image.
    explained : {"target", "other", "winning"}
        The answer that the maps explain: the target, the other one, or for each image the one that
        it gets when it is whole.
    fill : {"blur", "mean"}
        What is seen where pixels are gone: the image blurred by 5 % of its width, or its mean
        colour.
    progress : bool, optional
        Show a progress bar on stderr.

    Returns
    -------
    Faithfulness

    Raises
    ------
    OptionError
        If there is not at least one step and one random map.
    """
    if steps < 1 or n_random < 1:
        raise OptionError(
            f"faithfulness needs at least one step and one random map: {steps} and {n_random} "
            "are given"
        )
    n, height, width = images.shape[:3]
    grid = found.maps.shape[1:]
    random = rng.random((n, n_random, *grid)).astype(np.float32)
    placed = resize_bilinear(random.reshape(-1, *grid), height, width, antialias=False)
    orders = np.concatenate(
        [
            _ranks(on_image(found, height, width))[:, None],
            _ranks(placed).reshape(n, n_random, height, width),
        ],
        axis=1,
    )
    fractions = np.linspace(0, 1, steps + 1)
    answers = np.empty((2, n, 1 + n_random, steps + 1))
    total = answers.size
    with tqdm(
        total=total, desc="deleting and inserting pixels", disable=None if progress else True
    ) as bar:
        shown = _changed(images, _filled(images, fill), orders, fractions)
        flat = answers.reshape(-1)
        for start in range(0, total, _AT_ONCE):
            stop = min(start + _AT_ONCE, total)
            flat[start:stop] = respond(np.stack([next(shown) for _ in range(start, stop)]))
            bar.update(stop - start)
    other = answers[0, :, 0, 0] < 0.5 if explained == "winning" else explained == "other"
    answers = np.where(np.reshape(other, (-1, 1, 1)), 1 - answers, answers)
    deletion, insertion = answers
    return Faithfulness(
        fractions, deletion[:, 0], insertion[:, 0], deletion[:, 1:], insertion[:, 1:]
    )


def area(curves: NDArray[np.float64], fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area under curves by the trapezium rule.

    Examples
    --------
    >>> area(np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.5, 1.0])).item()
    0.5
    """
    return np.asarray(np.trapezoid(curves, fractions, axis=-1))


def _ranks(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each pixel the share of pixels that precede it, the highest value first."""
    flat = maps.reshape(len(maps), -1)
    order = np.argsort(-flat, axis=1, kind="stable")
    ranks = np.empty(flat.shape, dtype=np.float32)
    places = (np.arange(flat.shape[1], dtype=np.float32) + 0.5) / flat.shape[1]
    np.put_along_axis(ranks, order, np.broadcast_to(places, flat.shape), axis=1)
    return ranks.reshape(maps.shape)


def _changed(
    images: Images,
    fills: Images,
    orders: NDArray[np.float32],
    fractions: NDArray[np.float64],
) -> Iterator[Images]:
    """Yield every changed image: deletion, then insertion, by image, map and step."""
    for start, end in ((images, fills), (fills, images)):
        for image, maps in enumerate(orders):
            for order in maps:
                for fraction in fractions:
                    changed = (order < fraction)[..., None]
                    yield np.where(changed, end[image], start[image])


def _filled(images: Images, fill: Fill) -> Images:
    if fill == "mean":
        means = images.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
        return np.broadcast_to(means, images.shape)
    sigma = BLUR * images.shape[2]
    blurred = ndimage.gaussian_filter(
        images.astype(np.float32), (0, sigma, sigma, 0), mode="nearest", truncate=3
    )
    return blurred.round().clip(0, 255).astype(np.uint8)
