"""A comparison with gaze as text, as one JSON document and as a folder of files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.draw.figures import save_figure
from psychobench.draw.gaze import Measure, draw_gaze_scores
from psychobench.gaze.map_scores import GazeComparison
from psychobench.gaze.metrics import METRICS
from psychobench.tables.output import csv_bytes, json_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAUTION = (
    "MAE alone rewards emptiness: compare every map with the all-zero map before reading it. KL "
    "punishes a map for zeros where people looked, so the rough maps of half the people do badly."
)


def gaze_text(compared: GazeComparison) -> str:
    """Lay a comparison out for a terminal: means over images with 95% intervals, then notes."""
    shown = pd.DataFrame(
        {"source": compared.pooled["source"], "images": compared.pooled["n_images"]}
    )
    for name, (_, more) in METRICS.items():
        columns = compared.pooled[[name, f"{name}_low", f"{name}_high"]].to_numpy(dtype=float)
        shown[f"{name.upper()} {'+' if more else '-'}"] = [_number(*each) for each in columns]
    legend = [f"{name.upper()}: {meaning}." for name, (meaning, _) in METRICS.items()]
    return "\n".join(
        [
            f"Maps beside where people looked; {compared.normalisation}.",
            "+ more is nearer to people, - less is; in brackets 95% over images.",
            "",
            shown.to_string(index=False),
            "",
            *legend,
            CAUTION,
            *compared.notes,
        ]
    )


def gaze_json(compared: GazeComparison) -> dict[str, Any]:
    """Give the document that ``attention compare --json`` prints: null where there is no number."""
    return {
        "normalisation": compared.normalisation,
        "metrics": {
            name: {"meaning": meaning, "more_is_nearer": more}
            for name, (meaning, more) in METRICS.items()
        },
        "rows": json_rows(compared.pooled),
        "images": json_rows(compared.images),
        "notes": [CAUTION, *compared.notes],
    }


def write_gaze(
    compared: GazeComparison, folder: Path, galleries: Iterable[tuple[str, Figure]] = ()
) -> None:
    """Write tables, figures, summary and JSON into an existing folder."""
    said = {"normalisation": compared.normalisation}
    (folder / "gaze.csv").write_bytes(csv_bytes(compared.pooled.assign(**said)))
    (folder / "images.csv").write_bytes(csv_bytes(compared.images.assign(**said)))
    (folder / "summary.txt").write_text(gaze_text(compared) + "\n", encoding="utf-8")
    document = json.dumps(gaze_json(compared), indent=2, allow_nan=False)
    (folder / "gaze.json").write_text(document + "\n", encoding="utf-8")
    save_figure(_draw(compared, list(METRICS)), folder, "gaze")
    save_figure(_draw(compared, ["mae"]), folder, "error")
    for name, figure in galleries:
        save_figure(figure, folder, f"gallery-{name}")


def _draw(compared: GazeComparison, names: Sequence[str]) -> Figure:
    pooled = compared.pooled
    measures = [
        Measure(
            name.upper() if len(names) > 1 else METRICS[name][0],
            METRICS[name][1],
            *(pooled[column].to_numpy(dtype=np.float64) for column in _ends(name)),
        )
        for name in names
    ]
    n_baselines = int((pooled["kind"] == "baseline").sum())
    title = ". ".join(
        [
            f"Nearness to people's fixations, mean over images (95%); {compared.normalisation}",
            *compared.about,
        ]
    )
    return draw_gaze_scores(list(pooled["source"]), n_baselines, measures, title)


def _ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _number(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if np.isnan(low) else f"{value:.3f} ({low:.3f}-{high:.3f})"
