"""BIDS eye-tracking: samples and fixation events beside the table of what was shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import TableError
from psychobench.gaze.table import as_fixations

_PHYSIO = re.compile(r"(?P<stem>sub-(?P<sub>[A-Za-z0-9]+)_.*?)(?:_recording-[A-Za-z0-9]+)?_physio")
_MS = 1000.0


def find_recordings(folder: Path) -> list[Path]:
    """Find the recordings of gaze below a folder, one per eye, run and subject."""
    return sorted(
        path
        for path in folder.rglob("*_physio.tsv.gz")
        if _sidecar(path).is_file() and _is_gaze(_described(path))
    )


def read_bids(path: Path) -> pd.DataFrame:
    """Read one recording ``sub-..._recording-eye1_physio.tsv.gz``.

    Fixations stand in ``..._physioevents.tsv.gz`` beside it; the place of one is the mean of its
    samples. Images and their display periods stand in ``..._events.tsv`` (``onset`` and
    ``duration`` in s, ``stim_file``); the first sample lies at the sidecar's ``StartTime``.

    Raises
    ------
    TableError
        If a file or a column of these is missing, or nothing was fixated while an image was on.

    References
    ----------
    Brain Imaging Data Structure, eye-tracking (BEP 20): physio and physioevents files.
    """
    found = _PHYSIO.match(path.name)
    if found is None:
        raise TableError(f"a BIDS recording must be called sub-..._physio.tsv.gz: got {path}")
    described = _described(path)
    samples = _headless(path, described)
    events_path = path.with_name(path.name.replace("_physio.tsv.gz", "_physioevents.tsv.gz"))
    events = _headless(events_path, _described(events_path))
    shown = _shown(path.with_name(f"{found['stem']}_events.tsv"))
    clock = _milliseconds(samples["timestamp"].to_numpy(dtype=np.float64), described)
    fixations = events[events["trial_type"].astype(str).str.lower() == "fixation"]
    rows = [
        row
        for onset, duration in zip(
            clock(fixations["onset"].to_numpy(dtype=np.float64)),
            fixations["duration"].to_numpy(dtype=np.float64) * clock.unit,
            strict=True,
        )
        if (row := _fixation(onset, duration, samples, clock, shown)) is not None
    ]
    if not rows:
        raise TableError(
            f"a recording must hold fixations while an image is on: {path} has {len(fixations)} "
            f"fixations and {len(shown)} images with times, none of them together; check "
            "StartTime, onset and duration"
        )
    return as_fixations(pd.DataFrame(rows).assign(subject=found["sub"]), str(path))


class _Clock:
    """From the tracker's time stamps to ms since the run began."""

    def __init__(self, first: float, unit: float, start: float) -> None:
        self.first, self.unit, self.start = first, unit, start

    def __call__(self, stamps: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
        return self.start + (stamps - self.first) * self.unit


def _milliseconds(stamps: np.ndarray[Any, Any], described: dict[str, Any]) -> _Clock:
    """Find the time stamps' unit from the sampling frequency; files rarely state it."""
    step = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 1.0
    return _Clock(
        float(stamps[0]),
        _MS / float(described["SamplingFrequency"]) / step,
        _MS * float(described.get("StartTime", 0)),
    )


def _fixation(
    onset: float, duration: float, samples: pd.DataFrame, clock: _Clock, shown: pd.DataFrame
) -> dict[str, Any] | None:
    """Place one fixation, on the image that was on when it began."""
    on = shown[(shown["onset"] <= onset) & (onset < shown["onset"] + shown["duration"])]
    times = clock(samples["timestamp"].to_numpy(dtype=np.float64))
    within = samples[(times >= onset) & (times <= onset + duration)]
    x, y = within["x_coordinate"].mean(), within["y_coordinate"].mean()
    if on.empty or not np.isfinite([x, y]).all():
        return None
    image = on.iloc[-1]
    return {
        "image": Path(str(image["stim_file"])).name,
        "x_px": x,
        "y_px": y,
        "duration_ms": duration,
        "onset_ms": onset,
        "period_start_ms": image["onset"],
        "period_end_ms": image["onset"] + image["duration"],
    }


def _shown(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(
            f"a BIDS recording needs the table of what was shown beside it: {path} is missing"
        )
    table = pd.read_csv(path, sep="\t", na_values=["n/a"])
    if missing := [name for name in ("onset", "duration", "stim_file") if name not in table]:
        raise TableError(f"{path} must have onset, duration and stim_file: no {', '.join(missing)}")
    table = table.dropna(subset=["onset", "duration", "stim_file"])
    return table.assign(onset=table["onset"] * _MS, duration=table["duration"] * _MS)


def _headless(path: Path, described: dict[str, Any]) -> pd.DataFrame:
    """Read a gzipped table whose column names stand in its sidecar."""
    if not path.is_file():
        raise TableError(
            f"a BIDS recording needs its fixation events beside it: {path} is missing; detect "
            "fixations first, or make a table image, subject, x_px, y_px, duration_ms"
        )
    try:
        return pd.read_csv(
            path, sep="\t", header=None, names=described["Columns"], na_values=["n/a"]
        )
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
