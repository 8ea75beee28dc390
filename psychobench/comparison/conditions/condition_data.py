"""The numbers of comparisons between conditions and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

import pandas as pd

from psychobench.comparison.conditions.anova import Effect
from psychobench.comparison.conditions.pairs import PairTest

Deletion = Literal["pairwise", "listwise"]


@dataclass(frozen=True)
class ConditionData:
    """The numbers of `ConditionTests`, without sentences or figures made of them.

    Attributes
    ----------
    measure : str
        What was compared.
    within, between : tuple of str
        Factors within and between people.
    pairs : tuple of PairTest
        The family: every pair of cells that differ in one factor.
    effects : tuple of Effect
        The analysis of variance; empty where there is only one pair.
    no_anova : str or None
        Why there is no analysis of variance although there are several pairs.
    family_size : int
        How many pairs have a test; p-values are corrected for them.
    n, n_complete : int
        People with at least one value; people with a value in every cell within people.
    left_out : pandas.DataFrame
        One row per person and cell without an included value: `observer`, the factors, `why`.
    deletion : {"pairwise", "listwise"}
        Whether a pair takes everyone who has both its values, or only those who have every value.
        An analysis of variance always takes the latter.
    statuses : tuple of str
        The PSE statuses whose values were included, except for the JND, width or slope of a
        ``step``.
    confidence : float
        Coverage of intervals; 1 - confidence is the level at which sentences call an effect found.
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
    statuses: tuple[str, ...]
    confidence: float

    @property
    def measure_name(self) -> str:
        """The measure as it stands in a text: abbreviations in capitals."""
        return self.measure.upper() if self.measure in ("pse", "jnd") else self.measure

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair, with `PairTest`'s fields as columns."""
        return _frame(self.pairs, PairTest)

    def effects_frame(self) -> pd.DataFrame:
        """Return one row per effect of the analysis of variance, `Effect`'s fields as columns."""
        return _frame(self.effects, Effect)


def _frame(rows: Sequence[PairTest] | Sequence[Effect], kind: type) -> pd.DataFrame:
    return pd.DataFrame([asdict(row) for row in rows], columns=[each.name for each in fields(kind)])
