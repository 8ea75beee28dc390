"""An analysis laid out for drawing: conditions, groups and people in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from psychobench.analysis.result import Analysis
    from psychobench.draw.condition_means import Group, Measure
    from psychobench.draw.fits import Fit
    from psychobench.draw.mean_curves import People

GRID = 81
MOST_GROUPS = 3  # side by side
UNMARKED = ("ok", "step")
_ENDS = ("mean", "low", "high")


def named(measure: str) -> str:
    """Give a measure's name in words."""
    return measure.upper() if measure in ("pse", "jnd") else measure


class Layout:
    """An analysis with its conditions and groups as text, in order of first appearance."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        table = analysis.fits.table.reset_index(drop=True)
        within, between = analysis.within, analysis.between
        self.table = table.assign(
            _within="" if within is None else table[within].astype(str),
            _between="" if between is None else table[between].astype(str),
        )
        self.conditions = _unique(self.table["_within"])
        self.groups = _unique(self.table["_between"])
        # groups alone stand along the axis, as conditions else do
        self.along = within or between
        self.ticks = self.groups if within is None and between else self.conditions

    @property
    def side_by_side(self) -> int:
        """How many panels of the groups' figure stand in a row: the groups of one condition."""
        cells = len(self.conditions) * len(self.groups)
        if len(self.conditions) > 1 < len(self.groups) <= MOST_GROUPS:
            return len(self.groups)
        return cells if cells < 2 else 2 if cells <= 4 else 3

    @property
    def height(self) -> float:
        """Where on the curves PSE or threshold lies, on average."""
        return 0.5 if self.analysis.place == "pse" else float(np.nanmean(self._heights()))

    @property
    def words(self) -> dict[str, str]:
        """What stands below the means, and what their bars are."""
        along = self.analysis.name(self.along) if self.along else ""
        return {"x_label": along, "interval": f"{self.analysis.confidence:.0%} interval"}

    def crowds(self) -> list[People]:
        """Lay out everybody's curves, condition by condition, group by group."""
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
                cell = self._described(self.analysis.place, condition, group)
                title = ", ".join(name for name in (condition, group) if name)
                panels.append(
                    People(
                        title or "everyone",
                        number,
                        grid,
                        psi[rows.index],
                        mean.index.to_numpy(dtype=np.float64),
                        mean.to_numpy(dtype=np.float64),
                        *(self._levels(float(cell[name])) for name in _ENDS),
                    )
                )
        return panels

    def measures(self) -> list[Measure]:
        """Lay out PSE and JND, person by person; who does not count in means is not drawn."""
        from psychobench.draw.condition_means import Measure

        groups = [""] if self.analysis.within is None else self.groups
        unit = self.analysis.name("level")
        return [
            Measure(f"{named(name)} ({unit})", [self._group(name, group) for group in groups])
            for name in self.analysis.measures
            if len(_unique(self.table["observer"][self.analysis.counted(name)])) > 1
        ]

    def participants(self) -> list[tuple[str, list[Fit]]]:
        """Lay out everybody's data and curves, one panel each."""
        whose = self.table["observer"]
        return [
            (str(name), [self._fit(int(row)) for row in np.flatnonzero(whose == name)])
            for name in whose.unique()
        ]

    def _fit(self, row: int) -> Fit:
        from psychobench.draw.fits import Fit

        of, place = self.table.iloc[row], self.analysis.place
        data = self.analysis.fits.data
        here = data[data["fit"] == row]
        levels, proportions = here[["level", "proportion"]].to_numpy(np.float64).T
        grid = np.linspace(levels.min(), levels.max(), GRID) if len(levels) else levels
        found = (float(of[f"{place}{end}"]) for end in ("", "_low", "_high"))
        middle, low, high = map(self._levels, found)
        return Fit(
            str(of["_within"]),
            levels,
            proportions,
            grid,
            self.analysis.fits.predict(grid)[row],
            middle,
            low,
            high,
            height=0.5 if place == "pse" else float(self._heights()[row]),
            note="" if of["status"] in UNMARKED else _joined(of["_within"], str(of["status"])),
        )

    def _group(self, measure: str, group: str) -> Group:
        from psychobench.draw.condition_means import Group

        alone = self.analysis.within is None
        mine = self.table[self.analysis.counted(measure)]
        mine = mine if alone else mine[mine["_between"] == group]
        places = [self.ticks.index(name) for name in mine["_between" if alone else "_within"]]
        people = _unique(mine["observer"])
        values = np.full((len(people), len(self.ticks)), np.nan)
        values[[people.index(str(who)) for who in mine["observer"]], places] = mine[measure]
        cells = [
            self._described(measure, *(("", tick) if alone else (tick, group)))
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
        factors = ((self.analysis.within, condition), (self.analysis.between, group))
        for factor, name in factors:
            if factor is not None:
                chosen &= table[factor].astype(str) == name
        return table[chosen].iloc[0] if chosen.any() else pd.Series(np.nan, index=list(_ENDS))

    def _levels(self, value: float) -> float:
        """Give a PSE or threshold in level units."""
        return value if self.analysis.place == "pse" else self.analysis.fits.to_level(value)

    def _heights(self) -> NDArray[np.float64]:
        guess, lapse = self.table[["guess", "lapse"]].to_numpy(dtype=np.float64).T
        return np.asarray(guess + (1 - guess - lapse) / 2)


def _unique(column: pd.Series[str]) -> list[str]:
    return [str(name) for name in column.unique()]


def _joined(condition: str, status: str) -> str:
    return f"{condition}: {status}" if condition else status
