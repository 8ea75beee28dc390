"""The hairstyles: outlines, parting and fall of the strands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Stations round the head: degrees from the crown down to 90, then 90 + mm below the pupils.
STATIONS = np.array([0, 15, 30, 45, 60, 75, 90, 100, 115, 140, 170, 200, 260], dtype=float)
SKULL = np.array([113, 112, 106, 94, 82, 75, 72.5, 71.5, 70, 67, 64, 62, 62], dtype=float)


@dataclass(frozen=True)
class Style:
    """One way to wear hair; radii in mm at the stations round the head.

    Parameters
    ----------
    line : tuple of float
        Where the hair begins, seen from the face.
    stand : tuple of float
        How far its outside stands off the skull; negative where there is none.
    skew : float
        How much higher the line runs on the parted side.
    sweep : tuple of float
        Slope of the strands at the crown and at the sides: 0 along the outline, 90 across it.
    bottom : float
        Where the hair at the sides ends, mm below the pupils.
    part : float
        Where the strands part at the crown, radians to the image's right.
    curl : float
        0 straight to 1 tight curls.
    gloss : float
        Strength of the sheen.
    edge : float
        Softness of the line, mm.
    """

    line: tuple[float, ...]
    stand: tuple[float, ...]
    skew: float = 0.0
    sweep: tuple[float, float] = (40.0, 15.0)
    bottom: float = 30.0
    part: float = 0.0
    curl: float = 0.0
    gloss: float = 1.0
    edge: float = 2.2


_SHORT_SIDES = (68.0, 67.5, 68.0, 72.0, 80.0, 90.0, 90.0, 90.0)
STYLES = {
    "parted": Style(
        (70, 72, 73, 72, *(69.0, 68.0, 67.5, 68.5, 73.0, 80.0, 90.0, 90.0, 90.0)),
        (13, 13, 12.5, 11.5, 9, 6, 3.5, 2, -2, -5, -9, -9, -9),
        skew=7.0,
        part=-0.24,
        sweep=(24.0, 8.0),
    ),
    "short": Style(
        (75, 76, 78, 77, 71, *_SHORT_SIDES),
        (8, 8, 7.5, 7, 5.5, 3.5, 2.5, 1.5, -2, -5, -9, -9, -9),
        sweep=(80.0, 30.0),
        gloss=0.5,
        edge=2.6,
    ),
    "fringe": Style(
        (40, 42, 47, 55, 63, 66, 66, 67, 71, 80, 90, 90, 90),
        (13, 13, 12.5, 12, 10, 8, 6, 4, -1, -5, -9, -9, -9),
        sweep=(86.0, 22.0),
        gloss=0.7,
        edge=1.6,
    ),
    "bob": Style(
        (68, 71, 74, 74, 70, 66.5, 64, 63, 61.5, 59, 56, 54, 54),
        (14, 14, 14, 14, 14, 14.5, 15, 16, 17, 20, 19, 12, 4),
        skew=6.0,
        part=-0.24,
        sweep=(14.0, 0.0),
        bottom=92.0,
    ),
    "long": Style(
        (70, 73, 76, 76, 72, 68, 66, 65, 63.5, 61, 58, 56, 58),
        (12, 12, 12, 12, 12, 12, 12, 13, 15, 19, 25, 30, 34),
        skew=3.0,
        sweep=(12.0, 0.0),
        bottom=400.0,
    ),
    "curly": Style(
        (71, 72, 73, 72, 68, 66, 66, 68, 73, 80, 90, 90, 90),
        (24, 24, 25, 25, 23, 19, 15, 11, 5, -3, -9, -9, -9),
        curl=1.0,
        gloss=0.4,
        edge=3.0,
        bottom=34.0,
    ),
    "receding": Style(
        (84, 90, 99, 93, 75, *_SHORT_SIDES),
        (6, 6, 5.5, 5.5, 5, 4, 3, 1.5, -2, -5, -9, -9, -9),
        sweep=(60.0, 25.0),
        edge=4.0,
    ),
}
