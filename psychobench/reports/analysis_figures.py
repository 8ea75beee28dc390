"""The figures of an analysis: its numbers laid out for drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from psychobench.analysis import MEASURES, Analysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from psychobench.draw.cells import Group, Measure
    from psychobench.draw.crowds import People

GRID = 121
PER_PAGE, COLUMNS = 24, 4  # participants
CELL = ["_between", "_within"]


def analysis_figures(analysis: Analysis) -> dict[str, Figure]:
    """Draw people's curves, their values by condition, every participant, and residuals.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        ``groups``, ``measures``, ``participants-1`` and on; ``goodness`` where it was asked for.
    """
    from psychobench.draw.cells import draw_cells
    from psychobench.draw.crowds import draw_crowds

    conditions = list(_keys(analysis)["_within"].unique())
    figures = {
        "groups": draw_crowds(_crowds(analysis), x_label="level", y_label="P(target)"),
        "measures": draw_cells(
            _measures(analysis, conditions),
            conditions,
            x_label=analysis.within or "",
            interval=f"{analysis.confidence:.0%} interval",
        ),
        **_participants(analysis),
    }
    if analysis.fits.goodness is not None:
        figures["goodness"] = analysis.fits.goodness.plot()
    return figures


def _keys(analysis: Analysis) -> pd.DataFrame:
    """Give every fit's condition and group as text; one of each where there is no such factor."""
    table = analysis.fits.table
    condition = table[analysis.within or "condition"].astype(str)
    group = "people" if analysis.between is None else table[analysis.between].astype(str)
    return table.assign(_within=condition, _between=group)


def _crowds(analysis: Analysis) -> list[People]:
    from psychobench.draw.crowds import People

    data = analysis.fits.data
    grid = np.linspace(data["level"].min(), data["level"].max(), GRID)
    psi = analysis.fits.predict(grid)
    panels = []
    for names, rows in _keys(analysis).reset_index(drop=True).groupby(CELL, sort=False):
        mean = data[data["fit"].isin(rows.index)].groupby("level")["proportion"].mean()
        group, condition = map(str, names)
        cell = _described(analysis, "pse", group, condition)
        title = ", ".join(name for name in (condition, group) if name not in ("people", "all"))
        panels.append(
            People(
                f"{title or 'everyone'} (n = {rows['observer'].nunique()})",
                grid,
                psi[rows.index],
                mean.index.to_numpy(dtype=np.float64),
                mean.to_numpy(dtype=np.float64),
                *(float(cell[name]) for name in ("mean", "low", "high")),
            )
        )
    return panels


def _measures(analysis: Analysis, conditions: list[str]) -> list[Measure]:
    from psychobench.draw.cells import Measure

    table = _keys(analysis)
    labels = {"pse": "PSE (level)", "jnd": "JND (level)"}
    return [
        Measure(
            labels[name],
            [_group(analysis, table, name, str(group), conditions) for group in _groups(table)],
        )
        for name in MEASURES
        if table[name].notna().any()
    ]


def _groups(table: pd.DataFrame) -> list[str]:
    return list(table["_between"].unique())


def _group(
    analysis: Analysis, table: pd.DataFrame, measure: str, name: str, conditions: list[str]
) -> Group:
    """Lay one group's values out; who does not count in means is not drawn."""
    from psychobench.draw.cells import Group

    mine = table[(table["_between"] == name) & analysis.counted(measure)]
    values = mine.pivot_table(index="observer", columns="_within", values=measure, sort=False)
    cells = [_described(analysis, measure, name, condition) for condition in conditions]
    ends = (np.array([cell[end] for cell in cells], dtype=np.float64) for end in _ENDS)
    return Group(name, values.reindex(columns=conditions).to_numpy(dtype=np.float64), *ends)


_ENDS = ("mean", "low", "high")


def _described(analysis: Analysis, measure: str, group: str, condition: str) -> pd.Series[float]:
    table = analysis.descriptives
    chosen = (table["measure"] == measure) & (
        table[analysis.within or "condition"].astype(str) == condition
    )
    if analysis.between is not None:
        chosen &= table[analysis.between].astype(str) == group
    return table[chosen].iloc[0]


def _participants(analysis: Analysis) -> dict[str, Figure]:
    """Draw every participant's data and curves, so many to a page."""
    from psychobench.draw.fits import draw_panels

    panels = analysis.fits.panels()
    pages = [panels[start : start + PER_PAGE] for start in range(0, len(panels), PER_PAGE)]
    return {
        f"participants-{number}": draw_panels(page, columns=COLUMNS)
        for number, page in enumerate(pages, start=1)
    }
