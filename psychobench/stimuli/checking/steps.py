"""Steps between neighbouring levels: how large they are, and whether they are even."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.stimuli.image_statistics import Pixels
from psychobench.stimuli.landmarks.face_geometry import Landmarks

UNEVEN = 0.8  # coefficient of variation of the steps from which they are flagged


def measure_steps(
    table: pd.DataFrame, pixels: Pixels, landmarks: list[Landmarks] | None, notes: list[str]
) -> pd.DataFrame:
    """Measure how far neighbouring images are apart, in ascending order of level.

    Parameters
    ----------
    table : pandas.DataFrame
        A column ``level``, one row per image.
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The images; empty where their sizes differ.
    landmarks : list of ndarray or dict, or None
        The landmarks of each.
    notes : list of str
        Grows by one line where there are no steps.

    Returns
    -------
    pandas.DataFrame
        ``from_level``, ``to_level``, ``pixels`` (root mean square difference) and ``landmarks``
        (mean shift in pixels).
    """
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


def compare_steps(steps: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Compare the steps, each divided by how far it goes along the levels.

    Returns
    -------
    pandas.DataFrame
        ``distance``, ``mean`` per unit of level, ``cv`` and ``flagged``.
    """
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


def _all_points(landmarks: Landmarks) -> NDArray[np.float64]:
    if isinstance(landmarks, np.ndarray):
        return landmarks
    return np.concatenate(list(landmarks.values()))
