"""EyeLink ASC exports: fixation events, and what was shown when, from the messages."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

import pandas as pd

from psychobench.errors import TableError
from psychobench.gaze.table import as_fixations

# what experiment programs write when an image comes on, and when it goes
_IMAGE = re.compile(
    r"!V (?:TRIAL_VAR (?:image|img|picture|stimulus)|IMGLOAD \S+|DRAW_IMAGE) (?P<name>\S.*)",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^/\\]+?\.(?:jpe?g|png|bmp|gif|tiff?|webp)\b", re.IGNORECASE)
_ONSET = re.compile(
    r"(?:-?\d+ )?(?:SYNCTIME|DISPLAY[ _]ON|STIM(?:ULUS)?[ _]ONSET)\b", re.IGNORECASE
)
_OFFSET = re.compile(
    r"(?:-?\d+ )?(?:DISPLAY[ _]OFF|BLANK_SCREEN|STIM(?:ULUS)?[ _]OFFSET|TIMEOUT|TRIAL_RESULT|"
    r"TRIAL OK)\b",
    re.IGNORECASE,
)


class _Trial:
    """What is known of the trial that is running."""

    def __init__(self) -> None:
        self.image: str | None = None
        self.start: float | None = None
        self.end: float | None = None
        self.fixations: list[dict[str, object]] = []

    def rows(self) -> list[dict[str, object]]:
        """Give its fixations with the period of its image's display."""
        period = {"image": self.image, "period_start_ms": self.start, "period_end_ms": self.end}
        return [] if self.image is None else [each | period for each in self.fixations]


def is_asc(path: Path) -> bool:
    """Tell whether a file is an EyeLink ASC export, by its name or its first lines."""
    if path.suffix.lower() == ".asc":
        return True
    with path.open("rb") as file:
        return file.read(200).lstrip().startswith(b"** CONVERTED FROM")


def read_asc(path: Path) -> pd.DataFrame:
    """Read the fixations of one ASC file; the subject is the file's name without its ending.

    A trial begins with the message ``TRIALID``. Its image is what ``!V TRIAL_VAR image``,
    ``!V IMGLOAD`` or ``!V DRAW_IMAGE`` names, and it is on display from ``SYNCTIME`` or
    ``DISPLAY ON`` to ``DISPLAY OFF`` or ``TRIAL_RESULT``. Of two eyes the right one is taken.

    Raises
    ------
    TableError
        If the file has no fixation event, or none while an image is named.
    """
    trials, eyes = [_Trial()], set()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("MSG"):
                _message(line, trials)
            elif line.startswith("EFIX"):
                fixation = _fixation(line)
                if fixation is not None:
                    eyes.add(fixation["eye"])
                    trials[-1].fixations.append(fixation)
    rows = pd.DataFrame([row for trial in trials for row in trial.rows()])
    if rows.empty:
        had = sum(len(trial.fixations) for trial in trials)
        raise TableError(
            f"an ASC file must hold fixation events of trials that name their image: {path} has "
            f"{had} fixations (EFIX) and {len(trials) - 1} trials (MSG ... TRIALID), none with an "
            "image ('!V TRIAL_VAR image NAME'); export events and messages with edf2asc, or make "
            "a table with the columns image, subject, x_px, y_px, duration_ms"
        )
    if {"L", "R"} <= eyes:
        rows = rows[rows["eye"] == "R"]
    return as_fixations(rows.assign(subject=path.stem).drop(columns="eye"), str(path))


def _message(line: str, trials: list[_Trial]) -> None:
    words = line.split(maxsplit=2)
    if len(words) < 3:
        return
    time, text = float(words[1]), words[2].strip()
    if text.upper().startswith("TRIALID"):
        trials.append(_Trial())
    trial = trials[-1]
    if found := _IMAGE.match(text):
        trial.image = _file_name(found["name"])
    elif _ONSET.match(text) and trial.start is None:
        trial.start = time
    elif _OFFSET.match(text) and trial.start is not None and trial.end is None:
        trial.end = time


def _file_name(text: str) -> str:
    """Find the image's own name in what may be a path, with numbers after it."""
    name = PureWindowsPath(PurePosixPath(text).name).name
    found = _NAME.search(name)
    return found[0].strip() if found else name.split()[0]


def _fixation(line: str) -> dict[str, object] | None:
    """Read ``EFIX eye start end duration x y pupil``; one without a place is none."""
    words = line.split()
    try:
        start, duration, x, y = (float(words[i]) for i in (2, 4, 5, 6))
    except (ValueError, IndexError):
        return None
    return {"eye": words[1], "x_px": x, "y_px": y, "duration_ms": duration, "onset_ms": start}
