"""An analysis as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from psychobench.analysis.data import AnalysisData, measure_name
from psychobench.analysis.plan_report import plan_sentences
from psychobench.formatting import number_text
from psychobench.messages import number_of
from psychobench.tables.output import json_rows

SHOWN_FLAGS = 10


def analysis_text(analysis: AnalysisData) -> str:
    """Return the tests, the cells, then the data, what deserves a look and the fits as text."""
    sections = (
        "SIMULATED people: no claim about people." if analysis.simulated else "",
        "\n\n".join("\n".join(tests.sentences()) for tests in analysis.tests.values()),
        _cells(analysis),
        _data(analysis),
        _flags(analysis),
        _fits(analysis),
        "\n".join(f"Note: {note}." for note in analysis.notes),
    )
    return "\n\n".join(section for section in sections if section)


def data_sentence(analysis: AnalysisData) -> str:
    """Return how many participants, conditions and answered trials were analysed."""
    fits = analysis.fits.table
    counts = [
        number_of(fits["observer"].nunique(), "participant"),
        number_of(fits["condition"].nunique(), "condition"),
    ]
    if trials := int(fits["n_trials"].sum()):
        counts.append(number_of(trials, "answered trial"))
    return f"{', '.join(counts)}."


def exclusion_sentence(analysis: AnalysisData) -> str:
    """Return by which rules how many participants were excluded."""
    if not analysis.exclude:
        return "Nobody was excluded: no exclusion rule was given."
    kept = analysis.fits.table["observer"].nunique()
    excluded = analysis.left_out["observer"].nunique()
    rules = ", ".join(map(str, analysis.exclude))
    return f"Excluded by the rule {rules}: {excluded} of {kept + excluded} participants."


def status_sentence(analysis: AnalysisData) -> str:
    """Return how many curves have which status."""
    statuses = analysis.fits.table["status"].value_counts()
    counts = ", ".join(f"{n} {status}" for status, n in statuses.items())
    return f"Curves fitted by engine {analysis.fits.options['engine']}: {counts}."


def _data(analysis: AnalysisData) -> str:
    lines = [
        f"  {row['observer']}: {row['rule']} (value {number_text(row['value'])}, "
        f"{number_of(row['n_trials'], 'trial')})"
        for row in json_rows(analysis.left_out)
    ]
    sentences = [data_sentence(analysis), exclusion_sentence(analysis)]
    return "\n".join([*sentences, *lines, *plan_sentences(analysis)])


def _flags(analysis: AnalysisData) -> str:
    if analysis.screening is None:
        return ""
    flags, notes = analysis.screening.flags, analysis.screening.notes
    lines = [f"Checks before fitting: {number_of(len(flags), 'flag')}."]
    if len(flags):
        lines[0] += " A flag is only a reason to look."
    lines += [
        f"  {row.observer}: {row.sentence} [{row.check}]"
        for row in flags.head(SHOWN_FLAGS).itertuples()
    ]
    if len(flags) > SHOWN_FLAGS:
        lines.append(f"  and {len(flags) - SHOWN_FLAGS} more, in the table of checks")
    return "\n".join([*lines, *(f"  note: {note}" for note in notes)])


def _fits(analysis: AnalysisData) -> str:
    lines = [status_sentence(analysis)]
    lines += [
        f"  {row.observer}, {row.condition}: {row.status}: {row.reason}"
        for row in analysis.fits.table.itertuples()
        if row.status not in ("ok", "step")
    ]
    if analysis.fits.goodness is not None:
        lines.append(analysis.fits.goodness.summary())
    return "\n".join(lines)


def _cells(analysis: AnalysisData) -> str:
    return cell_texts(analysis).to_string(index=False)


def cell_texts(analysis: AnalysisData) -> pd.DataFrame:
    """Return the means of each cell as texts: with their intervals, and who is missing and why."""
    table = analysis.descriptives
    scales = [analysis.scale(measure) for measure in table["measure"]]
    texts: dict[str, Iterable[str]] = {"measure": table["measure"].map(measure_name)}
    texts |= {analysis.original_name(name): table[name].astype(str) for name in _factors(analysis)}
    texts["n"] = table["n"].astype(str)
    for name, heading in (("mean", "mean"), ("sd", "SD"), ("sem", "SEM")):
        texts[heading] = [
            scale.text(value) for scale, value in zip(scales, table[name], strict=True)
        ]
    ends = zip(scales, table["low"], table["high"], strict=True)
    texts[f"{analysis.confidence:.0%} CI"] = [scale.interval(*pair) for scale, *pair in ends]
    texts["missing"] = table["missing"].replace("", "-")
    return pd.DataFrame(texts)


def _factors(analysis: AnalysisData) -> list[str]:
    return analysis.factors or ["condition"]
