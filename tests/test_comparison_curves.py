"""How far a curve lies from people's, and what that is measured against."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from psychobench.comparison import CohortMeasures, compare_curves, curve_distance
from psychobench.errors import ComparisonError

LEVELS = np.linspace(0, 1, 7)


def curves(pses, width=0.15):
    return stats.norm.cdf((LEVELS - np.asarray(pses)[:, None]) / width)


def test_distance_is_the_root_mean_square_over_levels():
    people = np.array([[0.0, 0.4, 1.0], [0.2, 0.4, 0.8]])
    found = curve_distance([0.1, 0.6, 0.9], people)
    assert found.curve_distance == pytest.approx(0.2 / np.sqrt(3))


def test_the_average_person_has_no_distance_and_is_nearer_than_everybody():
    people = curves(np.random.default_rng(1).normal(0.5, 0.1, 30))
    found = curve_distance(people.mean(axis=0), people)
    assert found.curve_distance == pytest.approx(0)
    assert found.curve_percentile == 0


def test_a_person_s_distance_is_to_the_others_without_that_person():
    people = curves([0.4, 0.5, 0.9])
    found = curve_distance(people[0], people)
    each = [
        np.sqrt(np.mean((people[i] - np.delete(people, i, axis=0).mean(axis=0)) ** 2))
        for i in range(3)
    ]
    assert found.curve_distance_people == pytest.approx(np.median(each))


def test_members_of_the_population_are_as_far_away_as_people_are():
    rng = np.random.default_rng(2)
    ranks = [
        curve_distance(all_[0], all_[1:], splits=1).curve_percentile
        for all_ in (curves(rng.normal(0.5, 0.1, 41)) for _ in range(300))
    ]
    assert np.mean(ranks) == pytest.approx(50, abs=5)
    assert np.mean(np.array(ranks) > 95) == pytest.approx(0.05, abs=0.04)


def test_split_halves_differ_as_means_of_halves_do():
    # over people, the difference of two halves' means has the variance 4 s^2 / n at each level
    people = curves(np.random.default_rng(3).normal(0.5, 0.1, 60))
    expected = np.sqrt(np.mean(4 * people.var(axis=0, ddof=1) / 60))
    found = curve_distance(people[0], people, splits=4000)
    # the median lies somewhat below the root mean square
    assert 0.7 * expected < found.curve_split_half < expected


def test_the_same_seed_splits_the_same_way_and_more_people_agree_better():
    rng = np.random.default_rng(4)
    few, many = curves(rng.normal(0.5, 0.1, 10)), curves(rng.normal(0.5, 0.1, 250))
    assert curve_distance(few[0], few, seed=1) == curve_distance(few[0], few, seed=1)
    one, other = (curve_distance(each[0], each).curve_split_half for each in (few, many))
    assert other < one / 3


@pytest.mark.parametrize("people", [np.zeros((1, 7)), np.zeros((5, 6)), np.zeros(7)])
def test_curves_that_cannot_be_compared_are_refused(people):
    with pytest.raises(ComparisonError, match="same levels"):
        curve_distance(np.zeros(7), people)


class Curved:
    """Fits whose curves are Gaussian."""

    def __init__(self, conditions, pses, statuses):
        self.rows = pd.DataFrame(
            {
                "observer": [f"h{i}" for i in range(len(pses))],
                "condition": conditions,
                "pse": pses,
                "status": statuses,
            }
        )

    def to_frame(self):
        return self.rows.copy()

    def predict(self, levels):
        return stats.norm.cdf((np.asarray(levels) - self.rows["pse"].to_numpy()[:, None]) / 0.15)


def test_curves_are_compared_with_the_people_of_their_mask_who_have_one():
    people = Curved(
        ["whole"] * 5 + ["upper"] * 2,
        [0.4, 0.5, 0.6, 0.9, np.nan, 0.7, 0.8],
        ["ok", "ok", "never", "reversed", "failed", "ok", "ok"],
    )
    observers = Curved(["none", "mouth", "none"], [0.5, 0.75, np.nan], ["ok", "ok", "failed"])
    cohorts = {
        mask: CohortMeasures(condition, np.array([]), np.array([]), {}, {})
        for mask, condition in (("none", "whole"), ("mouth", "upper"))
    }
    levels = {"whole": LEVELS, "upper": LEVELS[1:4]}
    found = compare_curves(observers, people, cohorts, levels)
    expected = [
        curve_distance(curves([0.5])[0], curves([0.4, 0.5, 0.6])),
        curve_distance(curves([0.75])[0, 1:4], curves([0.7, 0.8])[:, 1:4]),
    ]
    assert found["mask"].tolist() == ["none", "mouth", "none"]
    np.testing.assert_allclose(
        found["curve_distance"], [*(each.curve_distance for each in expected), np.nan]
    )
    with_reversed = compare_curves(
        observers, people, cohorts, levels, statuses=("ok", "step", "reversed")
    )
    assert with_reversed["curve_distance"][0] > found["curve_distance"][0]
