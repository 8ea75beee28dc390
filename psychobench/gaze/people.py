"""How well people predict each other: a density of fixations, its kernel by cross-validation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.gaze.centre_bias import fit_centre_bias
from psychobench.gaze.fixation_maps import Map
from psychobench.gaze.fixations import Fixations, Size

_SIGMAS = np.geomspace(0.01, 0.2, 11)  # of the root of an image's area
_SHARES = (0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
_IMAGES, _FIXATIONS = 30, 300  # that the kernel is chosen with, at most


@dataclass(frozen=True)
class PeopleKernel:
    """How fixations become a density that is above zero everywhere.

    Parameters
    ----------
    sigma_px : float
        Standard deviation of the Gaussian around each fixation, which is not cut off.
    centre_share : float
        The share of the density that the centre bias has, from 0 to 1.
    """

    sigma_px: float
    centre_share: float

    def blurred(self, sigma_px: float) -> PeopleKernel:
        """Return the kernel of the same density blurred by a Gaussian."""
        return PeopleKernel(float(np.hypot(self.sigma_px, sigma_px)), self.centre_share)

    def scaled(self, factor: float) -> PeopleKernel:
        """Return the kernel in pixels of an image of another size."""
        return PeopleKernel(self.sigma_px * factor, self.centre_share)

    @property
    def words(self) -> str:
        """Describe the kernel in words."""
        return (
            f"a Gaussian of {self.sigma_px:.0f} px on each fixation and the centre bias with a "
            f"share of {self.centre_share:.0%}"
        )


def others_densities(
    fixations: pd.DataFrame, size: Size, kernel: PeopleKernel, centre: Map
) -> NDArray[np.float64]:
    """Return, for every viewer, the density of all other viewers' fixations.

    Parameters
    ----------
    fixations : pandas.DataFrame
        ``subject, x_px, y_px`` on the image, of two viewers or more; each fixation counts the same.
    size : tuple of int
        Width and height in pixels.
    kernel : PeopleKernel
        Of the fixations.
    centre : ndarray of float64, shape (height, width)
        The centre bias.

    Returns
    -------
    ndarray of float64, shape (viewers, height, width)
        Viewers in order of appearance; each density sums to 1 and is above 0 everywhere.
    """
    down, across = (
        np.exp(
            -((fixations[name].to_numpy()[:, None] - np.arange(n)) ** 2) / 2 / kernel.sigma_px**2
        )
        for n, name in zip(size[::-1], ("y_px", "x_px"), strict=True)
    )
    codes = pd.factorize(fixations["subject"])[0]
    own = np.array([  # einsum, since BLAS would start threads for each of these small products
        np.einsum("ni,nj->ij", down[codes == i], across[codes == i])
        for i in range(codes.max() + 1)
    ])  # fmt: skip
    # the difference of equal numbers may fall below zero by rounding
    seen: NDArray[np.float64] = np.maximum(own.sum(axis=0) - own, 0.0)
    seen *= ((1 - kernel.centre_share) / seen.sum(axis=(1, 2)))[:, None, None]
    seen += kernel.centre_share * centre / centre.sum()
    return seen


def choose_kernel(
    fixations: Fixations, images: Iterable[str], rng: np.random.Generator
) -> PeopleKernel | None:
    """Choose the kernel under which people's fixations are likeliest given other people's.

    Every fixation is predicted from the other viewers of its image. The mean logarithm of its
    density is the highest for the kernel that is returned, out of 11 standard deviations, from 1 to
    20% of the root of an image's area, and 8 shares of the centre bias. At most 30 images count,
    and 300 fixations on each, drawn at random.

    Parameters
    ----------
    fixations : Fixations
        Where people looked.
    images : iterable of str
        The images that count.
    rng : numpy.random.Generator
        Draws images and fixations where there are many.

    Returns
    -------
    PeopleKernel or None
        None where no image has two viewers.
    """
    known = [each for each in images if fixations.of(each)["subject"].nunique() > 1]
    if not known:
        return None
    if len(known) > _IMAGES:
        known = [known[i] for i in rng.choice(len(known), _IMAGES, replace=False)]
    side = float(np.median([np.sqrt(np.prod(fixations.sizes[each])) for each in known]))
    sigmas = side * _SIGMAS
    total = sum(_log_likelihoods(fixations, image, sigmas, rng) for image in known)
    best = np.unravel_index(np.argmax(total), (len(_SIGMAS), len(_SHARES)))
    return PeopleKernel(float(sigmas[best[0]]), _SHARES[int(best[1])])


def _log_likelihoods(
    fixations: Fixations, image: str, sigmas: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the mean log-likelihood of one image's fixations, shape (sigmas, shares)."""
    table, size = fixations.of(image), fixations.sizes[image]
    if len(table) > _FIXATIONS:
        table = table.iloc[rng.choice(len(table), _FIXATIONS, replace=False)]
    bias = fit_centre_bias(fixations, image)
    centre = bias.map(size)
    places = table[["x_px", "y_px"]].to_numpy(dtype=np.float64)
    rows, columns = (np.floor(places[:, axis] + 0.5).astype(np.intp) for axis in (1, 0))
    usual = centre[rows, columns] / centre.sum()
    viewers = pd.factorize(table["subject"])[0]
    other = (viewers[:, None] != viewers[None, :]).astype(np.float64)
    squared = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    predicted = other.any(axis=1)
    counts = other.sum(axis=1)[predicted]
    result = np.empty((len(sigmas), len(_SHARES)))
    for i, sigma in enumerate(sigmas):
        near = np.exp(-squared / 2 / sigma**2) / (2 * np.pi * sigma**2)
        seen = np.einsum("ij,ij->i", near, other)[predicted] / counts
        for j, share in enumerate(_SHARES):
            mixed = (1 - share) * seen + share * usual[predicted]
            result[i, j] = np.log(mixed + np.finfo(np.float64).tiny).mean()
    return result
