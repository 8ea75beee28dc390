"""How an analysis departs from its plan: other choices, other people, levels or trials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from psychobench.analysis.data import AnalysisData
from psychobench.analysis.result import Analysis
from psychobench.plans import Departure, Followed, Plan
from psychobench.plans.following import in_words
from psychobench.resources import sha256


def with_plan(analysis: Analysis, followed: Followed) -> Analysis:
    """Return the analysis with its plan, and with what it did or found in another way."""
    of_data = tuple(_of_data(analysis, followed.plan))
    departures = (*followed.departures, *of_data)
    source = followed.plan.source
    about = {"file": source, "sha256": sha256(Path(source))} if source else {}
    return replace(
        analysis,
        followed=replace(followed, departures=departures),
        provenance={**analysis.provenance, "plan": about},
    )


def _of_data(analysis: AnalysisData, plan: Plan) -> Iterator[Departure]:
    """Compare people, levels and trials per level with those that were planned."""
    table = analysis.table
    left_out = set(analysis.left_out["observer"])
    people = table["observer"].nunique() + len(left_out)
    planned = plan.get("design", "people")
    if planned is not None and planned != people:
        yield Departure("design.people", str(planned), str(people))
    levels = sorted(table["level"].unique())
    wanted = plan.get("design", "levels")
    if isinstance(wanted, list) and not _same(sorted(wanted), levels):
        yield Departure("design.levels", in_words(wanted), in_words([f"{x:g}" for x in levels]))
    yield from _of_trials(analysis, plan.get("design", "trials"))


def _same(some: list[float], others: list[float]) -> bool:
    return len(some) == len(others) and bool(np.allclose(some, others))


def _of_trials(analysis: AnalysisData, planned: int | None) -> Iterator[Departure]:
    if planned is None:
        return
    cells = analysis.table.groupby(["observer", *analysis.factors, "level"], sort=False)
    numbers = cells["n_trials"].sum() if "n_trials" in analysis.table else cells.size()
    few, many = int(numbers.min()), int(numbers.max())
    if (few, many) != (planned, planned):
        done = str(few) if few == many else f"{few} to {many}"
        yield Departure("design.trials", str(planned), done)
