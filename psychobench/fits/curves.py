"""Fitted psychometric functions of many observers: their PSEs, JNDs and slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychobench.fits.functions import Floats, Sigmoid, psi

PARAMETERS = ("threshold", "width", "guess", "lapse", "overdispersion")
Interval = tuple[Floats, Floats]  # lower and upper ends, shape (n,) each; nan where none


@dataclass(frozen=True)
class Curves:
    """Parameters of `n` fitted curves, one array of shape (n,) each.

    Parameters
    ----------
    sigmoid : Sigmoid
        Common to all.
    threshold, width : ndarray
        In level units, or natural log units where ``sigmoid.log_levels``. A width of 0 is a step at
        the threshold.
    guess, lapse : ndarray
        Lower asymptote, and distance of the upper one from 1.
    overdispersion : ndarray
        nan where the likelihood has none.
    falling : ndarray of bool
        Whether ``1 - F`` stands in the place of ``F``.
    objective : ndarray
        Log-likelihood without any prior; for probabilities the negative mean cross-entropy.

    Examples
    --------
    >>> import numpy as np
    >>> from psychobench.fits.functions import SIGMOIDS
    >>> one = [np.array([value]) for value in (0.5, 0.4, 0.1, 0.0, np.nan, False, -7.0)]
    >>> Curves(SIGMOIDS["norm"], *one).pse().round(3).tolist()
    [0.483]
    """

    sigmoid: Sigmoid
    threshold: Floats
    width: Floats
    guess: Floats
    lapse: Floats
    overdispersion: Floats
    falling: NDArray[np.bool_]
    objective: Floats

    def __len__(self) -> int:
        return len(self.threshold)

    @property
    def steps(self) -> NDArray[np.bool_]:
        """Return which curves are step functions, shape (n,)."""
        return np.asarray(self.width == 0)

    def take(self, rows: NDArray[np.integer]) -> Curves:
        """Select rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})

    def put(self, rows: NDArray[np.integer], part: Curves) -> Curves:
        """Replace some rows by other curves."""
        arrays = {name: getattr(self, name).copy() for name in _ARRAYS}
        for name, array in arrays.items():
            array[rows] = getattr(part, name)
        return replace(self, **arrays)

    @classmethod
    def concatenate(cls, parts: Sequence[Curves]) -> Curves:
        """Concatenate curves of one sigmoid."""
        return cls(
            parts[0].sigmoid,
            *(np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS),
        )

    def where(self, chosen: NDArray[np.bool_], other: Curves) -> Curves:
        """Select each row from these curves where `chosen`, else from `other`."""
        return replace(
            self,
            **{
                name: np.where(chosen, getattr(self, name), getattr(other, name))
                for name in _ARRAYS
            },
        )

    def psi(self, levels: ArrayLike) -> Floats:
        """Evaluate every curve at `levels`, shape (m,) or (n, m): shape (n, m)."""
        columns = (
            getattr(self, name)[:, None] for name in ("threshold", "width", "guess", "lapse")
        )
        return psi(
            self.sigmoid,
            np.atleast_2d(np.asarray(levels, dtype=np.float64)),
            *columns,
            falling=self.falling[:, None],
        )

    def share(self) -> Floats:
        """Compute the value of ``F`` at which psi is .5; outside 0 to 1 where psi never is."""
        share = (0.5 - self.guess) / (1 - self.guess - self.lapse)
        return np.asarray(np.where(self.falling, 1 - share, share))

    def pse(self) -> Floats:
        """Compute the level at which psi is .5; nan where it never is."""
        return self.sigmoid.to_level(
            self.sigmoid.position(self.share(), self.threshold, self.width)
        )

    def thresholds(self) -> Floats:
        """Compute thresholds as levels."""
        return self.sigmoid.to_level(self.threshold)

    def jnd(self) -> Floats:
        """Compute half the distance between the levels where ``F`` is .25 and .75; nan in steps."""
        upper, lower = (
            self.sigmoid.to_level(self.sigmoid.position(p, self.threshold, self.width))
            for p in (0.75, 0.25)
        )
        with np.errstate(invalid="ignore"):  # both ends may lie at infinity
            return np.asarray(np.where(self.steps, np.nan, (upper - lower) / 2))

    def slope(self) -> Floats:
        """Compute the slope of psi, per level unit, at the PSE; nan where there is none."""
        share = self.share()
        inside = (share > 0) & (share < 1)
        standard = self.sigmoid.ppf(np.where(inside, share, 0.5))
        width = np.where(self.steps, np.nan, self.width)
        steepness = self.sigmoid.pdf(standard) * self.sigmoid.spread / width
        if self.sigmoid.log_levels:
            steepness = steepness / self.pse()
        sign = np.where(self.falling, -1.0, 1.0)
        return np.where(inside, sign * (1 - self.guess - self.lapse) * steepness, np.nan)


_ARRAYS = tuple(field.name for field in fields(Curves) if field.name != "sigmoid")
