"""Galleries: photographs with people's map and other maps beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from psychobench.draw.gaze import GalleryRow, draw_gallery
from psychobench.gaze.fixation_maps import BlurRecipe, Map, fixation_map, unit_range
from psychobench.gaze.fixations import Fixations
from psychobench.gaze.map_files import ImageMap
from psychobench.images import read_image, resize_bilinear

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PHOTOGRAPHS = 12  # in a gallery
_WIDTH = 240  # px: of a photograph in a gallery
_NOTE = "Each map from its own lowest value (dark, clear) to its highest (yellow)"


def draw_galleries(
    maps: Sequence[ImageMap],
    fixations: Fixations,
    photographs: Mapping[str, Path],
    recipe: BlurRecipe,
    about: Sequence[str] = (),
) -> Iterator[tuple[str, Figure]]:
    """Draw one gallery for each folder of sources: all methods of a network, all layers of one.

    Parameters
    ----------
    maps : sequence of ImageMap
        The maps.
    fixations : Fixations
        Where people looked.
    photographs : Mapping of str to pathlib.Path
        The images' files by name.
    recipe : BlurRecipe
        Of the fixation maps.
    about : sequence of str
        What the maps are, for the title.

    Yields
    ------
    tuple of str and matplotlib.figure.Figure
        The folder's name with ``-`` for ``/``, and the figure: the first `MAX_PHOTOGRAPHS`.
    """
    fixated = set(fixations.table["image"])
    names = {Path(image).stem: image for image in sorted(photographs) if image in fixated}
    groups: dict[str, dict[str, dict[str, ImageMap]]] = {}
    for each in maps:
        if each.image in names:
            group = groups.setdefault(Path(each.source).parent.as_posix(), {})
            group.setdefault(each.source, {})[each.image] = each
    for name, group in groups.items():
        sources = sorted(group, key=_by_depth)
        shown = [stem for stem in names if any(stem in group[source] for source in sources)]
        rows = []
        for stem in shown[:MAX_PHOTOGRAPHS]:
            image = names[stem]
            people = fixation_map(fixations.of(image), fixations.sizes[image], recipe)
            own = [group[source].get(stem) for source in sources]
            rows.append(_row(stem, photographs[image], people, own))
        titles = ["people", *(Path(source).name for source in sources)]
        label = "maps" if name == "." else name
        yield label.replace("/", "-"), draw_gallery(rows, titles, ". ".join([label, _NOTE, *about]))


def _row(stem: str, path: Path, people: Map, others: Sequence[ImageMap | None]) -> GalleryRow:
    small = _smaller(read_image(path))
    maps = [people, *(None if each is None else each.read() for each in others)]
    shown = [
        None if each is None else unit_range(resize_bilinear(each, *small.shape[:2]))
        for each in maps
    ]
    return GalleryRow(stem, small, shown)


def _by_depth(source: str) -> tuple[int, str]:
    """Return a key that sorts single layers before combinations, whose names are longer."""
    name = Path(source).name
    return (len(name) if name.startswith("conv") else 0), source


def _smaller(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image

    height = max(1, round(image.shape[0] * _WIDTH / image.shape[1]))
    return np.asarray(Image.fromarray(image).resize((_WIDTH, height)))
