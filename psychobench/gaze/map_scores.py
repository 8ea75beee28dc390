"""Score every source's maps against where people looked, image by image and pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from psychobench.errors import ComparisonError
from psychobench.gaze.baselines import BASELINES, score_baselines
from psychobench.gaze.fixation_maps import BlurRecipe, fixated_pixels, fixation_map
from psychobench.gaze.fixations import Fixations
from psychobench.gaze.map_files import ImageMap
from psychobench.gaze.metrics import METRICS, score_map
from psychobench.gaze.photographs import by_stem
from psychobench.images import resize_bilinear

RESAMPLES = 2000
MAP_WORDS = "maps stretched to [0, 1] image by image"


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


def score_maps(
    maps: Sequence[ImageMap],
    fixations: Fixations,
    names: Mapping[str, str],
    recipe: BlurRecipe,
    rng: np.random.Generator,
    *,
    progress: bool = False,
) -> pd.DataFrame:
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
        Draws the halves of the viewers.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    pandas.DataFrame
        `GazeComparison.images`, sorted by source, baselines first, and image.
    """
    by_image: dict[str, list[ImageMap]] = {}
    for each in maps:
        by_image.setdefault(each.image, []).append(each)
    rows: list[dict[str, object]] = []
    for image, of_image in tqdm(by_image.items(), desc="comparing", disable=not progress):
        rows += _image_rows(names[image], of_image, fixations, recipe, rng)
    images = pd.DataFrame(rows)
    order = [*BASELINES, *dict.fromkeys(each.source for each in maps)]
    images["source"] = pd.Categorical(images["source"], order, ordered=True)
    images = images.sort_values(["source", "image"], ignore_index=True)
    images["source"] = images["source"].astype(str)
    return images


def _image_rows(
    image: str,
    maps: Sequence[ImageMap],
    fixations: Fixations,
    recipe: BlurRecipe,
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    size, on_image = fixations.sizes[image], fixations.of(image)
    people, fixated = fixation_map(on_image, size, recipe), fixated_pixels(on_image)
    baselines = score_baselines(fixations, image, recipe, rng)
    scored = [("baseline", name, scores) for name, scores in baselines.items()]
    for each in maps:
        candidate = resize_bilinear(each.read(), size[1], size[0])
        scored.append(("map", each.source, score_map(candidate, people, *fixated)))
    about = {
        "image": image,
        "n_subjects": on_image["subject"].nunique(),
        "n_fixations": len(on_image),
    }
    return [
        {"source": name, "kind": kind, **about, "empty": bool(np.isnan(scores["nss"])), **scores}
        for kind, name, scores in scored
    ]


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
    return pd.DataFrame(rows)


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
