"""Smooth courses over the level, estimated out of sample, and images that leave them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_HIGHEST = 5  # degree: more bends than that are no smooth course
_FEWEST = 5  # images: among fewer, none can be told from a course through the others
_CLEAR = 3.0  # times the scatter of the others, which an outlier must exceed
_GAIN = 0.95  # a higher degree must lower the squared error of prediction to this share


@dataclass(frozen=True, eq=False)
class Course:
    """A polynomial course of a property over the level.

    Attributes
    ----------
    degree : int
        0 where the level predicts nothing.
    size : float
        Range of the course over the levels, in the unit of the values.
    drift : float
        Its last value minus its first.
    explained : float
        Share of the squared deviations from the mean that it predicts for images that were left
        out of the fit; 0 for degree 0.
    scatter : float
        Root mean square error of those predictions.
    """

    degree: int
    size: float
    drift: float
    explained: float
    scatter: float
    coefficients: Values
    centre: float
    half: float

    def predict(self, levels: Values) -> Values:
        """Return the course at some levels."""
        return np.asarray(
            np.polynomial.legendre.legval((levels - self.centre) / self.half, self.coefficients)
        )


def fit_course(levels: Values, values: Values) -> Course:
    """Fit the course that best predicts images left out of the fit.

    Polynomials of rising degree compete by the sum of squared leave-one-out errors (PRESS [1]_).
    Images are no sample of anything, so there is no p value: what counts is how large the course
    is, and whether it holds for images that it has not seen.

    Parameters
    ----------
    levels, values : ndarray of float64, shape (n,)
        One of each per image.

    Returns
    -------
    Course

    References
    ----------
    .. [1] Allen, D. M. (1974). The relationship between variable selection and data augmentation
       and a method for prediction. Technometrics, 16(1), 125-127.

    Examples
    --------
    >>> levels = np.linspace(0, 1, 11)
    >>> course = fit_course(levels, 1 - (2 * levels - 1) ** 2)
    >>> course.degree, round(course.size, 3)
    (2, 1.0)
    """
    low, high = float(levels.min()), float(levels.max())
    centre, half = 0.5 * (low + high), 0.5 * (high - low) or 1.0
    scaled = (levels - centre) / half
    count = len(np.unique(levels))
    highest = min(_HIGHEST, count // 2) if count > 2 else 0
    candidates = [_press(scaled, values, degree) for degree in range(highest + 1)]
    rounding = len(values) * (1e-12 * float(np.abs(values).max())) ** 2  # no error is below it
    degree = 0
    for higher, (error, _) in enumerate(candidates):
        if error + rounding < _GAIN * (candidates[degree][0] + rounding):
            degree = higher
    error, coefficients = candidates[degree]
    ends = np.polynomial.legendre.legval(np.array([-1.0, 1.0]), coefficients)
    fitted = np.polynomial.legendre.legval(scaled, coefficients)
    constant = candidates[0][0]
    return Course(
        degree=degree,
        size=float(np.ptp(fitted)),
        drift=float(ends[1] - ends[0]) if degree else 0.0,
        explained=1.0 - error / constant if degree and constant > 0 else 0.0,
        scatter=float(np.sqrt(error / len(values))),
        coefficients=coefficients,
        centre=centre,
        half=half,
    )


def find_outliers(levels: Values, values: Values, limit: float) -> dict[int, float]:
    """Find the images that leave the course of their neighbours.

    The image is named without which the course through the others predicts best, if it lies
    further from that course than the limit, and than three times the scatter of the others.

    Parameters
    ----------
    levels, values : ndarray of float64, shape (n,)
        One of each per image; no level twice.
    limit : float
        In the unit of the values.

    Returns
    -------
    dict of int to float
        By the index of the image, its distance from the course of the others; empty with fewer
        than five images.

    Examples
    --------
    >>> find_outliers(np.arange(6.0), np.array([1.0, 2.0, 3.0, 9.0, 5.0, 6.0]), 1.0)
    {3: 5.0}
    """
    found: dict[int, float] = {}
    left = np.arange(len(levels))
    while len(left) >= max(_FEWEST, len(levels) - len(levels) // 4):
        courses = [
            fit_course(levels[np.delete(left, k)], values[np.delete(left, k)])
            for k in range(len(left))
        ]
        best = int(np.argmin([course.scatter for course in courses]))
        index = int(left[best])
        away = float(values[index] - courses[best].predict(levels[index : index + 1])[0])
        if abs(away) < max(limit, _CLEAR * courses[best].scatter):
            break
        found[index] = round(away, 9)
        left = np.delete(left, best)
    return found


def _press(scaled: Values, values: Values, degree: int) -> tuple[float, Values]:
    """Return the sum of squared leave-one-out errors of a polynomial, and its coefficients."""
    basis, inverse, left_out = _basis(tuple(scaled.tolist()), degree)
    along = basis.T @ values
    errors = (values - basis @ along) / left_out
    return float(errors @ errors), inverse @ along


@lru_cache(maxsize=1024)  # all properties of a set have its levels
def _basis(scaled: tuple[float, ...], degree: int) -> tuple[Values, Values, Values]:
    """Return an orthonormal basis, what makes coefficients of it, and one minus the leverages."""
    design = np.polynomial.legendre.legvander(np.array(scaled), degree)
    basis, triangle = np.linalg.qr(design)
    # of a linear fit, e_i / (1 - h_ii) is the error for an image that was left out
    leverage = np.einsum("ij,ij->i", basis, basis)
    return basis, np.linalg.inv(triangle), np.maximum(1.0 - leverage, 1e-9)
