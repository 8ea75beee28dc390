"""Figures 2 and 4 in the paper's arrangement: people and networks as curves and symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from psychobench.draw.panels import Appearance, CohortCurves, Line, draw_panel_grid
from psychobench.reproduction.measures import READINGS, Floats
from psychobench.reproduction.paper import MASKS, NETWORKS, PRETRAININGS, SHOWN
from psychobench.reproduction.pretraining_data import all_pretrained_on
from psychobench.trials.table import count_responses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from psychobench.reproduction.data import ReproductionData

GRID = 201
BAND = (0.05, 0.95)
# the paper's own colours, each in its shade that colour-blind readers can tell apart
APPEARANCES = {
    "alexnet": ("#E69F00", "s", False),
    "vgg11": ("#D55E00", "^", False),
    "vgg13": ("#CC79A7", "D", False),
    "vgg16": ("#0072B2", "v", False),
    "fe_alexnet": ("#000000", "P", True),
}
PEOPLE = ("#009E73", "o")
MARKS = (
    "Large symbols on the .5 line: PSEs within the levels; bar: people's mean PSE +- SEM; band: "
    "90% of people's curves.",
    "Small symbols: answers of one training, and people's mean answers. Faint curves: the other "
    "trainings.",
)


def draw_figure_2(result: ReproductionData) -> Figure:
    """Draw experiments 1 and 3 for whole faces: A object-based, B face-based."""
    return _draw(result, {"": "none"}, "Figure 2, run again: psychometric functions, whole faces")


def draw_figure_4(result: ReproductionData) -> Figure:
    """Draw experiments 2 and 3: a row for each mask, a column for each pre-training."""
    rows = {f"{mask} masked": mask for mask in MASKS}
    return _draw(result, rows, "Figure 4, run again: psychometric functions, masked faces")


def _draw(result: ReproductionData, rows: dict[str, str], title: str) -> Figure:
    levels = result.stimuli.table["level"].to_numpy(np.float64)
    grid = np.linspace(levels.min(), levels.max(), GRID)
    psi = result.measured.fits.predict(grid)
    targets = {str(info["target"]) for info in result.infos.values()}
    target = targets.pop() if len(targets) == 1 else "target"
    panels = [
        [_lines(result, pretraining, mask, psi) for pretraining in PRETRAININGS]
        for mask in rows.values()
    ]
    return draw_panel_grid(
        panels,
        _cohort_curves(result, grid),
        grid,
        rows=list(rows),
        columns=[
            f"{letter}  {pretraining}-based: {all_pretrained_on(result.infos, pretraining)}"
            for letter, pretraining in zip("AB", PRETRAININGS, strict=True)
        ],
        title=f"{result.heading}\n{title}; {result.stimuli.title}",
        x_label="stimulus level",
        y_label=f"P({target})",
        notes=MARKS,
    )


def _lines(result: ReproductionData, pretraining: str, mask: str, psi: Floats) -> list[Line]:
    cells, answers = result.measured.cells, result.measured.answers
    first = result.seeds[0]
    lines = []
    for name in (name for name in NETWORKS if name in result.observers):
        here = (
            (cells["observer"] == name)
            & (cells["pretraining"] == pretraining)
            & (cells["condition"] == mask)
            & (cells["balanced"] == 0)
        ).to_numpy()
        mine = here & (cells["seed"] == first).to_numpy()
        row = cells[mine].iloc[0]
        shown = answers[
            (answers["observer"] == name)
            & (answers["pretraining"] == pretraining)
            & (answers["condition"] == mask)
            & (answers["seed"] == first)
        ]
        lines.append(
            Line(
                Appearance(SHOWN[name], *APPEARANCES[name]),
                shown["level"].to_numpy(np.float64),
                shown["p_target"].to_numpy(np.float64),
                psi[mine][0],
                psi[here & ~mine],
                float(row["pse"]) if row["status"] in READINGS["none"] else float("nan"),
            )
        )
    return lines


def _cohort_curves(result: ReproductionData, grid: Floats) -> CohortCurves:
    people = result.people
    fits = people.fits.to_frame()
    psi = people.fits.predict(grid)[(fits["condition"] == people.measures.condition).to_numpy()]
    psi = psi[np.isfinite(psi).all(axis=1)]
    counts = count_responses(people.cohort.table)
    counts = counts[counts["condition"] == people.measures.condition]
    counts = counts.assign(
        proportion=counts["p_target"]
        if "p_target" in counts
        else counts["n_target"] / counts["n_trials"]
    )
    means = counts.groupby("level")["proportion"].mean()
    kind = "SIMULATED people" if people.cohort.simulated else "people"
    low, high = np.quantile(psi, BAND, axis=0)
    return CohortCurves(
        Appearance(f"{len(psi)} {kind}", *PEOPLE),
        means.index.to_numpy(np.float64),
        means.to_numpy(np.float64),
        psi.mean(axis=0),
        low,
        high,
        people.measures.pse.mean,
        people.measures.pse.sem,
    )
