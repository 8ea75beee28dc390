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
from psychobench.tables.cells import blanks_of, texts_of
from psychobench.tables.reading import read_cells

_PHYSIO = re.compile(r"(?P<stem>sub-(?P<sub>[A-Za-z0-9]+)_.*?)(?:_recording-[A-Za-z0-9]+)?_physio")
_MS = 1000.0
_COORDINATES = ("x_coordinate", "y_coordinate")
_SHOWN = ("onset", "duration", "stim_file")
_Numbers = NDArray[np.float64]


def find_recordings(folder: Path) -> list[Path]:
    """Find the gaze recordings below a folder, one per eye, run and subject."""
    return sorted(
        path
        for path in folder.rglob("*_physio.tsv.gz")
        if _sidecar(path).is_file() and _is_gaze(_described(path))
    )


def read_bids(path: Path) -> pd.DataFrame:
    """Read one recording ``sub-..._recording-eye1_physio.tsv.gz``.

    Fixations are listed in ``..._physioevents.tsv.gz`` beside it; the position of one is the mean
    of its samples. Images and their display periods are listed in ``..._events.tsv`` (``onset`` and
    ``duration`` in s, ``stim_file``); the first sample lies at the sidecar's ``StartTime``.

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
    events_path = path.with_name(path.name.replace("_physio.tsv.gz", "_physioevents.tsv.gz"))
    events = _headless(events_path, _described(events_path), ("onset", "duration", "trial_type"))
    shown = _shown(path.with_name(f"{found['stem']}_events.tsv"))
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
    return as_fixations(pd.DataFrame(rows).assign(subject=found["sub"]), str(path), recorded=True)


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


def _shown(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(
            f"a BIDS recording needs the table of what was shown beside it: {path} is missing"
        )
    cells = read_cells(path, _SHOWN, texts=("stim_file",))
    if missing := [name for name in _SHOWN if name not in cells]:
        raise TableError(f"{path} must have onset, duration and stim_file: no {', '.join(missing)}")
    times = {name: read_numbers(cells[name], name, str(path)) * _MS for name in _SHOWN[:2]}
    table = pd.DataFrame(times).assign(stim_file=texts_of(cells["stim_file"]))
    return table[~blanks_of(cells["stim_file"])].dropna()


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


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".tsv.gz") + ".json")


def _described(path: Path) -> dict[str, Any]:
    sidecar = _sidecar(path)
    try:
        described: dict[str, Any] = json.loads(sidecar.read_text("utf-8"))
        if not isinstance(described["Columns"], list):
            raise ValueError("Columns must be a list")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"a BIDS table needs its columns' names in a sidecar: {sidecar} does not give them "
            f"({type(error).__name__}: {error})"
        ) from None
    return described


def _is_gaze(described: dict[str, Any]) -> bool:
    return {"timestamp", "x_coordinate", "y_coordinate"} <= set(described["Columns"])
