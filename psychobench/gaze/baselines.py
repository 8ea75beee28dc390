"""What maps are compared with: nothing at all, the middle of the image, and other people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.gaze.centre_bias import CentreBias, fit_centre_bias, pixels_elsewhere
from psychobench.gaze.fixation_maps import BlurRecipe, Map, fixated_pixels, fixation_map
from psychobench.gaze.fixations import Fixations, Size
from psychobench.gaze.metrics import METRICS, Candidate, MapScorer
from psychobench.gaze.people import PeopleKernel, others_densities
from psychobench.images import resize_bilinear

ZERO, CENTRE, PEOPLE = "all-zero map", "centre bias", "other people (leave one out)"
_LONGEST = 160  # px: the longer side of maps that are compared with single viewers
_ELSEWHERE = 2000  # fixations on other images that single viewers are compared with


@dataclass(frozen=True)
class ImageGaze:
    """One image with its fixations, and what every map of it is scored with.

    Attributes
    ----------
    size : tuple of int
        Width and height in pixels.
    table : pandas.DataFrame
        The fixations on this image.
    recipe : BlurRecipe
        Of the fixation maps.
    centre : CentreBias
        Fitted to the fixations on other images.
    elsewhere : tuple of two ndarrays of int, or None
        The pixels of fixations on other images.
    """

    size: Size
    table: pd.DataFrame
    recipe: BlurRecipe
    centre: CentreBias
    elsewhere: tuple[NDArray[np.intp], NDArray[np.intp]] | None

    @classmethod
    def of(cls, fixations: Fixations, image: str, recipe: BlurRecipe) -> ImageGaze:
        """Return what belongs to one image."""
        return cls(
            fixations.sizes[image],
            fixations.of(image),
            recipe,
            fit_centre_bias(fixations, image),
            pixels_elsewhere(fixations, image),
        )

    def baselines(self) -> dict[str, Map]:
        """Return the maps that need no viewer of this image."""
        return {ZERO: np.zeros(self.size[::-1]), CENTRE: self.centre.map(self.size)}

    def score(self, maps: Iterable[tuple[str, Map]]) -> dict[str, dict[str, float]]:
        """Score maps of the image's size against all viewers together."""
        people = fixation_map(self.table, self.size, self.recipe)
        scorer = MapScorer(
            people, fixated_pixels(self.table), self.elsewhere, self.centre.map(self.size)
        )
        return {name: scorer.score(Candidate(values)) for name, values in maps}


def score_against_viewers(
    gaze: ImageGaze,
    maps: Mapping[str, Map],
    kernel: PeopleKernel,
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Score maps, the centre bias and other people against one viewer at a time.

    Every source meets the same targets, so that people's score is a ceiling for the others. All
    maps are reduced to at most 160 px along their longer side. Other people's density is scored as
    it is where a measure takes fixations as points, and blurred by the Gaussian of fixation maps
    where it compares maps, since each kind rewards that prediction. At most 2,000 fixations on
    other images, drawn at random, count in ``sauc``.

    Parameters
    ----------
    gaze : ImageGaze
        The image and its fixations.
    maps : mapping of str to ndarray of float64, shape (height, width)
        Maps of any resolution.
    kernel : PeopleKernel
        How the other people's fixations become a density.
    rng : numpy.random.Generator
        Draws fixations on other images where there are many.

    Returns
    -------
    dict of str to dict
        Mean scores over viewers by metric, by source; empty with fewer than two viewers.
    """
    viewers = list(dict.fromkeys(gaze.table["subject"]))
    if len(viewers) < 2:
        return {}
    small = _reduced(gaze, rng)
    height, width = small.size[::-1]
    centre = small.centre.map(small.size)
    fixed = {CENTRE: Candidate(centre)} | {
        name: Candidate(resize_bilinear(values, height, width)) for name, values in maps.items()
    }
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in (CENTRE, PEOPLE, *maps)}
    kernel = kernel.scaled(small.size[0] / gaze.size[0])
    points = others_densities(small.table, small.size, kernel, centre)
    blurred = kernel.blurred(small.recipe.sigma_px)
    as_maps = others_densities(small.table, small.size, blurred, centre)
    for i, viewer in enumerate(viewers):
        target = small.table[small.table["subject"] == viewer]
        scorer = MapScorer(
            fixation_map(target, small.size, small.recipe),
            fixated_pixels(target), small.elsewhere, centre,
        )  # fmt: skip
        for name, candidate in fixed.items():
            scores[name].append(scorer.score(candidate))
        scores[PEOPLE].append(
            scorer.at_fixations(Candidate(points[i])) | scorer.as_map(Candidate(as_maps[i]))
        )
    return {name: _mean(each) for name, each in scores.items()}


def _reduced(gaze: ImageGaze, rng: np.random.Generator) -> ImageGaze:
    """Return the same image and fixations in larger pixels."""
    share = min(1.0, _LONGEST / max(gaze.size))
    width, height = (max(1, round(share * side)) for side in gaze.size)
    scale = np.array([width, height]) / gaze.size
    table = gaze.table.copy()
    table[["x_px", "y_px"]] = (table[["x_px", "y_px"]] + 0.5) * scale - 0.5
    recipe = replace(gaze.recipe, sigma_px=gaze.recipe.sigma_px * scale[0], window_px=None)
    elsewhere = gaze.elsewhere
    if elsewhere is not None:
        rows, columns = elsewhere
        if len(rows) > _ELSEWHERE:
            chosen = rng.choice(len(rows), _ELSEWHERE, replace=False)
            rows, columns = rows[chosen], columns[chosen]
        elsewhere = (
            ((rows + 0.5) * scale[1]).astype(np.intp),
            ((columns + 0.5) * scale[0]).astype(np.intp),
        )
    return ImageGaze((width, height), table, recipe, gaze.centre, elsewhere)


def _mean(scores: list[dict[str, float]]) -> dict[str, float]:
    """Return means over viewers; a measure that no viewer has a value of stays NaN."""
    values = {name: np.array([each[name] for each in scores]) for name in METRICS}
    return {
        name: float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")
        for name, each in values.items()
    }
