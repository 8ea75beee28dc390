"""From a folder or table to labelled, decoded images."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from psychobench.plugins import ResourceError
from psychobench_torch.data.decode import Box
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.data.layouts import DataChoice, read_listing
from psychobench_torch.data.listing import BOX, Listing, check_whole
from psychobench_torch.data.pixels import decode_images, missing_files
from psychobench_torch.data.sampling import (
    check_splits,
    draw_sample,
    drop_duplicates,
    name_classes,
    with_labels,
)


@dataclass(frozen=True, eq=False)
class Selection:
    """The images of a data set that will be used, checked but not opened.

    Parameters
    ----------
    table : DataFrame
        One row per image: `path`, `label`, `split`, perhaps `group` and the face's box.
    classes : tuple of str
        Names of the classes.
    listing : Listing
        What they were taken from.
    notes : tuple of str
        What was left out, drawn or decided.
    """

    table: pd.DataFrame
    classes: tuple[str, ...]
    listing: Listing
    notes: tuple[str, ...]


def load_labelled(
    path: Path | str,
    *,
    size: int = 256,
    cache: Path | None = None,
    progress: bool = True,
    **choice: object,
) -> LabelledImages:
    """Read a labelled set of images: AffectNet, VGGFace2, folders of classes, or a table.

    Parameters
    ----------
    path : path
        A folder, or a CSV or TSV file with the columns path and label or valence.
    size : int, default 256
        Width and height (px) to which images are decoded: crops of a training for 224 px fit.
    cache : pathlib.Path, optional
        Where decoded images are kept; the user's cache folder without it.
    progress : bool
        Show progress bars.
    **choice
        The fields of `DataChoice`: task, layout, validation, limit, people, seed, happy_class,
        skip_broken.

    Returns
    -------
    LabelledImages
        `notes` says what was left out.

    Raises
    ------
    ResourceError
        If the set is laid out otherwise, images are missing or broken, classes lack images, or
        the disk is full.
    TableError
        If a table breaks its rules.
    OptionError
        If an option has a value that it cannot take.
    """
    chosen = DataChoice(Path(path), **choice)  # type: ignore[arg-type]
    return open_selection(select(chosen, progress=progress), chosen, size, cache, progress)


def select(choice: DataChoice, *, progress: bool = True) -> Selection:
    """Read lists and labels and check everything that can be known without opening images."""
    listing = read_listing(choice, progress=progress)
    listed, torn, repeats = drop_duplicates(with_labels(listing))
    broken = [*listing.broken, *torn]
    n_listed = len(listing.table) + len(listing.broken)
    notes = [
        *listing.notes,
        *check_whole(broken, n_listed, listing.root, skip=choice.skip_broken),
        *repeats,
    ]
    if listed.empty:
        raise ResourceError(
            f"a data set must have images: {listing.root} has none that can be used; check its "
            "path and its labels"
        )
    drawn, said = draw_sample(listed, listing.size, choice.limit, choice.seed)
    lost = missing_files(drawn["path"].tolist())
    faults = list(lost.values())
    notes += [*said, *check_whole(faults, len(drawn), listing.root, skip=choice.skip_broken)]
    drawn = drawn[~drawn["path"].isin(lost)].reset_index(drop=True)
    classes = name_classes(drawn, listing, choice.task, choice.happy_class)
    check_splits(drawn, classes, listing)
    return Selection(drawn, classes, listing, tuple(notes))


def open_selection(
    selection: Selection, choice: DataChoice, size: int, cache: Path | None, progress: bool
) -> LabelledImages:
    """Decode the images of a selection, or map them from the cache."""
    if cache is None:
        from psychobench_torch.storage.store import cache_folder

        cache = cache_folder("pixels")
    paths = selection.table["path"].tolist()
    pixels = decode_images(paths, size, cache, boxes=_boxes(selection.table), progress=progress)
    broken = [f"{paths[row]}: {why}" for row, why in pixels.broken]
    notes = check_whole(broken, len(paths), selection.listing.root, skip=choice.skip_broken)
    rows = selection.table.iloc[pixels.rows].reset_index(drop=True)
    if broken:
        check_splits(rows, selection.classes, selection.listing)
    labels = rows["label"].map(selection.classes.index).to_numpy(np.int64)
    validation = None if (rows["split"] == "").all() else (rows["split"] == "validation").to_numpy()
    group = pd.factorize(rows["group"])[0].astype(np.int64) if "group" in rows else None
    digest = hashlib.sha256(f"{pixels.sha256} {selection.classes}".encode())
    for part in (pixels.rows, labels, validation, group):
        digest.update(b"none" if part is None else np.ascontiguousarray(part).tobytes())
    return LabelledImages(
        pixels.images,
        labels,
        selection.classes,
        f"{len(rows):,} {selection.listing.source}",
        digest.hexdigest(),
        group,
        validation,
        (*selection.notes, *notes),
    )


def _boxes(rows: pd.DataFrame) -> list[Box | None] | None:
    """Return each image's face box; None for one that is missing or has no area."""
    if BOX[0] not in rows:
        return None
    boxes: list[list[float]] = rows[BOX].to_numpy(float).tolist()
    return [
        (left, top, width, height) if width > 0 and height > 0 and left + top < math.inf else None
        for left, top, width, height in boxes
    ]
