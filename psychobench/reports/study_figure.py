"""The figure of a study: its numbers laid out as panels, curves and crowds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.draw.curves import Crowd, Curve, Panel, draw_curves
from psychobench.trials.table import count_responses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from psychobench.reports.study import Study

GRID = 201


def draw_study(study: Study) -> Figure:
    """Draw one panel per mask: data, curves and PSEs of observers over those of the cohort."""
    targets = {str(info["target"]) for info in study.observers.values()}
    return draw_curves(
        _panels(study),
        title=f"{study.heading}\n{study.stimuli.title}",
        x_label="stimulus level",
        y_label=f"P({targets.pop() if len(targets) == 1 else 'target'})",
    )


def _panels(study: Study) -> list[Panel]:
    levels = study.stimuli.table["level"].to_numpy(float)
    grid = np.linspace(levels.min(), levels.max(), GRID)
    psi = study.cohort_fits.predict(grid)
    condition = study.cohort_fits.to_frame()["condition"].to_numpy()
    kind = "simulated people" if study.cohort.simulated else "people"
    curves = _curves(study, grid)
    panels = []
    for mask, cohort in study.comparison.cohorts.items():
        members = psi[condition == cohort.condition]
        label = f"{len(members)} {kind}, each and their mean"
        crowd = Crowd(label, members, cohort.pse.mean, cohort.pse.sd, cohort.pse.sem)
        title = "no mask" if mask == "none" else f"{mask} hidden"
        panels.append(Panel(title, grid, crowd, curves[mask]))
    return panels


def _curves(study: Study, grid: NDArray[np.float64]) -> dict[str, list[Curve]]:
    """Curves by mask, in the order of the fits."""
    data = _proportions(study.answers)
    psi = study.observer_fits.predict(grid)
    again = _again(study, grid)
    curves: dict[str, list[Curve]] = {}
    for row, (name, mask, *pse) in enumerate(
        study.table[["observer", "mask", "pse", "pse_low", "pse_high"]].itertuples(index=False)
    ):
        mine = data[(data["observer"] == name) & (data["condition"] == mask)]
        points = mine["level"].to_numpy(float), mine["proportion"].to_numpy(float)
        curve = Curve(name, *points, psi[row], *pse)
        if (name, mask) in again:
            others, pses = again[name, mask]
            curve = replace(curve, others=others, other_pses=pses)
        curves.setdefault(mask, []).append(curve)
    return curves


def _again(
    study: Study, grid: NDArray[np.float64]
) -> dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Give curves and PSEs of the further seeds, by observer and mask."""
    if study.trainings is None:
        return {}
    seeds, psi = study.trainings.comparison.values, study.trainings.fits.predict(grid)
    further = seeds[seeds["seed"] != seeds["seed"].min()]
    return {
        (observer, mask): (psi[rows.index], rows["pse"].to_numpy(float))
        for (observer, mask), rows in further.groupby(["observer", "mask"], sort=False)
    }


def _proportions(answers: pd.DataFrame) -> pd.DataFrame:
    data = count_responses(answers)
    if "p_target" in data:
        return data.assign(proportion=data["p_target"])
    return data.assign(proportion=data["n_target"] / data["n_trials"])
