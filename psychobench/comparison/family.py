"""All tests of observers against a cohort, corrected over one family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.comparison.bayes_factor import jzs_bayes_factor
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.comparison.equivalence import equivalence
from psychobench.comparison.one_sample import one_sample_t
from psychobench.comparison.sample import Sample
from psychobench.comparison.single_case import single_case_t

CORRECTED = ("single_p", "p", "equivalence_p")
COLUMNS = (
    "single_t", "single_p", "single_p_bonferroni", "single_p_holm",
    "percentile", "percentile_low", "percentile_high",
    "t", "df", "p", "p_bonferroni", "p_holm", "d", "d_low", "d_high",
    "margin", "equivalence_p", "equivalence_p_bonferroni", "equivalence_p_holm",
    "bf10", "log_bf10",
)  # fmt: skip


def run_tests(
    values: NDArray[np.float64],
    samples: Sequence[Sample | None],
    *,
    family_size: int,
    margin: float | None,
) -> pd.DataFrame:
    """Run every test of each value against its sample.

    Parameters
    ----------
    values : ndarray of float64, shape (m,)
        The observers' PSEs or JNDs; NaN where there is nothing to test.
    samples : sequence of Sample or None, length m
        The people that each is tested against.
    family_size : int
        Number of tests that each correction counts.
    margin : float, optional
        Equivalence margin; without it equivalence is not tested.

    Returns
    -------
    pandas.DataFrame
        m rows with `COLUMNS`, missing where there is no test. The effect size `d` serves both
        tests: it equals Crawford, Garthwaite & Porter's z_cc.
    """
    rows = [
        {} if sample is None or np.isnan(value) else _tests(value, sample, margin)
        for value, sample in zip(values, samples, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS), index=range(len(rows)), dtype=np.float64)
    for name in CORRECTED:
        table[f"{name}_bonferroni"] = bonferroni(table[name], family_size)
        table[f"{name}_holm"] = holm(table[name], family_size)
    return table.astype({"df": "Int64"})


def _tests(value: float, sample: Sample, margin: float | None) -> dict[str, Any]:
    case, mean = single_case_t(value, sample), one_sample_t(value, sample)
    bayes = jzs_bayes_factor(mean.t, sample.n)
    row = {
        "single_t": case.t,
        "single_p": case.p,
        "percentile": case.percentile,
        "percentile_low": case.percentile_low,
        "percentile_high": case.percentile_high,
        "t": mean.t,
        "df": mean.df,
        "p": mean.p,
        "d": mean.d,
        "d_low": mean.d_low,
        "d_high": mean.d_high,
        "bf10": bayes.bf10,
        "log_bf10": bayes.log_bf10,
    }
    if margin is None:
        return row
    return row | {"margin": margin, "equivalence_p": equivalence(value, sample, margin).p}
