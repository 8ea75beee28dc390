"""Compare maps with where people looked: files or arrays in, one result out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from psychobench.arguments import Pairs, parse_pairs
from psychobench.errors import OptionError
from psychobench.gaze.comparison import GazeComparison
from psychobench.gaze.fixation_maps import BlurRecipe
from psychobench.gaze.fixations import Fixations, Placement, Size, read_fixations
from psychobench.gaze.map_files import (
    ImageMap,
    MapsByImage,
    find_maps,
    given_maps,
    map_sizes,
    weights_notes,
)
from psychobench.gaze.map_scores import MAP_WORDS, choose_maps, empty_notes, pool, score_maps
from psychobench.gaze.photographs import find_images, image_sizes


def compare_maps(
    maps: str | PathLike[str] | Mapping[str, MapsByImage],
    fixations: str | PathLike[str] | pd.DataFrame | Fixations,
    *,
    images: str | PathLike[str] | None = None,
    columns: Pairs = None,
    image_pattern: str | None = None,
    display: str | Size | None = None,
    display_scale: float = 1.0,
    origin: int = 0,
    period: tuple[float, float] | None = None,
    sigma_px: float = BlurRecipe.sigma_px,
    sigma_deg: float | None = None,
    pixels_per_degree: float | None = None,
    normalise: Literal["after", "before"] = "after",
    seed: int = 0,
    progress: bool = False,
) -> GazeComparison:
    """Score maps of images against people's fixations on them, image by image and pooled.

    Two baselines are scored beside the maps: an all-zero map, and the centre bias, a Gaussian
    fitted to where people looked on the other images. A second table, `GazeComparison.ceiling`,
    compares maps with other people: every source is scored against one viewer at a time, and other
    people are predicted by a density of their fixations that never saw that viewer.

    Parameters
    ----------
    maps : str, path or mapping
        A folder ``SOURCE/IMAGE.npz`` (``.npy``, ``.png``), as `find_maps` reads it, or arrays of
        shape (height, width) by source and image: ``{"mine": {"street": array}}``.
    fixations : str, path, pandas.DataFrame or Fixations
        What `read_fixations` takes, or what it returned; the latter is in place already.
    images : str or path, optional
        Folder of the photographs, for their sizes and for galleries. By default sizes come from
        ``maps.json`` in the folder of the maps, or are the maps' own.
    columns : mapping, str or list of str, optional
        What a table of fixations calls our columns, such as ``{"image": "picture"}``.
    image_pattern : str, optional
        A regular expression with one group, which finds the image's name in the messages of an
        EyeLink file.
    display : tuple of int or str, optional
        Width and height of the display in pixels, or ``"1920x1080"``, where coordinates are the
        display's and images were shown in its middle.
    display_scale : float
        How many pixels of the display a pixel of the image took.
    origin : {0, 1}
        The number of the first pixel; 1 for data from MATLAB.
    period : tuple of float, optional
        Beginning and end of the display in ms on the clock of ``onset_ms``; only fixations that
        lie wholly inside count.
    sigma_px : float
        Standard deviation of the blur of people's maps, in pixels of the image.
    sigma_deg, pixels_per_degree : float, optional
        The blur in degrees of visual angle instead, and the image's pixels in a degree.
    normalise : {"after", "before"}
        Whether people's maps are divided by their maximum after the blur, or before it, as was
        published.
    seed : int
        Of the bootstrap, and of the draws where there are very many fixations.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    GazeComparison

    Raises
    ------
    PsychobenchError
        If an argument is wrong, a file cannot be read, or maps and fixations share no image.

    Examples
    --------
    >>> people = pd.DataFrame({"image": "street.jpg", "subject": ["s1", "s2"], "x_px": [9.0, 8.0],
    ...                        "y_px": [5.0, 6.0], "duration_ms": [200.0, 300.0]})
    >>> compared = compare_maps({"diagonal": {"street": np.eye(12, 16)}}, people)
    >>> compared.to_frame()["source"].tolist()
    ['all-zero map', 'centre bias', 'diagonal']
    >>> compared.ceiling["source"].tolist()
    ['centre bias', 'other people (leave one out)', 'diagonal']
    """
    recipe = _recipe(sigma_px, sigma_deg, pixels_per_degree, normalise)
    placement = Placement(_display_size(display), display_scale, origin, period)
    renamed = parse_pairs(columns, "columns", "image=picture", commas=True)
    found, folder = _maps(maps)
    photographs = find_images(Path(images)) if images is not None else []
    if isinstance(fixations, Fixations):
        _check_in_place(placement, renamed)
        gaze = fixations
    else:
        sizes = image_sizes(photographs) if photographs else map_sizes(folder, found)
        gaze = read_fixations(
            fixations, sizes,
            placement=placement, columns=renamed, image_pattern=image_pattern,
        )  # fmt: skip
    about = weights_notes(folder) if folder is not None else ()
    return _compare(found, gaze, {path.name: path for path in photographs}, recipe, seed, about,
                    progress)  # fmt: skip


def _compare(
    maps: Sequence[ImageMap],
    fixations: Fixations,
    photographs: Mapping[str, Path],
    recipe: BlurRecipe,
    seed: int,
    about: Sequence[str],
    progress: bool,
) -> GazeComparison:
    chosen = choose_maps(maps, fixations)
    rng = np.random.default_rng(seed)
    scores = score_maps(chosen.maps, fixations, chosen.names, recipe, rng, progress=progress)
    return GazeComparison(
        scores.images,
        pool(scores.images, rng),
        scores.viewers,
        pool(scores.viewers, rng),
        f"{MAP_WORDS}; people's: {recipe.words}",
        recipe,
        scores.kernel,
        (*about, *chosen.notes, *empty_notes(scores.images)),
        tuple(about),
        maps,
        fixations,
        photographs,
    )


def _maps(
    maps: str | PathLike[str] | Mapping[str, MapsByImage],
) -> tuple[list[ImageMap], Path | None]:
    if isinstance(maps, Mapping):
        return given_maps(maps), None
    return find_maps(Path(maps)), Path(maps)


def _recipe(
    sigma_px: float,
    sigma_deg: float | None,
    pixels_per_degree: float | None,
    normalise: Literal["after", "before"],
) -> BlurRecipe:
    """Choose the published window with the published sigma, else one as wide as is needed."""
    if (sigma_deg is None) != (pixels_per_degree is None):
        raise OptionError(
            "a blur in degrees needs both `sigma_deg` and `pixels_per_degree`: only one is given"
        )
    if sigma_deg is not None and pixels_per_degree is not None:
        recipe = BlurRecipe.degrees(sigma_deg, pixels_per_degree)
    elif sigma_px == BlurRecipe.sigma_px:
        recipe = BlurRecipe()
    else:
        recipe = BlurRecipe(sigma_px, None)
    return replace(recipe, normalise=normalise)


def _display_size(display: str | Size | None) -> Size | None:
    if display is None:
        return None
    parts = display.lower().split("x") if isinstance(display, str) else list(display)
    if len(parts) != 2 or not all(str(part).strip().isdigit() and int(part) > 0 for part in parts):
        raise OptionError(
            f"`display` must be width and height in pixels, such as 1920x1080: it is '{display}'"
        )
    return int(parts[0]), int(parts[1])


def _check_in_place(placement: Placement, columns: Mapping[str, str]) -> None:
    """Refuse to move fixations that were read, and so moved, before."""
    if placement != Placement() or columns:
        raise OptionError(
            "fixations that were read are in place already: leave out `columns`, `display`, "
            "`display_scale`, `origin` and `period`, or give them to `read_fixations`"
        )
