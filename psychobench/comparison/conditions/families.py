"""Which cells and means of a design are compared: the family that corrections count."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from psychobench.comparison.conditions.anova import Floats
from psychobench.comparison.conditions.design_cells import DesignCells
from psychobench.comparison.conditions.pairs import Labels, PairTest, paired_test, welch_test

PAIRS = ("marginal", "simple", "cells")
"""Means over the other factors; the first factor at each level of the others; all cells that
differ in one factor."""


def default_pairs(n_factors: int) -> tuple[str, ...]:
    """Return what is compared by default: what the design asks for."""
    return ("cells",) if n_factors == 1 else ("marginal", "simple")


def planned_pairs(
    cells: DesignCells, pairs: Sequence[str], *, listwise: bool, confidence: float
) -> list[PairTest]:
    """Test the pairs of each kind, kind by kind and factor by factor.

    Parameters
    ----------
    cells : DesignCells
    pairs : sequence of str
        Of `PAIRS`.
    listwise : bool
        Whether each pair takes only people who have every value.
    confidence : float
        Coverage of intervals.
    """
    values = cells.values
    if listwise:
        values = np.where(cells.complete[:, None], values, np.nan)
    found: list[PairTest] = []
    if "marginal" in pairs:
        found += _marginal(cells, values, confidence)
    if "cells" in pairs or "simple" in pairs:
        factors = [*cells.within, *cells.between]
        chosen = factors if "cells" in pairs else factors[:1]
        found += _of_cells(cells, values, chosen, confidence)
    return found


def _marginal(cells: DesignCells, values: Floats, confidence: float) -> Iterator[PairTest]:
    """Compare the levels of each factor, averaged over the other factors.

    Within people each person's mean counts, of those who have all cells that enter it; so do
    people's means over their conditions where groups are compared.
    """
    for k, name in enumerate(cells.within):
        levels = list(dict.fromkeys(column[k] for column in cells.columns))
        means = [
            values[:, [column[k] == level for column in cells.columns]].mean(axis=1)
            for level in levels
        ]
        where = _averaged(cells, name)
        for (one, first), (other, second) in itertools.combinations(
            zip(levels, means, strict=True), 2
        ):
            yield paired_test(Labels(name, where, one, other), first, second, confidence)
    people = values.mean(axis=1)
    for k, name in enumerate(cells.between):
        levels = list(dict.fromkeys(group[k] for group in cells.groups))
        samples = [people[[group[k] == level for group in cells.group_of]] for level in levels]
        where = _averaged(cells, name)
        for (one, first), (other, second) in itertools.combinations(
            zip(levels, samples, strict=True), 2
        ):
            yield welch_test(Labels(name, where, one, other), first, second, confidence)


def _averaged(cells: DesignCells, name: str) -> str:
    others = [each for each in (*cells.within, *cells.between) if each != name]
    return f"averaged over {' and '.join(others)}" if others else ""


def _of_cells(
    cells: DesignCells, values: Floats, factors: Sequence[str], confidence: float
) -> list[PairTest]:
    """Compare every two cells that differ in one of `factors` and in nothing else."""
    labels, samples = [], []
    for group, (column, levels) in itertools.product(cells.groups, enumerate(cells.columns)):
        labels.append((*group, *levels))
        samples.append(values[cells.is_in(group), column])
    names = (*cells.between, *cells.within)
    tests: dict[str, list[PairTest]] = {name: [] for name in factors}
    for one, other in itertools.combinations(range(len(labels)), 2):
        differing = [k for k in range(len(names)) if labels[one][k] != labels[other][k]]
        if len(differing) > 1 or names[differing[0]] not in tests:
            continue
        (k,) = differing
        alike = zip(names, labels[one], strict=True)
        where = ", ".join(f"{name}={level}" for name, level in alike if name != names[k])
        compared = Labels(names[k], where, labels[one][k], labels[other][k])
        test = welch_test if names[k] in cells.between else paired_test
        tests[names[k]].append(test(compared, samples[one], samples[other], confidence))
    return [test for of_factor in tests.values() for test in of_factor]
