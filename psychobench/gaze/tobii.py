"""Tobii Studio and Tobii Pro Lab exports: one row per sample, fixations numbered."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from psychobench.errors import TableError
from psychobench.gaze.fixation_table import as_fixations, read_numbers
from psychobench.gaze.samples import merge_samples
from psychobench.tables.cells import blanks_of, texts_of
from psychobench.tables.reading import read_cells

# our name -> names in exports without spaces, brackets and capitals, in order of preference
_NAMES = {
    "subject": ("participantname", "recordingname"),
    "image": ("medianame", "presentedmedianame", "presentedstimulusname"),
    "event": ("gazeeventtype", "eyemovementtype"),
    "fixation": ("fixationindex", "eyemovementtypeindex"),
    "duration_ms": ("gazeeventduration", "gazeeventdurationms"),
    "x_px": ("fixationpointxmcspx", "fixationpointx", "fixationpointxdacspx"),
    "y_px": ("fixationpointymcspx", "fixationpointy", "fixationpointydacspx"),
    "onset_ms": ("recordingtimestamp", "recordingtimestampms", "recordingtimestamps"),
}
_NEEDED = ("subject", "event", "fixation", "duration_ms", "x_px", "y_px")
_NUMBERS = ("duration_ms", "x_px", "y_px", "onset_ms")


def is_tobii(path: Path) -> bool:
    """Return whether a file is a Tobii export, by the names of its columns."""
    with path.open("rb") as file:
        head = file.read(20_000).replace(b"\0", b"")  # UTF-16 or UTF-8
    names = _plain(head.split(b"\n")[0].decode("utf-8", "replace"))
    return any(all(name in names for name in pair) for pair in (
        ("fixationindex", "gazeeventtype"), ("eyemovementtypeindex", "eyemovementtype"),
    ))  # fmt: skip


def read_tobii(path: Path) -> pd.DataFrame:
    """Read the fixations of a Tobii export.

    A fixation is a run of samples with the same index, at the fixation point that Tobii states.
    Points in pixels of the medium (``MCSpx``) are preferred to those of the display. Where no
    column names the medium, the image is what the file is called.

    Returns
    -------
    pandas.DataFrame
        One row per fixation. ``attrs["notes"]`` says what was merged and assumed;
        ``attrs["in_image"]`` is whether places are pixels of the image already.

    Raises
    ------
    TableError
        If a column is missing, a number is not one, or nothing was fixated.
    """
    known = {_plain(name): name for name in _header(path)}
    own = {
        name: known[found]
        for name, foreign in _NAMES.items()
        if (found := next((each for each in foreign if each in known), None)) is not None
    }
    if missing := [_NAMES[name][0] for name in _NEEDED if name not in own]:
        raise TableError(
            f"a Tobii export must name viewer, event, fixation, duration and fixation point: "
            f"{path} has no column like {', '.join(missing)}; export it"
        )
    texts = tuple(own[name] for name in ("subject", "image", "event", "fixation") if name in own)
    cells = read_cells(path, tuple(own.values()), texts=texts)
    fixated = cells[texts_of(cells[own["event"]]).str.lower() == "fixation"]
    if fixated.empty:
        raise TableError(
            f"a Tobii export must hold fixations: no row of {path} is one in {own['event']}; "
            "export it with a fixation filter"
        )
    table = _table(cells, own, path)
    merged, note = merge_samples(table, own["fixation"], str(path))
    read = as_fixations(merged, str(path))
    notes = [note] if note else []
    if "image" not in own:
        notes.append(f"no column of {path} names the image, which is taken to be '{path.stem}'")
    read.attrs["notes"] = notes
    read.attrs["in_image"] = "mcspx" in _plain(own["x_px"])
    return read


def _table(cells: pd.DataFrame, own: dict[str, str], path: Path) -> pd.DataFrame:
    table = pd.DataFrame({"subject": texts_of(cells[own["subject"]])})
    table["image"] = texts_of(cells[own["image"]]) if "image" in own else path.stem
    is_fixation = texts_of(cells[own["event"]]).str.lower() == "fixation"
    table["fixation"] = texts_of(cells[own["fixation"]]).where(
        is_fixation & ~blanks_of(cells[own["fixation"]])
    )
    for name in _NUMBERS:
        if name in own:
            table[name] = read_numbers(cells[own[name]], own[name], str(path))
    if _plain(own.get("onset_ms", "")) == "recordingtimestamps":  # microseconds
        table["onset_ms"] /= 1000
    return table


def _header(path: Path) -> list[str]:
    from psychobench.tables.decoding import read_text

    line = read_text(path)[0].split("\n", 1)[0]
    delimiter = max("\t,;", key=line.count)
    return [name.strip().strip('"') for name in line.split(delimiter)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
