"""The tables of an analysis, and all of it as one JSON document."""

from __future__ import annotations

from typing import Any

import pandas as pd

from psychobench.analysis.data import AnalysisData
from psychobench.tables.output import json_rows


def analysis_tables(analysis: AnalysisData) -> dict[str, pd.DataFrame]:
    """Return every table by name: fits, descriptives, left-out, checks, goodness, tests, effects.

    Tables that the analysis does not have are missing.
    """
    tests = [each.to_frame().assign(measure=name) for name, each in analysis.tests.items()]
    effects = [each.effects_frame().assign(measure=name) for name, each in analysis.tests.items()]
    tables = {
        "fits": analysis.fits.to_frame(),
        "descriptives": analysis.descriptives,
        "left-out": analysis.left_out,
    }
    if analysis.screening is not None:
        tables["checks"] = analysis.screening.to_frame()
    if analysis.fits.goodness is not None:
        tables["goodness"] = analysis.fits.goodness.to_frame()
    for name, parts in (("tests", tests), ("effects", effects)):
        if any(len(part) for part in parts):
            tables[name] = pd.concat(parts, ignore_index=True)
    return tables


def analysis_document(analysis: AnalysisData) -> dict[str, Any]:
    """Return everything as native types, ready for JSON: None where there is no number."""
    rows = {name.replace("-", "_"): json_rows(t) for name, t in analysis_tables(analysis).items()}
    return {
        **rows,
        "sentences": [line for tests in analysis.tests.values() for line in tests.sentences()],
        "rules": [str(rule) for rule in analysis.exclude],
        "checks_rules": {} if analysis.screening is None else dict(analysis.screening.rules),
        "within": list(analysis.within),
        "between": list(analysis.between),
        "confidence": analysis.confidence,
        "notes": list(analysis.notes),
        "plan": analysis.plan.to_dict(),
        "departures": [] if analysis.followed is None else json_rows(analysis.followed.to_frame()),
        "provenance": dict(analysis.provenance),
    }
