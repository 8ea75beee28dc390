"""Means over participants in each cell of a design."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from psychobench.analysis.data import measure_name, measures_of
from psychobench.comparison.cohort_measures import counted
from psychobench.fits.pse import Fits


def describe(
    fits: Fits, factors: Sequence[str], statuses: Sequence[str], confidence: float
) -> pd.DataFrame:
    """Describe each measure in each cell: ``measure``, the factors, and `describe_values`' columns.

    ``without`` is the number of participants in the cell whose value was not included, and
    ``missing`` counts them by status.
    """
    rows = []
    for measure in measures_of(fits):
        included = counted(fits.table, measure, statuses)
        values = fits.table.assign(_value=fits.table[measure].where(included))
        for levels, cell in values.groupby(list(factors), sort=False):
            known = cell["_value"].dropna().to_numpy(dtype=np.float64)
            rows.append(
                {
                    "measure": measure,
                    **dict(zip(factors, levels, strict=True)),
                    **describe_values(known, confidence),
                    "without": len(cell) - len(known),
                    "missing": _by_status(cell.loc[cell["_value"].isna(), "status"], measure),
                }
            )
    return pd.DataFrame(rows)


def _by_status(statuses: pd.Series[str], measure: str) -> str:
    """Count statuses in words; one that is included lacks the measure alone."""
    counts = statuses.value_counts(sort=False)
    return ", ".join(
        f"{n} {f'no {measure_name(measure)}' if status == 'ok' else status}"
        for status, n in counts.items()
    )


def describe_values(values: NDArray[np.float64], confidence: float) -> dict[str, float]:
    """Return n, mean, SD, SEM and the t interval of the mean; nan where n is too small.

    Examples
    --------
    >>> described = describe_values(np.array([0.4, 0.5, 0.6]), 0.95)
    >>> {name: round(value, 3) for name, value in described.items()}
    {'n': 3, 'mean': 0.5, 'sd': 0.1, 'sem': 0.058, 'low': 0.252, 'high': 0.748}
    """
    n = len(values)
    mean = float(values.mean()) if n else np.nan
    sd = float(values.std(ddof=1)) if n > 1 else np.nan
    sem = sd / math.sqrt(n) if n > 1 else np.nan
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1) * sem) if n > 1 else np.nan
    return {"n": n, "mean": mean, "sd": sd, "sem": sem, "low": mean - reach, "high": mean + reach}
