"""Cohen's kappa of being correct, for every pair of observers and for weighted stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychobench.comparison.agreement.judgements import Judged, Stratum

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PairSums:
    """Sums over stimuli for every pair, each of shape (..., rows, columns).

    With n common stimuli in a stratum, R and S the two observers' sums of correct answers to them,
    and X the sum of products; all are summed over strata.

    Attributes
    ----------
    above, below : NDArray of float
        n (c_obs - c_exp) = 2 (X - R S / n) and n (1 - c_exp) = R + S - 2 R S / n.
    spread_first, spread_second : NDArray of float
        R (1 - R / n) and S (1 - S / n), n times the variance of being correct.
    """

    above: Array
    below: Array
    spread_first: Array
    spread_second: Array

    def __add__(self, other: PairSums) -> PairSums:
        """Add the sums of another stratum."""
        return PairSums(
            self.above + other.above,
            self.below + other.below,
            self.spread_first + other.spread_first,
            self.spread_second + other.spread_second,
        )

    @property
    def kappa(self) -> Array:
        """Cohen's kappa; NaN where nobody errs on some but not all stimuli."""
        return ratio(self.above, self.below)

    @property
    def copying(self) -> Array:
        """Probability with which the first observer copies the second; 0 for kappa below 0."""
        return np.clip(ratio(self.above / 2, self.spread_second), 0, 1)

    @property
    def copied(self) -> Array:
        """Probability with which the second observer copies the first; 0 for kappa below 0."""
        return np.clip(ratio(self.above / 2, self.spread_first), 0, 1)


def pair_sums(
    stratum: Stratum, rows: slice, columns: slice, weights: Array | None = None
) -> PairSums:
    """Compute the sums of every pair in one stratum.

    Parameters
    ----------
    stratum : Stratum
        Of s stimuli.
    rows, columns : slice
        The first and the second observers of the pairs.
    weights : NDArray of float, shape (draws, s), optional
        How often each stimulus counts.

    Returns
    -------
    PairSums
        Of shape (rows, columns), or (draws, rows, columns) with weights.
    """
    answered, correct = stratum.answered[rows], stratum.correct[rows]
    if weights is not None:
        answered, correct = answered * weights[:, None, :], correct * weights[:, None, :]
    others_answered, others_correct = stratum.answered[columns].T, stratum.correct[columns].T
    n = answered @ others_answered
    first = correct @ others_answered
    second = answered @ others_correct
    both = correct @ others_correct
    safe = np.where(n > 0, n, 1.0)
    chance = first * second / safe
    return PairSums(
        above=2 * (both - chance),
        below=first + second - 2 * chance,
        spread_first=first - first**2 / safe,
        spread_second=second - second**2 / safe,
    )


def all_sums(
    judged: Judged, rows: slice, columns: slice, weights: list[Array] | None = None
) -> PairSums:
    """Add up the sums of all strata; `weights` has one array for each stratum."""
    each: Sequence[Array | None] = weights or [None] * len(judged.strata)
    parts = [
        pair_sums(stratum, rows, columns, weight)
        for stratum, weight in zip(judged.strata, each, strict=True)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def agreement(judged: Judged, rows: slice, columns: slice) -> Array:
    """Return the share of common stimuli that both get right or both wrong, (rows, columns)."""
    agreed = common = np.zeros(1)
    for stratum in judged.strata:
        a, b = stratum.answered[rows], stratum.answered[columns]
        right_a, right_b = stratum.correct[rows], stratum.correct[columns]
        agreed = agreed + right_a @ right_b.T + (a - right_a) @ (b - right_b).T
        common = common + a @ b.T
    return ratio(agreed, common)


def highest_kappa(judged: Judged, rows: slice, columns: slice) -> Array:
    """Return the largest kappa that the rates of correct answers allow, (rows, columns).

    The product of two proportions is largest on average where one observer is correct whenever the
    other is: X = min(R, S) in every stratum.
    """
    highest = below = np.zeros(1)
    for stratum in judged.strata:
        n = stratum.answered[rows] @ stratum.answered[columns].T
        first = stratum.correct[rows] @ stratum.answered[columns].T
        second = stratum.answered[rows] @ stratum.correct[columns].T
        chance = first * second / np.where(n > 0, n, 1.0)
        highest = highest + 2 * (np.minimum(first, second) - chance)
        below = below + first + second - 2 * chance
    return ratio(highest, below)


def ratio(above: Array, below: Array) -> Array:
    """Divide, with NaN where the divisor is 0."""
    defined = below > 1e-9
    return np.where(defined, above / np.where(defined, below, 1.0), np.nan)


def pair_weights(people: Array, rows: slice, columns: slice) -> Array:
    """Return how often each pair counts, shape (draws, rows, columns).

    Parameters
    ----------
    people : NDArray of float, shape (draws, observers)
        How often each observer was drawn.
    rows, columns : slice
        The observers of the pairs. Where both are the same, every pair counts once, and pairs of a
        person with himself or herself, also when drawn twice, do not count: their kappa is 1
        whatever the people do.
    """
    weights = people[:, rows, None] * people[:, None, columns]
    return np.triu(weights, k=1) if rows == columns else weights


def pair_mean(values: Array, weights: Array) -> Array:
    """Compute the mean over pairs with a value, shape (draws,)."""
    weights = np.where(np.isfinite(values), weights, 0.0)
    total = weights.sum(axis=(-2, -1))
    return ratio((np.nan_to_num(values) * weights).sum(axis=(-2, -1)), total)
