"""Prior densities of one parameter, with what the engines need of them.

Maximum likelihood needs logarithms and their derivatives, the posterior distribution functions and
quantiles. Shapes are `psychobench.fits.prior_options.Shape`, on the scale of the user's levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from psychobench.fits.functions import Floats
from psychobench.fits.prior_options import Shape

LEAST = 1e-9  # where the logarithm of a density would be infinite
_UNIT = np.linspace(0.0, 1.0, 8193)
_COSINE_MASS = _UNIT + np.sin(np.pi * _UNIT) / np.pi  # mass under a falling cosine edge, 1 in all


def log_density(shape: Shape, x: Floats) -> Floats:
    """Evaluate the logarithm of a density, up to a constant, where it is above 0."""
    name, numbers = shape
    if name == "beta":
        a, b = numbers
        value = (b - 1) * np.log1p(-np.minimum(x, 1 - LEAST))
        return value if a == 1 else value + (a - 1) * np.log(np.maximum(x, LEAST))
    if name == "gamma":
        a, scale = numbers
        return (a - 1) * np.log(np.maximum(x, LEAST)) - x / scale
    if name == "lognormal":
        s, scale = numbers
        log = np.log(np.maximum(x, LEAST))
        return -log - ((log - math.log(scale)) / s) ** 2 / 2
    if name == "uniform":
        return np.zeros_like(x)
    mean, sd = (0.0, *numbers)[-2:]  # normal, halfnormal
    return -(((x - mean) / sd) ** 2) / 2


def log_density_slopes(shape: Shape, x: Floats) -> tuple[Floats, Floats]:
    """Evaluate the first two derivatives of the logarithm of a density."""
    name, numbers = shape
    if name == "beta":
        a, b = numbers
        rest, x = 1 - np.minimum(x, 1 - LEAST), np.maximum(x, LEAST)
        return (a - 1) / x - (b - 1) / rest, -(a - 1) / x**2 - (b - 1) / rest**2
    if name == "gamma":
        a, scale = numbers
        x = np.maximum(x, LEAST)
        return (a - 1) / x - 1 / scale, -(a - 1) / x**2
    if name == "lognormal":
        s, scale = numbers
        x = np.maximum(x, LEAST)
        log = np.log(x / scale)
        return -(1 + log / s**2) / x, (1 + (log - 1) / s**2) / x**2
    if name == "uniform":
        return np.zeros_like(x), np.zeros_like(x)
    mean, sd = (0.0, *numbers)[-2:]
    return -(x - mean) / sd**2, np.full_like(x, -1 / sd**2)


def cdf(shape: Shape, x: Floats) -> Floats:
    """Evaluate the distribution function."""
    name, numbers = shape
    low, high = shape.support
    x = np.clip(x, low, high)
    if name == "beta":
        a, b = numbers
        return np.asarray(-np.expm1(b * np.log1p(-x)) if a == 1 else special.betainc(a, b, x))
    if name == "gamma":
        return np.asarray(special.gammainc(numbers[0], x / numbers[1]))
    if name == "lognormal":
        return np.asarray(special.ndtr(np.log(np.maximum(x, 1e-300) / numbers[1]) / numbers[0]))
    if name == "uniform":
        return np.asarray((x - low) / (high - low))
    mean, sd = (0.0, *numbers)[-2:]
    p = special.ndtr((x - mean) / sd)
    return np.asarray(2 * p - 1 if name == "halfnormal" else p)


def quantile(shape: Shape, p: Floats) -> Floats:
    """Invert `cdf`."""
    name, numbers = shape
    if name == "beta":
        a, b = numbers
        if a == 1:  # in closed form
            return np.asarray(1 - np.exp(np.log(np.maximum(1 - p, 1e-15)) / b))
        return np.asarray(special.betaincinv(a, b, p))
    if name == "gamma":
        return np.asarray(special.gammaincinv(numbers[0], p) * numbers[1])
    if name == "lognormal":
        return np.asarray(np.exp(special.ndtri(p) * numbers[0]) * numbers[1])
    if name == "uniform":
        return np.asarray(numbers[0] + p * (numbers[1] - numbers[0]))
    mean, sd = (0.0, *numbers)[-2:]
    return np.asarray(mean + sd * special.ndtri((1 + p) / 2 if name == "halfnormal" else p))


class Density(Protocol):
    """The prior density of one parameter of n fits; values have shape (n, m)."""

    def take(self, rows: NDArray[np.integer] | slice) -> Density:
        """Select rows."""

    def cdf(self, x: Floats) -> Floats:
        """Evaluate the distribution function."""

    def quantile(self, p: Floats) -> Floats:
        """Invert `cdf`."""

    def log_density(self, x: Floats) -> Floats:
        """Evaluate the logarithm of the density, up to a constant of each row."""

    def support(self) -> tuple[Floats, Floats]:
        """Return finite ends that hold all of the density in effect, (n,) or (1,) each."""


@dataclass(frozen=True)
class Plateau:
    """A density with a flat top and edges that rise and fall along a raised cosine.

    Parameters
    ----------
    foot, low, high, end : ndarray, shape (n,)
        The density rises from `foot` to `low` and falls from `high` to `end`.
    """

    foot: Floats
    low: Floats
    high: Floats
    end: Floats

    def take(self, rows: NDArray[np.integer] | slice) -> Plateau:
        """Select rows."""
        return Plateau(self.foot[rows], self.low[rows], self.high[rows], self.end[rows])

    def cdf(self, x: Floats) -> Floats:
        """Evaluate the distribution function at `x`, shape (n, m)."""
        foot, low, high, end = self._columns()
        rise, flat, fall = (low - foot) / 2, high - low, (end - high) / 2
        down = np.clip((low - x) / np.where(low > foot, low - foot, 1.0), 0.0, 1.0)
        up = np.clip((x - high) / np.where(end > high, end - high, 1.0), 0.0, 1.0)
        mass = (
            rise * (1 - _cosine_mass(down)) + np.clip(x - low, 0.0, flat) + fall * _cosine_mass(up)
        )
        return np.asarray(mass / (rise + flat + fall))

    def quantile(self, p: Floats) -> Floats:
        """Invert `cdf`: shape (n, m)."""
        foot, low, high, end = self._columns()
        rise, flat, fall = (low - foot) / 2, high - low, (end - high) / 2
        mass = p * (rise + flat + fall) - rise  # beyond the foot of the flat top
        x = low + np.clip(mass, 0.0, flat)
        down, up = (mass < 0) & (rise > 0), (mass > flat) & (fall > 0)
        rising, falling = np.broadcast_arrays(rise, fall, p)[:2]
        x[down] -= 2 * rising[down] * np.interp(-mass[down] / rising[down], _COSINE_MASS, _UNIT)
        mass -= flat
        x[up] += 2 * falling[up] * np.interp(mass[up] / falling[up], _COSINE_MASS, _UNIT)
        return np.asarray(x)

    def log_density(self, x: Floats) -> Floats:
        """Evaluate the logarithm of the density relative to its maximum, shape (n, m)."""
        foot, low, high, end = self._columns()
        down = (low - x) / np.where(low > foot, low - foot, 1.0)
        up = (x - high) / np.where(end > high, end - high, 1.0)
        down, up = np.where(low > foot, down, 0.0), np.where(end > high, up, 0.0)
        beyond = np.clip(np.maximum(down, up), 0.0, 1.0)
        with np.errstate(divide="ignore"):
            return np.asarray(2 * np.log(np.cos(beyond * (np.pi / 2))))

    def support(self) -> tuple[Floats, Floats]:
        """Return foot and end."""
        return self.foot, self.end

    def _columns(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.foot[:, None], self.low[:, None], self.high[:, None], self.end[:, None]


def _cosine_mass(t: Floats) -> Floats:
    return t + np.sin(np.pi * t) / np.pi


@dataclass(frozen=True)
class Parametric:
    """A shape on the scale of the user's levels, in the units of a fit.

    Parameters
    ----------
    shape : Shape
        The shape.
    units : tuple of ndarray, shape (n,) each, optional
        Shift and stretch: a value x of the fit is ``shift + stretch x`` to the user. Rates have
        no unit.
    """

    shape: Shape
    units: tuple[Floats, Floats] | None = None

    def take(self, rows: NDArray[np.integer] | slice) -> Parametric:
        """Select rows."""
        if self.units is None:
            return self
        return Parametric(self.shape, (self.units[0][rows], self.units[1][rows]))

    def cdf(self, x: Floats) -> Floats:
        """Evaluate the distribution function."""
        return cdf(self.shape, self._to_user(x))

    def quantile(self, p: Floats) -> Floats:
        """Invert `cdf`."""
        return self._to_fit(quantile(self.shape, p))

    def log_density(self, x: Floats) -> Floats:
        """Evaluate the logarithm of the density, up to a constant."""
        return log_density(self.shape, self._to_user(x))

    def support(self) -> tuple[Floats, Floats]:
        """Return finite ends between which all of the density lies in effect."""
        ends = [
            end if math.isfinite(end) else float(quantile(self.shape, np.array(p)))
            for end, p in zip(self.shape.support, (LEAST, 1 - LEAST), strict=True)
        ]
        low, high = (self._to_fit(np.full((1, 1), end))[:, 0] for end in ends)
        return low, high

    def _to_user(self, x: Floats) -> Floats:
        if self.units is None:
            return x
        return np.asarray(self.units[0][:, None] + self.units[1][:, None] * x)

    def _to_fit(self, x: Floats) -> Floats:
        if self.units is None:
            return x
        return np.asarray((x - self.units[0][:, None]) / self.units[1][:, None])


@dataclass(frozen=True)
class Either:
    """One density in some rows and another in the rest: guess and lapse of curves that fall."""

    usual: Density
    other: Density
    swapped: NDArray[np.bool_]

    def take(self, rows: NDArray[np.integer] | slice) -> Either:
        """Select rows."""
        return Either(self.usual.take(rows), self.other.take(rows), self.swapped[rows])

    def cdf(self, x: Floats) -> Floats:
        """Evaluate the distribution function."""
        return np.where(self.swapped[:, None], self.other.cdf(x), self.usual.cdf(x))

    def quantile(self, p: Floats) -> Floats:
        """Invert `cdf`."""
        return np.where(self.swapped[:, None], self.other.quantile(p), self.usual.quantile(p))

    def log_density(self, x: Floats) -> Floats:
        """Evaluate the logarithm of the density, up to a constant of each row."""
        return np.where(self.swapped[:, None], self.other.log_density(x), self.usual.log_density(x))

    def support(self) -> tuple[Floats, Floats]:
        """Return finite ends between which all of the density lies in effect."""
        pairs = zip(self.usual.support(), self.other.support(), strict=True)
        low, high = (np.where(self.swapped, other, usual) for usual, other in pairs)
        return low, high
