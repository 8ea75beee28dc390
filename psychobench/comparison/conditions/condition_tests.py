"""Conditions and groups of people compared: paired, between groups, and factorial."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from psychobench.comparison.cohort_measures import DEFAULT_STATUSES, HasFrame, status_faults
from psychobench.comparison.conditions.anova import Effect, Factor, Floats, analyse_variance
from psychobench.comparison.conditions.cells_of_design import Cells, lay_out_cells
from psychobench.comparison.conditions.pairs import Labels, PairTest, paired_test, welch_test
from psychobench.comparison.conditions.sentences import (
    effect_sentence,
    pair_sentence,
    people_sentence,
)
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.errors import ComparisonError, OptionError

Deletion = Literal["pairwise", "listwise"]


@dataclass(frozen=True)
class ConditionTests:
    """Comparisons of a measure between conditions and groups.

    Attributes
    ----------
    measure : str
        What was compared.
    within, between : tuple of str
        Factors within and between people.
    pairs : tuple of PairTest
        The family: every pair of cells that differ in one factor.
    effects : tuple of Effect
        The analysis of variance; empty where a single pair says all.
    no_anova : str or None
        Why there is no analysis of variance although there are several pairs.
    family_size : int
        How many pairs have a test; p-values are corrected for them.
    n, n_complete : int
        People with a value somewhere; people with a value in every cell within people.
    left_out : pandas.DataFrame
        One row per person and cell without a value that counts: `observer`, the factors, `why`.
    deletion : {"pairwise", "listwise"}
        Whether a pair takes all who have its cells, or only those who have every cell. An analysis
        of variance always takes the latter.
    tested : tuple of str
        The statuses that count, but for the JND, width or slope of a ``step``.
    confidence : float
        Coverage of intervals; 1 - confidence is the level of the sentences' verdicts.
    """

    measure: str
    within: tuple[str, ...]
    between: tuple[str, ...]
    pairs: tuple[PairTest, ...]
    effects: tuple[Effect, ...]
    no_anova: str | None
    family_size: int
    n: int
    n_complete: int
    left_out: pd.DataFrame
    deletion: Deletion
    tested: tuple[str, ...]
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Give one row per pair, `PairTest`'s fields as columns."""
        return _frame(self.pairs, PairTest)

    def effects_frame(self) -> pd.DataFrame:
        """Give one row per effect of the analysis of variance, `Effect`'s fields as columns."""
        return _frame(self.effects, Effect)

    def sentences(self) -> list[str]:
        """Put all into words: who took part, every effect, every pair."""
        missing = [] if self.no_anova is None else [f"No analysis of variance: {self.no_anova}."]
        return [
            people_sentence(self),
            *(effect_sentence(effect, self) for effect in self.effects),
            *missing,
            *(pair_sentence(pair, self) for pair in self.pairs),
        ]


def compare_conditions(
    fits: HasFrame | pd.DataFrame,
    measure: str = "pse",
    *,
    within: str | Sequence[str] = (),
    between: str | Sequence[str] = (),
    tested: Sequence[str] = DEFAULT_STATUSES,
    deletion: Deletion = "pairwise",
    confidence: float = 0.95,
) -> ConditionTests:
    """Compare a measure of the same people's conditions, of different groups, or of both.

    Two conditions within people are compared by a paired t, two groups by Welch's t. More cells
    have an analysis of variance first, with the Greenhouse-Geisser correction within people, and
    then every pair of cells that differ in one factor; these pairs are the family that Bonferroni's
    and Holm's corrections count.

    Parameters
    ----------
    fits : Fits or DataFrame
        What `psychobench.fit` gave; or a table with `observer`, `status`, the measure and the
        factors.
    measure : str
        ``pse``, ``jnd`` or another numeric column.
    within, between : str or sequence of str
        Columns that differ within people, such as ``condition``, and between them, such as a group
        that ``by`` kept in the fits. At least one.
    tested : sequence of str
        The statuses whose values count. The JND, width or slope of a ``step`` is a mere bound and
        never does.
    deletion : {"pairwise", "listwise"}
        Whether a pair takes everyone who has both its cells, or those who have all cells.
    confidence : float
        Coverage of intervals.

    Returns
    -------
    ConditionTests

    Raises
    ------
    ComparisonError
        If the table does not hold the design that the factors name.
    OptionError
        If an option has a value that it cannot take.

    Examples
    --------
    >>> fits = pd.DataFrame({"observer": [1, 2, 3, 4] * 2, "condition": ["a"] * 4 + ["b"] * 4,
    ...                      "pse": [.4, .5, .5, .6, .5, .5, .6, .8], "status": "ok"})
    >>> test = compare_conditions(fits, within="condition").pairs[0]
    >>> test.kind, round(test.t, 3), test.df, round(test.p, 3)
    ('paired', 2.449, 3.0, 0.092)
    """
    _check_options(tested, deletion, confidence)
    inner, outer = _names(within), _names(between)
    table = fits.copy() if isinstance(fits, pd.DataFrame) else fits.to_frame()
    cells = lay_out_cells(table, measure, inner, outer, tested)
    pairs = _corrected(_pairs(cells, deletion, confidence))
    size = sum(pair.reason is None for pair in pairs)
    if not size:
        reasons = "; ".join(dict.fromkeys(str(pair.reason) for pair in pairs))
        raise ComparisonError(f"no two cells can be compared: {reasons}")
    effects, no_anova = _effects(cells, confidence) if len(pairs) > 1 else ((), None)
    return ConditionTests(
        measure=measure,
        within=inner,
        between=outer,
        pairs=pairs,
        effects=effects,
        no_anova=no_anova,
        family_size=size,
        n=int(np.isfinite(cells.values).any(axis=1).sum()),
        n_complete=int(cells.complete.sum()),
        left_out=cells.left_out,
        deletion=deletion,
        tested=tuple(tested),
        confidence=confidence,
    )


def _names(factors: str | Sequence[str]) -> tuple[str, ...]:
    return (factors,) if isinstance(factors, str) else tuple(dict.fromkeys(factors))


def _check_options(tested: Sequence[str], deletion: str, confidence: float) -> None:
    faults = status_faults(tested)
    if deletion not in get_args(Deletion):
        faults.append(f"deletion must be one of {', '.join(get_args(Deletion))}: not '{deletion}'")
    if not 0 < confidence < 1:
        faults.append(f"confidence must lie between 0 and 1: it is {confidence:g}")
    if faults:
        raise OptionError(*faults)


def _pairs(cells: Cells, deletion: Deletion, confidence: float) -> list[PairTest]:
    """Test every two cells that differ in one factor, the first factor's pairs first."""
    values = cells.values
    if deletion == "listwise":
        values = np.where(cells.complete[:, None], values, np.nan)
    places = list(itertools.product(cells.groups, range(len(cells.columns))))
    labels = [(*group, *cells.columns[column]) for group, column in places]
    names = (*cells.between, *cells.within)
    tests: dict[str, list[PairTest]] = {name: [] for name in (*cells.within, *cells.between)}
    for one, other in itertools.combinations(range(len(places)), 2):
        differing = [k for k in range(len(names)) if labels[one][k] != labels[other][k]]
        if len(differing) > 1:
            continue
        (k,) = differing
        where = ", ".join(
            f"{name}={level}" for name, level in zip(names, labels[one], strict=True)
            if name != names[k]
        )  # fmt: skip
        test = welch_test if names[k] in cells.between else paired_test
        first, second = (values[cells.is_in(places[n][0]), places[n][1]] for n in (one, other))
        what = Labels(names[k], where, labels[one][k], labels[other][k])
        tests[names[k]].append(test(what, first, second, confidence))
    return [test for of_factor in tests.values() for test in of_factor]


def _corrected(pairs: Sequence[PairTest]) -> tuple[PairTest, ...]:
    p = np.array([pair.p for pair in pairs])
    size = int(np.isfinite(p).sum())
    corrected = zip(pairs, bonferroni(p, size), holm(p, size), strict=True)
    return tuple(replace(pair, p_bonferroni=float(b), p_holm=float(h)) for pair, b, h in corrected)


def _effects(cells: Cells, confidence: float) -> tuple[tuple[Effect, ...], str | None]:
    """Analyse the variance of those who have all cells, or say why that cannot be done."""
    values = cells.values[cells.complete]
    sizes = [int((cells.is_in(group) & cells.complete).sum()) for group in cells.groups]
    if min(sizes) < 2:
        scarce = cells.groups[int(np.argmin(sizes))]
        group = f" in group {', '.join(scarce)}" if scarce else ""
        return (), f"it needs two people with a value in every cell{group}, there {_are(sizes)}"
    if _additive(values, cells):
        return (), "people differ in nothing but the size of their values"
    within = [
        _factor(name, [column[k] for column in cells.columns])
        for k, name in enumerate(cells.within)
    ]
    people = [group for group, kept in zip(cells.group_of, cells.complete, strict=True) if kept]
    between = [
        _factor(name, [group[k] for group in people]) for k, name in enumerate(cells.between)
    ]
    return tuple(analyse_variance(values, within, between, confidence)), None


def _are(sizes: Sequence[int]) -> str:
    return "is 1" if min(sizes) == 1 else "are none"


def _additive(values: Floats, cells: Cells) -> bool:
    """Tell whether no error is left against which an effect could be tested."""
    rest = values - values.mean(axis=1, keepdims=True) if cells.within else values
    groups = [group for group, kept in zip(cells.group_of, cells.complete, strict=True) if kept]
    means = pd.DataFrame(rest).groupby([", ".join(group) for group in groups]).transform("mean")
    error = float(np.abs(rest - means.to_numpy()).max())
    return error <= 1e-12 * float(np.abs(values).max())


def _factor(name: str, labels: Sequence[str]) -> Factor:
    codes, levels = pd.factorize(np.array(labels, dtype=object))
    return Factor(name, codes, len(levels))


def _frame(rows: Sequence[PairTest] | Sequence[Effect], kind: type) -> pd.DataFrame:
    return pd.DataFrame([asdict(row) for row in rows], columns=[each.name for each in fields(kind)])
