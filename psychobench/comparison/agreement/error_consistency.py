"""Error consistency: whether observers err on the same stimuli more often than by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from psychobench.arguments import check_confidence, check_whole
from psychobench.comparison.agreement.judgements import Judged, read_judged
from psychobench.comparison.agreement.kappa import (
    Array,
    PairSums,
    agreement,
    all_sums,
    highest_kappa,
    pair_mean,
    pair_weights,
)
from psychobench.comparison.agreement.resampling import (
    FEWEST,
    interval,
    jackknife,
    resample,
)
from psychobench.errors import ComparisonError
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.table import TableLike

DRAWS = 1000


@dataclass(frozen=True)
class ErrorConsistency(ShownAsTable):
    """How consistently observers err on the same stimuli.

    Attributes
    ----------
    kappa : float
        Cohen's kappa of being correct, mean over pairs of observers: 1 if both err on exactly the
        same stimuli, 0 if they agree as often as expected by chance, below 0 if they err on
        different stimuli.
    kappa_low, kappa_high : float
        Its confidence interval; NaN if a level has fewer than four stimuli.
    agreement : float
        How often both are correct or both are wrong.
    n_pairs : int
        Number of pairs of observers with a kappa.
    n_stimuli : int
        Number of stimuli that were included.
    highest_kappa : float
        The largest kappa that the observers' rates of correct answers allow, at most 1.
    copying, copying_low, copying_high : float
        Probability with which `one` would have to copy from `other` whether an answer is correct,
        and otherwise to answer independently, for this kappa; 0 for kappa below 0. Equal to kappa
        where both are correct equally often. Without `other`, the mean over both directions.
    """

    kappa: float
    kappa_low: float
    kappa_high: float
    agreement: float
    n_pairs: int
    n_stimuli: int
    highest_kappa: float
    copying: float
    copying_low: float
    copying_high: float

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a table of one row."""
        return pd.DataFrame([asdict(self)])


def error_consistency(
    one: TableLike,
    other: TableLike | None = None,
    *,
    midpoint: float | None = None,
    bootstrap: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> ErrorConsistency:
    """Measure how consistently observers err on the same stimuli.

    Whether an answer is correct is what the column `correct` says (1 or 0), or whether `response`
    is the same as `truth`, in any number of classes. In a table with neither column, an answer is
    correct if it is the target above the midpoint, or the other category below it; stimuli at the
    midpoint are left out. A probability counts as the answer that it favours, and a probability of
    .5 as no answer.

    Chance agreement follows from the two observers' rates of correct answers. Where there are
    levels, these are the rates *within each level*: having the same psychometric function is not
    agreement, making the same errors among the stimuli of a level is. Levels with a single stimulus
    carry no information and are left out.

    Parameters
    ----------
    one : DataFrame, str or path
        Answers in one condition, of one observer or several, with the columns `observer`,
        `stimulus` and `correct`; or `observer`, `stimulus`, `response` and `truth`; or trials or
        counts as `psychobench.read_trials` takes them, with a column `stimulus`.
    other : DataFrame, str or path, optional
        Answers of others who judged the same stimuli; folders and file extensions of images are
        ignored. Without it, all pairs within `one` are used: among people, this is the ceiling for
        a network.
    midpoint : float, optional
        The level between the categories; .5 by default, for levels that run from 0 to 1.
    bootstrap : int
        Number of bootstrap draws of stimuli and people. With 0, the observers are fixed: kappa has
        a 95% interval from the jackknife over stimuli, and copying has none.
    confidence : float
        Confidence of the bootstrap intervals.
    seed : int
        Seed of the draws.

    Returns
    -------
    ErrorConsistency

    Raises
    ------
    ComparisonError
        If it is undefined (no stimuli in common, a single stimulus per level, or nobody errs on
        some but not all stimuli of a level), or if there are more than four million pairs.

    Notes
    -----
    kappa = sum of n (c_obs - c_exp) over sum of n (1 - c_exp), sums over levels with n common
    stimuli; with one level this is equation 3 of [1]_. Repeated answers to a stimulus enter as the
    proportion of correct answers. With few stimuli per level kappa is biased towards 0, among
    people as for a network.

    The bootstrap [2]_ draws stimuli within levels and, independently, the observers of each table,
    of which a single one is kept, and so are the two of a single pair. An observer who is drawn
    twice is not compared with himself or herself: such pairs have a kappa of 1 whatever the data,
    and would lift the interval above its own estimate. The interval is corrected for bias, held
    within what kappa can be, and always contains the estimate. The jackknife [3]_
    leaves out one stimulus at a time and removes its estimate of bias from its centre.

    In the copy model [2]_ one observer copies from the other with probability c whether the answer
    is correct, and otherwise answers independently at a rate that leaves its overall rate as it is.
    With rates p (copied) and q, c = kappa (p + q - 2 p q) / (2 p (1 - p)), never above 1.

    References
    ----------
    .. [1] Geirhos, R., Meding, K. & Wichmann, F. A. (2020). Beyond accuracy: quantifying
       trial-by-trial behaviour of CNNs and humans by measuring error consistency. NeurIPS 33,
       equations 1 to 3.
    .. [2] Klein, T., Meyen, S., Brendel, W., Wichmann, F. A. & Meding, K. (2025). Quantifying
       uncertainty in error consistency: towards reliable behavioral comparison of classifiers.
       NeurIPS 38, arXiv:2507.06645.
    .. [3] Miller, R. G. (1974). The jackknife: a review. Biometrika, 61, 1-15.

    Examples
    --------
    >>> table = pd.DataFrame({"observer": ["a"] * 4 + ["b"] * 4, "stimulus": list("wxyz") * 2,
    ...                       "correct": [1, 1, 0, 0, 1, 0, 0, 0]})
    >>> round(error_consistency(table).kappa, 3)
    0.5
    """
    draws = check_whole(bootstrap, "bootstrap")
    check_confidence(confidence)
    judged = read_judged([one] if other is None else [one, other], midpoint)
    rows, columns = judged.sides[0], judged.sides[-1]
    sums = all_sums(judged, rows, columns)
    weights = pair_weights(np.ones((1, len(judged.names))), rows, columns)[0]
    pairs = np.isfinite(sums.kappa) & (weights > 0)
    if not pairs.any():
        raise ComparisonError(
            "error consistency is undefined: no two observers err on some but not all stimuli "
            "of a level"
        )
    kappa = float(sums.kappa[pairs].mean())
    copying = float(_copying(sums, rows, columns)[pairs].mean())
    if draws:
        low_high = _intervals(judged, (kappa, copying), draws, confidence, seed)
    else:
        low_high = (*jackknife(judged, rows, columns, pairs, kappa), np.nan, np.nan)
    return ErrorConsistency(
        kappa=kappa,
        kappa_low=low_high[0],
        kappa_high=low_high[1],
        agreement=float(agreement(judged, rows, columns)[pairs].mean()),
        n_pairs=int(pairs.sum()),
        n_stimuli=judged.n_stimuli,
        highest_kappa=float(highest_kappa(judged, rows, columns)[pairs].mean()),
        copying=copying,
        copying_low=low_high[2],
        copying_high=low_high[3],
    )


def _copying(sums: PairSums, rows: slice, columns: slice) -> Array:
    """Return the copy probability of every pair, averaged over directions within one table."""
    return (sums.copying + sums.copied) / 2 if rows == columns else sums.copying


def _intervals(
    judged: Judged, values: Sequence[float], draws: int, confidence: float, seed: int
) -> tuple[float, ...]:
    """Bootstrap the intervals of kappa and copying."""
    if judged.fewest < FEWEST:
        return (np.nan,) * 4
    rows, columns = judged.sides[0], judged.sides[-1]

    def statistic(stimuli: list[Array], people: Array) -> Array:
        sums = all_sums(judged, rows, columns, stimuli)
        # a single pair says nothing about other pairs: two people are kept as they are
        drawn_people = people if len(judged.names) > 2 else np.ones_like(people)
        weights = pair_weights(drawn_people, rows, columns)
        each = (sums.kappa, _copying(sums, rows, columns))
        return np.stack([pair_mean(value, weights) for value in each], axis=1)

    drawn = resample(judged, statistic, draws, seed)
    return (
        *interval(values[0], drawn[:, 0], confidence, size=judged.mean_size),
        *interval(values[1], drawn[:, 1], confidence, (0, 1), size=judged.mean_size),
    )
