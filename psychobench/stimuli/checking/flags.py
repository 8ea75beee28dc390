"""Flags in words: what may confound an experiment, one line each."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from psychobench.stimuli.checking.odd_images import OddImages
from psychobench.stimuli.checking.steps import UNEVEN
from psychobench.stimuli.checking.trends import (
    FACE,
    INSIDE,
    OUTSIDE,
    SEAM,
    UNCLIPPED,
    base_property,
    rule_of,
)
from psychobench.tables.output import json_rows

CLIPPED = 0.03  # share of an image's pixels that may be clipped beyond those of the others
_PLACES = {
    OUTSIDE: "outside the features",
    INSIDE: "inside the features",
    UNCLIPPED: "where nothing is clipped",
    FACE: "in the face",
}
_WORDS = {
    "rms_contrast": "RMS contrast",
    "red_share": "colour: the share of red",
    "green_share": "colour: the share of green",
    "blue_share": "colour: the share of blue",
}
# how an image differs that lies above its neighbours, or below
_COMPARED = {
    "luminance": ("brighter", "darker"),
    "rms_contrast": ("higher in contrast", "lower in contrast"),
    "red_share": ("redder", "less red"),
    "green_share": ("greener", "less green"),
    "blue_share": ("bluer", "less blue"),
    "sharpness": ("sharper", "less sharp (blurred)"),
    "shift_x": ("further right", "further left"),
    "shift_y": ("further down", "further up"),
    "growth": ("larger", "smaller"),
}
_COMPARED |= {
    f"face_{new}": _COMPARED[old] for new, old in (("x", "shift_x"), ("y", "shift_y"))
} | {"face_size": _COMPARED["growth"]}
_POSITIONS = {
    "shift_x": ("moves to the right", "moves to the left"),
    "shift_y": ("moves down", "moves up"),
    "growth": ("grows", "shrinks"),
}
_POSITIONS |= {
    "face_x": _POSITIONS["shift_x"],
    "face_y": _POSITIONS["shift_y"],
    "face_size": _POSITIONS["growth"],
}


def describe_flags(
    statistics: pd.DataFrame,
    trends: pd.DataFrame,
    outliers: pd.DataFrame,
    odd: OddImages,
    evenness: pd.DataFrame,
) -> list[str]:
    """Describe everything that is flagged, what concerns single images first.

    Parameters
    ----------
    statistics, trends, outliers, evenness : pandas.DataFrame
        As `SetCheck` holds them.
    odd : OddImages
        Images in the wrong place.
    """
    names = statistics["stimulus"].tolist()
    return [
        *_odd_flags(odd, names),
        *_outlier_flags(outliers, {names[row] for row in odd.mirrored}),
        *_seam_flags(statistics),
        *_trend_flags(trends),
        *_step_flags(evenness),
        *_clip_flags(statistics),
    ]


def _odd_flags(odd: OddImages, names: list[str]) -> Iterator[str]:
    for first, second in odd.copied:
        yield f"{names[first]} and {names[second]} are the same image"
    for row in odd.mirrored:
        yield f"{names[row]} is mirrored: left and right are exchanged"
    for first, second in odd.swapped:
        yield (
            f"{names[first]} and {names[second]} seem to be swapped: in the other order, each is "
            "closer to its neighbours"
        )


def _outlier_flags(outliers: pd.DataFrame, mirrored: set[str]) -> Iterator[str]:
    """Describe each image and property once, where the image as a whole is measured first."""
    told = set()
    for row in json_rows(outliers):
        name, image = row["property"], row["stimulus"]
        base = base_property(name)
        if (image, base) in told or image in mirrored or base == SEAM:
            continue
        told.add((image, base))
        amount = f"{abs(row['residual']):.2g} {row['unit']}"
        if base in _COMPARED:
            how = _COMPARED[base][int(row["residual"] < 0)]
            yield f"{image} is {how} than its neighbours by {amount}{_place(name)}"
        else:
            yield f"{image} differs from its neighbours in {name} by {amount}"


def _seam_flags(statistics: pd.DataFrame) -> Iterator[str]:
    if SEAM not in statistics:
        return
    limit = rule_of(SEAM).outlier
    found = statistics[statistics[SEAM] >= limit]
    if not found.empty:
        worst = found.iloc[int(found[SEAM].argmax())]
        others = f", as {len(found) - 1} more images have" if len(found) > 1 else ""
        yield (
            f"{worst['stimulus']} has a seam: a step of {worst[SEAM]:.1f} grey levels along the "
            f"border of a region{others}"
        )


def _trend_flags(trends: pd.DataFrame) -> Iterator[str]:
    flagged = trends[trends["flagged"]]
    for base, rows in flagged.groupby(flagged["property"].map(base_property), sort=False):
        worst = rows.iloc[int((rows["size"] / rows["limit"]).argmax())]
        amount = f"by {worst['size']:.2g} {worst['unit']}{_place(worst['property'])}"
        limit = f"more than {worst['limit']:.3g} {worst['unit']}"
        if base in _POSITIONS:
            how = _POSITIONS[base][int(worst["drift"] < 0)]
            source = "its landmarks" if base.startswith("face") else "the images themselves"
            yield f"the face {how} over the levels {amount}, {limit} (from {source})"
        else:
            what = _WORDS.get(base, base.replace("_", " "))
            yield f"{what} changes over the levels {amount}, {limit}"


def _place(name: str) -> str:
    found = next((words for end, words in _PLACES.items() if name.endswith(end)), "")
    return f" {found}".rstrip()


def _step_flags(evenness: pd.DataFrame) -> list[str]:
    return [
        f"the steps in {row.distance} are uneven: their coefficient of variation is {row.cv:.2f}, "
        f"above {UNEVEN:g}"
        for row in evenness[evenness["flagged"]].itertuples()
    ]


def _clip_flags(statistics: pd.DataFrame) -> Iterator[str]:
    """Compare clipping with the least clipped image: a white background is the same in all."""
    clipped = statistics["clipped"] - statistics["clipped"].min()
    if clipped.max() > CLIPPED:
        worst = statistics.iloc[int(clipped.argmax())]
        yield (
            f"{int((clipped > CLIPPED).sum())} of {len(statistics)} images are clipped in more "
            f"than {100 * CLIPPED:g} % of their pixels beyond the least clipped one: "
            f"{100 * worst['clipped']:.2g} % of {worst['stimulus']} are 0 or 255 in some channel"
        )
