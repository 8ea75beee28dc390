"""From fixations to a map: durations summed on the pixels, blurred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import OptionError

Map = NDArray[np.float64]


@dataclass(frozen=True)
class BlurRecipe:
    """How fixations become a map.

    Parameters
    ----------
    sigma_px : float
        Standard deviation of the Gaussian in pixels of the image.
    window_px : int, optional
        Width of the square that the Gaussian is cut off at; 6 sigma by default.
    normalise : {"after", "before"}
        ``after`` brings the blurred map to a maximum of 1. ``before`` divides by the maximum and
        then blurs, as was published: such maps peak near .003, where nothing at all is a good
        match in mean absolute error.

    Raises
    ------
    OptionError
        If sigma or window is not positive, or `normalise` is another word.

    References
    ----------
    Ebrahimpour, M. K., Falandays, J. B., Spevack, S. & Noelle, D. C. (2019). Do humans look where
    deep convolutional neural networks "attend"? "Data processing": sigma 20 px, 80 x 80 support.
    """

    sigma_px: float = 20.0
    window_px: int | None = 80
    normalise: Literal["after", "before"] = "after"

    def __post_init__(self) -> None:
        """Check the values."""
        if not (np.isfinite(self.sigma_px) and self.sigma_px > 0):
            raise OptionError(f"`sigma_px` must be above 0: it is {self.sigma_px}")
        if self.window_px is not None and self.window_px < 1:
            raise OptionError(f"`window_px` must be 1 or more: it is {self.window_px}")
        if self.normalise not in ("after", "before"):
            raise OptionError(f"`normalise` must be after or before: it is '{self.normalise}'")

    @classmethod
    def degrees(cls, sigma_deg: float, pixels_per_degree: float) -> BlurRecipe:
        """Return a recipe with a Gaussian in degrees of visual angle; 1 degree is about the fovea.

        Parameters
        ----------
        sigma_deg : float
            Standard deviation in degrees.
        pixels_per_degree : float
            Pixels of the image in a degree, as it was shown.

        Examples
        --------
        >>> BlurRecipe.degrees(1, 24).sigma_px
        24.0
        """
        return cls(float(sigma_deg * pixels_per_degree), None)

    @property
    def words(self) -> str:
        """Describe the recipe in words, for tables."""
        window = f" in {self.window_px} x {self.window_px} px" if self.window_px else ""
        order = (
            "then divided by their maximum"
            if self.normalise == "after"
            else "divided by their maximum before that"
        )
        return f"durations blurred by a Gaussian of {self.sigma_px:g} px{window}, {order}"


def fixation_map(
    fixations: pd.DataFrame, size: tuple[int, int], recipe: BlurRecipe | None = None
) -> Map:
    """Sum durations on the pixels that were fixated, and blur them.

    Parameters
    ----------
    fixations : pandas.DataFrame
        ``x_px, y_px, duration_ms`` inside one image.
    size : tuple of int
        The image's width and height in pixels.
    recipe : BlurRecipe, optional
        The Gaussian, and when to normalise.

    Returns
    -------
    ndarray of float64, shape (height, width)
        Zero everywhere without fixations.

    Examples
    --------
    >>> one = pd.DataFrame({"x_px": [30.0], "y_px": [20.0], "duration_ms": [200.0]})
    >>> blurred = fixation_map(one, (61, 41), BlurRecipe(5, None))
    >>> float(blurred.max()), bool(blurred[20, 30] == 1)
    (1.0, True)
    """
    recipe = recipe or BlurRecipe()
    durations = np.zeros(size[::-1])
    rows, columns = fixated_pixels(fixations)
    np.add.at(durations, (rows, columns), fixations["duration_ms"].to_numpy(dtype=np.float64))
    if recipe.normalise == "before":
        return _blur(_to_maximum_one(durations), recipe)
    return _to_maximum_one(_blur(durations, recipe))


def fixated_pixels(fixations: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the row and the column of the pixel under each fixation; see `nearest_pixel`."""
    return nearest_pixel(fixations["y_px"]), nearest_pixel(fixations["x_px"])


def nearest_pixel(places: pd.Series) -> NDArray[np.intp]:
    """Return the number of the pixel that each place along an axis is in.

    The centre of pixel 0 is at 0. A pixel reaches half a pixel to each side, and a place on the
    border of two belongs to the second of them.
    """
    return np.floor(places.to_numpy(dtype=np.float64) + 0.5).astype(np.intp)


def unit_range(values: Map, span: tuple[float, float] | None = None) -> Map:
    """Stretch a map to [0, 1]; one that is the same everywhere becomes zero.

    `span` is its lowest and its highest value, where they are known already.
    """
    low, high = span or (float(values.min()), float(values.max()))
    if high <= low:
        return np.zeros_like(values)
    stretched: Map = values - low
    stretched /= high - low
    return stretched


def _blur(values: Map, recipe: BlurRecipe) -> Map:
    """Blur a map that is zero but in a few pixels; beyond the edges there is nothing."""
    # an even window has no middle pixel: its Gaussian is centred between two, as published
    width = recipe.window_px or 2 * int(np.ceil(3 * recipe.sigma_px)) + 1
    offsets = np.arange(width) - (width - 1) / 2
    weights = np.exp(-(offsets**2) / (2 * recipe.sigma_px**2))
    kernel = np.outer(weights, weights) / weights.sum() ** 2
    before = width // 2
    height, across = values.shape
    padded = np.zeros((height + width, across + width))
    for row, column in np.argwhere(values):
        padded[row : row + width, column : column + width] += values[row, column] * kernel
    return padded[before : before + height, before : before + across]


def _to_maximum_one(values: Map) -> Map:
    top = float(values.max())
    return values / top if top > 0 else values
