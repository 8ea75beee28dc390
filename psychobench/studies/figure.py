"""The figure of a study: its curves, data and PSEs, a panel for each mask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.draw.curves import CohortCurves, Curve, Panel, draw_curves, draw_panel
from psychobench.errors import OptionError
from psychobench.studies.data import GRID, StudyData
from psychobench.trials.table import count_responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


Colours = Mapping[str, str] | Sequence[str] | None


def draw_study(
    study: StudyData, ax: Axes | None = None, *, mask: str | None = None, colours: Colours = None
) -> Figure:
    """Draw data, curves and PSEs of observers over those of the cohort, one panel per mask.

    Parameters
    ----------
    study : StudyData
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw one mask; by default a new figure has a panel for each mask.
    mask : str, optional
        Which mask to draw; by default all.
    colours : mapping of str to str, or sequence of str, optional
        Colours of the observers, by name or in their order.

    Raises
    ------
    OptionError
        If there is no such mask, or `ax` is to hold several.
    """
    masks = _chosen(study, mask, alone=ax is not None)
    panels = [each for name, each in _panels(study, _by_name(study, colours)) if name in masks]
    targets = {str(info["target"]) for info in study.observers.values()}
    labels = {
        "x_label": "stimulus level",
        "y_label": f"P({targets.pop() if len(targets) == 1 else 'target'})",
    }
    if ax is None:
        return draw_curves(panels, title=f"{study.heading}\n{study.stimuli.title}", **labels)
    draw_panel(ax, panels[0], **labels)
    return cast("Figure", ax.get_figure(root=True))


def _chosen(study: StudyData, mask: str | None, *, alone: bool) -> list[str]:
    masks = list(study.comparison.cohorts)
    if mask is not None and mask not in masks:
        raise OptionError(f"`mask` must be one of {', '.join(masks)}: got {mask!r}")
    if mask is None and alone and len(masks) > 1:
        raise OptionError(
            f"`ax` holds one mask: there are {', '.join(masks)}; choose one with "
            f'`mask="{masks[0]}"`'
        )
    return masks if mask is None else [mask]


def _by_name(study: StudyData, colours: Colours) -> Mapping[str, str]:
    if isinstance(colours, Mapping):
        return colours
    return dict(zip(study.observers, colours or (), strict=False))


def _panels(study: StudyData, colours: Mapping[str, str]) -> Iterator[tuple[str, Panel]]:
    """Yield each mask with its panel."""
    levels = study.stimuli.table["level"].to_numpy(float)
    grid = np.linspace(levels.min(), levels.max(), GRID)
    psi = study.cohort_fits.predict(grid)
    condition = study.cohort_fits.to_frame()["condition"].to_numpy()
    kind = "simulated people" if study.cohort.simulated else "people"
    curves = _curves(study, grid, colours)
    for mask, cohort in study.comparison.cohorts.items():
        members = psi[condition == cohort.condition]
        label = f"{len(members)} {kind}, each and their mean"
        cohort_curves = CohortCurves(label, members, cohort.pse.mean, cohort.pse.sd, cohort.pse.sem)
        title = "no mask" if mask == "none" else f"{mask} hidden"
        yield mask, Panel(title, grid, cohort_curves, curves[mask])


def _curves(
    study: StudyData, grid: NDArray[np.float64], colours: Mapping[str, str]
) -> dict[str, list[Curve]]:
    """Collect the observers' curves by mask, in the order of the fits."""
    data = _proportions(study.answers)
    psi = study.observer_fits.predict(grid)
    further = _further_seeds(study, grid)
    curves: dict[str, list[Curve]] = {}
    for row, (name, mask, *pse) in enumerate(
        study.table[["observer", "mask", "pse", "pse_low", "pse_high"]].itertuples(index=False)
    ):
        mine = data[(data["observer"] == name) & (data["condition"] == mask)]
        points = mine["level"].to_numpy(float), mine["proportion"].to_numpy(float)
        curve = replace(Curve(name, *points, psi[row], *pse), colour=colours.get(name))
        if (name, mask) in further:
            others, pses = further[name, mask]
            curve = replace(curve, others=others, other_pses=pses)
        curves.setdefault(mask, []).append(curve)
    return curves


def _further_seeds(
    study: StudyData, grid: NDArray[np.float64]
) -> dict[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return curves and PSEs of the further seeds, by observer and mask."""
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
