"""Bootstrap over stimuli and people, and the jackknife over stimuli."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

from psychobench.comparison.agreement.judgements import Judged
from psychobench.comparison.agreement.kappa import Array, all_sums, pair_sums, ratio
from psychobench.parallel import spans

FEWEST = 4  # stimuli in a level; with fewer, the coverage of the interval is too low
_AT_ONCE = 4_000_000  # numbers in the arrays of one batch of draws

# of stimulus weights per stratum, each (draws, stimuli), and of people's, (draws, observers), to
# values of shape (draws, values)
Statistic = Callable[[list[Array], Array], Array]


def estimate(judged: Judged, statistic: Statistic) -> Array:
    """Compute a statistic of the data as they are, shape (values,)."""
    ones = [np.ones((1, stratum.size)) for stratum in judged.strata]
    return np.asarray(statistic(ones, np.ones((1, len(judged.names))))[0])


def resample(judged: Judged, statistic: Statistic, draws: int, seed: int) -> Array:
    """Compute a statistic for resampled stimuli and people, shape (draws, values).

    Stimuli are drawn within their stratum, people within their table; a table with one observer
    keeps it.
    """
    rng = np.random.default_rng(seed)
    cells = max(judged.n_stimuli, len(judged.names)) * len(judged.names)
    values = []
    for batch in spans(draws, max(1, _AT_ONCE // cells)):
        stimuli = [draw_counts(stratum.size, len(batch), rng) for stratum in judged.strata]
        people = [draw_counts(side.stop - side.start, len(batch), rng) for side in judged.sides]
        values.append(statistic(stimuli, np.hstack(people)))
    return np.concatenate(values)


def draw_counts(n: int, draws: int, rng: np.random.Generator) -> Array:
    """Draw how often each of n units is in a sample of n with replacement."""
    if n == 1:
        return np.ones((draws, 1))
    # far faster than the conditional binomials of `multinomial`
    drawn = rng.integers(n, size=(draws, n)) + n * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=n * draws).reshape(draws, n).astype(np.float64)


def interval(
    value: float,
    drawn: Array,
    confidence: float,
    bounds: tuple[float, float] = (-1.0, 1.0),
    *,
    size: float = math.inf,
) -> tuple[float, float]:
    """Compute a bias-corrected percentile interval that contains its own estimate.

    With few stimuli in a stratum, kappa is biased towards 0, and the bootstrap is biased by as much
    again. The percentiles are moved by twice the difference, so that the interval is about what
    endlessly many stimuli would show. They are spread by sqrt(n / (n - 1)), by which a bootstrap
    of n units falls short of their standard deviation. Then they are held within the bounds, and
    the interval is widened to the estimate if it does not reach it.

    Parameters
    ----------
    value : float
        The estimate.
    drawn : NDArray of float, shape (draws,)
        What the bootstrap gave; NaN where a draw leaves it undefined.
    confidence : float
        Such as .95.
    bounds : tuple of float
        What the value can be at all.
    size : float
        Mean number of stimuli in a stratum, n.

    Returns
    -------
    tuple of float
        NaN where more than half of the draws leave the value undefined.
    """
    drawn = drawn[np.isfinite(drawn)] if np.isfinite(drawn).mean() > 0.5 else np.full(1, np.nan)
    tail = (1 - confidence) / 2
    spread = 1 / math.sqrt(1 - 1 / size)
    centre = value - (drawn.mean() - value)
    low, high = centre + spread * (np.quantile(drawn, [tail, 1 - tail]) - drawn.mean())
    low, high = np.clip([low, high], *bounds)
    return float(np.minimum(low, value)), float(np.maximum(high, value))


def two_sided_p(value: float, drawn: Array) -> float:
    """Compute the bootstrap p of a value against 0, by the tail beyond 0 of the corrected draws."""
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return np.nan
    moved = drawn - 2 * (drawn.mean() - value)
    tail = min(np.sum(moved <= 0), np.sum(moved >= 0))
    return float(min(1.0, 2 * (tail + 1) / (len(drawn) + 1)))


def jackknife(
    judged: Judged, rows: slice, columns: slice, pairs: np.ndarray, kappa: float
) -> tuple[float, float]:
    """Compute the interval of the mean kappa over pairs by leaving out each stimulus in turn.

    The remaining stimuli of its level are weighted up to the full number.
    """
    if judged.fewest < FEWEST:
        return np.nan, np.nan
    total = all_sums(judged, rows, columns)
    bias = variance = 0.0
    for stratum in judged.strata:
        mine, size = pair_sums(stratum, rows, columns), stratum.size
        left = np.empty(size)
        for stimulus in range(size):
            rest = pair_sums(stratum.without(stimulus), rows, columns)
            weight = size / (size - 1)
            kappas = ratio(
                total.above - mine.above + weight * rest.above,
                total.below - mine.below + weight * rest.below,
            )
            defined = pairs & np.isfinite(kappas)
            left[stimulus] = kappas[defined].mean() if defined.any() else np.nan
        bias += (size - 1) * (left.mean() - kappa)
        variance += (size - 1) * left.var()
    reach = stats.t.ppf(0.975, judged.n_stimuli - len(judged.strata)) * np.sqrt(variance)
    return float(kappa - bias - reach), float(kappa - bias + reach)
