"""A reproduction as files: a page, tables, figures, claims, departures; and as one document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.reproduction.paper import NAME, SOURCE
from psychobench.reproduction.pretraining_data import UNKNOWN
from psychobench.reproduction.text import claim_counts, summary
from psychobench.tables.output import csv_bytes, json_rows

if TYPE_CHECKING:
    from psychobench.attention.study import AttentionStudy
    from psychobench.reproduction.data import ReproductionData


def document(result: ReproductionData) -> dict[str, Any]:
    """Return a reproduction as one JSON document: null where there is no value."""
    cohort, people, stimuli = result.people.cohort, result.people.measures.pse, result.stimuli
    return {
        "paper": NAME,
        "source": SOURCE,
        "heading": result.heading,
        "cohort": {
            "name": cohort.name,
            "simulated": cohort.simulated,
            "n": people.n,
            "mean_pse": people.mean,
            "sem_pse": people.sem,
        },
        "stimuli": {
            "name": stimuli.name,
            "title": stimuli.title,
            "rendered": stimuli.rendered,
            "sha256": stimuli.sha256,
        },
        "observers": list(result.observers),
        "seeds": list(result.seeds),
        "tables": [
            {
                "table": filled.of.number,
                "title": filled.of.title,
                "family_size": filled.family_size,
                "family_size_outside_is_pse": filled.family_size_outside_is_pse,
                "family_size_balanced": filled.family_size_balanced,
                "paper_family_size": filled.paper_family_size,
                "rows": json_rows(filled.table),
            }
            for filled in result.tables
        ],
        "gain": None if result.gain is None else json_rows(result.gain),
        "claims": json_rows(result.claims),
        "departures": json_rows(result.departures),
        "provenance": json.loads(json.dumps(dict(result.provenance), default=str)),
    }


def write_files(result: ReproductionData, folder: Path) -> None:
    """Write everything into an existing folder."""
    from psychobench.draw.figures import save_figure
    from psychobench.reproduction.figures import draw_figure_2, draw_figure_4
    from psychobench.reproduction.page import reproduction_page

    for filled in result.tables:
        _csv(filled.table, folder / f"table{filled.of.number}.csv")
    if result.gain is not None:
        _csv(result.gain, folder / "gain.csv")
    _csv(result.claims, folder / "claims.csv")
    _csv(result.departures, folder / "departures.csv")
    _csv(result.measured.answers, folder / "trials.csv")
    _csv(result.measured.fits.to_frame(), folder / "fits.csv")
    _csv(result.measured.cells, folder / "cells.csv")
    figures = draw_figure_2(result), draw_figure_4(result)
    save_figure(figures[0], folder, "figure2")
    save_figure(figures[1], folder, "figure4")
    if result.attention is not None:
        _write_attention(result.attention, folder)
    _text(departures_text(result), folder / "departures.md")
    _text(summary(result), folder / "summary.txt")
    _text(reproduction_page(result, *figures).html(), folder / "report.html")
    _text(json.dumps(document(result), indent=2, allow_nan=False), folder / "reproduction.json")


def _write_attention(attention: AttentionStudy, folder: Path) -> None:
    """Write figures 3 and 5, and how much of the maps goes where."""
    from psychobench.draw.figures import save_figure
    from psychobench.reproduction.attention_figures import draw_figure_3, draw_figure_5

    save_figure(draw_figure_3(attention), folder, "figure3")
    save_figure(draw_figure_5(attention), folder, "figure5")
    _csv(attention.shares, folder / "attention_shares.csv")
    _csv(attention.slopes, folder / "attention_slopes.csv")
    _csv(attention.shifts, folder / "attention_shifts.csv")


def departures_text(result: ReproductionData) -> str:
    """Write the departures as Markdown."""
    lines = [f"# {SOURCE}: departures from the paper", "", result.heading + ".", ""]
    for departs, heading in (
        ("yes", "Departures"),
        ("the paper is silent", "Where the paper is silent"),
        (UNKNOWN, "Not known"),
        ("no", "As in the paper"),
    ):
        rows = result.departures[result.departures["departs"] == departs]
        if rows.empty:
            continue
        lines += [f"## {heading}", "", "| stage | item | paper | here |", "|---|---|---|---|"]
        lines += [
            f"| {row.stage} | {row.item} | {row.paper} ({row.section}) | {row.here} |"
            for row in rows.itertuples()
        ]
        lines.append("")
    return "\n".join([*lines, f"Claims: {claim_counts(result.claims)[0]}"])


def _csv(table: pd.DataFrame, path: Path) -> None:
    path.write_bytes(csv_bytes(table))


def _text(text: str, path: Path) -> None:
    path.write_text(text + "\n", encoding="utf-8")
