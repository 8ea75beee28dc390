"""How near two confusion matrices are: the overlap of responses, the correlation of errors."""

from __future__ import annotations

import numpy as np

from psychobench.comparison.agreement.kappa import Array, ratio

MEASURES = ("overlap", "error_correlation")


def compare_confusions(
    counts: Array, n: int, people: Array, halves: int, rng: np.random.Generator
) -> Array:
    """Compare models, single people and halves with people, shape (models + 2, measures).

    Parameters
    ----------
    counts : NDArray of float, shape (observers, truths, responses)
        The first n are people.
    people : NDArray of float, shape (n,)
        How often each person counts.
    halves : int
        Number of random splits.
    """
    shares = proportions(counts)
    everyone = mean_matrix(shares[:n], people)
    models = [_measures(share, everyone) for share in shares[n:]]
    there = np.flatnonzero(people)
    alone = [
        _measures(shares[i], mean_matrix(shares[:n], np.where(np.arange(n) == i, 0, people)))
        for i in there
    ]
    split = []
    for _ in range(halves if len(there) > 1 else 0):
        first = np.isin(np.arange(n), rng.permutation(there)[: len(there) // 2])
        split.append(
            _measures(
                mean_matrix(shares[:n], people * first), mean_matrix(shares[:n], people * ~first)
            )
        )
    nothing = np.full((1, len(MEASURES)), np.nan)
    weighted = _average(np.array(alone), people[there])
    return np.vstack([*models, weighted, _average(np.array(split) if split else nothing)])


def _average(values: Array, weights: Array | None = None) -> Array:
    """Average over rows, without those that have no value."""
    weights = np.ones(len(values)) if weights is None else weights
    counted = np.isfinite(values) * weights[:, None]
    return ratio((np.nan_to_num(values) * counted).sum(axis=0), counted.sum(axis=0))


def proportions(counts: Array) -> Array:
    """Return P(response | truth); NaN for a class that was not shown."""
    totals = np.broadcast_to(counts.sum(axis=-1, keepdims=True), counts.shape)
    return ratio(counts, totals)


def mean_matrix(shares: Array, weights: Array) -> Array:
    """Average the matrices of people, counting each as often as it was drawn."""
    counted = np.isfinite(shares) * weights[:, None, None]
    return ratio((np.nan_to_num(shares) * counted).sum(axis=0), counted.sum(axis=0))


def _measures(one: Array, other: Array) -> tuple[float, float]:
    """Return the overlap of two matrices and the correlation of their errors."""
    known = np.asarray(np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1))
    if not known.any():
        return np.nan, np.nan
    overlap = float(1 - np.abs(one - other)[known].sum(axis=1).mean() / 2)
    errors = ~np.eye(len(one), dtype=bool) & known[:, None]
    a, b = one[errors] - one[errors].mean(), other[errors] - other[errors].mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return overlap, float(np.clip(a @ b / norm, -1, 1)) if norm > 1e-12 else np.nan
