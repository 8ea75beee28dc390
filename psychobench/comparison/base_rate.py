"""The paper's test a second time, with the base rate of an observer's training labels taken off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison.against_cohort import Comparison, compare_with
from psychobench.comparison.cohort_measures import HasFrame
from psychobench.errors import ComparisonError

ALPHA = 0.05  # of verdicts, after Bonferroni
_AGAIN = ("pse", "status", "t", "p", "p_bonferroni")
BALANCED_COLUMNS = ["label_log_odds", *(f"{name}_balanced" for name in _AGAIN), "verdict_flips"]


@dataclass(frozen=True)
class BalancedComparison:
    """Observers against a cohort, as if their training labels had been balanced.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per observer x mask, in the order of the comparison: ``observer, mask,
        label_log_odds, pse_balanced, status_balanced, t_balanced, p_balanced,
        p_bonferroni_balanced`` and ``verdict_flips``; missing where an observer does not say its
        labels' log-odds.
    family_size : int
        Tests that the correction counts.
    """

    table: pd.DataFrame
    family_size: int

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def compare_balanced(
    comparison: Comparison, fits: HasFrame, log_odds: Mapping[str, float | None]
) -> BalancedComparison:
    """Repeat the one-sample t without the log-odds of the training labels.

    A network that saw more targets than others in training answers "target" more readily, and its
    PSE is lower for it: part of a PSE is a criterion. A verdict flips where the test at 5%, after
    Bonferroni, no longer says the same (higher than average, lower, no difference found), or where
    a PSE appears or goes.

    Parameters
    ----------
    comparison : Comparison
        What `compare` said of the observers as they are.
    fits : Fits
        Of the same observers and masks, in the same order, fitted to their answers without the
        log-odds (`psychobench.observers.base_rates.without_log_odds`); of observers without
        log-odds, to their answers as they are, so that both families count alike.
    log_odds : Mapping of str to float or None
        Observer to its labels' log-odds; None where it does not say.

    Returns
    -------
    BalancedComparison

    Raises
    ------
    ComparisonError
        If the fits are not of the comparison's observers and masks.
    """
    before, frame = comparison.table, fits.to_frame()
    if frame["observer"].tolist() != before["observer"].tolist() or (
        frame["condition"].tolist() != before["mask"].tolist()
    ):
        raise ComparisonError(
            "both comparisons must be of the same observers and masks, in the same order: the "
            "fits without log-odds have others"
        )
    again = compare_with(
        fits, comparison.cohorts, family=comparison.family, tested=comparison.tested
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
    """Say what the one-sample t found: 1 higher than average, -1 lower, 0 no difference, 2 no test.

    Examples
    --------
    >>> verdicts(pd.DataFrame({"t": [3.0, -3.0, 0.1, np.nan], "p_bonferroni": [0, 0, 1, np.nan]}))
    array([ 1, -1,  0,  2])
    """
    t, p = (table[name].to_numpy(dtype=np.float64) for name in ("t", "p_bonferroni"))
    found = np.where(p < ALPHA, np.sign(t), 0)
    return np.where(np.isfinite(p), found, 2).astype(int)
