"""What people do whatever an image shows: they look at its middle, and at other images alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychobench.gaze.fixation_maps import Map, fixated_pixels
from psychobench.gaze.fixations import Fixations, Size
from psychobench.gaze.metrics import Pixels

_FEWEST = 5  # fixations that a Gaussian is fitted to
_NARROWEST = 0.02  # of a side: the standard deviation of a Gaussian that is fitted


@dataclass(frozen=True)
class CentreBias:
    """A Gaussian fitted to fixations, in shares of the images' width and height.

    Parameters
    ----------
    x, y : float
        Its middle; 0 and 1 are the edges of an image.
    sigma_x, sigma_y : float
        Its standard deviations.
    """

    x: float = 0.5
    y: float = 0.5
    sigma_x: float = 0.25
    sigma_y: float = 0.25

    def map(self, size: Size) -> Map:
        """Return the Gaussian on an image of this width and height; its maximum is 1."""
        across, down = (
            np.exp(-((((np.arange(n) + 0.5) / n - middle) / sigma) ** 2) / 2)
            for n, middle, sigma in zip(
                size, (self.x, self.y), (self.sigma_x, self.sigma_y), strict=True
            )
        )
        gaussian: Map = np.outer(down / down.max(), across / across.max())
        return gaussian


def fit_centre_bias(fixations: Fixations, image: str) -> CentreBias:
    """Fit a Gaussian to the fixations on all images but one, so that the one is predicted.

    With fixations on one image only, they are what it is fitted to; with fewer than five, it stands
    in the middle, and its standard deviation is a quarter of each side.
    """
    others = fixations.table[fixations.table["image"] != image]
    seen = others if len(others) else fixations.table
    if len(seen) < _FEWEST:
        return CentreBias()
    shares = _shares(seen, fixations.sizes)
    middle, spread = shares.mean(axis=0), np.maximum(shares.std(axis=0), _NARROWEST)
    return CentreBias(*map(float, (*middle, *spread)))


def pixels_elsewhere(fixations: Fixations, image: str) -> Pixels | None:
    """Return where people fixated other images, as pixels of this one; None where there is none.

    Positions are shares of width and height, so that images of other sizes count, too.
    """
    others = fixations.table[fixations.table["image"] != image]
    if others.empty:
        return None
    size = fixations.sizes[image]
    places = _shares(others, fixations.sizes) * size - 0.5
    rows, columns = fixated_pixels(pd.DataFrame(places, columns=["x_px", "y_px"]))
    return rows.clip(0, size[1] - 1), columns.clip(0, size[0] - 1)


def _shares(table: pd.DataFrame, sizes: Mapping[str, Size]) -> np.ndarray:
    """Return x and y as shares of the images' width and height, shape (n, 2)."""
    codes, names = pd.factorize(table["image"])
    known = np.array([sizes[name] for name in names], dtype=np.float64)[codes]
    places = table[["x_px", "y_px"]].to_numpy(dtype=np.float64)
    return np.asarray((places + 0.5) / known)
