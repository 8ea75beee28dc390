"""Distance between curves: how far an observer's answers lie from people's over all levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychobench.comparison.cohort_measures import TESTED, CohortMeasures, HasFrame
from psychobench.errors import ComparisonError

SPLITS = 1000


class HasCurves(HasFrame, Protocol):
    """A table of fits whose curves can be evaluated; `psychobench.fits.pse.Fits` is one."""

    def predict(self, levels: ArrayLike) -> NDArray[np.float64]:
        """Give psi of every fit, shape (fits, levels)."""
        ...


@dataclass(frozen=True)
class CurveDistance:
    """How far one observer's curve lies from people's, beside how far people's lie.

    All distances are root mean squares of differences in P(target) over levels.

    Attributes
    ----------
    curve_distance : float
        From the observer's curve to the people's mean curve.
    curve_distance_people : float
        The same for people: the median of each one's distance to the mean of the others.
    curve_percentile : float
        Share of people who lie nearer to the others' mean than the observer to the people's, 0 to
        100; people just as far count half.
    curve_split_half : float
        Between the mean curves of two random halves of the people, the median over many splits. An
        observer who is nearer to the people than this cannot be told from the average person.
    curve_people : int
        How many people.
    """

    curve_distance: float
    curve_distance_people: float
    curve_percentile: float
    curve_split_half: float
    curve_people: int


def curve_distance(
    curve: ArrayLike, people: ArrayLike, *, splits: int = SPLITS, seed: int = 0
) -> CurveDistance:
    """Measure how far an observer's curve lies from people's.

    Parameters
    ----------
    curve : array_like of float, shape (m,)
        The observer's P(target) at m levels.
    people : array_like of float, shape (n, m)
        The people's at the same levels, n > 1.
    splits : int
        Random halvings of the people.
    seed : int
        Of the halvings.

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
            "curves are compared with those of two people or more, at the same levels: the "
            f"observer's have shape {curve.shape}, the people's {people.shape}"
        )
    n = len(people)
    distance = float(_rms(curve - people.mean(axis=0)))
    # a person's distance to the mean of the others, by leaving that person out of the mean
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
    tested: Sequence[str] = TESTED,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure how far every observer's fitted curve lies from the fitted curves of its cohort.

    Fitted curves rather than observed proportions: they carry less of the chance of single trials,
    and exist at levels that an observer was not shown. No PSE is needed. People whose fit failed
    have no curve, and those with a reversed one are left out unless `tested` has that status.

    Parameters
    ----------
    observers, cohort : Fits
        As for `compare`.
    cohorts : Mapping of str to CohortMeasures
        Mask to the people that it is tested against, as `match_cohorts` gives it.
    levels : Mapping of str to array_like
        The levels that the people judged, by condition.
    tested : sequence of str
        The statuses whose PSEs count.
    seed : int
        Of the halvings of the people.

    Returns
    -------
    pandas.DataFrame
        One row per fit of `observers`: `observer`, `mask` and the fields of `CurveDistance`, which
        are missing where a curve is.
    """
    fits, people = observers.to_frame(), cohort.to_frame()
    counts = (people["status"] != "reversed") | ("reversed" in tested)
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
