"""The plan that an analysis followed, in words and as a section of its page."""

from __future__ import annotations

from psychobench.analysis.data import AnalysisData
from psychobench.reports.page import Block, Section, Text, table_of

NO_DEPARTURE = "The plan was followed without departures."


def plan_sentences(analysis: AnalysisData) -> list[str]:
    """Return what was expected, and each departure from the plan; empty without a plan."""
    followed = analysis.followed
    if followed is None:
        return []
    if not followed.departures:
        return [*_expected(analysis), NO_DEPARTURE]
    departures = [f"  {departure}" for departure in followed.departures]
    return [*_expected(analysis), "Departures from the plan:", *departures]


def plan_sections(analysis: AnalysisData) -> list[Section]:
    """Return the section on the plan that was followed; none without a plan."""
    followed = analysis.followed
    if followed is None:
        return []
    expected = _expected(analysis)
    blocks: list[Block] = [Text(expected, listed=True)] if expected else []
    if followed.departures:
        blocks.append(table_of(followed.to_frame(), "Departures from the plan."))
    else:
        blocks.append(Text([NO_DEPARTURE]))
    return [Section("plan", "Plan", blocks)]


def _expected(analysis: AnalysisData) -> list[str]:
    followed = analysis.followed
    return [f"Expected: {text}" for text in (followed.hypotheses if followed else ())]
