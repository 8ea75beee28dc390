"""Measures of how near a map comes to where people looked; none suffices alone."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from psychobench.gaze.fixation_maps import Map, unit_range

Pixels = tuple[NDArray[np.intp], NDArray[np.intp]]

# name -> (what it measures, whether a higher value is nearer to people)
METRICS = MappingProxyType(
    {
        "mae": ("mean absolute error of the maps, each stretched to 0 to 1", False),
        "nss": ("map's z-score at the fixations", True),
        "auc": ("area under the ROC curve, fixated pixels against the rest (AUC-Judd)", True),
        "sauc": ("area under the ROC curve, fixations here against those on other images", True),
        "cc": ("correlation of the maps", True),
        "kl": ("Kullback-Leibler divergence of people's map from this one, nats", False),
        "sim": ("overlap of the maps as distributions, 0 to 1", True),
        "ig": ("information gain over the centre bias, bits per fixation", True),
    }
)
EPSILON = float(np.finfo(np.float64).eps)  # 2^-52, MATLAB's eps, as in the MIT saliency benchmark


def score_map(
    candidate: Map,
    people: Map,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    *,
    elsewhere: Pixels | None = None,
    baseline: Map | None = None,
) -> dict[str, float]:
    """Score a map against people's fixations on the same image.

    Parameters
    ----------
    candidate : ndarray of float64, shape (height, width)
        The map to score.
    people : ndarray of float64, shape (height, width)
        The fixation map, in the normalisation that the error is to have.
    rows, columns : ndarray of int, shape (n,)
        The pixels under the fixations.
    elsewhere : tuple of two ndarrays of int, shape (m,), optional
        Rows and columns of fixations on other images, which ``sauc`` needs.
    baseline : ndarray of float64, shape (height, width), optional
        The map that ``ig`` is the gain over.

    Returns
    -------
    dict of str to float
        By the names of `METRICS`; NaN where an input is missing. A map that is the same everywhere
        is taken as uniform: it has an AUC of .5, and neither NSS nor CC (NaN).

    Notes
    -----
    ``kl``, ``sim`` and ``ig`` take maps as distributions: they are divided by their sum, after
    their minimum is subtracted only where it is below zero. With p for people's map, q for the
    candidate and b for the baseline:

    - ``kl`` = sum of p log(e + p / (q + e)), e = 2^-52 (2.2204e-16);
    - ``sim`` = sum of min(p, q);
    - ``ig`` = mean over fixations of log2(q + e) - log2(b + e).

    The MIT code stretches maps to [0, 1] before it computes ``sim`` and ``ig``; the publication and
    pysaliency do not. ``nss`` and ``ig`` average over fixations, so that a pixel that was fixated
    twice counts twice. ``auc`` is `auc_judd`, ``sauc`` is `auc_shuffled`. pysaliency gives maps
    that are the same everywhere an NSS and a correlation of 0, which are NaN here. Only ``mae``
    stretches the candidate to [0, 1].

    References
    ----------
    Ebrahimpour et al. (2019), equation 15 (MAE). Bylinskii, Z., Judd, T., Oliva, A., Torralba, A. &
    Durand, F. (2019). What do different evaluation metrics tell us about saliency models? IEEE
    TPAMI, 41, 740-757, section 4 (the others).

    Examples
    --------
    >>> people = np.zeros((4, 4)); people[1, 2] = 1.0
    >>> scores = score_map(people, people, np.array([1]), np.array([2]))
    >>> scores["mae"], scores["auc"], round(scores["cc"], 6), round(scores["sim"], 6)
    (0.0, 1.0, 1.0, 1.0)
    """
    return MapScorer(people, (rows, columns), elsewhere, baseline).score(Candidate(candidate))


class MapScorer:
    """Scores several maps of one image; what depends on people alone is computed once.

    Parameters are those of `score_map`.
    """

    def __init__(
        self,
        people: Map,
        fixated: Pixels,
        elsewhere: Pixels | None = None,
        baseline: Map | None = None,
    ) -> None:
        self.people, self.fixated, self.elsewhere = people, fixated, elsewhere
        self.shares = distribution(people)
        self.support = np.flatnonzero(self.shares)
        self.wanted = self.shares.ravel()[self.support]
        self.deviations = people - people.mean()
        self.spread = float(np.sqrt(np.mean(self.deviations**2)))
        self.baseline = None if baseline is None else distribution(baseline)[fixated]

    def score(self, candidate: Candidate) -> dict[str, float]:
        """Return the scores of one map by the names of `METRICS`; see `score_map`."""
        scores = self.at_fixations(candidate) | self.as_map(candidate)
        return {name: scores[name] for name in METRICS}

    def at_fixations(self, candidate: Candidate) -> dict[str, float]:
        """Return the measures that take fixations as points: NSS, both AUCs, information gain."""
        at, others = candidate.values[self.fixated], self.elsewhere
        nss = np.nan if candidate.flat else float((at.mean() - candidate.mean) / candidate.spread)
        return {
            "nss": nss,
            "auc": auc_judd(candidate.values, *self.fixated, ordered=candidate.ordered),
            "sauc": np.nan if others is None else auc_shuffled(at, candidate.values[others]),
            "ig": self._gain(candidate.shares[self.fixated]),
        }

    def as_map(self, candidate: Candidate) -> dict[str, float]:
        """Return the measures that take fixations as a blurred map: MAE, CC, KL, SIM."""
        errors = candidate.stretched - self.people
        return {
            "mae": float(np.abs(errors, out=errors).mean()),
            "cc": self._correlation(candidate),
            "kl": self._divergence(candidate.shares),
            "sim": float(np.minimum(candidate.shares, self.shares).sum()),
        }

    def _correlation(self, candidate: Candidate) -> float:
        if candidate.flat or not self.spread:
            return float("nan")
        # people's deviations sum to 0, so the candidate's mean need not be subtracted
        total = np.einsum("ij,ij->", candidate.values, self.deviations)  # BLAS would start threads
        covariance = float(total) / candidate.values.size
        return covariance / candidate.spread / self.spread

    def _divergence(self, shares: Map) -> float:
        ratio = self.wanted / (shares.ravel()[self.support] + EPSILON)
        return float((self.wanted * np.log(EPSILON + ratio)).sum())

    def _gain(self, own: NDArray[np.float64]) -> float:
        if self.baseline is None or not len(self.baseline):
            return float("nan")
        return float((np.log2(own + EPSILON) - np.log2(self.baseline + EPSILON)).mean())


class Candidate:
    """A map that is scored, and what its scores need, each computed once.

    Parameters
    ----------
    values : ndarray of float64, shape (height, width)
        The map.
    """

    def __init__(self, values: Map) -> None:
        self.values = values

    @cached_property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return float(self.values.min()), float(self.values.max())

    @property
    def flat(self) -> bool:
        """Whether the map is the same everywhere."""
        return self.range[0] == self.range[1]

    @cached_property
    def mean(self) -> float:
        """The mean value."""
        return float(self.values.mean())

    @cached_property
    def spread(self) -> float:
        """The standard deviation over all pixels."""
        return float(self.values.std())

    @cached_property
    def shares(self) -> Map:
        """The map as a distribution."""
        return distribution(self.values, self.range[0])

    @cached_property
    def stretched(self) -> Map:
        """The map from 0 to 1."""
        return unit_range(self.values, self.range)

    @cached_property
    def ordered(self) -> NDArray[np.float64]:
        """All values in ascending order."""
        return np.sort(self.values, axis=None)


def auc_judd(
    values: Map,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    *,
    ordered: NDArray[np.float64] | None = None,
) -> float:
    """Return the area under the ROC curve with the fixated pixels' values as thresholds.

    Hits are fixated pixels, each counted once, and false alarms all other pixels, at or above a
    threshold; straight lines join the points of the curve. Tied values are one threshold, where the
    MIT code breaks ties by random jitter.

    Parameters
    ----------
    values : ndarray of float64, shape (height, width)
        The map.
    rows, columns : ndarray of int, shape (n,)
        The pixels under the fixations.
    ordered : ndarray of float64, optional
        All values of the map in ascending order, where they are known already.
    """
    fixated = np.zeros(values.shape, dtype=bool)
    fixated[rows, columns] = True
    mine, others = values[fixated], values.size - int(fixated.sum())
    if len(mine) == 0 or others == 0:
        return float("nan")
    ordered = np.sort(values, axis=None) if ordered is None else ordered
    thresholds, counts = np.unique(mine, return_counts=True)
    hits = counts[::-1].cumsum()
    above = values.size - np.searchsorted(ordered, thresholds[::-1], "left")
    rates = [np.concatenate([[0.0], each, [1.0]]) for each in (
        (above - hits) / others, hits / len(mine),
    )]  # fmt: skip
    return float(np.trapezoid(rates[1], rates[0]))


def auc_shuffled(fixated: NDArray[np.float64], elsewhere: NDArray[np.float64]) -> float:
    """Return the probability that a map is higher at a fixation than at those of other images.

    Ties count half. All fixations on other images count, as in pysaliency, where the MIT code draws
    as many as there are fixations, at random, and places thresholds at steps of .1.

    Parameters
    ----------
    fixated, elsewhere : ndarray of float64, shapes (n,) and (m,)
        The map's values at the fixations, and where people fixated other images.
    """
    if len(fixated) == 0 or len(elsewhere) == 0:
        return float("nan")
    ordered = np.sort(elsewhere)
    below, at_most = (np.searchsorted(ordered, fixated, side) for side in ("left", "right"))
    return float((below + at_most).mean() / (2 * len(elsewhere)))


def distribution(values: Map, low: float | None = None) -> Map:
    """Divide a map by its sum; one that is zero everywhere becomes uniform.

    A map with values below zero has its minimum, which is `low` where it is known already,
    subtracted first.
    """
    low = float(values.min()) if low is None else low
    if low < 0:
        values = values - low
    total = float(values.sum())
    return values / total if total > 0 else np.full(values.shape, 1 / values.size)
