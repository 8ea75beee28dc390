"""The folder that an analysis is saved as."""

from __future__ import annotations

import json
from pathlib import Path

from psychobench.analysis.data import AnalysisData
from psychobench.analysis.figures import analysis_figures
from psychobench.analysis.page import analysis_page
from psychobench.analysis.tables import analysis_document, analysis_tables
from psychobench.analysis.text import analysis_text
from psychobench.outputs import output_folder
from psychobench.plans.plan import FILE as PLAN
from psychobench.tables.output import csv_bytes

KIND = "analysis"
ALWAYS = ("report.html", "summary.txt", "analysis.json", "fits.csv", PLAN)


def save_analysis(analysis: AnalysisData, folder: Path, *, overwrite: bool = False) -> None:
    """Write page, text, tables, figures and provenance into a folder, all files or none.

    Raises
    ------
    ResourceError
        If the folder cannot be created or written, or holds such files of somebody else.
    """
    from psychobench.draw.figures import save_figure

    file = analysis.provenance.get("options", {}).get("file")
    inputs = [] if file is None else [Path(file)]
    with output_folder(folder, kind=KIND, overwrite=overwrite, inputs=inputs) as staged:
        figures = dict(analysis_figures(analysis))
        texts = {
            "report.html": analysis_page(analysis, figures).html(),
            "summary.txt": analysis_text(analysis),
            "analysis.json": _json(analysis_document(analysis)),
            "provenance.json": _json(dict(analysis.provenance)),
        }
        for name, text in texts.items():
            (staged / name).write_text(text + "\n", encoding="utf-8")
        (staged / PLAN).write_text(analysis.plan.to_toml(), encoding="utf-8")
        for name, table in analysis_tables(analysis).items():
            (staged / f"{name}.csv").write_bytes(csv_bytes(table))
        for name, figure in figures.items():
            save_figure(figure, staged, name)


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, indent=2, allow_nan=False)
