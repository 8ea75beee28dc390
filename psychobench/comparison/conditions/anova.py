"""Analysis of variance of designs within and between people.

Our own, because no library of the fixed stack has it: statsmodels' `AnovaRM` takes no factors
between people and corrects nothing for sphericity, and its `anova_lm` knows one error stratum.
Where they do the same work, the tests hold this module to their numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """One effect of an analysis of variance.

    Attributes
    ----------
    effect : str
        The factors, joined by ``x``.
    kind : str
        ``repeated-measures ANOVA``, ``mixed ANOVA``, ``ANOVA`` or ``Welch's ANOVA``.
    n : int
        People: those with a value in every cell within people.
    f, df1, df2, p : float
        The test; degrees of freedom and p are Greenhouse-Geisser corrected.
    epsilon : float
        By which that correction multiplies the degrees of freedom; 1 where there is nothing to
        correct.
    p_uncorrected : float
        The p if sphericity held.
    partial_eta2, partial_eta2_low, partial_eta2_high : float
        Effect's share of effect and its error, and its interval by the noncentral F.
    generalized_eta2 : float
        Effect's share of effect and all differences between and within people that are error [1]_;
        every factor counts as manipulated.

    References
    ----------
    .. [1] Olejnik, S. & Algina, J. (2003). Generalized eta and omega squared statistics.
       Psychological Methods, 8, 434-447.
    """

    effect: str
    kind: str
    n: int
    f: float
    df1: float
    df2: float
    p: float
    epsilon: float
    p_uncorrected: float
    partial_eta2: float
    partial_eta2_low: float
    partial_eta2_high: float
    generalized_eta2: float


class Factor(NamedTuple):
    """A factor's name, and the code of each cell (within) or person (between): 0 to levels - 1."""

    name: str
    codes: NDArray[np.intp]
    levels: int


def analyse_variance(
    values: Floats, within: Sequence[Factor], between: Sequence[Factor], confidence: float
) -> list[Effect]:
    """Test all main effects and interactions.

    Each effect within people is a set of orthonormal contrasts of their cells, on which the groups
    are compared (type III sums of squares); its degrees of freedom are corrected for the contrasts'
    unequal variances [1]_. A single factor between people has Welch's F.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        One row per person, one column per cell within people, none missing.
    within, between : sequence of Factor
        Codes of the k cells, and of the n people.
    confidence : float
        Coverage of the intervals.

    References
    ----------
    .. [1] Greenhouse, S. W. & Geisser, S. (1959). On methods in the analysis of profile data.
       Psychometrika, 24, 95-112.
    """
    if not within and len(between) == 1:
        return [_welch(values[:, 0], between[0], confidence)]
    outers = _subsets(between)
    columns = [_group_columns(outer) for outer in outers]
    errors, rows = 0.0, []
    for inner in _subsets(within):
        contrasts = values @ _contrasts(inner, within, values.shape[1])
        residual = _residual(contrasts, columns)
        errors += float(np.trace(residual))
        for k, outer in enumerate(outers):
            if inner or outer:
                others = columns[:k] + columns[k + 1 :] or [np.zeros((1, 1))]
                squares = float(np.trace(_residual(contrasts, others) - residual))
                rows.append(_Row(inner, outer, squares, residual))
    df_people = len(values) - sum(each.shape[1] for each in columns)
    kind = ("mixed ANOVA" if between else "repeated-measures ANOVA") if within else "ANOVA"
    return [_effect(row, kind, len(values), df_people, errors, confidence) for row in rows]


class _Row(NamedTuple):
    inner: tuple[Factor, ...]
    outer: tuple[Factor, ...]
    squares: float
    residual: Floats


def _subsets(factors: Sequence[Factor]) -> list[tuple[Factor, ...]]:
    return [
        chosen
        for size in range(len(factors) + 1)
        for chosen in itertools.combinations(factors, size)
    ]


def _contrasts(chosen: Sequence[Factor], factors: Sequence[Factor], cells: int) -> Floats:
    """Orthonormal contrasts of the cells for an effect within people: shape (cells, q)."""
    columns = np.ones((cells, 1))
    for factor in factors:
        n = factor.levels
        basis = np.full((n, 1), 1 / np.sqrt(n))
        if any(factor.name == each.name for each in chosen):
            # orthonormal and orthogonal to the mean
            basis = np.linalg.qr(np.hstack([basis, np.eye(n)[:, :-1]]))[0][:, 1:]
        part = basis[factor.codes]
        columns = (columns[:, :, None] * part[:, None, :]).reshape(cells, -1)
    return columns


def _group_columns(chosen: Sequence[Factor]) -> Floats:
    """Effect-coded columns of an effect between people; the mean for none: shape (n, columns)."""
    columns = np.ones((len(chosen[0].codes) if chosen else 1, 1))
    for factor in chosen:
        coding = np.vstack([np.eye(factor.levels - 1), -np.ones(factor.levels - 1)])
        part = coding[factor.codes]
        columns = (columns[:, :, None] * part[:, None, :]).reshape(len(part), -1)
    return columns


def _residual(contrasts: Floats, columns: Sequence[Floats]) -> Floats:
    """Cross-products of what the columns leave of the contrasts: shape (q, q)."""
    n = len(contrasts)
    design = np.hstack([np.broadcast_to(each, (n, each.shape[1])) for each in columns])
    rest = contrasts - design @ np.linalg.lstsq(design, contrasts, rcond=None)[0]
    return np.asarray(rest.T @ rest)


def _effect(
    row: _Row, kind: str, n: int, df_people: int, errors: float, confidence: float
) -> Effect:
    q = len(row.residual)
    groups = int(np.prod([factor.levels - 1 for factor in row.outer]))
    error = float(np.trace(row.residual))
    df1, df2 = q * groups, q * df_people
    f = (row.squares / df1) / (error / df2)
    epsilon = error**2 / (q * float(np.sum(row.residual**2)))
    low, high = eta2_interval(f, df1, df2, confidence)
    return Effect(
        effect=" x ".join(factor.name for factor in (*row.inner, *row.outer)),
        kind=kind,
        n=n,
        f=float(f),
        df1=df1 * epsilon,
        df2=df2 * epsilon,
        p=float(stats.f.sf(f, df1 * epsilon, df2 * epsilon)),
        epsilon=epsilon,
        p_uncorrected=float(stats.f.sf(f, df1, df2)),
        partial_eta2=float(row.squares / (row.squares + error)),
        partial_eta2_low=low,
        partial_eta2_high=high,
        generalized_eta2=float(row.squares / (row.squares + errors)),
    )


def _welch(values: Floats, factor: Factor, confidence: float) -> Effect:
    from statsmodels.stats.oneway import anova_oneway

    groups = [values[factor.codes == code] for code in range(factor.levels)]
    found = anova_oneway(groups, use_var="unequal")
    f, df1, df2 = float(found.statistic), float(found.df_num), float(found.df_denom)
    error = float(sum(((group - group.mean()) ** 2).sum() for group in groups))
    total = float(((values - values.mean()) ** 2).sum())
    low, high = eta2_interval(f, df1, df2, confidence)
    return Effect(
        effect=factor.name,
        kind="Welch's ANOVA",
        n=len(values),
        f=f,
        df1=df1,
        df2=df2,
        p=float(found.pvalue),
        epsilon=1.0,
        p_uncorrected=float(found.pvalue),
        partial_eta2=f * df1 / (f * df1 + df2),
        partial_eta2_low=low,
        partial_eta2_high=high,
        generalized_eta2=1 - error / total,
    )


def eta2_interval(f: float, df1: float, df2: float, confidence: float) -> tuple[float, float]:
    """Interval of partial eta squared, found by inverting the noncentral F.

    Examples
    --------
    >>> low, high = eta2_interval(5.0, 2, 58, 0.95)
    >>> round(low, 3), round(high, 3)
    (0.01, 0.296)
    """
    tail, ends = (1 - confidence) / 2, []
    for quantile in (1 - tail, tail):
        reached = stats.f.cdf(f, df1, df2) > quantile
        spread = float(special.ncfdtrinc(df1, df2, quantile, f)) if reached else 0.0
        ends.append(spread / (spread + df1 + df2 + 1))
    return ends[0], ends[1]
