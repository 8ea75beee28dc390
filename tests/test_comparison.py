"""What a comparison says about an observer and a cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from psychobench.comparison import bonferroni, compare, one_sample_t
from psychobench.errors import ComparisonError, OptionError


@dataclass(frozen=True)
class FakeFits:
    rows: list[dict]

    def to_frame(self) -> pd.DataFrame:
        empty = {"pse_low": np.nan, "pse_high": np.nan, "jnd": 0.1, "reason": None, "crossings": 1}
        return pd.DataFrame([{**empty, **row} for row in self.rows])


def people(pses, condition="all", status="ok"):
    return [
        {"observer": f"h{i}", "condition": condition, "pse": pse, "status": status}
        for i, pse in enumerate(pses)
    ]


def model(pse, mask="none", status="ok", name="net"):
    return {"observer": name, "condition": mask, "pse": pse, "status": status}


PSES = np.random.default_rng(1).normal(0.532, 0.127, 50)


def test_t_is_scipys_with_the_observer_on_the_left():
    ours = one_sample_t(0.7, PSES)
    theirs = stats.ttest_1samp(PSES, 0.7)
    assert ours.t == pytest.approx(-theirs.statistic)
    assert ours.p == pytest.approx(theirs.pvalue)
    assert ours.df == 49
    assert ours.t == pytest.approx((0.7 - PSES.mean()) / (PSES.std(ddof=1) / np.sqrt(50)))


def test_t_is_positive_where_the_observers_pse_is_the_higher_one():
    assert one_sample_t(0.9, PSES).t > 0 > one_sample_t(0.1, PSES).t


@given(st.floats(0, 1), st.integers(1, 200))
def test_bonferroni_never_lowers_p_and_stops_at_one(p, size):
    corrected = bonferroni(np.array([p]), size)[0]
    assert p <= corrected <= 1


def test_the_paper_s_cohort_gives_the_paper_s_t():
    # ying2023 prints cohort .532 (SEM .018) and t = 9.320 for VGG11 at .701
    z = stats.zscore(PSES, ddof=1)
    cohort = 0.532 + 0.018 * np.sqrt(50) * z
    assert one_sample_t(0.701, cohort).t == pytest.approx(9.32, abs=0.35)


def test_mirroring_the_levels_flips_the_sign_of_t_and_keeps_p():
    one, other = one_sample_t(0.6, PSES), one_sample_t(0.4, 1 - PSES)
    assert one.t == pytest.approx(-other.t)
    assert one.p == pytest.approx(other.p)


def test_fits_without_a_pse_leave_the_valid_family_but_not_the_planned_one():
    observers = FakeFits([model(0.6), model(0.7, "eyes"), model(np.nan, "nose", "never")])
    valid = compare(observers, FakeFits(people(PSES)))
    planned = compare(observers, FakeFits(people(PSES)), family="planned")
    assert (valid.family_size, planned.family_size) == (2, 3)
    np.testing.assert_allclose(
        planned.table["p_bonferroni"][:2], np.minimum(1, valid.table["p"][:2] * 3)
    )
    assert valid.table["t"].isna().tolist() == [False, False, True]


def test_a_pse_outside_the_levels_is_neither_shown_nor_tested_unless_asked_for():
    observers = FakeFits([model(1.3, status="outside")])
    hidden = compare(observers, FakeFits(people(PSES))).table
    assert hidden[["pse", "t"]].isna().all(axis=None)
    shown = compare(observers, FakeFits(people(PSES)), tested=("ok", "step", "outside")).table
    assert shown["pse"][0] == 1.3
    assert shown["t"][0] > 0


def test_a_reversed_fit_keeps_its_pse_but_is_not_tested():
    table = compare(FakeFits([model(0.5, status="reversed")]), FakeFits(people(PSES))).table
    assert table["pse"][0] == 0.5
    assert np.isnan(table["t"][0])


def test_participants_without_a_pse_leave_the_cohort_and_are_named():
    cohort = FakeFits(
        [*people(PSES), {**people([3.0])[0], "observer": "lost", "status": "outside"}]
    )
    result = compare(FakeFits([model(0.5)]), cohort)
    assert result.cohorts["none"].n == 50
    assert result.cohorts["none"].left_out == {"lost": "outside"}


def test_conditions_meet_masks_only_by_an_explicit_match():
    cohort = FakeFits([*people(PSES, "whole"), *people(PSES + 0.1, "upper")])
    observers = FakeFits([model(0.6), model(0.6, "mouth")])
    with pytest.raises(ComparisonError, match="whole, upper"):
        compare(observers, cohort)
    table = compare(observers, cohort, match={"whole": "none", "upper": "mouth"}).table
    assert table["cohort_condition"].tolist() == ["whole", "upper"]
    assert table["t"][0] > table["t"][1]


@pytest.mark.parametrize(
    ("match", "message"),
    [({"half": "none"}, "'half' is not among"), ({"whole": "eyes"}, "'none' has none")],
)
def test_a_match_that_names_nothing_is_refused(match, message):
    with pytest.raises(ComparisonError, match=message):
        compare(FakeFits([model(0.6)]), FakeFits(people(PSES, "whole")), match=match)


@pytest.mark.parametrize("pses", [[0.5], [0.5, 0.5, 0.5]])
def test_a_cohort_that_cannot_vary_gives_no_t(pses):
    with pytest.raises(ComparisonError):
        compare(FakeFits([model(0.6)]), FakeFits(people(pses)))


def test_unknown_families_and_statuses_list_the_choices():
    with pytest.raises(OptionError, match="valid, planned"):
        compare(FakeFits([model(0.6)]), FakeFits(people(PSES)), family="all")
    with pytest.raises(OptionError, match="'fine'"):
        compare(FakeFits([model(0.6)]), FakeFits(people(PSES)), tested=["fine"])
