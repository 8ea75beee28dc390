"""Whether one observer errs more as people do than another: a paired difference of kappas."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from psychobench.arguments import check_confidence, check_whole
from psychobench.comparison.agreement.error_consistency import DRAWS
from psychobench.comparison.agreement.judgements import Judged, Stratum, read_judged
from psychobench.comparison.agreement.kappa import Array, all_sums, pair_mean, pair_weights
from psychobench.comparison.agreement.resampling import (
    FEWEST,
    estimate,
    interval,
    resample,
    two_sided_p,
)
from psychobench.errors import ComparisonError
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.table import TableLike


@dataclass(frozen=True)
class ConsistencyDifference(ShownAsTable):
    """Difference between two observers' error consistency with the same people.

    Attributes
    ----------
    one, two : float
        Mean kappa of each with the people.
    difference : float
        One minus two.
    difference_low, difference_high : float
        Its confidence interval, from a bootstrap that draws the same stimuli and people for both;
        NaN if a level has fewer than four stimuli.
    p : float
        Two-sided bootstrap p of no difference.
    n_people, n_stimuli : int
        Number of people, and of stimuli that everyone judged.
    """

    one: float
    two: float
    difference: float
    difference_low: float
    difference_high: float
    p: float
    n_people: int
    n_stimuli: int

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a table of one row."""
        return pd.DataFrame([asdict(self)])


def consistency_difference(
    one: TableLike,
    two: TableLike,
    people: TableLike,
    *,
    midpoint: float | None = None,
    bootstrap: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> ConsistencyDifference:
    """Test whether one observer's errors are more consistent with people's than another's.

    Parameters
    ----------
    one, two : DataFrame, str or path
        Answers of two models, or of two people, as `psychobench.error_consistency` takes them. A
        table with several observers, such as trainings of one model, counts with their mean.
    people : DataFrame, str or path
        Answers of the people whom both are compared with. Whoever has the name of an observer in
        `one` or `two` is left out of them, so that two people can be compared with the others.
    midpoint : float, optional
        The level between the categories; .5 by default, for levels that run from 0 to 1.
    bootstrap : int
        Number of bootstrap draws of stimuli and people.
    confidence : float
        Confidence of the interval.
    seed : int
        Seed of the draws.

    Returns
    -------
    ConsistencyDifference

    Raises
    ------
    ComparisonError
        If nobody is left among the people, or one of the two kappas is undefined.

    Notes
    -----
    Both kappas share stimuli and people, and much of their errors. The difference is therefore far
    more precise than two separate intervals suggest, and the same draws are used for both [1]_.

    References
    ----------
    .. [1] Klein, T., Meyen, S., Brendel, W., Wichmann, F. A. & Meding, K. (2025). Quantifying
       uncertainty in error consistency: towards reliable behavioral comparison of classifiers.
       NeurIPS 38, arXiv:2507.06645.

    Examples
    --------
    >>> import numpy as np
    >>> right = np.random.default_rng(0).random((4, 200)) < 0.8
    >>> right[1:] = np.where(np.random.default_rng(1).random((3, 200)) < 0.6, right[2], right[1:])
    >>> tables = [pd.DataFrame({"observer": name, "stimulus": range(200), "correct": row * 1})
    ...           for name, row in zip(["far", "near", "p1", "p2"], right)]
    >>> found = consistency_difference(tables[1], tables[0], pd.concat(tables[2:]))
    >>> found.difference_low > 0
    True
    """
    draws = check_whole(bootstrap, "bootstrap", least=1)
    check_confidence(confidence)
    judged = _without_themselves(read_judged([one, two, people], midpoint))
    first, second, others = judged.sides

    def statistic(stimuli: list[Array], drawn: Array) -> Array:
        kappas = [
            pair_mean(
                all_sums(judged, side, others, stimuli).kappa, pair_weights(drawn, side, others)
            )
            for side in (first, second)
        ]
        return np.stack([*kappas, kappas[0] - kappas[1]], axis=1)

    values = estimate(judged, statistic)
    if not np.isfinite(values).all():
        raise ComparisonError(
            "the difference in error consistency is undefined: an observer and people err on none "
            "or all of the stimuli of every level"
        )
    low, high, p = np.nan, np.nan, np.nan
    if judged.fewest >= FEWEST:
        drawn = resample(judged, statistic, draws, seed)[:, 2]
        low, high = interval(float(values[2]), drawn, confidence, (-2, 2), size=judged.mean_size)
        p = two_sided_p(float(values[2]), drawn)
    n_people = others.stop - others.start
    kappa_one, kappa_two, difference = map(float, values)
    return ConsistencyDifference(
        kappa_one, kappa_two, difference, low, high, p, n_people, judged.n_stimuli
    )


def _without_themselves(judged: Judged) -> Judged:
    """Leave out of the people whoever is one of the two observers."""
    people = judged.sides[2]
    two = set(judged.names[: people.start])
    kept = [row for row, name in enumerate(judged.names) if row < people.start or name not in two]
    if len(kept) == people.start:
        raise ComparisonError(
            "a difference in error consistency needs people other than the two observers: there "
            "are none; pass the answers of further people"
        )
    strata = [Stratum(each.answered[kept], each.correct[kept]) for each in judged.strata]
    sides = [*judged.sides[:2], slice(people.start, len(kept))]
    return Judged(strata, sides, [judged.names[row] for row in kept])
