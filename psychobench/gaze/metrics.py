"""Measures of how near a map comes to where people looked; none suffices alone."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from psychobench.gaze.fixation_maps import Map, unit_range

# name -> (what it measures, whether a higher value is nearer to people)
METRICS = MappingProxyType(
    {
        "mae": ("mean absolute error of the maps, 0 to 1", False),
        "nss": ("map's z-score at the fixations", True),
        "auc": ("area under the ROC curve, fixated pixels against the rest (AUC-Judd)", True),
        "cc": ("correlation of the maps", True),
        "kl": ("Kullback-Leibler divergence of people's map from this one, nats", False),
        "sim": ("overlap of the maps as distributions, 0 to 1", True),
    }
)
_TINY = float(np.finfo(np.float64).eps)


def score_map(
    candidate: Map,
    people: Map,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> dict[str, float]:
    """Score a map against people's fixations on the same image.

    Parameters
    ----------
    candidate : ndarray of float64, shape (height, width)
        The map to score; it is stretched to [0, 1] first.
    people : ndarray of float64, shape (height, width)
        The fixation map, in the normalisation that the error is to have.
    rows, columns : ndarray of int, shape (n,)
        The pixels under the fixations.

    Returns
    -------
    dict of str to float
        By the names of `METRICS`. A map that is the same everywhere is taken as uniform: it has
        an AUC of .5, and neither NSS nor CC (NaN).

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
    values = unit_range(candidate)
    flat = float(np.ptp(values)) == 0
    shares, wanted = _shares(values), _shares(people)
    return {
        "mae": float(np.abs(values - people).mean()),
        "nss": np.nan if flat else float(_z(values)[rows, columns].mean()),
        "auc": auc_judd(values, rows, columns),
        "cc": np.nan if flat or np.ptp(people) == 0 else float((_z(values) * _z(people)).mean()),
        "kl": float((wanted * np.log(_TINY + wanted / (shares + _TINY))).sum()),
        "sim": float(np.minimum(shares, wanted).sum()),
    }


def auc_judd(values: Map, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> float:
    """Return the probability that a fixated pixel exceeds one that is not; ties count half.

    Every fixated pixel counts once.
    """
    fixated = np.zeros(values.shape, dtype=bool)
    fixated[rows, columns] = True
    n, others = int(fixated.sum()), int((~fixated).sum())
    if n == 0 or others == 0:
        return float("nan")
    mine, ordered = values[fixated], np.sort(values[~fixated])
    below, at_most = (np.searchsorted(ordered, mine, side) for side in ("left", "right"))
    return float((below + at_most).sum() / (2 * n * others))


def _z(values: Map) -> Map:
    z: Map = (values - values.mean()) / values.std()
    return z


def _shares(values: Map) -> Map:
    """Scale a map to sum 1; an all-zero map becomes uniform."""
    total = float(values.sum())
    return values / total if total > 0 else np.full(values.shape, 1 / values.size)
