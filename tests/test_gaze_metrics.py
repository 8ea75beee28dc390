"""Measures of maps equal their published definitions."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from psychobench.gaze import METRICS, score_map

REFERENCE = Path(__file__).parent / "reference" / "saliency_metrics"
PUBLISHED = json.loads(REFERENCE.with_suffix(".json").read_text())
PEOPLE, CANDIDATES, BASELINE, FIXATED, ELSEWHERE = runpy.run_path(
    str(REFERENCE.with_suffix(".py"))
)["make_maps"]()


def scores_of(values: np.ndarray) -> dict[str, float]:
    """Score one map with everything that the measures need."""
    return score_map(values, PEOPLE, *FIXATED, elsewhere=ELSEWHERE, baseline=BASELINE)


@pytest.mark.parametrize("name", list(CANDIDATES))
def test_every_measure_equals_its_published_definition(name: str) -> None:
    scores = scores_of(CANDIDATES[name])
    assert set(scores) - {"mae"} == set(PUBLISHED[name])
    for measure, published in PUBLISHED[name].items():
        assert scores[measure] == pytest.approx(published, abs=1e-6), measure


def test_a_floor_below_a_map_counts_in_the_divergence() -> None:
    y, x = np.mgrid[:60, :60]
    people = np.exp(-((x - 15) ** 2 + (y - 30) ** 2) / 50)
    floor = 0.5 + np.exp(-((x - 45) ** 2 + (y - 30) ** 2) / 200)
    scores = score_map(floor, people, np.array([30]), np.array([15]))
    assert scores["kl"] == pytest.approx(2.376495, abs=1e-6)


def test_the_thresholds_of_auc_are_the_fixated_values() -> None:
    values = np.arange(10.0).reshape(2, 5)  # the fixated pixels are the 10th and the 6th highest
    score = score_map(values, values, np.array([1, 0]), np.array([0, 0]))["auc"]
    # points (0, 0), (4/8, 1/2), (8/8, 1), (1, 1)
    assert score == pytest.approx(0.5 * 0.5 / 2 + 0.5 * (0.5 + 1) / 2)


def test_a_pixel_that_was_fixated_twice_counts_twice_in_nss_and_once_in_auc() -> None:
    values = np.arange(12.0).reshape(3, 4)
    rows, columns = np.array([2, 2, 0]), np.array([3, 3, 0])
    twice, once = (score_map(values, values, rows[i:], columns[i:]) for i in (0, 1))
    assert twice["auc"] == once["auc"]
    assert twice["nss"] == pytest.approx((2 * 5.5 - 5.5) / 3 / values.std())


def test_a_map_that_equals_the_baseline_gains_no_information() -> None:
    assert scores_of(7 * BASELINE)["ig"] == pytest.approx(0, abs=1e-12)
    assert scores_of(PEOPLE)["ig"] > 0


def test_a_map_gains_nothing_by_predicting_fixations_on_other_images() -> None:
    elsewhere = np.zeros(PEOPLE.shape)
    elsewhere[ELSEWHERE] = 1
    assert scores_of(elsewhere)["sauc"] < 0.5


def test_multiplying_a_map_changes_no_score_and_raising_it_only_those_of_distributions() -> None:
    plain = scores_of(CANDIDATES["waves"])
    assert scores_of(7 * CANDIDATES["waves"]) == pytest.approx(plain)
    raised = scores_of(CANDIDATES["waves"] + 3)
    changed = {name for name in METRICS if raised[name] != pytest.approx(plain[name])}
    assert changed == {"kl", "sim", "ig"}


def test_without_other_images_or_a_baseline_their_measures_have_no_value() -> None:
    scores = score_map(PEOPLE, PEOPLE, *FIXATED)
    assert {name for name, value in scores.items() if np.isnan(value)} == {"sauc", "ig"}
