"""Conditions and groups of people compared: paired, between groups, and factorial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from scipy import stats

from psychobench.arguments import Names, confidence_faults, parse_names
from psychobench.comparison.cohort_measures import DEFAULT_STATUSES, HasFrame, status_faults
from psychobench.comparison.conditions.anova import Effect, Factor, Floats, analyse_variance
from psychobench.comparison.conditions.condition_data import (
    ConditionData,
    Deletion,
    Family,
    family_faults,
)
from psychobench.comparison.conditions.design_cells import DesignCells, arrange_cells
from psychobench.comparison.conditions.families import PAIRS, default_pairs, planned_pairs
from psychobench.comparison.conditions.pairs import PairTest
from psychobench.comparison.conditions.sentences import (
    effect_sentence,
    pair_sentence,
    people_sentence,
)
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.errors import ComparisonError, OptionError
from psychobench.formatting import Scale, scale_of
from psychobench.messages import nearest
from psychobench.tables.frames import as_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IN_LEVELS = ("pse", "jnd", "threshold", "width")  # measures in the unit of the level


class ConditionTests(ConditionData):
    """Comparisons of a measure between conditions and groups; its numbers: `ConditionData`."""

    def sentences(self) -> list[str]:
        """Return everything in words: who took part, every effect, every pair."""
        missing = [] if self.no_anova is None else [f"No analysis of variance: {self.no_anova}."]
        return [
            people_sentence(self),
            *(effect_sentence(effect, self) for effect in self.effects),
            *missing,
            *(pair_sentence(pair, self) for pair in self.pairs),
        ]

    def plot(self, ax: Axes | None = None, *, color: str | None = None) -> Figure:
        """Draw the difference of each pair with its interval, and a line where there is none.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        color : str, optional
            Of the marks and intervals; any that matplotlib knows.

        Returns
        -------
        matplotlib.figure.Figure
            The one that was drawn into.
        """
        from psychobench.draw.differences import Difference, draw_differences

        pairs = [
            Difference(
                f"{pair.second} \u2212 {pair.first}" + (f" ({pair.where})" if pair.where else ""),
                pair.difference,
                pair.low,
                pair.high,
            )
            for pair in self.pairs
        ]
        label = f"difference in {self.measure_name}, {self.confidence:.0%} interval"
        return draw_differences(pairs, x_label=label, axis=ax, color=color)

    def _repr_html_(self) -> str:
        """Show effects and pairs as tables in a notebook, without columns that hold nothing."""
        frames = [frame for frame in (self.effects_frame(), self.to_frame()) if len(frame)]
        shown = [frame.replace("", None).dropna(axis="columns", how="all") for frame in frames]
        return "".join(
            frame.to_html(index=False, na_rep="", float_format="{:.3f}".format) for frame in shown
        )


def compare_conditions(
    fits: HasFrame | pd.DataFrame,
    measure: str = "pse",
    *,
    within: Names = (),
    between: Names = (),
    statuses: Names = DEFAULT_STATUSES,
    pairs: Names = None,
    deletion: Deletion = "pairwise",
    family: Family = "planned",
    confidence: float = 0.95,
) -> ConditionTests:
    """Compare a measure of the same people's conditions, of different groups, or of both.

    Two conditions within people are compared by a paired t, two groups by Welch's t. More cells
    have an analysis of variance first, with the Greenhouse-Geisser correction within people, and
    then the pairs that the design asks for: all pairs of a single factor; of several factors, the
    levels of each averaged over the others, and the first factor's levels at each level of the
    others (its simple effects). These pairs are the family that Bonferroni's and Holm's
    corrections count.

    Parameters
    ----------
    fits : Fits or DataFrame
        What `psychobench.fit` returned, or a table with `observer`, `status`, the measure and the
        factors.
    measure : str
        ``pse``, ``jnd`` or another numeric column.
    within, between : str or sequence of str
        Columns that differ within people, such as ``condition``, and between them, such as a group
        that ``by`` kept in the fits. At least one.
    statuses : str or sequence of str
        The PSE statuses whose values are included, as a list or as text (``"ok,step"``). The JND,
        width or slope of a ``step`` is only a bound and never included.
    pairs : str or sequence of str, optional
        What is compared in a design of several factors, as a list or as text: ``"marginal"`` means
        over the other factors, ``"simple"`` effects of the factor that is named first, or all
        ``"cells"`` that differ in one factor. By default ``"marginal,simple"``.
    deletion : {"pairwise", "listwise"}
        Whether a pair takes everyone who has both its cells, or those who have all cells.
    family : {"planned", "valid"}
        Whether corrections count every pair of the design, or only the pairs that have a test. What
        was planned does not depend on how the fits turned out.
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
    inner, outer = parse_names(within, "within"), parse_names(between, "between")
    included = parse_names(statuses, "statuses")
    asked = parse_names(pairs, "pairs") or default_pairs(len(inner) + len(outer))
    _check_options(included, asked, deletion, family, confidence)
    table = as_rows(fits, "fits").to_frame()
    cells = arrange_cells(table, measure, inner, outer, included)
    listwise = deletion == "listwise"
    planned = planned_pairs(cells, asked, listwise=listwise, confidence=confidence)
    valid = sum(pair.reason is None for pair in planned)
    size = valid if family == "valid" else len(planned)
    tested = _corrected(planned, size)
    if not valid:
        reasons = "; ".join(dict.fromkeys(str(pair.reason) for pair in tested))
        raise ComparisonError(f"no two cells can be compared: {reasons}")
    effects, no_anova = _effects(cells, confidence) if len(tested) > 1 else ((), None)
    return ConditionTests(
        measure=measure,
        within=inner,
        between=outer,
        pairs=tested,
        effects=effects,
        no_anova=no_anova,
        family=family,
        family_size=size,
        n=int(np.isfinite(cells.values).any(axis=1).sum()),
        n_complete=int(cells.complete.sum()),
        left_out=cells.left_out,
        deletion=deletion,
        statuses=included,
        confidence=confidence,
        scale=_scale(fits, measure, tested, confidence),
    )


def _check_options(
    statuses: Sequence[str], pairs: Sequence[str], deletion: str, family: str, confidence: float
) -> None:
    faults = [*status_faults(statuses), *family_faults(family)]
    faults += [
        f"`pairs` must be among {', '.join(PAIRS)}: got '{name}'{nearest(name, PAIRS)}"
        for name in pairs
        if name not in PAIRS
    ]
    if deletion not in get_args(Deletion):
        faults.append(
            f"`deletion` must be one of {', '.join(get_args(Deletion))}: not '{deletion}'"
        )
    faults += confidence_faults(confidence)
    if faults:
        raise OptionError(*faults)


def _corrected(pairs: Sequence[PairTest], size: int) -> tuple[PairTest, ...]:
    p = np.array([pair.p for pair in pairs])
    corrected = zip(pairs, bonferroni(p, size), holm(p, size), strict=True)
    return tuple(replace(pair, p_bonferroni=float(b), p_holm=float(h)) for pair, b, h in corrected)


def _scale(fits: object, measure: str, pairs: Sequence[PairTest], confidence: float) -> Scale:
    """Return how values are written: as precise as the differences between cells."""
    data: Any = getattr(fits, "data", None)
    known = isinstance(data, pd.DataFrame) and "level" in data
    levels = data["level"] if known and measure in IN_LEVELS else ()
    tested = [pair for pair in pairs if pair.reason is None]
    reach = [stats.t.ppf((1 + confidence) / 2, pair.df) for pair in tested]
    errors = [(pair.high - pair.low) / 2 / t for pair, t in zip(tested, reach, strict=True)]
    return scale_of(errors, levels)


def _effects(cells: DesignCells, confidence: float) -> tuple[tuple[Effect, ...], str | None]:
    """Analyse the variance of those who have all cells, or say why that cannot be done."""
    values = cells.values[cells.complete]
    sizes = [int((cells.is_in(group) & cells.complete).sum()) for group in cells.groups]
    if min(sizes) < 2:
        scarce = cells.groups[int(np.argmin(sizes))]
        group = f" in group {', '.join(scarce)}" if scarce else ""
        return (), (
            f"it needs two people with a value in every cell{group}, but there {_are(sizes)}"
        )
    if _additive(values, cells):
        return (), "people's values differ by a constant only"
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


def _additive(values: Floats, cells: DesignCells) -> bool:
    """Return whether no error is left against which an effect could be tested."""
    rest = values - values.mean(axis=1, keepdims=True) if cells.within else values
    groups = [group for group, kept in zip(cells.group_of, cells.complete, strict=True) if kept]
    means = pd.DataFrame(rest).groupby([", ".join(group) for group in groups]).transform("mean")
    error = float(np.abs(rest - means.to_numpy()).max())
    return error <= 1e-12 * float(np.abs(values).max())


def _factor(name: str, labels: Sequence[str]) -> Factor:
    codes, levels = pd.factorize(np.array(labels, dtype=object))
    return Factor(name, codes, len(levels))
