"""Type-I errors of the comparisons between conditions and groups where nothing differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from tallies import ALPHA, tally
from tqdm import tqdm

from psychobench.comparison.conditions.condition_tests import ConditionTests, compare_conditions

PEOPLE = 30
BETWEEN_PEOPLE, WITHIN_PEOPLE = 0.12, 0.05  # standard deviations of PSEs
NOTHING = "nothing differs"
UNEQUAL = "nothing differs; one condition or group varies three times as much"


@dataclass(frozen=True)
class Experiment:
    """A design and how much the last condition, or group, varies beside the others."""

    label: str
    factors: dict[str, str]
    conditions: int
    spread: float = 1.0


EXPERIMENTS = [
    Experiment("two conditions", {"within": "condition"}, 2),
    Experiment("three conditions", {"within": "condition"}, 3),
    Experiment("three conditions", {"within": "condition"}, 3, spread=3.0),
    Experiment("two groups", {"between": "group"}, 1),
    Experiment("two groups", {"between": "group"}, 1, spread=3.0),
    Experiment("two conditions x two groups", {"within": "condition", "between": "group"}, 2),
]


def condition_tests(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Test simulated PSEs: each pair, the family of corrected pairs, each effect."""
    for index, experiment in enumerate(EXPERIMENTS):
        rng = np.random.default_rng([seed, 3, index])
        found = [
            compare_conditions(_pses(experiment, rng), "pse", **experiment.factors)
            for _ in tqdm(range(count), desc=experiment.label)
        ]
        truth = NOTHING if experiment.spread == 1 else UNEQUAL
        for name, rejected in _rejections(found).items():
            yield tally(f"{experiment.label}: {name}", truth, "true", rejected)


def _pses(experiment: Experiment, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate; the last condition, or without conditions the second group, may vary more."""
    n, k = PEOPLE, experiment.conditions
    in_second = np.arange(n) % 2 == 1
    spread = np.ones((n, k))
    if k > 1:
        spread[:, -1] = experiment.spread
    else:
        spread[in_second] = experiment.spread
    person = rng.normal(0, BETWEEN_PEOPLE, (n, 1))
    values = (
        0.5 + person * (spread if k == 1 else 1) + rng.normal(0, WITHIN_PEOPLE, (n, k)) * spread
    )
    return pd.DataFrame(
        {
            "observer": np.repeat(np.arange(n), k),
            "condition": np.tile([f"c{number}" for number in range(k)], n),
            "group": np.repeat(np.where(in_second, "b", "a"), k),
            "pse": values.ravel(),
            "status": "ok",
        }
    )


def _rejections(found: list[ConditionTests]) -> dict[str, list[bool]]:
    first = found[0]
    rejected = {f"{first.pairs[0].kind} t": [tests.pairs[0].p < ALPHA for tests in found]}
    if len(first.pairs) > 1:
        for name in ("p_bonferroni", "p_holm"):
            rejected[f"any pair, {name.removeprefix('p_')}"] = [
                min(getattr(pair, name) for pair in tests.pairs) < ALPHA for tests in found
            ]
    for number, effect in enumerate(first.effects):
        rejected[f"{effect.kind}, {effect.effect}"] = [
            tests.effects[number].p < ALPHA for tests in found
        ]
    return rejected
