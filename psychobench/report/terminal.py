"""A study as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from psychobench.report import words
from psychobench.report.study import Study
from psychobench.tables import json_rows

HEADERS = {
    "observer": "observer",
    "mask": "mask",
    "pretraining": "pre-training",
    "pse": "PSE",
    "status": "status",
    "t": "t",
    "df": "df",
    "p": "p",
    "p_bonferroni": "p (Bonf.)",
    "verdict": "PSE against the cohort's mean",
}
NUMBERS = ("pse", "t", "df", "p", "p_bonferroni")


def study_text(study: Study) -> str:
    """Lay a study out: heading, table, notes."""
    return "\n".join([study.heading, "", _table_text(study.table), "", *study.notes])


def _table_text(table: pd.DataFrame) -> str:
    shown: dict[str, Iterable[object]] = {
        "observer": table["observer"],
        "mask": table["mask"],
        "pretraining": table["pretraining"].fillna("-"),
        "pse": [words.number_text(value) for value in table["pse"]],
        "status": table["status"],
        "t": [words.number_text(value) for value in table["t"]],
        "df": ["-" if pd.isna(value) else str(value) for value in table["df"]],
        "p": [words.p_text(value) for value in table["p"]],
        "p_bonferroni": [words.p_text(value) for value in table["p_bonferroni"]],
        "verdict": [words.verdict(row) for row in json_rows(table)],
    }
    columns = [_column(name, [str(cell) for cell in shown[name]]) for name in HEADERS]
    lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _column(name: str, cells: list[str]) -> list[str]:
    """Pad to one width: words to the left, numbers to the right."""
    column = [HEADERS[name], *cells]
    width = max(map(len, column))
    return [cell.rjust(width) if name in NUMBERS else cell.ljust(width) for cell in column]
