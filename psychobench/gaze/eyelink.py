"""EyeLink ASC exports: fixation events, and what was shown when, from the messages."""

from __future__ import annotations

import re
from math import isnan
from pathlib import Path, PurePosixPath, PureWindowsPath

import pandas as pd

from psychobench.errors import TableError
from psychobench.gaze.fixation_table import as_fixations
from psychobench.messages import argument

# messages that experiment programs write when an image appears, and when it disappears
_IMAGE = re.compile(
    r"!V (?:(?P<named>TRIAL_VAR (?:image|img|picture|stimulus))|IMGLOAD \S+|DRAW_IMAGE) "
    r"(?P<name>.*[^\s/\\].*)",
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
    """What is known about a trial while its messages are read."""

    def __init__(self) -> None:
        self.image: str | None = None
        self.loaded: list[str] = []
        self.mentioned: list[str] = []
        self.start = self.end = float("nan")
        self.start_assumed = False  # from the message that names the image
        self.fixations: list[dict[str, object]] = []

    def rows(self, number: int, path: Path) -> list[dict[str, object]]:
        """Return one eye's fixations with the period of the image's display."""
        named = self.loaded or self.mentioned
        if self.image is None and len(named) > 1 and self.fixations:
            raise TableError(
                f"a trial must show one image: trial {number} of {path} "
                f"{'loads' if self.loaded else 'mentions'} {', '.join(named)}; name the one with "
                "'!V TRIAL_VAR image NAME', or write which message names it, like "
                f"{argument('image_pattern', 'SHOW (.+)')}"
            )
        image = self.image or (named[0] if named else None)
        both = {each["eye"] for each in self.fixations} >= {"L", "R"}
        period = {"image": image, "period_start_ms": self.start, "period_end_ms": self.end}
        return [each | period for each in self.fixations if not both or each["eye"] == "R"]


def is_asc(path: Path) -> bool:
    """Return whether a file is an EyeLink ASC export, by its name or its first lines."""
    if path.suffix.lower() == ".asc":
        return True
    with path.open("rb") as file:
        return file.read(200).lstrip().startswith(b"** CONVERTED FROM")


def read_asc(path: Path, image_pattern: re.Pattern[str] | None = None) -> pd.DataFrame:
    """Read the fixations of one ASC file; the subject is the file's name without its ending.

    A trial begins with the message ``TRIALID``. Its image is what ``!V TRIAL_VAR image``,
    ``!V IMGLOAD`` or ``!V DRAW_IMAGE`` names, the first of these where it is there, else the one
    image file that any other message mentions; and it is on display from ``SYNCTIME`` or ``DISPLAY
    ON`` to ``DISPLAY OFF`` or ``TRIAL_RESULT``. Where a trial has fixations of both eyes, the right
    one's are taken.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    image_pattern : re.Pattern, optional
        Finds the image's name in messages: the group of the pattern. The image appears with that
        message, unless another states the onset, and stays until the next one. Other messages name
        no images then.

    Raises
    ------
    TableError
        If the file has no fixation event, or none in a trial that names an image, or a trial names
        several images.
    """
    trials = [_Trial()]
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("MSG"):
                _message(line, trials, image_pattern)
            elif line.startswith("EFIX"):
                fixation = _fixation(line)
                if fixation is not None:
                    trials[-1].fixations.append(fixation)
    rows = pd.DataFrame([row for i, trial in enumerate(trials) for row in trial.rows(i, path)])
    if rows.empty or rows["image"].isna().all():
        had = sum(len(trial.fixations) for trial in trials)
        raise TableError(
            f"an ASC file must hold fixation events of trials that name their image: {path} has "
            f"{had} fixations (EFIX) and {len(trials) - 1} trials (MSG ... TRIALID), none with an "
            "image ('!V TRIAL_VAR image NAME'); export events and messages with edf2asc, or write "
            f"which message names the image, like {argument('image_pattern', 'SHOW (.+)')}"
        )
    rows = rows.assign(subject=path.stem).drop(columns="eye")
    return as_fixations(rows, str(path))


def _message(line: str, trials: list[_Trial], image_pattern: re.Pattern[str] | None) -> None:
    words = line.split(maxsplit=2)
    try:
        time, text = float(words[1]), words[2].strip()
    except (ValueError, IndexError):
        return  # an empty message, or one that is cut off
    if text.upper().startswith("TRIALID"):
        trials.append(_Trial())
    if image_pattern is not None and (found := image_pattern.search(text)):
        _show(found[1].strip(), time, trials)
    trial = trials[-1]
    if found := None if image_pattern else _IMAGE.match(text):
        name = _file_name(found["name"])
        if found["named"]:
            trial.image = name
        elif name not in trial.loaded:
            trial.loaded.append(name)
    elif _ONSET.match(text) and (isnan(trial.start) or trial.start_assumed):
        trial.start, trial.start_assumed = time, False
    elif _OFFSET.match(text) and not isnan(trial.start) and isnan(trial.end):
        trial.end = time
    if image_pattern is None and not text.startswith("!"):
        names = [_file_name(each) for each in text.split() if _NAME.search(each)]
        trial.mentioned += [name for name in names if name not in trial.mentioned]


def _show(name: str, time: float, trials: list[_Trial]) -> None:
    """Begin with the image of a message that the caller's pattern fits."""
    if trials[-1].image is not None:
        if isnan(trials[-1].end):
            trials[-1].end = time
        trials.append(_Trial())
    trial = trials[-1]
    trial.image = PureWindowsPath(PurePosixPath(name).name).name
    if isnan(trial.start):
        trial.start, trial.start_assumed = time, True


def _file_name(text: str) -> str:
    """Find the image's own name in what may be a path, with numbers after it."""
    name = PureWindowsPath(PurePosixPath(text).name).name
    found = _NAME.search(name)
    return found[0].strip() if found else name.split()[0]


def _fixation(line: str) -> dict[str, object] | None:
    """Read ``EFIX eye start end duration x y pupil``; a dot stands where the eye was lost."""
    words = line.split()
    try:
        start, duration = float(words[2]), float(words[4])
        x, y = (float("nan") if words[i] == "." else float(words[i]) for i in (5, 6))
    except (ValueError, IndexError):
        return None
    return {"eye": words[1], "x_px": x, "y_px": y, "duration_ms": duration, "onset_ms": start}
