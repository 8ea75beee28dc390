"""The numbers of comparisons between conditions and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, get_args

import pandas as pd

from psychobench.comparison.conditions.anova import Effect
from psychobench.comparison.conditions.pairs import PairTest
from psychobench.errors import OptionError
from psychobench.formatting import Scale

Deletion = Literal["pairwise", "listwise"]
Family = Literal["planned", "valid"]


def family_faults(family: str) -> list[str]:
    """Return one line if that is no family of tests."""
    known = get_args(Family)
    return (
        [] if family in known else [f"`family` must be one of {', '.join(known)}: not '{family}'"]
    )


def check_family(family: str) -> None:
    """Check that corrections can count that family, before anything is fitted.

    Raises
    ------
    OptionError
        If they cannot.
    """
    if faults := family_faults(family):
        raise OptionError(*faults)


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
    family : {"planned", "valid"}
        What corrections count: every pair, or every pair with a test.
    family_size : int
        How many these are.
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
    scale : Scale
        How values of the measure are written.
    """

    measure: str
    within: tuple[str, ...]
    between: tuple[str, ...]
    pairs: tuple[PairTest, ...]
    effects: tuple[Effect, ...]
    no_anova: str | None
    family: Family
    family_size: int
    n: int
    n_complete: int
    left_out: pd.DataFrame
    deletion: Deletion
    statuses: tuple[str, ...]
    confidence: float
    scale: Scale = field(default_factory=Scale)

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
