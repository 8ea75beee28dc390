"""Networks trained from several seeds: prediction interval of the PSE, Welch's t against people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from psychobench.arguments import Names, check_choice, check_confidence
from psychobench.comparison.against_cohort import FAMILIES, UNREPORTED, Family
from psychobench.comparison.cohort_measures import (
    DEFAULT_STATUSES,
    CohortMeasures,
    HasFrame,
    check_statuses,
    counted,
)
from psychobench.comparison.conditions.pairs import Labels, welch_test
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.errors import ComparisonError
from psychobench.tables.notebook import ShownAsTable

NAN = float("nan")
_WELCH = ("welch_t", "welch_df", "welch_p", "welch_p_bonferroni", "welch_p_holm")
SEED_COLUMNS = [
    "observer", "mask", "seeds", "seeds_statuses",
    *(
        name
        for measure, prefix in (("pse", ""), ("jnd", "jnd_"))
        for name in (
            f"seeds_with_{measure}", f"seeds_mean_{measure}",
            f"seeds_mean_{measure}_low", f"seeds_mean_{measure}_high", f"seeds_sd_{measure}",
            f"{measure}_low", f"{measure}_high",
            *(f"{prefix}{name}" for name in _WELCH),
        )
    ),
]  # fmt: skip


@dataclass(frozen=True)
class SeedSummary:
    """Summary of one measure, such as the PSE, over trainings from several seeds.

    Attributes
    ----------
    n : int
        Number of seeds with a value.
    mean, sd : float
        Of their values; the mean is NaN without a value, the SD with fewer than two.
    mean_low, mean_high : float
        Confidence interval of the mean over very many trainings, from Student's t.
    low, high : float
        Prediction interval for the value of one further training. NaN, like the interval of the
        mean, if fewer than two seeds have a value.
    """

    n: int
    mean: float
    sd: float
    mean_low: float
    mean_high: float
    low: float
    high: float


def seed_summary(values: ArrayLike, *, confidence: float = 0.95) -> SeedSummary:
    """Summarise one measure over trainings from several seeds.

    The prediction interval is mean +- t SD sqrt(1 + 1/n) with n - 1 degrees of freedom [1]_, for
    any n. It assumes values that are normal over seeds. The distribution-free interval from the
    lowest to the highest value covers (n - 1)/(n + 1) of further trainings: 95% takes 39 seeds
    [2]_, and ten seeds give 82%.

    Parameters
    ----------
    values : array_like of float, shape (seeds,)
        One value per seed; NaN where a seed has none. The summary is of trainings that have one.
    confidence : float
        Coverage of both intervals.

    Raises
    ------
    OptionError
        If `confidence` is not between 0 and 1.

    References
    ----------
    .. [1] Whitmore, G. A. (1986). Prediction limits for a univariate normal observation. The
       American Statistician, 40, 141-143.
    .. [2] Hahn, G. J. & Meeker, W. Q. (1991). Statistical intervals: a guide for practitioners.
       Wiley; prediction intervals, of a normal distribution and distribution-free.

    Examples
    --------
    >>> summary = seed_summary([0.50, 0.54, 0.52, 0.56, float("nan")])
    >>> summary.n, round(summary.mean, 3), round(summary.low, 3), round(summary.high, 3)
    (4, 0.53, 0.438, 0.622)
    """
    check_confidence(confidence)
    every = np.asarray(values, dtype=np.float64)
    known = every[np.isfinite(every)]
    n = len(known)
    mean = float(known.mean()) if n else NAN
    if n < 2:
        return SeedSummary(n, mean, NAN, NAN, NAN, NAN, NAN)
    sd = float(known.std(ddof=1))
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * sd
    of_mean, of_next = reach / math.sqrt(n), reach * math.sqrt(1 + 1 / n)
    return SeedSummary(n, mean, sd, mean - of_mean, mean + of_mean, mean - of_next, mean + of_next)


@dataclass(frozen=True)
class SeedComparison(ShownAsTable):
    """Trainings from several seeds compared with people.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per observer x mask that was trained more than once: ``observer, mask, seeds,
        seeds_statuses`` (the number of seeds with each status, such as ``9 ok, 1 never``); for the
        PSE ``seeds_with_pse, seeds_mean_pse, seeds_mean_pse_low, seeds_mean_pse_high,
        seeds_sd_pse``, ``pse_low, pse_high`` (prediction interval for one further training) and
        ``welch_t, welch_df, welch_p, welch_p_bonferroni, welch_p_holm``; for the JND the same with
        ``jnd`` in place of ``pse`` and ``jnd_`` before ``welch``.
    values : pandas.DataFrame
        The fit of every seed: ``observer, mask, seed, pse, jnd, status, reason``.
    family : {"valid", "planned"}
        Which tests the corrections count.
    family_size, jnd_family_size : int
        The number of tests in the family, for the PSE and for the JND.
    statuses : tuple of str
        The statuses whose values were included.
    confidence : float
        Coverage of the intervals.
    """

    table: pd.DataFrame
    values: pd.DataFrame
    family: Family
    family_size: int
    jnd_family_size: int
    statuses: tuple[str, ...]
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def compare_seeds(
    fits: HasFrame,
    cohorts: Mapping[str, CohortMeasures],
    *,
    family: Family = "valid",
    statuses: Names = DEFAULT_STATUSES,
    confidence: float = 0.95,
) -> SeedComparison:
    """Compare observers that were trained several times with people, mask by mask.

    The paper's test asks whether people differ from one trained network, as if every training gave
    the same PSE. Here the trainings are a sample, as the people are: Welch's t [1]_ tests whether
    the average training differs from the average person. t is positive if the mean over trainings
    is higher.

    Parameters
    ----------
    fits : Fits
        Fits from ``psychobench.fit(trials, by="seed")``; the condition of an observer is its mask.
        Observers with a single seed are left out: they have no variance over trainings.
    cohorts : Mapping of str to CohortMeasures
        The people that each mask is compared with, from `match_cohorts`.
    family : {"valid", "planned"}
        The tests that the corrections count, separately for PSE and JND: those where at least two
        seeds have a value, or all.
    statuses : str or sequence of str
        The statuses whose values are included. A seed without an included value enters no mean and
        no test; `seeds`, `seeds_with_pse` and `seeds_statuses` report how many there are.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    SeedComparison

    Raises
    ------
    OptionError
        If `family` or `statuses` names something that does not exist.
    ComparisonError
        If the fits have no column ``seed`` or a mask has no cohort.

    References
    ----------
    .. [1] Welch, B. L. (1947). The generalization of 'Student's' problem when several different
       population variances are involved. Biometrika, 34, 28-35.
    """
    check_choice(family, "family", FAMILIES)
    statuses = check_statuses(statuses)
    values = _values_of(fits, statuses)
    _check_masks(values, cohorts)
    groups = values.groupby(["observer", "mask"], sort=False)
    rows = [
        _summarised(str(observer), str(mask), rows, cohorts[str(mask)], statuses, confidence)
        for (observer, mask), rows in groups
        if len(rows) > 1
    ]
    table = pd.DataFrame(rows, columns=SEED_COLUMNS)
    sizes = {}
    for prefix in ("", "jnd_"):
        p = table[f"{prefix}welch_p"].to_numpy(dtype=np.float64)
        sizes[prefix] = int(np.isfinite(p).sum()) if family == "valid" else len(table)
        table[f"{prefix}welch_p_bonferroni"] = bonferroni(p, sizes[prefix])
        table[f"{prefix}welch_p_holm"] = holm(p, sizes[prefix])
    return SeedComparison(table, values, family, sizes[""], sizes["jnd_"], statuses, confidence)


def _values_of(fits: HasFrame, statuses: Sequence[str]) -> pd.DataFrame:
    """Return the values of every seed, without PSEs beyond the levels unless these are included."""
    frame = fits.to_frame()
    if "seed" not in frame:
        raise ComparisonError(
            "fits of several trainings must have a column 'seed': these have none; fit the trials "
            'with `by="seed"`'
        )
    frame = frame.rename(columns={"condition": "mask"})
    hidden = frame["status"].isin(set(UNREPORTED) - set(statuses))
    shown = {name: frame[name].astype(np.float64).mask(hidden) for name in ("pse", "jnd")}
    columns = ["observer", "mask", "seed", "pse", "jnd", "status", "reason"]
    return frame.assign(**shown)[columns].reset_index(drop=True)


def _check_masks(values: pd.DataFrame, cohorts: Mapping[str, CohortMeasures]) -> None:
    if missing := [mask for mask in values["mask"].unique() if mask not in cohorts]:
        raise ComparisonError(
            f"every mask must have a cohort to be tested against: '{missing[0]}' has none; there "
            f"are cohorts for {', '.join(cohorts)}"
        )


def _summarised(
    observer: str,
    mask: str,
    rows: pd.DataFrame,
    people: CohortMeasures,
    statuses: Sequence[str],
    confidence: float,
) -> dict[str, Any]:
    counts = rows["status"].value_counts()
    row: dict[str, Any] = {
        "observer": observer,
        "mask": mask,
        "seeds": len(rows),
        "seeds_statuses": ", ".join(f"{n} {status}" for status, n in counts.items()),
    }
    for measure, prefix, theirs in (("pse", "", people.pses), ("jnd", "jnd_", people.jnds)):
        values = rows.loc[counted(rows, measure, statuses), measure].to_numpy(dtype=np.float64)
        summary = seed_summary(values, confidence=confidence)
        row |= {
            f"seeds_with_{measure}": summary.n,
            f"seeds_mean_{measure}": summary.mean,
            f"seeds_mean_{measure}_low": summary.mean_low,
            f"seeds_mean_{measure}_high": summary.mean_high,
            f"seeds_sd_{measure}": summary.sd,
            f"{measure}_low": summary.low,
            f"{measure}_high": summary.high,
        }
        row |= _welch(Labels("observer", mask, "people", observer), theirs, values, prefix)
    return row


def _welch(
    labels: Labels, people: NDArray[np.float64], seeds: NDArray[np.float64], prefix: str
) -> dict[str, float]:
    test = welch_test(labels, people, seeds, confidence=0.95)
    return {f"{prefix}welch_{name}": getattr(test, name) for name in ("t", "df", "p")}
