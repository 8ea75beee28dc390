"""How often a test rejected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy import stats

ALPHA = 0.05


def tally(test: str, truth: str, pses: str, rejected: Sequence[bool]) -> dict[str, Any]:
    """Count rejections; the interval is Wilson's."""
    share = stats.binomtest(int(sum(rejected)), len(rejected))
    low, high = share.proportion_ci(method="wilson")
    return {
        "test": test,
        "what is true": truth,
        "PSEs": pses,
        "rejects": share.statistic,
        "low": low,
        "high": high,
        "cohorts": len(rejected),
    }
