"""How consistent errors can be expected to be: each person with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.arguments import check_confidence, check_whole
from psychobench.comparison.agreement.error_consistency import DRAWS
from psychobench.comparison.agreement.judgements import Judged, read_judged
from psychobench.comparison.agreement.kappa import Array, all_sums, pair_mean, pair_weights, ratio
from psychobench.comparison.agreement.marks import marks_of
from psychobench.comparison.agreement.resampling import FEWEST, estimate, interval, resample
from psychobench.errors import ComparisonError
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.table import TableLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ConsistencyCeiling(ShownAsTable):
    """Error consistency among people, with that of observers beside it.

    Attributes
    ----------
    ceiling : float
        Mean over people of each one's mean kappa with the others, at most 1.
    ceiling_low, ceiling_high : float
        Its confidence interval.
    table : pandas.DataFrame
        One row for each observer and then each person: `name`, `kind` ("observer" or "person"),
        `kappa` (mean with the people, with the *other* people for a person) with `kappa_low` and
        `kappa_high`, `difference` (kappa minus the ceiling) with `difference_low` and
        `difference_high`, and `percentile` (the percentage of people whose kappa is lower; ties
        count half, and a person is not compared with himself or herself).
    n_people, n_stimuli : int
        Number of people, and of stimuli that everyone judged.
    confidence : float
        Confidence of the intervals.
    """

    ceiling: float
    ceiling_low: float
    ceiling_high: float
    table: pd.DataFrame
    n_people: int
    n_stimuli: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw each kappa with its interval, and the ceiling as a band.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        """
        from psychobench.draw.agreement import draw_against_ceiling

        band = (self.ceiling, self.ceiling_low, self.ceiling_high)
        return draw_against_ceiling(
            marks_of(self.table, "kappa"),
            band,
            x_label=f"error consistency (kappa), {self.confidence:.0%} intervals",
            ax=ax,
        )


def consistency_ceiling(
    people: TableLike,
    observers: TableLike | None = None,
    *,
    midpoint: float | None = None,
    bootstrap: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> ConsistencyCeiling:
    """Measure the error consistency of each person with the others, and of observers with people.

    A model that errs exactly as one more person would has the consistency of a person with the
    others, neither 1 nor the reliability of the average person. This is the ceiling.

    Parameters
    ----------
    people : DataFrame, str or path
        Answers of at least three people, as `psychobench.error_consistency` takes them.
    observers : DataFrame, str or path, optional
        Answers of models to the same stimuli, set beside the people.
    midpoint : float, optional
        The level between the categories; .5 by default, for levels that run from 0 to 1.
    bootstrap : int
        Number of bootstrap draws of stimuli and people.
    confidence : float
        Confidence of the intervals.
    seed : int
        Seed of the draws.

    Returns
    -------
    ConsistencyCeiling

    Raises
    ------
    ComparisonError
        If there are fewer than three people, or no two of them have a kappa.

    Notes
    -----
    A ceiling is a mean of kappas and is reported as it is: it is neither squared nor divided by a
    reliability, so that it cannot exceed 1. An observer can lie above it: if its errors are those
    that most people make, it is more consistent with people than they are with each other. The
    difference from the ceiling is therefore reported with an interval, and no ratio.

    References
    ----------
    .. [1] Geirhos, R., Meding, K. & Wichmann, F. A. (2020). Beyond accuracy: quantifying
       trial-by-trial behaviour of CNNs and humans by measuring error consistency. NeurIPS 33.
    .. [2] Klein, T., Meyen, S., Brendel, W., Wichmann, F. A. & Meding, K. (2025). Quantifying
       uncertainty in error consistency: towards reliable behavioral comparison of classifiers.
       NeurIPS 38, arXiv:2507.06645.

    Examples
    --------
    >>> table = pd.DataFrame({"observer": np.repeat(["a", "b", "c"], 4), "stimulus": [*"wxyz"] * 3,
    ...                       "correct": [1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0]})
    >>> consistency_ceiling(table).to_frame()[["name", "kappa"]].round(2)
      name  kappa
    0    a   0.50
    1    b   0.35
    2    c   0.35
    """
    draws = check_whole(bootstrap, "bootstrap", least=1)
    check_confidence(confidence)
    judged = read_judged([people] if observers is None else [people, observers], midpoint)
    n = judged.sides[0].stop
    if n < 3:
        raise ComparisonError(f"a ceiling needs at least three people: there are {n}")
    values = estimate(judged, lambda stimuli, drawn: _kappas(judged, stimuli, drawn))
    if not np.isfinite(values[0]):
        raise ComparisonError(
            "the ceiling is undefined: no two people err on some but not all stimuli of a level"
        )
    limits = np.full((len(values), 2), np.nan)
    if judged.fewest >= FEWEST:
        drawn = resample(judged, lambda *each: _kappas(judged, *each), draws, seed)
        reach = [1.0] * (1 + len(judged.names)) + [2.0] * len(judged.names)
        limits = np.array(
            [
                interval(value, mine, confidence, (-most, most), size=judged.mean_size)
                for value, mine, most in zip(values, drawn.T, reach, strict=True)
            ]
        )
    low, high = map(float, limits[0])
    table = _table(judged, values, limits)
    return ConsistencyCeiling(
        float(values[0]), low, high, table, n, judged.n_stimuli, float(confidence)
    )


def _kappas(judged: Judged, stimuli: list[Array], drawn: Array) -> Array:
    """Return the ceiling, everyone's mean kappa with (other) people, and the differences.

    Shape (draws, 1 + 2 observers).
    """
    people, everyone = judged.sides[0], slice(0, len(judged.names))
    kappas = all_sums(judged, everyone, people, stimuli).kappa
    ceiling = pair_mean(kappas[:, people], pair_weights(drawn, people, people))
    # row i with every person j other than i, as often as j was drawn
    weights = drawn[:, None, people] * ~np.eye(len(judged.names), people.stop, dtype=bool)
    weights = np.where(np.isfinite(kappas), weights, 0.0)
    means = ratio((np.nan_to_num(kappas) * weights).sum(axis=-1), weights.sum(axis=-1))
    return np.concatenate([ceiling[:, None], means, means - ceiling[:, None]], axis=1)


def _table(judged: Judged, values: Array, limits: Array) -> pd.DataFrame:
    n, everyone = judged.sides[0].stop, len(judged.names)
    kappas, differences = slice(1, 1 + everyone), slice(1 + everyone, None)
    columns: dict[str, Any] = {
        "name": judged.names,
        "kind": ["person"] * n + ["observer"] * (everyone - n),
        "kappa": values[kappas],
        "kappa_low": limits[kappas, 0],
        "kappa_high": limits[kappas, 1],
        "difference": values[differences],
        "difference_low": limits[differences, 0],
        "difference_high": limits[differences, 1],
        "percentile": _percentiles(values[kappas], n),
    }
    order = [*range(n, everyone), *range(n)]
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def _percentiles(kappas: Array, n: int) -> list[float]:
    """Return the percentage of (other) people below each; people are the first n."""
    found = []
    for row, kappa in enumerate(kappas):
        others = np.delete(kappas[:n], row) if row < n else kappas[:n]
        others = others[np.isfinite(others)]
        below = np.mean(others < kappa) + np.mean(others == kappa) / 2 if len(others) else np.nan
        found.append(float(100 * below) if np.isfinite(kappa) else np.nan)
    return found
