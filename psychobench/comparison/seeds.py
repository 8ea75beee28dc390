"""A network trained many times: where its PSE would lie next, and Welch's t against people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from psychobench.comparison.against_cohort import FAMILIES, UNREPORTED, Family
from psychobench.comparison.cohort_measures import (
    TESTED,
    CohortMeasures,
    HasFrame,
    check_tested,
    counted,
)
from psychobench.comparison.conditions.pairs import Labels, welch_test
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.errors import ComparisonError, OptionError

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
    """What trainings from several seeds say of one measure, such as the PSE.

    Attributes
    ----------
    n : int
        Seeds with a value.
    mean, sd : float
        Of their values; NaN without a value, and the SD of one.
    mean_low, mean_high : float
        Student's interval of the mean: where the average over very many trainings lies.
    low, high : float
        Prediction interval: where the value lies if the network is trained once more. NaN, like
        the interval of the mean, where fewer than two seeds have a value.
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

    The interval for one more training is normal theory's, mean +- t SD sqrt(1 + 1/n) with n - 1
    degrees of freedom [1]_, whatever n is. It holds if values are normal over seeds. An interval
    that does not ask for that runs from the lowest to the highest value and covers (n - 1)/(n + 1)
    of further trainings: 95% need 39 seeds [2]_, and ten reach 82%.

    Parameters
    ----------
    values : array_like of float, shape (seeds,)
        One per seed; NaN where a seed has none. What is said holds for trainings that have one.
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
    if not 0 < confidence < 1:
        raise OptionError(f"confidence must be between 0 and 1: it is {confidence:g}")
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
class SeedComparison:
    """Trainings from several seeds against people.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per observer x mask that was trained more than once: ``observer, mask, seeds,
        seeds_statuses`` (how many seeds have which, like ``9 ok, 1 never``); of the PSE
        ``seeds_with_pse, seeds_mean_pse, seeds_mean_pse_low, seeds_mean_pse_high, seeds_sd_pse``,
        ``pse_low, pse_high`` (where one more training would put it) and ``welch_t, welch_df,
        welch_p, welch_p_bonferroni, welch_p_holm``; of the JND the same with ``jnd`` for ``pse``
        and ``jnd_`` before ``welch``.
    values : pandas.DataFrame
        Every seed's fit: ``observer, mask, seed, pse, jnd, status, reason``.
    family : {"valid", "planned"}
        Which tests the corrections count.
    family_size, jnd_family_size : int
        How many these are.
    tested : tuple of str
        The statuses whose values count.
    confidence : float
        Coverage of the intervals.
    """

    table: pd.DataFrame
    values: pd.DataFrame
    family: Family
    family_size: int
    jnd_family_size: int
    tested: tuple[str, ...]
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def compare_seeds(
    fits: HasFrame,
    cohorts: Mapping[str, CohortMeasures],
    *,
    family: Family = "valid",
    tested: Sequence[str] = TESTED,
    confidence: float = 0.95,
) -> SeedComparison:
    """Test observers that were trained several times against people, mask by mask.

    The paper's test asks whether people differ from one trained network, as if another training
    gave the same PSE. Here the trainings are a sample like the people: Welch's t [1]_ asks whether
    the average training differs from the average person. t is positive where the observer's mean
    is the higher one.

    Parameters
    ----------
    fits : Fits
        What ``psychobench.fit(trials, by=["seed"])`` gave; an observer's condition is its mask.
        Observers with one seed are left out: they have one curve, and no spread to test against.
    cohorts : Mapping of str to CohortMeasures
        Mask to the people it is tested against, as `match_cohorts` gives it.
    family : {"valid", "planned"}
        The tests that the corrections count, for PSE and JND apart: those where two seeds or more
        have a value, or all.
    tested : sequence of str
        The statuses whose values count. A seed without a value that counts is in no mean and no
        test; `seeds`, `seeds_with_pse` and `seeds_statuses` tell how many there are.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    SeedComparison

    Raises
    ------
    OptionError
        If `family` or `tested` names something that does not exist.
    ComparisonError
        If the fits have no column ``seed`` or a mask has no cohort.

    References
    ----------
    .. [1] Welch, B. L. (1947). The generalization of 'Student's' problem when several different
       population variances are involved. Biometrika, 34, 28-35.
    """
    if family not in FAMILIES:
        raise OptionError(f"the family must be one of {', '.join(FAMILIES)}: not '{family}'")
    check_tested(tested)
    values = _values_of(fits, tested)
    _check_masks(values, cohorts)
    groups = values.groupby(["observer", "mask"], sort=False)
    rows = [
        _summarised(str(observer), str(mask), rows, cohorts[str(mask)], tested, confidence)
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
    return SeedComparison(
        table, values, family, sizes[""], sizes["jnd_"], tuple(tested), confidence
    )


def _values_of(fits: HasFrame, tested: Sequence[str]) -> pd.DataFrame:
    """Give every seed's values, without a PSE that lies beyond the levels unless asked for."""
    frame = fits.to_frame()
    if "seed" not in frame:
        raise ComparisonError(
            "trainings are told apart by a column 'seed': the fits have none; fit the trials with "
            "by=['seed']"
        )
    frame = frame.rename(columns={"condition": "mask"})
    hidden = frame["status"].isin(set(UNREPORTED) - set(tested))
    shown = {name: frame[name].astype(np.float64).mask(hidden) for name in ("pse", "jnd")}
    columns = ["observer", "mask", "seed", "pse", "jnd", "status", "reason"]
    return frame.assign(**shown)[columns].reset_index(drop=True)


def _check_masks(values: pd.DataFrame, cohorts: Mapping[str, CohortMeasures]) -> None:
    if missing := [mask for mask in values["mask"].unique() if mask not in cohorts]:
        raise ComparisonError(
            f"every mask needs people to be tested against: '{missing[0]}' has none; the cohorts "
            f"are of {', '.join(cohorts)}"
        )


def _summarised(
    observer: str,
    mask: str,
    rows: pd.DataFrame,
    people: CohortMeasures,
    tested: Sequence[str],
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
        values = rows.loc[counted(rows, measure, tested), measure].to_numpy(dtype=np.float64)
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
