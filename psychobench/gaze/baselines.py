"""The baselines of every comparison: an all-zero map, the middle of the image, other people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from psychobench.gaze.fixation_maps import BlurRecipe, centre_bias, fixated_pixels, fixation_map
from psychobench.gaze.fixations import Fixations
from psychobench.gaze.metrics import METRICS, score_map

ZERO, CENTRE, PEOPLE = "all-zero map", "centre bias", "other people (split half)"
BASELINES = (ZERO, CENTRE, PEOPLE)
SPLITS = 5


def score_baselines(
    fixations: Fixations,
    image: str,
    recipe: BlurRecipe,
    rng: np.random.Generator,
    *,
    splits: int = SPLITS,
) -> dict[str, dict[str, float]]:
    """Score the baselines on one image.

    The ceiling scores the map of one half of the viewers against the fixations of the other half,
    in both directions, over random halves. Half the people make a rougher map than all of them, so
    the ceiling is a little lower than what all people would reach.

    Parameters
    ----------
    fixations : Fixations
        Of all images.
    image : str
        Which one.
    recipe : BlurRecipe
        Of the fixation maps.
    rng : numpy.random.Generator
        Draws the halves.
    splits : int
        How many random halves.

    Returns
    -------
    dict of str to dict
        Scores by metric, by the names of `BASELINES`; without two viewers there is no ceiling.
    """
    size, on_image = fixations.sizes[image], fixations.of(image)
    people, fixated = fixation_map(on_image, size, recipe), fixated_pixels(on_image)
    scores = {
        ZERO: score_map(np.zeros(size[::-1]), people, *fixated),
        CENTRE: score_map(centre_bias(size), people, *fixated),
    }
    viewers = on_image["subject"].unique()
    if len(viewers) >= 2:
        halves = []
        for _ in range(splits):
            first = on_image["subject"].isin(rng.permutation(viewers)[: len(viewers) // 2])
            one, other = (
                (fixation_map(half, size, recipe), fixated_pixels(half))
                for half in (on_image[first], on_image[~first])
            )
            halves.append(score_map(one[0], other[0], *other[1]))
            halves.append(score_map(other[0], one[0], *one[1]))
        scores[PEOPLE] = _mean(halves)
    return scores


def _mean(scores: list[dict[str, float]]) -> dict[str, float]:
    stacked: Mapping[str, list[float]] = {name: [s[name] for s in scores] for name in METRICS}
    return {name: float(np.mean(values)) for name, values in stacked.items()}
