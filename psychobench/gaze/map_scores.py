"""Compare: every source's maps with where people looked, image by image and pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from psychobench.errors import ComparisonError
from psychobench.gaze.baselines import BASELINES, score_baselines
from psychobench.gaze.fixation_maps import BlurRecipe, fixation_map, pixels
from psychobench.gaze.fixations import Fixations
from psychobench.gaze.map_files import MapFile
from psychobench.gaze.metrics import METRICS, score_map
from psychobench.gaze.photographs import by_stem
from psychobench.images import resize_bilinear

RESAMPLES = 2000
MAP_WORDS = "maps stretched to [0, 1] image by image"


@dataclass(frozen=True)
class GazeComparison:
    """How near maps come to where people looked.

    Attributes
    ----------
    images : pandas.DataFrame
        One row per source and image: ``source, kind, image, n_subjects, n_fixations``, ``empty``
        (whether the map is the same everywhere) and the measures of `psychobench.gaze.METRICS`.
    pooled : pandas.DataFrame
        One row per source: ``source, kind, n_images``, and for each measure its mean over images
        with ``_low`` and ``_high``, a 95% percentile bootstrap over images.
    normalisation : str
        What was done to the maps.
    recipe : BlurRecipe
        Of the fixation maps.
    notes : tuple of str
        What was left out, and what a reader has to know.
    about : tuple of str
        What the maps are.
    """

    images: pd.DataFrame
    pooled: pd.DataFrame
    normalisation: str
    recipe: BlurRecipe
    notes: tuple[str, ...]
    about: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the pooled table."""
        return self.pooled.copy()


def compare_maps(
    maps: Sequence[MapFile],
    fixations: Fixations,
    *,
    recipe: BlurRecipe | None = None,
    seed: int = 0,
    about: Sequence[str] = (),
    progress: bool = False,
) -> GazeComparison:
    """Score maps, and beside them an empty map, the middle of the image, and other people.

    Parameters
    ----------
    maps : sequence of MapFile
        As `psychobench.gaze.map_files.find_maps` finds them.
    fixations : Fixations
        As `psychobench.gaze.read_fixations` gives them.
    recipe : BlurRecipe, optional
        Of the fixation maps.
    seed : int
        Of the halves and of the bootstrap.
    about : sequence of str
        What a reader has to know of the maps; figures say it, too.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    GazeComparison

    Raises
    ------
    ComparisonError
        If no map is of an image that people looked at.
    ResourceError
        If a map cannot be read, or holds NaN, or two images differ in their endings alone.

    References
    ----------
    Ebrahimpour et al. (2019), equation 15 and figure 9.
    """
    recipe = recipe or BlurRecipe()
    seen = set(fixations.table["image"])
    names = by_stem(image for image in fixations.sizes if image in seen)
    used = [each for each in maps if each.image in names]
    if not used:
        raise ComparisonError(
            f"maps must be of images that people looked at: there are maps of "
            f"{_some(each.image for each in maps)} and fixations on {_some(names)}"
        )
    rng = np.random.default_rng(seed)
    by_image: dict[str, list[MapFile]] = {}
    for each in used:
        by_image.setdefault(each.image, []).append(each)
    rows: list[dict[str, object]] = []
    for image, files in tqdm(by_image.items(), desc="comparing", disable=not progress):
        rows += _image_rows(names[image], files, fixations, recipe, rng)
    images = pd.DataFrame(rows)
    order = [*BASELINES, *dict.fromkeys(each.source for each in used)]
    images["source"] = pd.Categorical(images["source"], order, ordered=True)
    images = images.sort_values(["source", "image"], ignore_index=True)
    images["source"] = images["source"].astype(str)
    normalisation = f"{MAP_WORDS}; people's: {recipe.words}"
    notes = _notes(maps, used, names, fixations) + _empty_notes(images)
    return GazeComparison(
        images, pool(images, rng), normalisation, recipe, (*about, *notes), tuple(about)
    )


def _image_rows(
    image: str,
    files: Sequence[MapFile],
    fixations: Fixations,
    recipe: BlurRecipe,
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    size, looked = fixations.sizes[image], fixations.of(image)
    people, places = fixation_map(looked, size, recipe), pixels(looked)
    baselines = score_baselines(fixations, image, recipe, rng)
    scored = [("baseline", name, scores) for name, scores in baselines.items()]
    for file in files:
        candidate = resize_bilinear(file.read(), size[1], size[0])
        scored.append(("map", file.source, score_map(candidate, people, *places)))
    about = {"image": image, "n_subjects": looked["subject"].nunique(), "n_fixations": len(looked)}
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
    maps: Sequence[MapFile],
    used: Sequence[MapFile],
    names: dict[str, str],
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


def _empty_notes(images: pd.DataFrame) -> tuple[str, ...]:
    empty = images[images["empty"] & (images["kind"] == "map")]
    return tuple(
        f"{source} points at nothing in {len(of)} images, which have no NSS and no CC: "
        f"{_some(of['image'])}"
        for source, of in empty.groupby("source", sort=False)
    )


def _some(names: object) -> str:
    listed = list(dict.fromkeys(names))  # type: ignore[call-overload]
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
