"""How many trials an error consistency needs to be known as precisely as wanted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychobench.arguments import check_confidence, check_number
from psychobench.errors import OptionError
from psychobench.tables.notebook import ShownAsTable


@dataclass(frozen=True)
class ConsistencyTrials(ShownAsTable):
    """Number of trials at which kappa's confidence interval has a wanted width.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each kappa and width: `kappa`, `width`, `trials` (the number of stimuli that
        both observers judge once), and `highest_kappa`, which the accuracies allow; `trials` is
        missing where kappa is above it.
    accuracies : tuple of float
        Proportions of correct answers of the two observers.
    confidence : float
        Confidence of the interval.
    """

    table: pd.DataFrame
    accuracies: tuple[float, float]
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def consistency_trials(
    kappa: float | Iterable[float] = (0.1, 0.3, 0.5, 0.7),
    *,
    width: float | Iterable[float] = (0.1, 0.2),
    accuracies: tuple[float, float] = (0.8, 0.8),
    confidence: float = 0.95,
) -> ConsistencyTrials:
    """Compute how many trials two observers need for an interval of kappa of a wanted width.

    Parameters
    ----------
    kappa : float or iterable of float
        The error consistency that is expected, from 0 to 1.
    width : float or iterable of float
        Wanted width of the interval, from its lower to its upper end.
    accuracies : tuple of float
        Expected proportions of correct answers of the two observers, between 0 and 1.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    ConsistencyTrials

    Raises
    ------
    OptionError
        If an argument is outside its range.

    Notes
    -----
    The large-sample variance of kappa [1]_ for the table of both correct, one correct, none
    correct that the copy model [2]_ implies: with rates p and q, both are correct with probability
    p q + kappa (p + q - 2 p q) / 2. The number is for one pair of observers and one level; the mean
    over several people is more precise, by less than their number suggests, because they share the
    stimuli.

    References
    ----------
    .. [1] Fleiss, J. L., Cohen, J. & Everitt, B. S. (1969). Large sample standard errors of kappa
       and weighted kappa. Psychological Bulletin, 72, 323-327, equation 13.
    .. [2] Klein, T., Meyen, S., Brendel, W., Wichmann, F. A. & Meding, K. (2025). Quantifying
       uncertainty in error consistency: towards reliable behavioral comparison of classifiers.
       NeurIPS 38, arXiv:2507.06645.

    Examples
    --------
    >>> consistency_trials(0.4, width=0.1, accuracies=(0.9, 0.9)).to_frame()[["kappa", "trials"]]
       kappa  trials
    0    0.4    3389
    """
    kappas, widths = _numbers(kappa, "kappa", 0, 1), _numbers(width, "width", 1e-6, 2)
    rates = _numbers(accuracies, "accuracies", 1e-6, 1 - 1e-6)
    if len(rates) != 2:
        raise OptionError(
            f"`accuracies` must be two numbers, one for each observer: got {len(rates)}; write for "
            "example `accuracies=(0.8, 0.9)`"
        )
    check_confidence(confidence)
    p, q = rates
    highest = 2 * (min(p, q) - p * q) / (p + q - 2 * p * q)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    rows = [
        (each, wanted, _trials(each, wanted, p, q, z) if each <= highest + 1e-9 else None, highest)
        for each in kappas
        for wanted in widths
    ]
    table = pd.DataFrame(rows, columns=["kappa", "width", "trials", "highest_kappa"])
    return ConsistencyTrials(table.astype({"trials": "Int64"}), (p, q), confidence)


def _trials(kappa: float, width: float, p: float, q: float, z: float) -> int:
    from statsmodels.stats.inter_rater import cohens_kappa

    both = p * q + kappa * (p + q - 2 * p * q) / 2
    cells = np.array([[1 - p - q + both, q - both], [p - both, both]])
    # the large-sample variance for a single trial; it falls with their number
    variance = float(cohens_kappa(np.clip(cells, 0, 1)).var_kappa)
    needed = variance * (2 * z / width) ** 2
    return max(2, math.ceil(needed - 1e-9))


def _numbers(
    values: float | Iterable[float], option: str, low: float, high: float
) -> tuple[float, ...]:
    several = isinstance(values, Iterable) and not isinstance(values, str)
    listed = tuple(values) if several else (values,)  # type: ignore[arg-type]
    numbers = tuple(check_number(value, option) for value in listed)
    if not numbers or not all(low <= number <= high for number in numbers):
        raise OptionError(
            f"`{option}` must be from {low:g} to {high:g}: got {values!r}; write for example "
            f"`{option}={(low + high) / 2:g}`"
        )
    return numbers
