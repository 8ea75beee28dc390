"""Score every source's maps against where people looked, image by image and pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from tqdm import tqdm

from psychobench.errors import ComparisonError
from psychobench.gaze.baselines import CENTRE, PEOPLE, ZERO, ImageGaze, score_against_viewers
from psychobench.gaze.fixation_maps import BlurRecipe, Map
from psychobench.gaze.fixations import Fixations
from psychobench.gaze.map_files import ImageMap
from psychobench.gaze.metrics import METRICS
from psychobench.gaze.people import PeopleKernel, choose_kernel
from psychobench.gaze.photographs import by_stem
from psychobench.images import resize_bilinear

RESAMPLES = 2000
MAP_WORDS = (
    "maps stretched to [0, 1] image by image for MAE, divided by their sum for KL, SIM and IG"
)
_BASELINES = (ZERO, CENTRE, PEOPLE)


@dataclass(frozen=True)
class ChosenMaps:
    """The maps of images that people looked at.

    Attributes
    ----------
    maps : sequence of ImageMap
        At least one.
    names : mapping of str to str
        The names that fixations have for images, by those that maps have.
    notes : tuple of str
        What was left out.
    """

    maps: Sequence[ImageMap]
    names: Mapping[str, str]
    notes: tuple[str, ...]


def choose_maps(maps: Sequence[ImageMap], fixations: Fixations) -> ChosenMaps:
    """Choose the maps whose images have fixations.

    Raises
    ------
    ComparisonError
        If there is none.
    ResourceError
        If two images differ in their endings alone.
    """
    fixated = set(fixations.table["image"])
    names = by_stem(image for image in fixations.sizes if image in fixated)
    used = [each for each in maps if each.image in names]
    if not used:
        raise ComparisonError(
            f"maps and fixations must share images: there are maps of "
            f"{_some(each.image for each in maps)} and fixations on {_some(names)}"
        )
    return ChosenMaps(used, names, _notes(maps, used, names, fixations))


@dataclass(frozen=True)
class MapScores:
    """Scores of maps and baselines, image by image.

    Attributes
    ----------
    images : pandas.DataFrame
        `GazeComparison.images`: against all viewers together.
    viewers : pandas.DataFrame
        The same columns, against one viewer at a time, and means over viewers.
    kernel : PeopleKernel or None
        How other people's fixations became a density; None where no image has two viewers.
    """

    images: pd.DataFrame
    viewers: pd.DataFrame
    kernel: PeopleKernel | None


def score_maps(
    maps: Sequence[ImageMap],
    fixations: Fixations,
    names: Mapping[str, str],
    recipe: BlurRecipe,
    rng: np.random.Generator,
    *,
    progress: bool = False,
) -> MapScores:
    """Score maps and, beside them, the baselines.

    Parameters
    ----------
    maps : sequence of ImageMap
        Of images in `names`.
    fixations : Fixations
        Where people looked.
    names : mapping of str to str
        The names that fixations have for images, by those that maps have.
    recipe : BlurRecipe
        Of the fixation maps.
    rng : numpy.random.Generator
        Draws fixations where there are very many.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    MapScores
        Both tables are sorted by source, baselines first, and image.
    """
    by_image: dict[str, list[ImageMap]] = {}
    for each in maps:
        by_image.setdefault(each.image, []).append(each)
    kernel = choose_kernel(fixations, [names[image] for image in by_image], rng)
    against_all: list[dict[str, object]] = []
    against_one: list[dict[str, object]] = []
    for image, of_image in tqdm(by_image.items(), desc="comparing", disable=not progress):
        gaze = ImageGaze.of(fixations, names[image], recipe)
        read = {each.source: each.read() for each in of_image}
        against_all += _rows(names[image], gaze, _score_all(gaze, read))
        if kernel is not None:
            scores = score_against_viewers(gaze, read, kernel, rng)
            against_one += _rows(names[image], gaze, scores)
    order = [*_BASELINES, *dict.fromkeys(each.source for each in maps)]
    return MapScores(_sorted(against_all, order), _sorted(against_one, order), kernel)


def _score_all(gaze: ImageGaze, maps: Mapping[str, Map]) -> dict[str, dict[str, float]]:
    """Score baselines and maps; each map is brought to the image's size when it is its turn."""
    width, height = gaze.size
    resized = ((name, resize_bilinear(values, height, width)) for name, values in maps.items())
    return gaze.score(chain(gaze.baselines().items(), resized))


def _rows(
    image: str, gaze: ImageGaze, scores: Mapping[str, Mapping[str, float]]
) -> list[dict[str, object]]:
    about = {
        "image": image,
        "n_subjects": gaze.table["subject"].nunique(),
        "n_fixations": len(gaze.table),
    }
    return [
        {"source": name, "kind": "baseline" if name in _BASELINES else "map", **about,
         "empty": bool(np.isnan(each["nss"])), **each}
        for name, each in scores.items()
    ]  # fmt: skip


def _sorted(rows: list[dict[str, object]], order: list[str]) -> pd.DataFrame:
    columns = ["source", "kind", "image", "n_subjects", "n_fixations", "empty", *METRICS]
    table = pd.DataFrame(rows, columns=columns)
    table["source"] = table["source"].astype(pd.CategoricalDtype(order, ordered=True))
    table = table.sort_values(["source", "image"], ignore_index=True)
    table["source"] = table["source"].astype(str)
    return table


def pool(images: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Average each source over its images, with bootstrap intervals over images.

    An interval needs three images with a value. All sources share the resampled images, where
    they have the same ones.
    """
    rows = []
    draws: dict[int, np.ndarray] = {}
    for source, of in images.groupby("source", sort=False):
        row: dict[str, object] = {
            "source": source, "kind": of["kind"].iloc[0], "n_images": len(of),
        }  # fmt: skip
        for name in METRICS:
            values = of[name].to_numpy(dtype=np.float64)
            values = values[np.isfinite(values)]
            n = len(values)
            row[name] = values.mean() if n else np.nan
            row[f"{name}_low"] = row[f"{name}_high"] = np.nan
            if n >= 3:
                if n not in draws:
                    draws[n] = rng.integers(0, n, (RESAMPLES, n))
                means = values[draws[n]].mean(axis=1)
                row[f"{name}_low"], row[f"{name}_high"] = np.quantile(means, (0.025, 0.975))
        rows.append(row)
    measures = [f"{name}{end}" for name in METRICS for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["source", "kind", "n_images", *measures])


def _notes(
    maps: Sequence[ImageMap],
    used: Sequence[ImageMap],
    names: Mapping[str, str],
    fixations: Fixations,
) -> tuple[str, ...]:
    notes = list(fixations.notes)
    notes += [f"{n} fixations left out: {why}" for why, n in fixations.left_out.items() if n]
    if unseen := sorted({each.image for each in maps} - set(names)):
        notes.append(
            f"{len(unseen)} images have maps but no fixations, and were left out: {_some(unseen)}"
        )
    for source in dict.fromkeys(each.source for each in used):
        has = {each.image for each in used if each.source == source}
        if lacking := sorted(set(names) - has):
            notes.append(f"{source} has no map of {len(lacking)} images: {_some(lacking)}")
    return tuple(notes)


def empty_notes(images: pd.DataFrame) -> tuple[str, ...]:
    """Return a note on each source some of whose maps are the same everywhere."""
    empty = images[images["empty"] & (images["kind"] == "map")]
    return tuple(
        f"{source} is the same everywhere in {len(of)} images, which have no NSS and no CC: "
        f"{_some(of['image'])}"
        for source, of in empty.groupby("source", sort=False)
    )


def _some(names: object) -> str:
    listed = list(dict.fromkeys(names))  # type: ignore[call-overload]
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
