"""The landmarks of a set's images: templates beside them, or one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from psychobench.errors import StimulusError
from psychobench.stimuli.landmarks.face_geometry import Landmarks, Points
from psychobench.stimuli.landmarks.template_files import read_template

LANDMARKS_FILE = "landmarks.csv"
COLUMNS = ("stimulus", "feature", "point", "x", "y")
NUMBERED = "all"  # the feature under which numbered points stand
_TEMPLATES = (".tem", ".pts")


def read_landmarks(folder: Path, files: Sequence[str]) -> list[Landmarks] | None:
    """Read the landmarks of images.

    Parameters
    ----------
    folder : pathlib.Path
        Holds a template ``NAME.tem`` or ``NAME.pts`` beside each image ``NAME.png``, or one table
        ``landmarks.csv`` with the columns ``stimulus``, ``feature``, ``point``, ``x``, ``y``.
        Templates come first.
    files : sequence of str
        The names of the images.

    Returns
    -------
    list of ndarray of float64, shape (n_points, 2), or of dict, or None
        For each image its points, by number or by feature; None where there are none.

    Raises
    ------
    StimulusError
        If they are incomplete or cannot be read.
    """
    templates = [_template(folder, file) for file in files]
    if any(templates):
        missing = [file for file, path in zip(files, templates, strict=True) if path is None]
        if missing:
            raise StimulusError(
                f"every image must have its template: {folder} has none for {missing[0]}"
                f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}; "
                f"add {Path(missing[0]).stem}.tem, or remove the other templates"
            )
        points = [read_template(path).points for path in templates if path is not None]
        counts = sorted({len(level) for level in points})
        if len(counts) > 1:
            raise StimulusError(
                "all templates of a set must have the same points: in "
                f"{folder} there are some of {' and some of '.join(map(str, counts))} points; "
                "use one kind of template for all"
            )
        return list(points)
    if (folder / LANDMARKS_FILE).is_file():
        return _read_table(folder / LANDMARKS_FILE, files)
    return None


def _template(folder: Path, file: str) -> Path | None:
    paths = (folder / (Path(file).stem + suffix) for suffix in _TEMPLATES)
    return next((path for path in paths if path.is_file()), None)


def _read_table(path: Path, files: Sequence[str]) -> list[Landmarks]:
    try:
        table = pd.read_csv(path, dtype={"stimulus": str, "feature": str}, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise StimulusError(
            f"{LANDMARKS_FILE} must be a table: {path} cannot be read "
            f"({str(error).strip()}); save it as CSV"
        ) from None
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise StimulusError(
            f"{LANDMARKS_FILE} must have the columns {','.join(COLUMNS)}: {path} lacks "
            f"{', '.join(missing)}; add them"
        )
    places = table[["point", "x", "y"]].apply(pd.to_numeric, errors="coerce")
    if not np.isfinite(places.to_numpy(dtype=float)).all():
        row = int(np.flatnonzero(~np.isfinite(places.to_numpy(dtype=float)).all(axis=1))[0])
        raise StimulusError(
            f"landmarks must be finite numbers: row {row + 2} of {path} has others; correct it"
        )
    table[["point", "x", "y"]] = places
    by_stimulus = dict(tuple(table.sort_values("point", kind="stable").groupby("stimulus")))
    result: list[Landmarks] = []
    for file in files:
        name = next((key for key in (file, Path(file).stem) if key in by_stimulus), None)
        if name is None:
            raise StimulusError(
                f"every image must have its landmarks: {path} has none for {file}; add its rows"
            )
        features: Mapping[str, Points] = {
            str(feature): rows[["x", "y"]].to_numpy(dtype=np.float64)
            for feature, rows in by_stimulus[name].groupby("feature", sort=False)
        }
        result.append(features.get(NUMBERED, features))
    if len({_layout(level) for level in result}) > 1:
        raise StimulusError(
            f"every image must have the same landmarks: in {path} they differ; add what is missing"
        )
    return result


def _layout(landmarks: Landmarks) -> object:
    if isinstance(landmarks, np.ndarray):
        return len(landmarks)
    return tuple((name, len(points)) for name, points in landmarks.items())
