"""Distance between an observer's psychometric function and people's, over all levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychobench.arguments import Names
from psychobench.comparison.cohort_measures import (
    DEFAULT_STATUSES,
    CohortMeasures,
    HasFrame,
    check_statuses,
)
from psychobench.errors import ComparisonError
from psychobench.tables.notebook import ShownAsTable

SPLITS = 1000


class HasCurves(HasFrame, Protocol):
    """A table of fits whose curves can be evaluated, such as `psychobench.fits.pse.Fits`."""

    def predict(self, levels: ArrayLike) -> NDArray[np.float64]:
        """Return psi of every fit, shape (fits, levels)."""
        ...


@dataclass(frozen=True)
class CurveDistance(ShownAsTable):
    """Distance between an observer's curve and people's, with people's own distances.

    All distances are root mean squares of differences in P(target) over levels.

    Attributes
    ----------
    curve_distance : float
        From the observer's curve to the people's mean curve.
    curve_distance_people : float
        The same for people: the median distance of a person to the mean of the others.
    curve_percentile : float
        Percentage of people who are closer to the mean of the others than the observer is to the
        mean of all, 0 to 100; ties count half.
    curve_split_half : float
        Distance between the mean curves of two random halves of the people, the median over many
        splits. An observer that is closer than this is indistinguishable from the average person.
    curve_people : int
        Number of people.
    """

    curve_distance: float
    curve_distance_people: float
    curve_percentile: float
    curve_split_half: float
    curve_people: int

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a table of one row."""
        return pd.DataFrame([asdict(self)])


def curve_distance(
    curve: ArrayLike, people: ArrayLike, *, splits: int = SPLITS, seed: int = 0
) -> CurveDistance:
    """Compute the distance between an observer's curve and people's curves.

    Parameters
    ----------
    curve : array_like of float, shape (m,)
        The observer's P(target) at m levels.
    people : array_like of float, shape (n, m)
        The people's at the same levels, n > 1.
    splits : int
        Number of random split halves.
    seed : int
        Seed of the splits.

    Raises
    ------
    ComparisonError
        If there are fewer than two people or the levels do not match.

    Examples
    --------
    >>> people = [[0.0, 0.4, 1.0], [0.0, 0.6, 1.0]]
    >>> measured = curve_distance([0.0, 0.8, 1.0], people)
    >>> round(measured.curve_distance, 3), measured.curve_percentile
    (0.173, 100.0)
    """
    curve, people = np.asarray(curve, dtype=np.float64), np.asarray(people, dtype=np.float64)
    if people.ndim != 2 or len(people) < 2 or curve.shape != people.shape[1:]:
        raise ComparisonError(
            "a curve must be compared with those of at least two people at the same levels: the "
            f"observer's has shape {curve.shape}, the people's have {people.shape}"
        )
    n = len(people)
    distance = float(_rms(curve - people.mean(axis=0)))
    # distance of each person to the mean of the others, leaving that person out of the mean
    persons = _rms(people - people.mean(axis=0)) * n / (n - 1)
    nearer = np.mean(persons < distance) + np.mean(persons == distance) / 2
    return CurveDistance(
        curve_distance=distance,
        curve_distance_people=float(np.median(persons)),
        curve_percentile=float(100 * nearer),
        curve_split_half=_split_half(people, splits, np.random.default_rng(seed)),
        curve_people=n,
    )


def compare_curves(
    observers: HasCurves,
    cohort: HasCurves,
    cohorts: Mapping[str, CohortMeasures],
    levels: Mapping[str, ArrayLike],
    *,
    statuses: Names = DEFAULT_STATUSES,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute the distance between every observer's fitted curve and those of its cohort.

    Fitted curves are used rather than observed proportions because they are less noisy and exist at
    levels that an observer was not shown. No PSE is needed. People whose fit failed have no curve;
    people with a reversed curve are left out unless `statuses` includes that status.

    Parameters
    ----------
    observers, cohort : Fits
        As for `compare`.
    cohorts : Mapping of str to CohortMeasures
        The people that each mask is compared with, from `match_cohorts`.
    levels : Mapping of str to array_like
        The levels that the people judged, by condition.
    statuses : str or sequence of str
        The statuses whose PSEs are included.
    seed : int
        Seed of the split halves.

    Returns
    -------
    pandas.DataFrame
        One row per fit of `observers`: `observer`, `mask` and the fields of `CurveDistance`, which
        are missing where there is no curve.
    """
    statuses = check_statuses(statuses)
    fits, people = observers.to_frame(), cohort.to_frame()
    counts = (people["status"] != "reversed") | ("reversed" in statuses)
    rows: list[dict[str, float]] = [{}] * len(fits)
    for mask, each in cohorts.items():
        mine = np.flatnonzero(fits["condition"] == mask)
        theirs = cohort.predict(levels[each.condition])
        theirs = theirs[(counts & (people["condition"] == each.condition)).to_numpy()]
        theirs = theirs[np.isfinite(theirs).all(axis=1)]
        for row, curve in zip(mine, observers.predict(levels[each.condition])[mine], strict=True):
            if np.isfinite(curve).all():
                rows[row] = asdict(curve_distance(curve, theirs, seed=seed))
    measured = pd.DataFrame(rows, columns=list(CurveDistance.__annotations__), dtype=np.float64)
    measured = measured.astype({"curve_people": "Int64"})
    return fits[["observer", "condition"]].rename(columns={"condition": "mask"}).join(measured)


def _split_half(people: NDArray[np.float64], splits: int, rng: np.random.Generator) -> float:
    n = len(people)
    halves = rng.permuted(np.tile(np.arange(n) < n // 2, (splits, 1)), axis=1)
    first = halves @ people / (n // 2)
    second = ~halves @ people / (n - n // 2)
    return float(np.median(_rms(first - second)))


def _rms(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.mean(differences**2, axis=-1)))
