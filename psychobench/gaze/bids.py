"""BIDS eye-tracking: samples and fixation events beside the table of what was shown."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import TableError
from psychobench.gaze.fixation_table import as_fixations, read_numbers
from psychobench.messages import argument
from psychobench.tables.cells import blanks_of, texts_of
from psychobench.tables.reading import read_cells

_PHYSIO = re.compile(r"(?P<stem>sub-(?P<sub>[A-Za-z0-9]+)_.*?)(?:_recording-[A-Za-z0-9]+)?_physio")
_MS = 1000.0
_COORDINATES = ("x_coordinate", "y_coordinate")
_Numbers = NDArray[np.float64]


def find_recordings(folder: Path) -> tuple[list[Path], list[str]]:
    """Find the gaze recordings below a folder, one per run and subject.

    Returns
    -------
    tuple of list of pathlib.Path and list of str
        The recordings; of two eyes the right one, if the sidecar says which it is. Notes on those
        that were left out.
    """
    runs: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*_physio.tsv.gz")):
        if (found := _PHYSIO.match(path.name)) and _is_gaze(_inherited(path)):
            runs.setdefault(f"{path.parent}/{found['stem']}", []).append(path)
    chosen = [max(eyes, key=_preference) for eyes in runs.values()]
    left = sum(len(eyes) for eyes in runs.values()) - len(chosen)
    notes = [f"{left} recordings of a second eye left out"] if left else []
    return chosen, notes


def _preference(path: Path) -> tuple[bool, bool]:
    """Return a key that is the highest for the right eye with fixation events."""
    eye = str(_inherited(path).get("RecordedEye", "")).lower()
    return _events_path(path).is_file(), eye == "right"


def read_bids(path: Path, image_column: str = "stim_file") -> pd.DataFrame:
    """Read one recording ``sub-..._recording-eye1_physio.tsv.gz``.

    Fixations are listed in ``..._physioevents.tsv.gz`` beside it; the position of one is the mean
    of its samples. Images and their display periods are listed in ``..._events.tsv`` (``onset`` and
    ``duration`` in s, ``stim_file``); the first sample lies at the sidecar's ``StartTime``.
    Sidecars are inherited: those of folders above hold for all recordings that their names fit, and
    the nearest one has the last word.

    Parameters
    ----------
    path : pathlib.Path
        The recording.
    image_column : str
        The column of ``..._events.tsv`` that names the image.

    Raises
    ------
    TableError
        If a file, a column or a number of these is missing, or nothing was fixated while an image
        was shown.

    References
    ----------
    Brain Imaging Data Structure, eye-tracking (BEP 20): physio and physioevents files.
    """
    found = _PHYSIO.match(path.name)
    if found is None:
        raise TableError(f"a BIDS recording must be called sub-..._physio.tsv.gz: got {path}")
    described = _described(path)
    samples = _headless(path, described, ("timestamp", *_COORDINATES))
    events_path = _events_path(path)
    events = _headless(events_path, _described(events_path), ("onset", "duration", "trial_type"))
    shown = _shown(path.with_name(f"{found['stem']}_events.tsv"), image_column)
    stamps = _numbers(samples, "timestamp", path)
    clock = _milliseconds(stamps, described, path)
    fixations = events[events["trial_type"].astype(str).str.lower() == "fixation"]
    gaze = _Gaze(clock(stamps), *(_numbers(samples, name, path) for name in _COORDINATES))
    onsets = clock(_numbers(fixations, "onset", events_path))
    durations = _numbers(fixations, "duration", events_path) * clock.unit
    rows = [
        _fixation(onset, duration, gaze, shown)
        for onset, duration in zip(onsets, durations, strict=True)
        if duration > 0
    ]
    if not any(row["image"] for row in rows):
        raise TableError(
            f"a recording must hold fixations while an image is shown: {path} has {len(fixations)} "
            f"fixations and {len(shown)} images with times, and none of them overlap; check "
            "StartTime, onset and duration"
        )
    return as_fixations(pd.DataFrame(rows).assign(subject=found["sub"]), str(path))


class _Clock:
    """Converts the tracker's time stamps to ms since the run began."""

    def __init__(self, first: float, unit: float, start: float) -> None:
        self.first, self.unit, self.start = first, unit, start

    def __call__(self, stamps: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
        return self.start + (stamps - self.first) * self.unit


def _milliseconds(stamps: _Numbers, described: dict[str, Any], path: Path) -> _Clock:
    """Find the time stamps' unit from the sampling frequency; files rarely state it."""
    step = float(np.median(np.diff(stamps))) if len(stamps) > 1 else float("nan")
    if not step > 0:
        raise TableError(
            f"time stamps must increase from sample to sample: those of {path} do not; export the "
            "recording again"
        )
    try:
        frequency = float(described["SamplingFrequency"])
        start = float(described.get("StartTime", 0))
        if not (np.isfinite([frequency, start]).all() and frequency > 0):
            raise ValueError(f"they are {frequency} and {start}")
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(
            f"a BIDS recording needs SamplingFrequency above 0 and StartTime as numbers: "
            f"{_sidecar(path)} does not state them ({type(error).__name__}: {error})"
        ) from None
    return _Clock(float(stamps[0]), _MS / frequency / step, _MS * start)


@dataclass(frozen=True)
class _Gaze:
    """Samples in the order of their times, in ms."""

    times: _Numbers
    x: _Numbers
    y: _Numbers

    def mean_position(self, onset: float, end: float) -> tuple[float, float]:
        """Return the mean position from one time to another; NaN where the eye was lost."""
        first, last = self.times.searchsorted(onset, "left"), self.times.searchsorted(end, "right")
        seen = np.isfinite(self.x[first:last]) & np.isfinite(self.y[first:last])
        if not seen.any():
            return float("nan"), float("nan")
        return float(self.x[first:last][seen].mean()), float(self.y[first:last][seen].mean())


def _fixation(onset: float, duration: float, gaze: _Gaze, shown: pd.DataFrame) -> dict[str, Any]:
    """Return one fixation with the image that was shown when it began, if there was one."""
    on = shown[(shown["onset"] <= onset) & (onset < shown["onset"] + shown["duration"])]
    x, y = gaze.mean_position(onset, onset + duration)
    row = {"image": None, "x_px": x, "y_px": y, "duration_ms": duration, "onset_ms": onset}
    if on.empty:
        return row
    image = on.iloc[-1]
    return row | {
        "image": Path(str(image["stim_file"])).name,
        "period_start_ms": image["onset"],
        "period_end_ms": image["onset"] + image["duration"],
    }


def _shown(path: Path, image_column: str) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(
            f"a BIDS recording needs the table of what was shown beside it: {path} is missing"
        )
    needed = ("onset", "duration", image_column)
    cells = read_cells(path, needed, texts=(image_column,))
    if missing := [name for name in needed if name not in cells]:
        raise TableError(
            f"{path} must have {', '.join(needed)}: no {', '.join(missing)}; the column that names "
            f"the image may be another, like {argument('columns', 'image=YOURS')}"
        )
    times = {name: read_numbers(cells[name], name, str(path)) * _MS for name in needed[:2]}
    table = pd.DataFrame(times).assign(stim_file=texts_of(cells[image_column]))
    return table[~blanks_of(cells[image_column])].dropna()


def _numbers(table: pd.DataFrame, name: str, path: Path) -> _Numbers:
    try:
        return table[name].to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TableError(
            f"{name} of a BIDS table must be numbers or n/a: {path} has others ({error})"
        ) from None


def _headless(path: Path, described: dict[str, Any], needed: Sequence[str]) -> pd.DataFrame:
    """Read a gzipped table whose column names stand in its sidecar."""
    if not path.is_file():
        raise TableError(
            f"a BIDS recording needs its fixation events beside it: {path} is missing; detect "
            "fixations first, or make a table image, subject, x_px, y_px, duration_ms"
        )
    if not _holds_bytes(path):
        raise TableError(
            f"a BIDS recording must hold samples and events: {path} is empty; fetch the data set's "
            "files, such as with 'datalad get'"
        )
    columns = described["Columns"]
    if missing := [name for name in needed if name not in columns]:
        raise TableError(
            f"a BIDS table must have the columns {', '.join(needed)}: {_sidecar(path)} names no "
            f"{', '.join(missing)}"
        )
    try:  # BIDS fixes the form of these, and samples are many: pandas alone reads them
        table = pd.read_csv(path, sep="\t", header=None, na_values=["n/a"])
        if table.shape[1] != len(columns):
            raise ValueError(f"{table.shape[1]} columns, and {len(columns)} names in its sidecar")
        return table.set_axis(columns, axis=1)
    except (OSError, ValueError, EOFError) as error:
        raise TableError(f"a BIDS table must be readable: {path} is not ({error})") from None


def _holds_bytes(path: Path) -> bool:
    import gzip

    try:
        with gzip.open(path) as file:
            return bool(file.read(1))
    except (OSError, EOFError):
        return True  # not gzipped: reading says so


def _events_path(path: Path) -> Path:
    return path.with_name(path.name.replace("_physio.tsv.gz", "_physioevents.tsv.gz"))


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".tsv.gz") + ".json")


def _described(path: Path) -> dict[str, Any]:
    described = _inherited(path)
    if not isinstance(described.get("Columns"), list):
        found = "is no list" if "Columns" in described else "is not there"
        raise TableError(
            f"a BIDS table needs its columns' names in a sidecar, and Columns must be a list: in "
            f"{_sidecar(path)} and those that it inherits it {found}"
        )
    return described


def _inherited(path: Path) -> dict[str, Any]:
    """Read all sidecars that apply to a table, from the top folder down to its own."""
    *entities, suffix = path.name.removesuffix(".tsv.gz").split("_")
    described: dict[str, Any] = {}
    for folder in reversed(_folders(path)):
        for sidecar in sorted(folder.glob(f"*{suffix}.json"), key=lambda each: len(each.name)):
            *named, kind = sidecar.stem.split("_")
            if kind == suffix and set(named) <= set(entities):
                described |= _json_object(sidecar)
    return described


def _folders(path: Path) -> list[Path]:
    """Return the folders of a data set from a file's own up to the one that describes it."""
    folders = list(path.resolve().parents)
    for i, folder in enumerate(folders):
        if (folder / "dataset_description.json").is_file():
            return folders[: i + 1]
    subject = [i for i, folder in enumerate(folders) if folder.name.startswith("sub-")]
    return folders[: subject[-1] + 2] if subject else folders[:1]


def _json_object(sidecar: Path) -> dict[str, Any]:
    try:
        described = json.loads(sidecar.read_text("utf-8"))
        if not isinstance(described, dict):
            raise ValueError("it holds no object")
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(f"a BIDS sidecar must be JSON: {sidecar} is not ({error})") from None
    return described


def _is_gaze(described: dict[str, Any]) -> bool:
    columns = described.get("Columns")
    return isinstance(columns, list) and {"timestamp", "x_coordinate", "y_coordinate"} <= set(
        map(str, columns)
    )
