"""Checks of a set: its damage, what besides the expression predicts the level, uneven steps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.errors import StimulusError
from psychobench.stimuli.image_statistics import FILE_SIZE, Pixels, image_statistics, level_trends
from psychobench.stimuli.landmarks.face_geometry import FaceGeometry, Landmarks
from psychobench.stimuli.landmarks.set_landmarks import read_landmarks
from psychobench.stimuli.levels import read_levels_file
from psychobench.stimuli.manifest import Manifest, find_damage, read_manifest
from psychobench.stimuli.masks import Mask, read_masks
from psychobench.stimuli.masks.regions import Region, face_region
from psychobench.stimuli.set_folders import decode_images, find_folder
from psychobench.stimuli.sets import StimulusSet
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import json_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNEVEN = 0.25  # coefficient of variation of the steps from which they are flagged
CLIPPED = 0.01  # share of an image's pixels from which clipping is flagged
_MATCHED = ("luminance", "rms_contrast", "red", "green", "blue")
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
        One row per readable image: ``stimulus`` and what `image_statistics` gives, of the face too
        where that was matched, the size of the file, and the area of masks that follow the
        features.
    trends : pandas.DataFrame
        What `level_trends` gives.
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
    steps: pd.DataFrame
    evenness: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the trends: what predicts the level, one row per property."""
        return self.trends.copy()

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw how far each property is from its mean at each level, flagged ones in colour.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from psychobench.draw.set_properties import draw_set_properties

        names = self.trends["property"].tolist()
        return draw_set_properties(
            self.statistics["level"].to_numpy(dtype=float),
            {name.replace("_", " "): self.statistics[name].to_numpy(dtype=float) for name in names},
            [name.replace("_", " ") for name in self.trends.query("flagged")["property"]],
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
            "evenness": json_rows(self.evenness),
            "steps": json_rows(self.steps),
            "images": json_rows(self.statistics),
        }


def check_stimuli(stimuli: StimulusSet | str | Path = "rendered-average") -> SetCheck:
    """Check a set: damage, what predicts the level, whether its steps are even.

    What is flagged may confound an experiment; whether it does is for the experimenter to judge.

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
    face = None
    if len(pixels) and landmarks is not None and matched.endswith("face"):
        face = face_region(FaceGeometry.of(landmarks), pixels.shape[1:3])
    statistics = _statistics(folder, readable, images, masks, face)
    trends = level_trends(statistics.drop(columns="stimulus"))
    steps = _steps(readable, pixels, landmarks, notes)
    evenness = _evenness(steps, notes)
    flags = [*_trend_flags(trends), *_step_flags(evenness), *_clip_flags(statistics)]
    return SetCheck(
        folder=folder,
        damage=tuple(damage),
        flags=tuple(flags),
        notes=tuple(notes),
        matched=matched,
        statistics=statistics,
        trends=trends,
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
    masks: dict[str, Mask],
    face: Region | None,
) -> pd.DataFrame:
    pixels, levels = list(images.values()), table["level"].tolist()
    statistics = image_statistics(pixels, levels)
    statistics.insert(0, "stimulus", table["stimulus"])
    if face is not None:
        of_face = image_statistics(pixels, levels, face)[list(_MATCHED)]
        statistics = statistics.join(of_face.add_suffix("_of_face"))
    statistics[FILE_SIZE] = [(folder / file).stat().st_size for file in images]
    for name, mask in masks.items():
        if mask.opacity.ndim == 3:
            area = mask.opacity.sum(axis=(1, 2), dtype=np.int64) / 255.0
            statistics[f"area of mask {name}"] = area
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
        notes.append("there are no landmarks, so their steps were not checked")
    return landmarks


def _steps(
    table: pd.DataFrame, pixels: Pixels, landmarks: list[Landmarks] | None, notes: list[str]
) -> pd.DataFrame:
    """Measure how far neighbouring images are apart, in ascending order of level."""
    columns = ["from_level", "to_level", "pixels", "landmarks"]
    levels = table["level"].to_numpy(dtype=float)
    if len(np.unique(levels)) < len(levels):
        notes.append("some levels have several images, so the steps were not checked")
        return pd.DataFrame(columns=columns, dtype=float)
    rows = []
    for here, there in itertools.pairwise(np.argsort(levels).tolist()):
        shift = np.nan
        if landmarks is not None:
            first, second = (_all_points(landmarks[index]) for index in (here, there))
            shift = float(np.linalg.norm(second - first, axis=1).mean())
        apart = np.nan
        if len(pixels):
            apart = float(np.sqrt(np.mean((pixels[there].astype(np.float32) - pixels[here]) ** 2)))
        rows.append((levels[here], levels[there], apart, shift))
    return pd.DataFrame(rows, columns=columns)


def _all_points(landmarks: Landmarks) -> Any:
    if isinstance(landmarks, np.ndarray):
        return landmarks
    return np.concatenate(list(landmarks.values()))


def _evenness(steps: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Compare the steps, each divided by how far it goes along the levels."""
    rows = []
    for name in ("pixels", "landmarks"):
        speed = (steps[name] / (steps["to_level"] - steps["from_level"])).to_numpy(dtype=float)
        if len(speed) < 2 or not np.isfinite(speed).all():
            continue
        if speed.mean() == 0:
            notes.append(f"all images are identical in {name}: there are no steps")
            continue
        cv = float(speed.std(ddof=1) / speed.mean())
        rows.append((name, float(speed.mean()), cv, cv > UNEVEN))
    return pd.DataFrame(rows, columns=["distance", "mean", "cv", "flagged"])


def _trend_flags(trends: pd.DataFrame) -> list[str]:
    return [
        f"{row.property} predicts the level: r = {row.r:.2f} "
        f"[{row.r_low:.2f}, {row.r_high:.2f}], range {row.range_percent:.2g} % of the mean"
        for row in trends[trends["flagged"]].itertuples()
    ]


def _step_flags(evenness: pd.DataFrame) -> list[str]:
    return [
        f"the steps in {row.distance} are uneven: their coefficient of variation is {row.cv:.2f}, "
        f"above {UNEVEN:g}"
        for row in evenness[evenness["flagged"]].itertuples()
    ]


def _clip_flags(statistics: pd.DataFrame) -> list[str]:
    clipped = statistics[statistics["clipped"] > CLIPPED]
    if clipped.empty:
        return []
    worst = clipped.iloc[int(clipped["clipped"].argmax())]
    return [
        f"{len(clipped)} of {len(statistics)} images are clipped in more than "
        f"{100 * CLIPPED:g} % of their pixels: {100 * worst['clipped']:.2g} % of "
        f"{worst['stimulus']} are 0 or 255 in some channel"
    ]
