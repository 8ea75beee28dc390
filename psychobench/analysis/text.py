"""An analysis as text for a terminal, as one JSON document, and as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from psychobench.analysis import Analysis
from psychobench.reports.words import number_text
from psychobench.tables.output import json_rows

SHOWN_FLAGS = 10


def analysis_text(analysis: Analysis) -> str:
    """Lay an analysis out: the data, what deserves a look, the fits, the cells, the tests."""
    sections = (
        _data(analysis),
        _flags(analysis),
        _fits(analysis),
        _cells(analysis),
        _sentences(analysis),
        "\n".join(f"Note: {note}." for note in analysis.notes),
    )
    return "\n\n".join(section for section in sections if section)


def analysis_tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Give every table by name: fits, descriptives, tests, effects, checks, left-out."""
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


def analysis_json(analysis: Analysis, provenance: dict[str, Any]) -> dict[str, Any]:
    """Give the document that ``analyse --json`` prints: null where there is no number."""
    rows = {name.replace("-", "_"): json_rows(t) for name, t in analysis_tables(analysis).items()}
    return {
        **rows,
        "sentences": analysis.sentences(),
        "rules": [str(rule) for rule in analysis.rules],
        "checks_rules": {} if analysis.screening is None else dict(analysis.screening.rules),
        "within": analysis.within,
        "between": analysis.between,
        "confidence": analysis.confidence,
        "notes": list(analysis.notes),
        "provenance": provenance,
    }


def accounts(analysis: Analysis) -> list[str]:
    """Say who was analysed, who was left out, and what deserves a look, a line each."""
    fits, gone = analysis.fits.table, analysis.left_out["observer"].nunique()
    people, conditions = fits["observer"].nunique(), fits["condition"].nunique()
    found = ", ".join(f"{n} {status}" for status, n in fits["status"].value_counts().items())
    rules = ", ".join(map(str, analysis.rules))
    trials = int(fits["n_trials"].sum())
    return [
        f"{_count(people, 'participant')}, {_count(conditions, 'condition')}"
        + (f", {_count(trials, 'answered trial')}." if trials else "."),
        f"Left out by the rule {rules}: {gone} of {people + gone} participants."
        if rules
        else "Nobody was left out: no exclusion rule was given.",
        f"Curves by engine {analysis.fits.options['engine']}: {found}.",
    ]


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _data(analysis: Analysis) -> str:
    lines = [
        f"  {row['observer']}: {row['rule']} (value {number_text(row['value'])}, "
        f"{row['n_trials']} trials)"
        for row in json_rows(analysis.left_out)
    ]
    simulated = ["SIMULATED people: no claim about people."] if analysis.simulated else []
    return "\n".join([*simulated, *accounts(analysis)[:2], *lines])


def _flags(analysis: Analysis) -> str:
    if analysis.screening is None:
        return ""
    flags, notes = analysis.screening.flags, analysis.screening.notes
    lines = [f"Checks before fitting: {_count(len(flags), 'flag')}, a reason to look and no more."]
    lines += [
        f"  {row.observer}: {row.sentence} [{row.check}]"
        for row in flags.head(SHOWN_FLAGS).itertuples()
    ]
    if len(flags) > SHOWN_FLAGS:
        lines.append(f"  and {len(flags) - SHOWN_FLAGS} more; --out writes them all")
    return "\n".join([*lines, *(f"  note: {note}" for note in notes)])


def _fits(analysis: Analysis) -> str:
    lines = [accounts(analysis)[2]]
    lines += [
        f"  {row.observer}, {row.condition}: {row.status}: {row.reason}"
        for row in analysis.fits.table.itertuples()
        if row.status not in ("ok", "step")
    ]
    if analysis.fits.goodness is not None:
        lines.append(analysis.fits.goodness.summary())
    return "\n".join(lines)


def _cells(analysis: Analysis) -> str:
    table = analysis.descriptives.rename(columns={"low": "95%", "high": ""})
    if analysis.confidence != 0.95:
        table = table.rename(columns={"95%": f"{analysis.confidence:.0%}"})
    table["measure"] = table["measure"].str.upper()
    return table.to_string(index=False, na_rep="-", float_format="{:.3f}".format)


def _sentences(analysis: Analysis) -> str:
    return "\n\n".join("\n".join(each) for each in _paragraphs(analysis))


def _paragraphs(analysis: Analysis) -> Iterator[list[str]]:
    for tests in analysis.tests.values():
        yield tests.sentences()
