"""What the figures of an analysis show: its numbers by condition, group and participant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.analysis.data import AnalysisData, measure_name

if TYPE_CHECKING:
    from psychobench.draw.condition_means import Group, Measure
    from psychobench.draw.fits import Fit
    from psychobench.draw.mean_curves import People

GRID = 81  # levels at which a curve is drawn
MOST_GROUPS = 3  # side by side
SEPARATOR = ", "  # between a cell's levels of several factors
UNMARKED = ("ok", "step")
_ENDS = ("mean", "low", "high")


class FigureData:
    """An analysis arranged for drawing: conditions and groups in order of first appearance.

    Parameters
    ----------
    analysis : AnalysisData
        What is to be drawn.
    """

    def __init__(self, analysis: AnalysisData) -> None:
        self.analysis = analysis
        table = analysis.fits.table.reset_index(drop=True)
        within, between = analysis.within, analysis.between
        self.table = table.assign(_within=_cell_names(table, within))
        self.table = self.table.assign(_between=_cell_names(table, between))
        self.conditions = _unique(self.table["_within"])
        self.groups = _unique(self.table["_between"])
        # without conditions, groups take their place along the horizontal axis
        self.axis_factors = within or between
        self.ticks = self.groups if between and not within else self.conditions

    @property
    def columns(self) -> int:
        """How many panels of mean curves stand in a row: the groups of one condition."""
        cells = len(self.conditions) * len(self.groups)
        if len(self.conditions) > 1 < len(self.groups) <= MOST_GROUPS:
            return len(self.groups)
        return cells if cells < 2 else 2 if cells <= 4 else 3

    @property
    def height(self) -> float:
        """The psi at which the PSE or the threshold lies, on average."""
        return 0.5 if self.analysis.location == "pse" else float(np.nanmean(self._heights()))

    @property
    def axis_texts(self) -> dict[str, str]:
        """The label below the means, and what their bars are."""
        factors = SEPARATOR.join(map(self.analysis.original_name, self.axis_factors))
        return {"x_label": factors, "interval": f"{self.analysis.confidence:.0%} interval"}

    def mean_curves(self) -> list[People]:
        """Return everybody's curves and the mean data, a panel per condition and group."""
        from psychobench.draw.mean_curves import People

        data = self.analysis.fits.data
        grid = np.linspace(data["level"].min(), data["level"].max(), GRID)
        psi = self.analysis.fits.predict(grid)
        panels = []
        for number, condition in enumerate(self.conditions):
            for group in self.groups:
                rows = self._cell(condition, group)
                if not len(rows):
                    continue
                mean = data[data["fit"].isin(rows.index)].groupby("level")["proportion"].mean()
                cell = self._described(self.analysis.location, condition, group)
                title = ", ".join(name for name in (condition, group) if name)
                panels.append(
                    People(
                        title or "everyone",
                        number,
                        grid,
                        psi[rows.index],
                        mean.index.to_numpy(dtype=np.float64),
                        mean.to_numpy(dtype=np.float64),
                        *(self._in_levels(float(cell[name])) for name in _ENDS),
                    )
                )
        return panels

    def measures(self) -> dict[str, Measure]:
        """Return the PSEs and JNDs that enter the means, for measures that two people have."""
        return {
            name: self._measure(name)
            for name in self.analysis.measures
            if len(_unique(self.table["observer"][self.analysis.included(name)])) > 1
        }

    def _measure(self, name: str) -> Measure:
        """Return one measure, person by person, with its means."""
        from psychobench.draw.condition_means import Measure

        groups = self.groups if self.analysis.within else [""]
        unit = self.analysis.original_name("level")
        label = f"{measure_name(name)} ({unit})"
        return Measure(label, [self._group(name, group) for group in groups])

    def participants(self) -> list[tuple[str, list[Fit]]]:
        """Return everybody's data and curves, one panel each."""
        observers = self.table["observer"]
        return [
            (str(name), [self._fit(int(row)) for row in np.flatnonzero(observers == name)])
            for name in observers.unique()
        ]

    def _fit(self, row: int) -> Fit:
        from psychobench.draw.fits import Fit

        of, location = self.table.iloc[row], self.analysis.location
        data = self.analysis.fits.data
        here = data[data["fit"] == row]
        levels, proportions = here[["level", "proportion"]].to_numpy(np.float64).T
        grid = np.linspace(levels.min(), levels.max(), GRID) if len(levels) else levels
        estimates = (float(of[f"{location}{end}"]) for end in ("", "_low", "_high"))
        middle, low, high = map(self._in_levels, estimates)
        return Fit(
            str(of["_within"]),
            levels,
            proportions,
            grid,
            self.analysis.fits.predict(grid)[row],
            middle,
            low,
            high,
            height=0.5 if location == "pse" else float(self._heights()[row]),
            note="" if of["status"] in UNMARKED else _note(of["_within"], str(of["status"])),
        )

    def _group(self, measure: str, group: str) -> Group:
        from psychobench.draw.condition_means import Group

        groups_alone = not self.analysis.within
        rows = self.table[self.analysis.included(measure)]
        rows = rows if groups_alone else rows[rows["_between"] == group]
        columns = [
            self.ticks.index(name) for name in rows["_between" if groups_alone else "_within"]
        ]
        people = _unique(rows["observer"])
        values = np.full((len(people), len(self.ticks)), np.nan)
        values[[people.index(str(who)) for who in rows["observer"]], columns] = rows[measure]
        cells = [
            self._described(measure, *(("", tick) if groups_alone else (tick, group)))
            for tick in self.ticks
        ]
        ends = (np.array([cell[end] for cell in cells], dtype=np.float64) for end in _ENDS)
        return Group(group, values, *ends)

    def _cell(self, condition: str, group: str) -> pd.DataFrame:
        table = self.table
        return table[(table["_within"] == condition) & (table["_between"] == group)]

    def _described(self, measure: str, condition: str, group: str) -> pd.Series[float]:
        """Find a cell's description; nan where the design has no such cell."""
        table = self.analysis.descriptives
        chosen = table["measure"] == measure
        for factors, name in ((self.analysis.within, condition), (self.analysis.between, group)):
            chosen &= _cell_names(table, factors) == name
        return table[chosen].iloc[0] if chosen.any() else pd.Series(np.nan, index=list(_ENDS))

    def _in_levels(self, value: float) -> float:
        """Convert a PSE or threshold to level units."""
        return value if self.analysis.location == "pse" else self.analysis.fits.to_level(value)

    def _heights(self) -> NDArray[np.float64]:
        guess, lapse = self.table[["guess", "lapse"]].to_numpy(dtype=np.float64).T
        return np.asarray(guess + (1 - guess - lapse) / 2)


def _cell_names(table: pd.DataFrame, factors: Sequence[str]) -> pd.Series[str]:
    """Return each row's levels of the factors, joined; empty without factors."""
    names = pd.Series("", index=table.index)
    for number, factor in enumerate(factors):
        names = names + (SEPARATOR if number else "") + table[factor].astype(str)
    return names


def _unique(column: pd.Series[str]) -> list[str]:
    return [str(name) for name in column.unique()]


def _note(condition: str, status: str) -> str:
    return f"{condition}: {status}" if condition else status
