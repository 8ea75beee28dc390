"""The paper's test repeated with the base rate of an observer's training labels removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison.against_cohort import Comparison, compare_with
from psychobench.comparison.cohort_measures import HasFrame
from psychobench.errors import ComparisonError
from psychobench.formatting import ALPHA
from psychobench.tables.notebook import ShownAsTable

_AGAIN = ("pse", "status", "t", "p", "p_bonferroni")
BALANCED_COLUMNS = ["label_log_odds", *(f"{name}_balanced" for name in _AGAIN), "verdict_flips"]


@dataclass(frozen=True)
class BalancedComparison(ShownAsTable):
    """Observers tested against a cohort as if their training labels had been balanced.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per observer x mask, in the order of the comparison: ``observer, mask,
        label_log_odds, pse_balanced, status_balanced, t_balanced, p_balanced,
        p_bonferroni_balanced`` and ``verdict_flips``; missing where an observer does not report
        the log-odds of its labels.
    family_size : int
        Number of tests that the correction counts.
    """

    table: pd.DataFrame
    family_size: int

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def compare_balanced(
    comparison: Comparison, fits: HasFrame, log_odds: Mapping[str, float | None]
) -> BalancedComparison:
    """Repeat the one-sample t-test without the log-odds of the training labels.

    A network that was trained with more targets than non-targets answers "target" more readily,
    which lowers its PSE: part of a PSE reflects the criterion. A verdict flips if the test at 5%,
    after the Bonferroni correction, has another outcome (higher than average, lower, no difference
    found), or if a PSE appears or disappears.

    Parameters
    ----------
    comparison : Comparison
        The comparison of the observers as they are, from `compare`.
    fits : Fits
        Fits of the same observers and masks, in the same order, to their answers without the
        log-odds (`psychobench.observers.base_rates.without_log_odds`). For observers that report no
        log-odds, fits to their answers as they are, so that both families have the same tests.
    log_odds : Mapping of str to float or None
        The log-odds of each observer's labels; None where it does not report them.

    Returns
    -------
    BalancedComparison

    Raises
    ------
    ComparisonError
        If the observers and masks of the fits are not those of the comparison.
    """
    before, frame = comparison.table, fits.to_frame()
    if frame["observer"].tolist() != before["observer"].tolist() or (
        frame["condition"].tolist() != before["mask"].tolist()
    ):
        raise ComparisonError(
            "both comparisons must have the same observers and masks in the same order: the "
            "fits without log-odds have others"
        )
    again = compare_with(
        fits, comparison.cohorts, family=comparison.family, statuses=comparison.statuses
    )
    after = again.table
    table = before[["observer", "mask"]].copy()
    table["label_log_odds"] = table["observer"].map(dict(log_odds)).astype(np.float64)
    said = table["label_log_odds"].notna()
    for name in _AGAIN:
        table[f"{name}_balanced"] = after[name].where(said, None if name == "status" else np.nan)
    flips = (verdicts(before) != verdicts(after)) | (
        before["pse"].isna() != after["pse"].isna()
    ).to_numpy()
    table["verdict_flips"] = pd.Series(flips, index=table.index, dtype=object).where(said, None)
    return BalancedComparison(table, again.family_size)


def verdicts(table: pd.DataFrame) -> NDArray[np.int_]:
    """Return the outcome of the one-sample t-test: 1 higher, -1 lower, 0 no difference, 2 no test.

    Examples
    --------
    >>> verdicts(pd.DataFrame({"t": [3.0, -3.0, 0.1, np.nan], "p_bonferroni": [0, 0, 1, np.nan]}))
    array([ 1, -1,  0,  2])
    """
    t, p = (table[name].to_numpy(dtype=np.float64) for name in ("t", "p_bonferroni"))
    found = np.where(p < ALPHA, np.sign(t), 0)
    return np.where(np.isfinite(p), found, 2).astype(int)
