"""Fixations in the images' own pixels: read, moved from the display to the image, cleaned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from psychobench.arguments import Pairs, parse_pairs
from psychobench.errors import OptionError, TableError
from psychobench.gaze.bids import find_recordings, read_bids
from psychobench.gaze.eyelink import is_asc, read_asc
from psychobench.gaze.fixation_maps import nearest_pixel
from psychobench.gaze.fixation_table import read_tidy, tidy_frame
from psychobench.gaze.tobii import is_tobii, read_tobii
from psychobench.tables.notebook import ShownAsTable

Size = tuple[int, int]
_MOST_OUTSIDE = 0.5  # beyond this share the coordinates are in another unit


@dataclass(frozen=True)
class Placement:
    """How coordinates of gaze become pixels of an image.

    Parameters
    ----------
    display : tuple of int, optional
        Width and height of the display in pixels, where coordinates are the display's and images
        were shown in its middle. Without it they are counted from the image's top left corner.
    display_scale : float
        How many pixels of the display a pixel of the image took, in width and height.
    origin : {0, 1}
        The number of the first pixel: 1 for data from MATLAB.
    period : tuple of float, optional
        Beginning and end of the display in ms, on the clock of ``onset_ms``; without it the period
        that the record itself states, if it does.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    display: Size | None = None
    display_scale: float = 1.0
    origin: int = 0
    period: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if not (np.isfinite(self.display_scale) and self.display_scale > 0):
            raise OptionError(f"`display_scale` must be above 0: it is {self.display_scale}")
        if self.origin not in (0, 1):
            raise OptionError(
                f"`origin`, the first pixel's number, must be 0 or 1: it is {self.origin}"
            )
        if self.period is not None and not self.period[0] < self.period[1]:
            raise OptionError(f"`period` must end after it begins: it is {self.period}")

    def to_image(self, table: pd.DataFrame, sizes: Mapping[str, Size]) -> pd.DataFrame:
        """Return the table with ``x_px`` and ``y_px`` in pixels of each image, counted from 0."""
        moved = table.copy()
        for axis, name in enumerate(("x_px", "y_px")):
            length = table["image"].map({image: size[axis] for image, size in sizes.items()})
            shown = length * self.display_scale  # in pixels of the display
            start = 0 if self.display is None else (self.display[axis] - shown) / 2
            # the first pixel's centre is 0 on both, so half a pixel lies before it
            moved[name] = (table[name] - self.origin - start + 0.5) / self.display_scale - 0.5
        return moved


@dataclass(frozen=True)
class Fixations(ShownAsTable):
    """Fixations inside their images and display periods.

    Attributes
    ----------
    table : pandas.DataFrame
        ``image, subject, x_px, y_px, duration_ms, onset_ms``; x and y in pixels of the image, where
        the centre of the first pixel is at 0, and the pixel itself reaches from -.5 to .5.
    sizes : Mapping of str to tuple of int
        Width and height of every image that was asked for, by the image's name.
    left_out : Mapping of str to int
        How many fixations were left out, by reason.
    notes : tuple of str
        What else a reader has to know.
    """

    table: pd.DataFrame
    sizes: Mapping[str, Size]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def subjects(self) -> list[str]:
        """The viewers, in order of appearance."""
        return list(dict.fromkeys(self.table["subject"]))

    def of(self, image: str) -> pd.DataFrame:
        """Return the fixations on one image."""
        return self.table[self.table["image"] == image]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def read_fixations(
    fixations: str | PathLike[str] | pd.DataFrame,
    sizes: Mapping[str, Size],
    *,
    placement: Placement | None = None,
    columns: Pairs = None,
    image_pattern: str | None = None,
) -> Fixations:
    """Read fixations of any known form, and keep those inside their image and display period.

    Parameters
    ----------
    fixations : str, path or pandas.DataFrame
        A table, or a CSV or TSV, with ``image, subject, x_px, y_px, duration_ms`` and perhaps
        ``onset_ms``; a Tobii export; an EyeLink ASC file; or a folder of these, or of BIDS
        eye-tracking. Rows that are samples are merged by the column that numbers fixations
        (``FixationIndex``, ``fix_index`` or the one that `columns` calls ``fixation``), or refused.
    sizes : Mapping of str to tuple of int
        Width and height in pixels, by image name without folders. Fixations on other images are
        left out and counted; names are compared without their endings where that is unique.
    placement : Placement, optional
        From display to image.
    columns : mapping, str or list of str, optional
        What a table calls our columns: ``{"image": "picture"}`` or ``"image=picture"``. In BIDS
        only ``image``, the column of the events that names the image.
    image_pattern : str, optional
        A regular expression with one group, which finds the image's name in the messages of an
        EyeLink file: ``"SHOW (.+)"``.

    Returns
    -------
    Fixations

    Raises
    ------
    TableError
        If nothing can be read, rows are samples, no fixation is on one of the images, or most lie
        outside them.
    OptionError
        If `image_pattern` is no pattern with one group, or the record's coordinates are those of
        images and `placement` has a display.
    """
    placement = placement or Placement()
    renamed = parse_pairs(columns, "columns", "image=picture", commas=True)
    if isinstance(fixations, pd.DataFrame):
        source, read = "the table of fixations", tidy_frame(fixations, renamed)
    else:
        pattern = _compiled(image_pattern)
        source, read = str(fixations), _read(Path(fixations), renamed, pattern)
    if read.attrs.get("in_image") and placement.display is not None:
        raise OptionError(
            f"`display` is for coordinates of the display: those in {source} are pixels of the "
            "image already (MCSpx); leave it out"
        )
    said = list(read.attrs.get("notes", []))
    table, left_out = _with_positions(read, source)
    table, notes = _known_images(table, sizes, source)
    notes = said + notes
    moved = placement.to_image(table, sizes)
    outside = _outside(moved, sizes)
    if outside.mean() > _MOST_OUTSIDE:
        raise TableError(_wrong_unit(table, sizes, placement, float(outside.mean()), source))
    early_or_late = _outside_period(table, placement)
    left_out["outside the image"] = int(outside.sum())
    left_out["not wholly inside the display period"] = int((early_or_late & ~outside).sum())
    kept = moved[~outside & ~early_or_late]
    lost = [each for each in dict.fromkeys(table["subject"]) if each not in set(kept["subject"])]
    if kept.empty:
        raise TableError(
            f"some fixations must lie inside image and display period: none of the {len(moved)} in "
            f"{source} does; check `period`"
        )
    notes += [f"subject '{each}' has no fixation left" for each in lost]
    if placement.period is None:
        notes += _unknown_period(kept)
    columns_kept = ["image", "subject", "x_px", "y_px", "duration_ms", "onset_ms"]
    return Fixations(kept[columns_kept].reset_index(drop=True), dict(sizes), left_out, tuple(notes))


def _compiled(image_pattern: str | None) -> re.Pattern[str] | None:
    if image_pattern is None:
        return None
    try:
        pattern = re.compile(image_pattern)
    except re.error as error:
        raise OptionError(
            f"`image_pattern` must be a regular expression: '{image_pattern}' is not ({error})"
        ) from None
    if pattern.groups != 1:
        raise OptionError(
            "`image_pattern` must have one group, the image's name, such as 'SHOW (.+)': "
            f"'{image_pattern}' has {pattern.groups}"
        )
    return pattern


def _read(
    path: Path, columns: Mapping[str, str], image_pattern: re.Pattern[str] | None
) -> pd.DataFrame:
    if not path.exists():
        raise TableError(f"`fixations` must name a file or a folder: there is none at {path}")
    image_column = columns.get("image", "stim_file")
    if path.is_file():
        if is_asc(path):
            return read_asc(path, image_pattern)
        if path.name.endswith("_physio.tsv.gz"):
            return read_bids(path, image_column)
        return read_tobii(path) if not columns and is_tobii(path) else read_tidy(path, columns)
    exports = sorted(path.rglob("*.asc"))
    recordings, notes = find_recordings(path)
    tobii = [each for each in sorted(path.iterdir()) if _is_table(each) and is_tobii(each)]
    if not exports and not recordings and not tobii:
        raise TableError(
            "a folder of gaze must hold EyeLink exports (*.asc), Tobii exports or BIDS "
            f"eye-tracking (*_physio.tsv.gz with its sidecar): {path} holds none of them"
        )
    if exports:
        return _joined([read_asc(each, image_pattern) for each in exports], [])
    if recordings:
        return _joined([read_bids(each, image_column) for each in recordings], notes)
    return _joined([read_tobii(each) for each in tobii], [])


def _is_table(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in (".csv", ".tsv", ".txt")


def _joined(tables: list[pd.DataFrame], notes: list[str]) -> pd.DataFrame:
    notes = notes + [note for table in tables for note in table.attrs.get("notes", [])]
    in_image = any(table.attrs.get("in_image") for table in tables)
    bare = [table.set_axis(table.index) for table in tables]
    for table in bare:
        table.attrs = {}
    joined = pd.concat(bare, ignore_index=True)
    joined.attrs.update(notes=notes, in_image=in_image)
    return joined


def _with_positions(table: pd.DataFrame, source: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out and count fixations without an image or without a position."""
    nowhere = table["image"].isna()
    lost = ~nowhere & ~(np.isfinite(table["x_px"]) & np.isfinite(table["y_px"]))
    kept = table[~nowhere & ~lost].reset_index(drop=True)
    if kept.empty:
        raise TableError(
            f"a record of gaze must hold fixations with a position on an image: of {len(table)} in "
            f"{source}, {int(nowhere.sum())} occur while no image is shown and {int(lost.sum())} "
            "have no position; check the times and the coordinates"
        )
    counts = {"no image was shown": int(nowhere.sum()), "without a position": int(lost.sum())}
    return kept, {why: n for why, n in counts.items() if n}


def _unknown_period(kept: pd.DataFrame) -> list[str]:
    """Note how many fixations have no known display period."""
    unknown = int(kept[["onset_ms", "period_start_ms", "period_end_ms"]].isna().any(axis=1).sum())
    if not unknown:
        return []
    return [
        f"no display period is known for {unknown} of {len(kept)} fixations, which all count; "
        "give the period where the record has onsets"
    ]


def _known_images(
    table: pd.DataFrame, sizes: Mapping[str, Size], source: str
) -> tuple[pd.DataFrame, list[str]]:
    """Name images as `sizes` does; leave out the fixations on others."""
    stems: dict[str, list[str]] = {}
    for name in sizes:
        stems.setdefault(Path(name).stem, []).append(name)
    names = {
        given: own
        for given in dict.fromkeys(table["image"])
        if (own := _own_name(Path(given).name, sizes, stems)) is not None
    }
    known = table["image"].isin(list(names))
    if not known.any():
        raise TableError(
            f"fixations must be on the images that are compared: {source} names "
            f"{', '.join(list(dict.fromkeys(table['image']))[:3])} ..., the images are "
            f"{', '.join(list(sizes)[:3])} ..."
        )
    others = table.loc[~known, "image"].nunique()
    notes = [f"{int((~known).sum())} fixations on {others} other images left out"] if others else []
    return table[known].assign(image=table["image"].map(names)), notes


def _own_name(given: str, sizes: Mapping[str, Size], stems: Mapping[str, list[str]]) -> str | None:
    if given in sizes:
        return given
    alike = stems.get(Path(given).stem, [])
    return alike[0] if len(alike) == 1 else None


def _outside(table: pd.DataFrame, sizes: Mapping[str, Size]) -> pd.Series:
    width = table["image"].map({image: size[0] for image, size in sizes.items()})
    height = table["image"].map({image: size[1] for image, size in sizes.items()})
    x, y = (pd.Series(nearest_pixel(table[name]), table.index) for name in ("x_px", "y_px"))
    return (x < 0) | (x >= width) | (y < 0) | (y >= height)


def _outside_period(table: pd.DataFrame, placement: Placement) -> pd.Series:
    """Mark fixations that begin before the display, or end after it."""
    begins, ends = table["onset_ms"], table["onset_ms"] + table["duration_ms"]
    if placement.period is None:
        first, last = table["period_start_ms"], table["period_end_ms"]
        return (begins < first) | (ends > last)
    if begins.isna().any():
        raise TableError(
            f"`period` needs onset_ms of every fixation: {int(begins.isna().sum())} of "
            f"{len(begins)} have none, the first of them of subject "
            f"'{table.loc[begins.isna(), 'subject'].iloc[0]}'; add them, or leave out `period`"
        )
    return (begins < placement.period[0]) | (ends > placement.period[1])


def _wrong_unit(
    table: pd.DataFrame, sizes: Mapping[str, Size], placement: Placement, share: float, source: str
) -> str:
    """Describe that most fixations lie outside, and what unit they seem to have."""
    width, height = (max(size[axis] for size in sizes.values()) for axis in (0, 1))
    far_x, far_y = table["x_px"].quantile(0.99), table["y_px"].quantile(0.99)
    if max(far_x, far_y) <= 1.5:
        hint = "they look like shares of the image: multiply them by its width and height"
    elif placement.display is None and min(table["x_px"].min(), table["y_px"].min()) >= 0:
        ratio = max(far_x / width, far_y / height)
        hint = (
            f"they reach about {ratio:.1f} times as far as the image: if it was shown enlarged "
            f"from its top left corner, write `display_scale={ratio:.1f}`; if in the middle of a "
            "display, give `display`, too"
        )
    else:
        hint = "check `display` and `display_scale`"
    return (
        f"most fixations must lie inside their images: of those in {source} {share:.0%} do not (x "
        f"to {far_x:.0f}, y to {far_y:.0f}; images to {width} x {height}); {hint}"
    )
