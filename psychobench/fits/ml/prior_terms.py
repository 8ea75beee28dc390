"""Logarithms of priors as terms of the log-likelihood that is maximised (eq. 9).

A prior is a density of threshold, width, guess, lapse or overdispersion on the scale of the user's
levels; theta holds the threshold in units of z, the logarithm of the width, and the squared
overdispersion. The density itself is not converted: the mode would move with the scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.densities import log_density, log_density_slopes
from psychobench.fits.functions import Floats
from psychobench.fits.options import FitOptions
from psychobench.fits.prior_options import Shape, read_shape

THRESHOLD, LOG_WIDTH, GUESS, LAPSE, RHO = range(5)  # columns of theta


@dataclass(frozen=True)
class PriorTerm:
    """The logarithm of one parameter's prior in n fits.

    Parameters
    ----------
    shape : Shape
        The density.
    column : ndarray of int, shape (n,)
        Of theta: `GUESS` and `LAPSE` are swapped in curves that fall.
    shift, stretch : ndarray, shape (n,)
        From theta to the user's scale, after exponential or root.
    weight : ndarray, shape (n,)
        1, or less where several rows have a parameter in common, whose prior counts once.
    """

    shape: Shape
    column: NDArray[np.intp]
    shift: Floats
    stretch: Floats
    weight: Floats

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> PriorTerm:
        """Select rows."""
        shift, stretch, weight = (part[rows] for part in (self.shift, self.stretch, self.weight))
        return PriorTerm(self.shape, self.column[rows], shift, stretch, weight)

    def value(self, theta: Floats) -> Floats:
        """Evaluate the term at parameters of shape (5, n)."""
        natural, _, _ = self._natural(theta)
        return np.asarray(self.weight * log_density(self.shape, natural))

    def __call__(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Evaluate the term and its first two derivatives at parameters of shape (5, n)."""
        natural, first, second = self._natural(theta)
        slope, bend = log_density_slopes(self.shape, natural)
        return (
            np.asarray(self.weight * log_density(self.shape, natural)),
            np.asarray(self.weight * slope * first),
            np.asarray(self.weight * (bend * first**2 + slope * second)),
        )

    def _natural(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Convert theta to the user's scale, with both derivatives of the conversion."""
        x = theta[self.column, np.arange(len(self.column))]
        if not len(x) or self.column[0] not in (LOG_WIDTH, RHO):
            return self.shift + self.stretch * x, self.stretch, np.zeros_like(x)
        if self.column[0] == LOG_WIDTH:
            width = self.stretch * np.exp(x)
            return width, width, width
        root = np.sqrt(x)
        return root, 0.5 / root, -0.25 / (root * x)


def make_prior_terms(
    blocks: Blocks, options: FitOptions, swapped: NDArray[np.bool_]
) -> tuple[PriorTerm, ...]:
    """Formulate the priors of a table's fits; priors that follow the levels have no term.

    Parameters
    ----------
    blocks : Blocks
        The data.
    options : FitOptions
        With `priors`.
    swapped : ndarray of bool, shape (n,)
        Where guess and lapse are swapped.
    """
    n, terms = len(blocks), []
    columns = {
        "threshold": np.full(n, THRESHOLD),
        "width": np.full(n, LOG_WIDTH),
        "guess": np.where(swapped, LAPSE, GUESS),
        "lapse": np.where(swapped, GUESS, LAPSE),
        "overdispersion": np.full(n, RHO),
    }
    units = {
        "threshold": (blocks.centre, blocks.scale),
        "width": (np.zeros(n), blocks.scale),
    }
    for name, text in options.priors.items():
        shape = read_shape(text)
        if shape is None or (name == "lapse" and options.asymptotes == "equal"):
            continue  # one rate, whose prior counts once
        column = np.full(n, GUESS) if options.asymptotes == "equal" else columns[name]
        column = column if name in ("guess", "lapse") else columns[name]
        shift, stretch = units.get(name, (np.zeros(n), np.ones(n)))
        terms.append(PriorTerm(shape, column, shift, stretch, np.ones(n)))
    return tuple(terms)


def within_supports(
    terms: tuple[PriorTerm, ...], low: Floats, high: Floats
) -> tuple[Floats, Floats]:
    """Narrow bounds on theta, (n, 5) each, to where all priors are above 0."""
    low, high = low.copy(), high.copy()
    row = np.arange(len(low))
    for term in terms:
        least, most = term.shape.support
        with np.errstate(divide="ignore"):
            ends = [_to_theta(term, end) for end in (least, most)]
        held = low[row, term.column] == high[row, term.column]
        for bound, end, tighter in ((low, ends[0], np.maximum), (high, ends[1], np.minimum)):
            now = bound[row, term.column]
            bound[row, term.column] = np.where(held, now, tighter(now, end))
    return low, high


def _to_theta(term: PriorTerm, end: float) -> Floats:
    """Convert an end on the user's scale to theta, (n,)."""
    if len(term.column) and term.column[0] == LOG_WIDTH:
        return np.log(end / term.stretch)
    if len(term.column) and term.column[0] == RHO:
        return np.full(len(term.column), end**2)
    return np.asarray((end - term.shift) / term.stretch)


def counting_once(
    terms: tuple[PriorTerm, ...], slots: NDArray[np.intp], owner: NDArray[np.intp]
) -> tuple[PriorTerm, ...]:
    """Weigh terms of rows whose parameters `slots` (m, 4) of one `owner` (m,) have in common."""
    found = []
    for term in terms:
        place = slots[np.arange(len(slots)), term.column]
        keys = owner * (slots.max() + 1) + place
        found.append(replace(term, weight=1.0 / np.bincount(keys)[keys]))
    return tuple(found)
