"""The geometry of each part of a face in millimetres, a smooth function of identity and valence.

Every curve is a formula in x (or y), so that pixels and landmarks come from the same numbers. The
averages follow adult facial anthropometry (pupil distance 63, mouth breadth 50, nose breadth 35).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from psychobench.stimuli.faces.canvas import Array
from psychobench.stimuli.faces.expression import ActionUnits, action_units
from psychobench.stimuli.faces.identity import Identity

_TABLE = 512


@dataclass(frozen=True)
class Eye:
    """The right half's lid opening (mirror x for the left); x is the distance from the midline."""

    inner: tuple[float, float]
    outer: tuple[float, float]
    up: float
    low: float
    lean: float
    pupil: tuple[float, float]

    @property
    def centre(self) -> float:
        """Return the x midway between the eye's corners."""
        return 0.5 * (self.inner[0] + self.outer[0])

    def along(self, x: Array) -> Array:
        """Return the place between the inner (0) and the outer corner (1)."""
        return ((x - self.inner[0]) / (self.outer[0] - self.inner[0])).clip(0.0, 1.0)

    def upper(self, x: Array) -> Array:
        """Return the y of the upper lid's edge."""
        u = self.along(x)
        arch = _arch(u**0.92, 0.85)
        return self._base(u) - arch * (self.up + self.lean * (0.5 - u))

    def lower(self, x: Array) -> Array:
        """Return the y of the lower lid's edge."""
        u = self.along(x)
        return self._base(u) + self.low * _arch(u**1.12, 0.9)

    def _base(self, u: Array) -> Array:
        return self.inner[1] + (self.outer[1] - self.inner[1]) * u


@dataclass(frozen=True)
class Brow:
    """The right half's eyebrow; x is the distance from the midline."""

    inner: float
    outer: float
    height: float
    arch: float
    raised: float
    thickness: float

    def along(self, x: Array) -> Array:
        """Return the place between the inner (0) and the outer end (1)."""
        return (x - self.inner) / (self.outer - self.inner)

    def centre(self, x: Array) -> Array:
        """Return the y of the brow's middle line."""
        u = self.along(x)
        rise = self.arch * (1.0 - ((u - 0.64) / 0.64) ** 2)
        lift = self.raised * (0.62 - u) * (1.45 - 0.45 * u)
        return np.asarray(self.height - rise + 1.5 * u - lift)

    def half_thickness(self, x: Array) -> Array:
        """Return half the brow's thickness, thinning outwards."""
        u = self.along(x).clip(0.0, 1.0)
        return np.asarray(0.5 * self.thickness * (0.92 + 0.30 * u - 0.95 * u * u))


@dataclass(frozen=True)
class Mouth:
    """Both lips; curves are even in x."""

    half_width: float
    middle: float
    corner: float
    gap: float
    upper_lip: float
    lower_lip: float
    bend: float

    def along(self, x: Array) -> Array:
        """Return the place from the midline (0) to a corner (1)."""
        return (abs(x) / self.half_width).clip(0.0, 1.0)

    def line(self, x: Array) -> Array:
        """Return the y of the upper lip's lower edge."""
        u = self.along(x)
        dip = 0.7 * np.exp(-((u / 0.2) ** 2)) * (1.0 - u)
        return np.asarray(self.middle + (self.corner - self.middle) * u**self.bend + dip)

    def below(self, x: Array) -> Array:
        """Return the y of the lower lip's upper edge."""
        u = self.along(x)
        return self.line(x) + self.gap * (1.0 - u**2.4) ** 1.1

    def top(self, x: Array) -> Array:
        """Return the y of the upper lip's upper edge, Cupid's bow in the middle."""
        u = self.along(x)
        bow = 1.0 - 0.20 * np.exp(-((u / 0.13) ** 2)) + 0.10 * np.exp(-(((u - 0.26) / 0.16) ** 2))
        return self.line(x) - self.upper_lip * (1.0 - u**2.1) * bow

    def bottom(self, x: Array) -> Array:
        """Return the y of the lower lip's lower edge."""
        u = self.along(x)
        return self.below(x) + self.lower_lip * (1.0 - u**2.3) ** 1.05


@dataclass(frozen=True)
class Nose:
    """Heights and breadths of the nose; x is the distance from the midline."""

    tip: float
    base: float
    wing: float
    scale: float


@dataclass(frozen=True)
class Head:
    """The head's contour as radius by angle round the origin, 0 at the crown, pi at the chin."""

    radii: NDArray[np.float64]
    chin: float
    breadth: float

    def radius(self, angle: Array) -> Array:
        """Return the contour's distance (mm) from the origin at angles (radians)."""
        place = angle * np.float32((_TABLE - 1) / math.pi)
        return np.interp(place, np.arange(_TABLE), self.radii).astype(np.float32)


@dataclass(frozen=True)
class Anatomy:
    """All parts of one face at one valence."""

    units: ActionUnits
    eye: Eye
    brow: Brow
    nose: Nose
    mouth: Mouth
    head: Head


def _arch(u: Array, power: float) -> Array:
    """Rise from 0 over 1 in the middle to 0."""
    return np.asarray((4.0 * u * (1.0 - u)) ** power)


def anatomy(identity: Identity, valence: float) -> Anatomy:
    """Place every part of a face.

    Parameters
    ----------
    identity : Identity
        Who.
    valence : float
        From -1 (sad) to +1 (happy).

    Returns
    -------
    Anatomy
    """
    units = action_units(valence)
    nose = _nose(identity, units)
    mouth = _mouth(identity, units)
    return Anatomy(
        units, _eye(identity, units), _brow(identity, units), nose, mouth, _head(identity, units)
    )


def _eye(who: Identity, units: ActionUnits) -> Eye:
    x = 31.5 + 1.6 * who.eye_distance
    half = 15.3 * (1 + 0.055 * who.eye_size - 0.015 * who.sex)
    open_ = 1 + 0.10 * who.eye_size - 0.05 * who.sex - 0.05 * max(who.age, 0.0)
    tilt = 0.7 * who.eye_tilt
    return Eye(
        inner=(x - half, 1.7 + 0.5 * tilt - 0.6 * units.brow),
        outer=(x + half, -0.8 - tilt + 1.3 * units.brow + 0.25 * max(who.age, 0.0)),
        up=(6.7 * open_) * (1 - 0.10 * units.cheek - 0.14 * units.brow),
        low=(4.7 * open_) * (1 - 0.52 * units.cheek + 0.02 * units.frown),
        lean=2.6 * units.brow,
        pupil=(x, -0.2 + 0.5 * units.brow),
    )


def _brow(who: Identity, units: ActionUnits) -> Brow:
    thick = 1 + 0.16 * who.brow_thickness + 0.24 * who.sex
    return Brow(
        inner=11.5 - 0.05 * who.sex + 0.9 * who.eye_distance - 1.6 * units.brow,
        outer=54.0 + 1.2 * who.eye_distance,
        height=-21.0
        - 1.5 * who.brow_height
        + 0.9 * who.sex
        - 0.6 * units.cheek
        + 0.5 * max(who.age, 0.0),
        arch=3.3 - 1.1 * who.sex,
        raised=8.2 * units.brow,
        thickness=6.6 * thick,
    )


def _nose(who: Identity, units: ActionUnits) -> Nose:
    tip = 36.5 + 2.4 * who.nose_length + 0.5 * max(who.age, 0.0)
    scale = 1 + 0.10 * who.nose_width + 0.05 * who.sex
    return Nose(tip=tip, base=tip + 9.0, wing=17.0 * scale * (1 + 0.06 * units.smile), scale=scale)


def _mouth(who: Identity, units: ActionUnits) -> Mouth:
    full = 1 + 0.17 * who.lips - 0.13 * who.sex - 0.10 * max(who.age, 0.0)
    rest = 68.5 + 1.2 * who.nose_length + 0.6 * who.sex
    middle = rest + 0.2 * units.smile - 1.6 * units.pout
    return Mouth(
        half_width=25.0
        * (1 + 0.07 * who.mouth_width)
        * (1 + 0.27 * units.smile - 0.05 * units.frown),
        middle=middle,
        corner=rest + 0.4 - 7.4 * units.smile + 5.8 * units.frown,
        gap=8.4 * (1 + 0.16 * who.gape) * units.part,
        upper_lip=6.6 * full * (1 - 0.26 * units.cheek - 0.06 * units.frown),
        lower_lip=9.0 * full * (1 - 0.24 * units.cheek + 0.04 * units.pout),
        bend=2.0 + 0.25 * units.pout,
    )


def _head(who: Identity, units: ActionUnits) -> Head:
    jaw = 1.7 * who.jaw + 2.6 * who.sex + 1.6 * who.cheeks
    chin = 112.5 + 2.6 * who.chin + 1.6 * who.sex
    sag = 1.0 * max(who.age, 0.0)
    cheek = 0.9 * who.cheeks + 1.1 * units.cheek
    drop = chin - 112.5
    points = [
        (0.0, -113.0),
        (26.0, -109.5),
        (48.0, -97.0),
        (63.0, -74.0),
        (70.0, -45.0),
        (72.0, -14.0),
        (70.6 + 0.5 * cheek, 15.0),
        (66.6 + cheek, 40.0),
        (61.0 + 0.7 * jaw + cheek, 63.0 + 0.3 * drop),
        (52.6 + jaw + sag, 80.5 + 0.5 * drop),
        (39.0 + 0.85 * jaw + 0.5 * sag, 97.5 + 0.8 * drop),
        (21.0 + 0.4 * jaw, 109.2 + drop),
        (0.0, chin),
    ]
    breadth = 1 + 0.035 * who.width + 0.012 * who.sex
    x, y = np.array(points).T * np.array([[breadth], [1.0]])
    angles, radii = np.arctan2(x, -y), np.hypot(x, y)
    smooth = CubicSpline(angles, radii, bc_type="clamped")
    return Head(smooth(np.linspace(0.0, math.pi, _TABLE)), chin, breadth)
