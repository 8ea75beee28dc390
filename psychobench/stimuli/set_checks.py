"""Checks of a set: its damage, what besides the expression changes with the level, odd images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.errors import StimulusError
from psychobench.stimuli.checking.flags import describe_flags
from psychobench.stimuli.checking.measures import (
    Zones,
    grey_levels,
    has_moved,
    measure_light,
    measure_masked,
    measure_place,
    measure_seam,
)
from psychobench.stimuli.checking.odd_images import NO_ODD_IMAGES, OddImages, find_odd_images
from psychobench.stimuli.checking.steps import compare_steps, measure_steps
from psychobench.stimuli.checking.trends import RELATIVE, SEAM, image_outliers, level_trends
from psychobench.stimuli.image_statistics import FILE_SIZE, Pixels
from psychobench.stimuli.landmarks.face_geometry import Landmarks
from psychobench.stimuli.landmarks.set_landmarks import read_landmarks
from psychobench.stimuli.levels import read_levels_file
from psychobench.stimuli.manifest import Manifest, find_damage, read_manifest
from psychobench.stimuli.masks import Mask, read_masks
from psychobench.stimuli.set_folders import decode_images, find_folder
from psychobench.stimuli.sets import StimulusSet
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import json_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SMALLEST = 16  # pixels: smaller images hold nothing that could be registered
_REMEDY = "make the set again, or delete manifest.json if you changed it on purpose"


@dataclass(frozen=True, eq=False)
class SetCheck(ShownAsTable):
    """What was found out about a set.

    Attributes
    ----------
    folder : pathlib.Path
        Where it is.
    damage : tuple of str
        What makes it unusable, one line each.
    flags : tuple of str
        What may confound an experiment with it, one line each.
    notes : tuple of str
        What could not be checked, and why.
    matched : str
        What the makers of the set made equal over its images, and within which region; empty where
        nothing.
    statistics : pandas.DataFrame
        One row per readable image: ``stimulus``, ``level``; light, colour and sharpness of the
        image, the first two also inside and outside the features that are judged where landmarks
        tell where those are (and in the face where that was matched); place and size of the face
        by its landmarks (``face_x``, ``face_y`` in pixels, ``face_size`` in percent) and by the
        images (``shift_x``, ``shift_y``, ``growth``), from their means; ``seam`` in grey levels;
        luminance under each mask, and the area of masks that follow the features; the size of the
        file.
    trends : pandas.DataFrame
        What `level_trends` gives.
    outliers : pandas.DataFrame
        One row for each image that leaves the course of its neighbours in some property:
        ``stimulus``, ``property``, ``residual`` (the image minus what the others predict),
        ``unit`` and ``limit``.
    odd : tuple of dict
        Images in the wrong place: ``fault`` (``copied``, ``mirrored`` or ``swapped``) and
        ``stimuli``, a list of their names.
    steps : pandas.DataFrame
        One row per pair of neighbouring levels: ``from_level``, ``to_level``, ``pixels`` (root mean
        square difference, 0 to 255) and ``landmarks`` (mean shift in pixels), both for the step
        and not per unit of level.
    evenness : pandas.DataFrame
        One row per distance: ``distance``, ``mean`` per unit of level, ``cv`` (coefficient of
        variation over the steps) and ``flagged``.
    """

    folder: Path
    damage: tuple[str, ...]
    flags: tuple[str, ...]
    notes: tuple[str, ...]
    matched: str
    statistics: pd.DataFrame
    trends: pd.DataFrame
    outliers: pd.DataFrame
    odd: tuple[dict[str, Any], ...]
    steps: pd.DataFrame
    evenness: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the trends: what changes with the level, one row per property."""
        return self.trends.copy()

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw how far each property is from its mean at each level, flagged ones in colour.

        Place and size of the face and seams, which are no share of a mean, are left out.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from psychobench.draw.set_properties import draw_set_properties

        names = [name for name in self.trends["property"] if name not in RELATIVE]
        odd = set(self.outliers["property"]) | set(self.trends.query("flagged")["property"])
        return draw_set_properties(
            self.statistics["level"].to_numpy(dtype=float),
            {name.replace("_", " "): self.statistics[name].to_numpy(dtype=float) for name in names},
            [name.replace("_", " ") for name in names if name in odd],
            ax=ax,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as types that JSON knows."""
        return {
            "folder": str(self.folder),
            "damaged": bool(self.damage),
            "damage": list(self.damage),
            "flags": list(self.flags),
            "notes": list(self.notes),
            "matched": self.matched,
            "trends": json_rows(self.trends),
            "outliers": json_rows(self.outliers),
            "odd_images": [dict(found) for found in self.odd],
            "evenness": json_rows(self.evenness),
            "steps": json_rows(self.steps),
            "images": json_rows(self.statistics),
        }


def check_stimuli(stimuli: StimulusSet | str | Path = "rendered-average") -> SetCheck:
    """Check a set: damage, what changes with the level, images that are odd, uneven steps.

    What is flagged may confound an experiment; whether it does is for the experimenter to judge.
    Flags go by magnitude: how large the smooth course of a property over the level is, and how far
    an image lies from the course of its neighbours. The features that are judged (eyes, brows,
    nose and mouth, where landmarks tell where they are) may change twelve times as much as the
    rest.

    Parameters
    ----------
    stimuli : StimulusSet or path-like, optional
        A loaded set, a bundled set's name, or a folder with images and their ``levels.csv``; a
        manifest, masks and landmarks are checked where there are any. The files are read, also
        those of a loaded set.

    Returns
    -------
    SetCheck

    Raises
    ------
    StimulusError
        If there is no ``levels.csv``, or no image can be read.

    References
    ----------
    .. [1] Willenbockel, V., et al. (2010). Controlling low-level image properties: The SHINE
       toolbox. Behavior Research Methods, 42(3), 671-684.

    Examples
    --------
    >>> check_stimuli("rendered-average").damage
    ()
    """
    folder = stimuli.folder if isinstance(stimuli, StimulusSet) else find_folder(stimuli)[0]
    damage: list[str] = []
    table = read_levels_file(folder, damage)
    images, pixels = decode_images(folder, list(table["file"]), damage)
    readable = table[table["file"].isin(images)].reset_index(drop=True)
    if readable.empty:
        raise StimulusError(*damage or [f"a set must have images: {folder} has none; add them"])
    masks, mask_paths = read_masks(folder, list(images), pixels, damage)
    manifest = _manifest(folder, [*table["file"], *mask_paths], damage)
    matched = manifest.matched if manifest else ""
    notes: list[str] = []
    landmarks = _landmarks(folder, list(images), damage, notes)
    statistics = _statistics(folder, readable, images, pixels, masks, landmarks, matched)
    side = float(max(next(iter(images.values())).shape[:2]))
    measured = statistics.drop(columns="stimulus")
    trends = level_trends(measured, side=side)
    outliers = image_outliers(measured, side=side)
    odd = _odd_images(readable, pixels, outliers, notes)
    steps = measure_steps(readable, pixels, landmarks, notes)
    evenness = compare_steps(steps, notes)
    names = readable["stimulus"].tolist()
    outliers.insert(0, "stimulus", [names[row] for row in outliers.pop("row")])
    return SetCheck(
        folder=folder,
        damage=tuple(damage),
        flags=tuple(describe_flags(statistics, trends, outliers, odd, evenness)),
        notes=tuple(notes),
        matched=matched,
        statistics=statistics,
        trends=trends,
        outliers=outliers,
        odd=tuple(odd.named(names)),
        steps=steps,
        evenness=evenness,
    )


def _manifest(folder: Path, used: Sequence[str], damage: list[str]) -> Manifest | None:
    """Read the manifest, where there is one, and compare the files with it."""
    try:
        manifest = read_manifest(folder)
    except StimulusError as error:
        damage.extend(error.faults)
        return None
    if manifest is not None:
        damage += find_damage(manifest, folder, used, remedy=_REMEDY)
    return manifest


def _statistics(
    folder: Path,
    table: pd.DataFrame,
    images: dict[str, Pixels],
    pixels: Pixels,
    masks: dict[str, Mask],
    landmarks: list[Landmarks] | None,
    matched: str,
) -> pd.DataFrame:
    """Measure every image; in what needs images of one size, only those that have it."""
    zones = Zones.of(landmarks, pixels.shape[1:3]) if len(pixels) else Zones()
    levels = table["level"].tolist()
    statistics = measure_light(list(images.values()), levels, zones, matched.endswith("face"))
    statistics.insert(0, "stimulus", table["stimulus"])
    if len(pixels) > 1 and min(pixels.shape[1:3]) >= _SMALLEST:
        order = np.argsort(table["level"].to_numpy(dtype=float), kind="stable")
        grey = grey_levels(pixels[order])
        marks = None if landmarks is None else [landmarks[row] for row in order]
        placed = measure_place(grey, marks, zones)
        # a contour that moves is a step in the difference of images, and no seam
        placed[SEAM] = 0.0 if has_moved(placed) else measure_seam(grey, zones)
        statistics = statistics.join(placed.set_axis(order))
    if len(pixels):
        statistics = statistics.join(measure_masked(pixels, masks))
    statistics[FILE_SIZE] = [(folder / file).stat().st_size for file in images]
    return statistics


def _landmarks(
    folder: Path, files: list[str], damage: list[str], notes: list[str]
) -> list[Landmarks] | None:
    try:
        landmarks = read_landmarks(folder, files)
    except StimulusError as error:
        damage.extend(error.faults)
        return None
    if landmarks is None:
        notes.append(
            "there are no landmarks, so images were measured as a whole, and steps in landmarks "
            "were not checked"
        )
    return landmarks


def _odd_images(
    table: pd.DataFrame, pixels: Pixels, outliers: pd.DataFrame, notes: list[str]
) -> OddImages:
    """Find images in the wrong place, where there is one image at each level."""
    levels = table["level"].to_numpy(dtype=float)
    if not len(pixels):
        return NO_ODD_IMAGES
    if len(np.unique(levels)) < len(levels):
        notes.append("some levels have several images, so odd images were not sought")
        return NO_ODD_IMAGES
    order = np.argsort(levels, kind="stable")
    return find_odd_images(grey_levels(pixels), order, set(outliers["row"]))
